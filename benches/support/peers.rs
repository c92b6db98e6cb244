//! The programs that ours is compared with. A program that is not installed is skipped with a message.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use super::contender::Contender;
use super::figures::thousands;
use super::service::Service;
use super::{Outcome, skipped};

/// `/bin/true`: the least that starting a process costs here.
pub fn nothing(home: &Path) -> Outcome<Contender> {
    let program = [Path::new("/bin/true"), Path::new("/usr/bin/true")]
        .into_iter()
        .find(|path| path.exists())
        .ok_or("there is no /bin/true")?;
    Contender::new("`/bin/true`", program, home).copied()
}

/// git's own helpers stand beside each other; they are run directly, as git runs them.
fn git_helper(name: &str) -> Option<PathBuf> {
    let output = Command::new("git").arg("--exec-path").output().ok()?;
    let helper = Path::new(String::from_utf8(output.stdout).ok()?.trim_end()).join(name);
    if helper.exists() {
        return Some(helper);
    }
    skipped(name, "not installed");
    None
}

/// The token as git stores it.
fn entry(service: &Service, token: &str) -> String {
    let request = service.git_request();
    format!("{}\nusername=company\npassword={token}\n\n", request.trim_end())
}

/// What the other entries of a git store hold; each line is parsed, so their size counts.
#[derive(Clone, Copy)]
pub enum Others {
    /// Tokens as large as ours, as the other records of our own store do.
    Tokens,
    /// Passwords of 32 characters.
    Passwords,
}

/// `git-credential-store get`, asked for the middle one of `entries`.
pub fn git_store(
    home: &Path,
    service: &Service,
    token: &str,
    (entries, others): (u32, Others),
) -> Outcome<Option<Contender>> {
    let (name, password) = match (entries, others) {
        (1, _) => ("1 entry".to_owned(), ""),
        (_, Others::Tokens) => (format!("{} entries, tokens", thousands(entries.into())), token),
        (_, Others::Passwords) => {
            let name = format!("{} entries, passwords", thousands(entries.into()));
            (name, "0123456789abcdef0123456789abcdef")
        }
    };
    let name = &format!("`git-credential-store`, {name}");
    let Some(helper) = git_helper("git-credential-store") else { return Ok(None) };
    let file = tempfile::Builder::new().prefix("git-credentials-").tempfile_in(home)?;
    let (_, file) = file.keep()?;
    let store = || {
        let contender = Contender::new(name, &helper, home).args(["--file".into(), file.clone()]);
        contender.args(["store"]).stdin(&entry(service, token)).answer()
    };
    store()?;
    let ours = std::fs::read_to_string(&file)?;
    let mut text = String::new();
    for n in 0..entries {
        if n == entries / 2 {
            text.push_str(&ours);
        } else {
            writeln!(text, "https://user{n}:{password}@host{n}.example")?;
        }
    }
    std::fs::write(&file, text)?;
    let contender = Contender::new(name, &helper, home).args(["--file".into(), file]);
    let contender = contender.args(["get"]).stdin(&service.git_request()).expects(token);
    Ok(Some(contender.copied()?))
}

/// `git-credential-cache get`, with its daemon up.
pub struct GitCache {
    helper: PathBuf,
    home: PathBuf,
    socket: PathBuf,
}

impl GitCache {
    /// Starts the daemon and gives it the token.
    pub fn start(home: &Path, service: &Service, token: &str) -> Outcome<Option<Self>> {
        let Some(helper) = git_helper("git-credential-cache") else { return Ok(None) };
        let socket = home.join(".cache/git/credential/socket");
        let cache = Self { helper, home: home.to_owned(), socket };
        cache.contender("store").stdin(&entry(service, token)).answer()?;
        Ok(Some(cache))
    }

    fn contender(&self, operation: &str) -> Contender {
        let contender = Contender::new("`git-credential-cache`", &self.helper, &self.home);
        contender.args(["--socket".into(), self.socket.clone()]).args([operation])
    }

    /// The client.
    pub fn get(&self, service: &Service, token: &str) -> Outcome<Contender> {
        self.contender("get").stdin(&service.git_request()).expects(token).copied()
    }
}

impl Drop for GitCache {
    fn drop(&mut self) {
        // A daemon that has already ended is fine too.
        let _ = self.contender("exit").answer();
    }
}

/// An interpreter itself, not a wrapper script that chooses one.
fn interpreter(name: &str, flag: &str, question: &str) -> Option<PathBuf> {
    let output = Command::new(name).args([flag, question]).stderr(Stdio::null()).output();
    let path = output.ok().and_then(|output| String::from_utf8(output.stdout).ok());
    let path = path.map(|text| PathBuf::from(text.trim_end())).filter(|path| path.is_file());
    if path.is_none() {
        skipped(name, "not installed");
    }
    path
}

fn script(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("benches/peers").join(name)
}

/// The tutorial's approach, in node.
pub fn tutorial(home: &Path, service: &Service) -> Outcome<Option<Contender>> {
    let Some(node) = interpreter("node", "--print", "process.execPath") else { return Ok(None) };
    let app = service.sandbox.app();
    let text = service.sandbox.refresh_token_object_file(app, 0);
    std::fs::write(home.join("refreshTokenObjectFile.json"), &text)?;
    std::fs::write(home.join("credentials.json"), service.sandbox.credentials_json())?;
    let stored: serde_json::Value = serde_json::from_str(&text)?;
    let token = stored["access_token"].as_str().ok_or("a token")?;
    let contender = Contender::new("node, the tutorial's way", &node, home);
    Ok(Some(contender.args([script("tutorial.mjs")]).expects(token)))
}

/// Python and a JSON file. `keyring get` itself needs a desktop's secret service, which a machine that
/// measures does not have; it loads its backends besides, so that it is slower than this.
pub fn python(home: &Path, token: &str) -> Outcome<Option<Contender>> {
    let question = "import sys; print(sys.executable)";
    let Some(python) = interpreter("python3", "-c", question) else { return Ok(None) };
    let file = home.join("tokens.json");
    std::fs::write(&file, serde_json::json!({ "concur": token }).to_string())?;
    let name = "python3, a JSON file (keyring's stand-in)";
    let contender = Contender::new(name, &python, home).args([script("json_file.py"), file]);
    Ok(Some(contender.args(["concur"]).expects(token)))
}
