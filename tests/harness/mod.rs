//! A hermetic world for the real binary: its own home (with a space in its name), a cleared
//! environment, and a fresh sandbox. Every failure prints the command and both streams.

pub(crate) mod cells;
mod folder;
mod modes;
pub(crate) mod moment;
#[cfg(unix)]
pub(crate) mod program;
#[cfg(target_os = "linux")]
pub(crate) mod terminal;

use std::ffi::{OsStr, OsString};
use std::io::Write;
use std::net::{IpAddr, Ipv4Addr};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU16, Ordering};

use concur_sandbox::{App, Config, Sandbox};
use tempfile::TempDir;

#[cfg(unix)]
pub(crate) use modes::mode;
pub(crate) use modes::set_mode;

/// The binary under test.
pub(crate) const BINARY: &str = env!("CARGO_BIN_EXE_concur-cred");

/// A loopback address that no other sandbox of this test program uses, so that its port stays
/// closed after its service has stopped.
pub(crate) fn address_of_its_own() -> IpAddr {
    static TAKEN: AtomicU16 = AtomicU16::new(1);
    let [high, low] = TAKEN.fetch_add(1, Ordering::Relaxed).to_be_bytes();
    let of_its_own = Ipv4Addr::new(127, 77, high, low);
    if cfg!(target_os = "linux") { of_its_own.into() } else { Ipv4Addr::LOCALHOST.into() }
}

/// The configuration of a service that the test will stop.
pub(crate) fn leaving() -> Config {
    Config { bind: address_of_its_own(), ..Config::default() }
}

/// Reports a skipped test.
#[expect(clippy::print_stderr, reason = "the test's output is read by people")]
pub(crate) fn skipped(why: &str) {
    eprintln!("skipped: {why}");
}

/// One machine with one user, and one Concur service.
pub(crate) struct World {
    folder: TempDir,
    /// The service.
    pub(crate) sandbox: Sandbox,
}

impl World {
    /// A world with a default service.
    pub(crate) fn new() -> Self {
        Self::with(Config::default())
    }

    /// A world with this service.
    pub(crate) fn with(config: Config) -> Self {
        let folder = folder::new();
        std::fs::create_dir(folder.path().join("home")).unwrap();
        std::fs::create_dir(folder.path().join("bin")).unwrap();
        std::fs::create_dir(folder.path().join("work")).unwrap();
        let name =
            Path::new("git-credential-concur").with_extension(std::env::consts::EXE_EXTENSION);
        let helper = folder.path().join("bin").join(name);
        #[cfg(unix)]
        std::os::unix::fs::symlink(BINARY, helper).unwrap();
        // A link needs rights there that users do not have.
        #[cfg(not(unix))]
        std::fs::hard_link(BINARY, &helper)
            .or_else(|_| std::fs::copy(BINARY, &helper).map(drop))
            .unwrap();
        Self { folder, sandbox: Sandbox::start(config).unwrap() }
    }

    /// A world in which `login` has made the profile `default`.
    pub(crate) fn logged_in() -> Self {
        Self::logged_in_with(Config::default())
    }

    /// The same with this service.
    pub(crate) fn logged_in_with(config: Config) -> Self {
        let world = Self::with(config);
        world.login("default", &world.sandbox.app().clone());
        world
    }

    /// HOME.
    pub(crate) fn home(&self) -> PathBuf {
        self.folder.path().join("home")
    }

    /// The current folder of every command.
    pub(crate) fn work(&self) -> PathBuf {
        self.folder.path().join("work")
    }

    /// The path of the binary under the name that git calls.
    pub(crate) fn bin(&self) -> PathBuf {
        self.folder.path().join("bin")
    }

    /// The configuration folder (key, config.toml).
    pub(crate) fn config_dir(&self) -> PathBuf {
        self.home().join(if cfg!(windows) { "concur-cred" } else { ".config/concur-cred" })
    }

    /// The state folder (store.db, events.db, locks, reserve).
    pub(crate) fn state_dir(&self) -> PathBuf {
        self.home().join(if cfg!(windows) { "concur-cred" } else { ".local/state/concur-cred" })
    }

    /// The token database.
    pub(crate) fn store_file(&self) -> PathBuf {
        self.state_dir().join("store.db")
    }

    /// A direct connection to the token database.
    pub(crate) fn database(&self) -> rusqlite::Connection {
        rusqlite::Connection::open(self.store_file()).unwrap()
    }

    /// Writes a file into the current folder, mode 0600.
    pub(crate) fn write(&self, name: &str, content: impl AsRef<[u8]>) -> PathBuf {
        let path = self.work().join(name);
        std::fs::write(&path, content).unwrap();
        set_mode(&path, 0o600);
        path
    }

    /// The program with these arguments.
    pub(crate) fn concur<S: AsRef<OsStr>>(&self, args: impl IntoIterator<Item = S>) -> Run {
        self.run(BINARY, args)
    }

    /// The program under git's name.
    pub(crate) fn helper<S: AsRef<OsStr>>(&self, args: impl IntoIterator<Item = S>) -> Run {
        self.run(self.bin().join("git-credential-concur"), args)
    }

    /// Any program in this world. `stdin` is `/dev/null` until said otherwise.
    pub(crate) fn run<S: AsRef<OsStr>>(
        &self,
        program: impl AsRef<OsStr>,
        args: impl IntoIterator<Item = S>,
    ) -> Run {
        let mut command = Command::new(program.as_ref());
        let path = std::env::var_os("PATH").unwrap_or_default();
        let mut paths = vec![self.bin(), Path::new(BINARY).parent().unwrap().to_owned()];
        paths.extend(std::env::split_paths(&path));
        command
            .env_clear()
            .env("PATH", std::env::join_paths(paths).unwrap())
            .env("HOME", self.home())
            .env("GIT_CONFIG_NOSYSTEM", "1")
            .envs(moment::variables())
            .current_dir(self.work())
            .args(args);
        // There the system names the folders, whatever HOME is; and it needs its own to load libraries.
        #[cfg(windows)]
        command.env("CONCUR_CRED_HOME", self.config_dir()).envs(
            ["SystemRoot", "TEMP", "TMP"]
                .map(|name| (name, std::env::var_os(name).unwrap_or_default())),
        );
        Run { command, stdin: None }
    }

    /// Logs in `app` as `profile`, from a file.
    pub(crate) fn login(&self, profile: &str, app: &App) -> Output {
        let name = format!("credentials-{profile}.json");
        let file = self.write(&name, self.sandbox.credentials_json_of(app));
        let origin = self.sandbox.origin().to_owned();
        self.concur(["login", "--profile", profile, "--base-url", &origin, "--credentials"])
            .arg(file)
            .ok()
    }

    /// `host[:port]` of the sandbox, as git calls it.
    pub(crate) fn host(&self) -> &str {
        self.sandbox.origin().trim_start_matches("http://")
    }

    /// A git request for the sandbox's host, with more lines.
    pub(crate) fn request(&self, more: &str) -> String {
        format!("protocol=http\nhost={}\n{more}\n", self.host())
    }

    /// Changes the stored access token of a profile as if it had been obtained `seconds` earlier.
    pub(crate) fn age_access_token(&self, profile: &str, seconds: i64) {
        let changed = self
            .database()
            .execute(
                "UPDATE record SET obtained_at = obtained_at - ?2, \
                 access_expires_at = access_expires_at - ?2 WHERE profile = ?1",
                (profile, seconds),
            )
            .unwrap();
        assert_eq!(changed, 1, "the profile {profile} is there");
    }

    /// Makes the stored access token of a profile expired.
    pub(crate) fn expire(&self, profile: &str) {
        self.age_access_token(profile, 7200);
    }

    /// Leaves no default profile, as in a store of an older version, or after a `logout` of it.
    pub(crate) fn forget_default_profile(&self) {
        self.database().execute("UPDATE meta SET used_profile = NULL", []).unwrap();
    }

    /// One column of a profile's record.
    pub(crate) fn column<T: rusqlite::types::FromSql>(&self, profile: &str, column: &str) -> T {
        let sql = format!("SELECT {column} FROM record WHERE profile = ?1");
        self.database().query_row(&sql, [profile], |row| row.get(0)).unwrap()
    }

    /// The number of refresh requests to the token service.
    pub(crate) fn refreshes(&self) -> u64 {
        self.sandbox.counters().token_requests_of("refresh_token")
    }

    /// The number of all requests to the token service.
    pub(crate) fn token_requests(&self) -> u64 {
        self.sandbox.counters().token_requests
    }
}

/// A command about to run.
#[must_use]
pub(crate) struct Run {
    command: Command,
    stdin: Option<Vec<u8>>,
}

impl Run {
    /// Adds an argument.
    pub(crate) fn arg(mut self, arg: impl AsRef<OsStr>) -> Self {
        self.command.arg(arg);
        self
    }

    /// Sets a variable.
    pub(crate) fn env(mut self, name: &str, value: impl AsRef<OsStr>) -> Self {
        self.command.env(name, value);
        self
    }

    /// Removes a variable.
    pub(crate) fn without_env(mut self, name: &str) -> Self {
        self.command.env_remove(name);
        self
    }

    /// Sets the current folder.
    pub(crate) fn in_folder(mut self, folder: impl AsRef<Path>) -> Self {
        self.command.current_dir(folder);
        self
    }

    /// Shifts the program's clock by this many seconds (negative: earlier).
    pub(crate) fn at_offset(self, seconds: i64) -> Self {
        self.env(moment::CLOCK, (moment::offset() + seconds).to_string())
    }

    /// The input on stdin, which is then closed.
    pub(crate) fn stdin(mut self, bytes: impl Into<Vec<u8>>) -> Self {
        self.stdin = Some(bytes.into());
        self
    }

    /// The command itself, for a test that needs more than this.
    pub(crate) fn into_command(self) -> Command {
        self.command
    }

    /// Starts it; both streams are kept.
    pub(crate) fn start(mut self) -> Running {
        let shown = shown(&self.command);
        self.command.stdout(Stdio::piped()).stderr(Stdio::piped());
        self.command.stdin(if self.stdin.is_some() { Stdio::piped() } else { Stdio::null() });
        let mut child = self.command.spawn().unwrap_or_else(|error| panic!("{shown}: {error}"));
        if let Some(bytes) = self.stdin {
            let mut pipe = child.stdin.take().unwrap();
            // A program may close the pipe without reading all of its input.
            let _ = pipe.write_all(&bytes);
        }
        Running { child, shown }
    }

    /// Runs it and waits for its end.
    #[must_use]
    pub(crate) fn output(self) -> Output {
        self.start().wait()
    }

    /// Runs it; it must succeed.
    pub(crate) fn ok(self) -> Output {
        self.output().code(0)
    }

    /// Runs it; it must end with this exit code, with nothing on stdout and a message on stderr.
    pub(crate) fn fails(self, code: i32) -> Output {
        let output = self.output().code(code);
        assert!(output.stdout.is_empty(), "stdout is empty on a failure\n{output:?}");
        assert!(output.stderr.contains("error: "), "there is a message\n{output:?}");
        output
    }
}

/// A running command.
pub(crate) struct Running {
    /// The process.
    pub(crate) child: Child,
    shown: String,
}

impl Running {
    /// Waits for its end.
    #[must_use]
    pub(crate) fn wait(self) -> Output {
        let output = self.child.wait_with_output().unwrap();
        Output {
            command: self.shown,
            code: output.status.code(),
            #[cfg(unix)]
            signal: std::os::unix::process::ExitStatusExt::signal(&output.status),
            stdout: output.stdout,
            stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
        }
    }
}

/// The result of a command. A test must use it, because its exit code may be unchecked.
pub(crate) struct Output {
    command: String,
    /// The exit code; `None` when a signal ended it.
    pub(crate) code: Option<i32>,
    /// The signal that ended it.
    #[cfg(unix)]
    pub(crate) signal: Option<i32>,
    /// stdout.
    pub(crate) stdout: Vec<u8>,
    /// stderr.
    pub(crate) stderr: String,
}

impl Output {
    /// Asserts this exit code.
    pub(crate) fn code(self, code: i32) -> Self {
        assert_eq!(self.code, Some(code), "exit code\n{self:?}");
        self
    }

    /// Asserts an empty stderr.
    pub(crate) fn silent(self) -> Self {
        assert_eq!(self.stderr, "", "stderr is empty\n{self:?}");
        self
    }

    /// Asserts that stderr contains this text.
    pub(crate) fn says(self, text: &str) -> Self {
        assert!(self.stderr.contains(text), "stderr says {text:?}\n{self:?}");
        self
    }

    /// What the first error says to do.
    pub(crate) fn hint(&self) -> &str {
        self.stderr.lines().find_map(|line| line.strip_prefix("hint: ")).unwrap_or_default()
    }

    /// stdout as text.
    pub(crate) fn text(&self) -> &str {
        std::str::from_utf8(&self.stdout).unwrap()
    }

    /// stdout as one line, without its end.
    pub(crate) fn line(&self) -> String {
        let line = self.text().strip_suffix('\n').unwrap_or_else(|| panic!("one line\n{self:?}"));
        assert!(!line.contains('\n'), "one line only\n{self:?}");
        line.to_owned()
    }

    /// stdout as JSON.
    pub(crate) fn json(&self) -> serde_json::Value {
        serde_json::from_slice(&self.stdout).unwrap_or_else(|_| panic!("JSON\n{self:?}"))
    }

    /// The value of `key=` in a git answer.
    pub(crate) fn value(&self, key: &str) -> Option<String> {
        let prefix = format!("{key}=");
        self.text().lines().find_map(|line| line.strip_prefix(&prefix)).map(str::to_owned)
    }
}

impl std::fmt::Debug for Output {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let stdout = String::from_utf8_lossy(&self.stdout);
        write!(
            f,
            "$ {}\nexit code {:?}\n--- stdout\n{stdout}\n--- stderr\n{}",
            self.command, self.code, self.stderr
        )
    }
}

fn shown(command: &Command) -> String {
    let words: Vec<OsString> = std::iter::once(command.get_program())
        .chain(command.get_args())
        .map(OsStr::to_owned)
        .collect();
    words.join(OsStr::new(" ")).to_string_lossy().into_owned()
}
