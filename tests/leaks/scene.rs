//! One scenario's world: every value in it is a planted secret, and all output is captured.

use std::collections::BTreeSet;
use std::ffi::OsStr;
use std::path::PathBuf;
use std::sync::OnceLock;

use concur_sandbox::{App, Config, Fault, GrantType, Rotation, Tls, User};
use serde_json::{Value, json};
use uuid::Uuid;

use super::finder::Secrets;
use super::forms::FORMS;
use crate::harness::{BINARY, Output, Run, World, set_mode, skipped};

/// The user of the sandbox.
pub(crate) const EMAIL: &str = "erika@example.com";

/// A secret that looks different in every encoding, and has no part in common with another one.
pub(crate) fn odd(tag: &str) -> String {
    mixed(tag, ["\"\\/ ö", "+&=%<", "'>~?#"])
}

/// The same with characters that are valid in a header.
pub(crate) fn graphic(tag: &str) -> String {
    mixed(tag, ["\"\\/", "+&=%<", "'>~?#"])
}

/// The same as JSON writes without escapes, as all of Concur's are.
pub(crate) fn unescaped(tag: &str) -> String {
    mixed(tag, ["/;:", "+&=%<", "'>~?#"])
}

fn mixed(tag: &str, odd: [&str; 3]) -> String {
    let random = Uuid::new_v4().simple().to_string();
    let [first, second, third] = odd;
    let random: Vec<&str> = [0..8, 8..16, 16..24, 24..32].map(|part| &random[part]).into();
    let capitals = random[1].to_uppercase();
    format!("{tag}-{}{first}{capitals}{second}{}{third}{}", random[0], random[2], random[3])
}

/// One scenario's world.
pub(crate) struct Scene {
    pub(crate) world: World,
    pub(crate) secrets: Secrets,
    /// https with the trace on stderr, or http with the trace in a file.
    by_https: bool,
    /// The requested secret is on stdout.
    asked: bool,
    /// The command that `exec` starts is given the token.
    pub(super) child_gets_token: bool,
    pub(super) not_searched: Vec<PathBuf>,
    env: Vec<(String, String)>,
    pub(super) heard: Vec<(&'static str, Vec<u8>)>,
    pub(super) runs: usize,
    /// Leaks found before the end of the scenario.
    pub(super) found: BTreeSet<String>,
}

fn has_strace() -> bool {
    static FOUND: OnceLock<bool> = OnceLock::new();
    *FOUND.get_or_init(|| {
        let found = std::process::Command::new("strace").arg("-V").output().is_ok();
        if !found {
            skipped("no strace: arguments and environments of programs are not searched");
        }
        found
    })
}

/// The option of a newer strace that lets all other system calls pass: half of the time.
fn only_stopped_where_traced() -> Option<&'static str> {
    const OPTION: &str = "--seccomp-bpf";
    static WORKS: OnceLock<bool> = OnceLock::new();
    let works = WORKS.get_or_init(|| {
        let args = [OPTION, "-f", "-qq", "-e", "trace=execve", "-o", "/dev/null", "true"];
        let tried = std::process::Command::new("strace").args(args).output();
        tried.is_ok_and(|tried| tried.status.success() && tried.stderr.is_empty())
    });
    works.then_some(OPTION)
}

impl Scene {
    /// A home before the first login.
    pub(crate) fn new(by_https: bool) -> Self {
        Self::with(by_https, |_| {})
    }

    /// The same with this service.
    pub(crate) fn with(by_https: bool, change: impl FnOnce(&mut Config)) -> Self {
        let app =
            App { client_secret: odd("cl13nt"), request_token: odd("r3quest"), ..App::made_up() };
        let user = User { password: odd("p4ssword"), ..User::made_up(EMAIL) };
        let mut secrets = Secrets::default();
        secrets.add("client secret", &app.client_secret);
        secrets.add("company request token", &app.request_token);
        secrets.add("a user's password", &user.password);
        let mut config = Config {
            app: Some(app),
            user: Some(user),
            rotation: Rotation::NewRevokeFamily,
            refresh_token_tail: graphic("r3fresh"),
            tls: by_https.then(Tls::default),
            ..Config::default()
        };
        config.allowed_grants.push(GrantType::Otp);
        config.allowed_grants.push(GrantType::AuthorizationCode);
        change(&mut config);
        let world = World::with(config);
        let temporary = world.home().parent().unwrap().join("tmp");
        std::fs::create_dir(&temporary).unwrap();
        let mut not_searched = Vec::new();
        let mut env = vec![("TMPDIR".to_owned(), temporary.display().to_string())];
        if let Some(pem) = world.sandbox.ca_pem() {
            let ca = world.write("ca.pem", pem);
            env.push(("CONCUR_CRED_CA_BUNDLE".to_owned(), ca.display().to_string()));
            not_searched.push(ca);
        }
        if !by_https {
            let trace = world.home().join("trace");
            env.push(("CONCUR_CRED_TRACE".to_owned(), trace.display().to_string()));
        }
        let mut scene = Self {
            world,
            secrets,
            by_https,
            asked: false,
            child_gets_token: false,
            not_searched,
            env,
            heard: Vec::new(),
            runs: 0,
            found: BTreeSet::new(),
        };
        let text = scene.world.sandbox.credentials_json();
        scene.given("credentials.json", text);
        scene
    }

    /// A home in use: the profile `default` (chosen), `copy` from a file with unknown fields, and a password
    /// of git's.
    pub(crate) fn in_use(by_https: bool) -> Self {
        let mut scene = Self::new(by_https);
        let origin = scene.origin();
        let _ = scene.run(&["login", "--base-url", &origin]).code(0);
        scene.import_file("copy.json");
        let import = ["import", "copy.json", "--profile", "copy", "--base-url", &origin];
        let _ =
            scene.run(&[&import[..], &["--credentials", "copy-credentials.json"]].concat()).code(0);
        let _ = scene.run(&["use", "default"]).code(0);
        let request = scene.password_of_git();
        let _ = scene.fed(&["store"], &request).code(0);
        let key = std::fs::read(scene.world.config_dir().join("key")).unwrap();
        scene.secrets.add("key in the key file", key);
        scene
    }

    /// The service's origin.
    pub(crate) fn origin(&self) -> String {
        self.world.sandbox.origin().to_owned()
    }

    /// A file of the caller's own, with secrets in it.
    pub(crate) fn given(&mut self, name: &str, content: impl AsRef<[u8]>) -> PathBuf {
        let path = self.world.write(name, content);
        self.not_searched.push(path.clone());
        path
    }

    /// The settings, as the caller wrote them.
    pub(crate) fn configure(&mut self, text: &str) {
        let folder = self.world.config_dir();
        std::fs::create_dir_all(&folder).unwrap();
        set_mode(&folder, 0o700);
        let file = folder.join("config.toml");
        std::fs::write(&file, text).unwrap();
        set_mode(&file, 0o600);
        self.not_searched.push(file);
    }

    /// A file to import, with unknown fields, and its credentials.
    pub(crate) fn import_file(&mut self, name: &str) {
        let app = self.world.sandbox.add_company();
        self.secrets.add("company request token", &app.request_token);
        let file = self.world.sandbox.refresh_token_object_file(&app, 0);
        let mut file: Value = serde_json::from_str(&file).unwrap();
        let unknown = odd("unkn0wn");
        self.secrets.add("unknown fields of an import", &unknown);
        file["x_unknown"] = json!({ "inside": [unknown] });
        self.given(name, file.to_string());
        let credentials = self.world.sandbox.credentials_json_of(&app);
        let name = name.replace(".json", "-credentials.json");
        self.given(&name, credentials);
    }

    /// A credential for another host, as git hands it over.
    pub(crate) fn password_of_git(&mut self) -> String {
        let (password, refresh) = (odd("g1t"), odd("g1t-refresh"));
        self.secrets.add("password that git stored", &password);
        self.secrets.add("refresh token that git stored", &refresh);
        format!(
            "protocol=https\nhost=git.example.org\nusername=me\npassword={password}\n\
             oauth_refresh_token={refresh}\n\n"
        )
    }

    /// A git request for the service's host.
    pub(crate) fn request(&self, more: &str) -> String {
        let origin = self.origin();
        let (protocol, host) = origin.split_once("://").unwrap();
        format!("protocol={protocol}\nhost={host}\n{more}\n")
    }

    /// From here on secrets on stdout are expected.
    pub(crate) fn asks(&mut self) -> &mut Self {
        self.asked = true;
        self
    }

    /// The started command should have the token.
    pub(crate) fn child_gets_token(&mut self) -> &mut Self {
        self.child_gets_token = true;
        self
    }

    /// The requested secret is in this file of the working folder.
    pub(crate) fn asked_into(&mut self, name: &str) -> &mut Self {
        self.not_searched.push(self.world.work().join(name));
        self
    }

    /// One more variable for all that runs here from now on.
    pub(crate) fn env(&mut self, name: &str, value: impl AsRef<str>) -> &mut Self {
        self.env.push((name.to_owned(), value.as_ref().to_owned()));
        self
    }

    pub(crate) fn variables(&self) -> Vec<(&str, &str)> {
        self.env.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect()
    }

    /// The next token request gets this fault.
    pub(crate) fn fault(&mut self, fault: Fault) -> &mut Self {
        self.world.sandbox.push_fault(fault);
        self
    }

    /// The next request is refused, and these two secrets come back in this form of [`FORMS`], wherever words
    /// go: only in a header or in the body, too. A header that cannot hold the form has it URL-encoded.
    pub(crate) fn echo(&mut self, secrets: [&str; 2], form: usize) -> &mut Self {
        let write = FORMS[form].1;
        let said =
            secrets.map(|secret| String::from_utf8_lossy(&write(secret.as_bytes())).into_owned());
        let [first, second] = &said;
        let mut body = json!({
            "code": 5, "error": first, "error_description": format!("no such thing: {second}"),
            "message": second, "geolocation": first,
        });
        if form.is_multiple_of(2) {
            body["concur-correlationid"] = json!(second);
        }
        let fits = first.bytes().all(|byte| byte.is_ascii_graphic());
        let url_encoded = || FORMS[1].1(secrets[0].as_bytes());
        let value = if fits { first.clone().into_bytes() } else { url_encoded() };
        let value = String::from_utf8(value).unwrap();
        let header = |name: &str| Fault::Header { name: name.to_owned(), value: value.clone() };
        let body = Fault::RawBody {
            status: 400,
            content_type: "application/json".to_owned(),
            body: body.to_string().into_bytes(),
        };
        let all = vec![header("concur-correlationid"), header("location"), header("x-said"), body];
        self.world.sandbox.push_faults_at("/", 1, Fault::Together(all));
        self
    }

    /// The export of the profile `default`, for scenarios that need the tokens.
    pub(crate) fn tokens(&self) -> Value {
        let run = self.world.concur(["export", "-", "--profile", "default"]);
        self.env.iter().fold(run, |run, (name, value)| run.env(name, value)).ok().json()
    }

    /// Expires the access token of `default`.
    pub(crate) fn expire(&mut self) -> &mut Self {
        self.world.expire("default");
        self
    }

    /// The program with these arguments, traced and recorded.
    pub(crate) fn start(&mut self, program: &str, args: &[&str]) -> Run {
        let mut words: Vec<String> = Vec::new();
        let program = if program == BINARY && has_strace() {
            self.runs += 1;
            let record = self.record(self.runs).display().to_string();
            words.extend(
                ["-f", "-qq", "-xx", "-v", "-s", "100000", "-e", "trace=execve"].map(str::to_owned),
            );
            words.extend(only_stopped_where_traced().map(str::to_owned));
            words.extend(["-e", "signal=none", "-o", &record, BINARY].map(str::to_owned));
            "strace"
        } else {
            program
        };
        if self.by_https && words.last().is_some_and(|word| word == BINARY) {
            words.push("--trace".to_owned());
        }
        words.extend(args.iter().map(|arg| (*arg).to_owned()));
        let mut run = self.world.run(program, words.iter().map(OsStr::new));
        // For strace, which reads the arguments out of the process's memory.
        run = run.env("CONCUR_CRED_TEST_DUMPABLE", "1");
        self.env.iter().fold(run, |run, (name, value)| run.env(name, value))
    }

    pub(super) fn record(&self, number: usize) -> PathBuf {
        self.world.home().parent().unwrap().join(format!("record-{number}"))
    }

    /// Runs it, waits for its end, and records its output.
    pub(crate) fn run(&mut self, args: &[&str]) -> Output {
        let run = self.start(BINARY, args);
        self.record_output(run.output())
    }

    /// The same with this on stdin.
    pub(crate) fn fed(&mut self, args: &[&str], stdin: &str) -> Output {
        let run = self.start(BINARY, args);
        self.record_output(run.stdin(stdin).output())
    }

    /// Also searches all places now.
    pub(crate) fn look(&mut self) {
        let found = self.leaks();
        self.found.extend(found);
    }

    /// Runs it; its exit code.
    pub(crate) fn code(&mut self, args: &[&str]) -> Option<i32> {
        self.run(args).code
    }

    /// Records the output of a run that was started separately.
    pub(crate) fn record_output(&mut self, output: Output) -> Output {
        self.heard.push(("stderr", output.stderr.clone().into_bytes()));
        if !self.asked {
            self.heard.push(("stdout", output.stdout.clone()));
        }
        output
    }

    /// Adds output that was captured separately.
    pub(crate) fn record_text(&mut self, said: &str) {
        self.heard.push(("stderr", said.as_bytes().to_vec()));
    }

    /// The output so far, for a failure message.
    pub(crate) fn said(&self) -> String {
        self.heard.iter().map(|(_, bytes)| String::from_utf8_lossy(bytes)).collect()
    }
}
