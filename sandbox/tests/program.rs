//! The program `concur-sandbox` as a shell sees it, and its manual page.
#![cfg(unix)]
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on fails")]

use std::collections::BTreeSet;
use std::fs;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::os::unix::fs::PermissionsExt as _;
use std::path::PathBuf;
use std::process::{Child, ChildStdout, Command, Output, Stdio};

use serde_json::Value;

const PROGRAM: &str = env!("CARGO_BIN_EXE_concur-sandbox");

/// A temporary folder of one test.
struct Folder(PathBuf);

impl Folder {
    fn new() -> Self {
        // Not in the build folder: the tests may run as another user than the build.
        let path = std::env::temp_dir().join(uuid::Uuid::new_v4().to_string());
        fs::create_dir(&path).unwrap();
        Self(path)
    }

    fn file(&self, name: &str) -> String {
        self.0.join(name).to_str().unwrap().to_owned()
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// The running program; killed if a test leaves it running.
struct Running {
    child: Child,
    stdout: BufReader<ChildStdout>,
}

impl Running {
    fn start(arguments: &[&str]) -> Self {
        let mut command = Command::new(PROGRAM);
        command.args(arguments).env_clear();
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        let stdout = BufReader::new(child.stdout.take().unwrap());
        Self { child, stdout }
    }

    fn line(&mut self) -> String {
        let mut line = String::new();
        self.stdout.read_line(&mut line).unwrap();
        line.trim_end().to_owned()
    }

    /// The hints up to the last, `concur-cred token`.
    fn hints(&mut self) -> Vec<String> {
        let mut hints = Vec::new();
        loop {
            let line = self.line();
            assert!(!line.is_empty(), "the hints end early: {hints:?}");
            let is_last = line == "  concur-cred token";
            hints.push(line);
            if is_last {
                return hints;
            }
        }
    }

    /// Sends a signal and returns what is left on stderr; the program must end well.
    fn stop(mut self, signal: &str) -> String {
        let id = self.child.id().to_string();
        assert!(Command::new("kill").args(["-s", signal, &id]).status().unwrap().success());
        let mut stderr = String::new();
        self.child.stderr.take().unwrap().read_to_string(&mut stderr).unwrap();
        let status = self.child.wait().unwrap();
        assert!(status.success(), "{status}: {stderr}");
        stderr
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn run(arguments: &[&str]) -> Output {
    Command::new(PROGRAM).args(arguments).env_clear().output().unwrap()
}

fn post(origin: &str, form: &str) -> String {
    post_to(origin, "/oauth2/v0/token", form)
}

fn post_to(origin: &str, path: &str, form: &str) -> String {
    let mut stream = TcpStream::connect(origin.strip_prefix("http://").unwrap()).unwrap();
    write!(
        stream,
        "POST {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\nAccept: application/json\r\n\
         Content-Type: application/x-www-form-urlencoded\r\nContent-Length: {}\r\n\r\n{form}",
        form.len()
    )
    .unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    answer
}

fn company_form(id: &str, secret: &str, company: &str, request_token: &str) -> String {
    format!(
        "client_id={id}&client_secret={secret}&grant_type=password&username={company}\
         &password={request_token}&credtype=authtoken"
    )
}

#[test]
fn it_prints_how_to_log_in_serves_and_stops_on_sigterm() {
    let mut sandbox = Running::start(&["--access-lifetime", "10"]);
    let hints = sandbox.hints();
    let origin = hints[0].strip_prefix("concur-sandbox listens on ").unwrap();
    let exported = |name: &str| {
        let prefix = format!("  export CONCUR_CRED_{name}=");
        hints.iter().find_map(|line| line.strip_prefix(&prefix)).unwrap()
    };
    assert!(hints.contains(&format!("  concur-cred login --base-url {origin}")), "{hints:?}");
    let form = company_form(
        exported("CLIENT_ID"),
        exported("CLIENT_SECRET"),
        exported("COMPANY"),
        exported("REQUEST_TOKEN"),
    );
    let answer = post(origin, &form);
    assert!(answer.starts_with("HTTP/1.1 200 "), "{answer}");
    assert!(answer.contains("{\"expires_in\":10,"), "{answer}");
    let summary = sandbox.stop("TERM");
    assert!(summary.contains("1 token requests, 1 grants, 0 refusals"), "{summary}");
}

#[test]
fn it_stops_on_sigint_too() {
    let mut sandbox = Running::start(&[]);
    sandbox.hints();
    assert!(sandbox.stop("INT").contains("0 token requests"));
}

#[test]
fn credentials_are_written_privately_and_never_over_a_file() {
    let folder = Folder::new();
    let path = folder.file("credentials.json");
    let mut sandbox = Running::start(&["--credentials", &path]);
    let hints = sandbox.hints().join("\n");
    assert!(hints.contains(&format!("--credentials {path}")), "{hints}");
    let written = fs::read(&path).unwrap();
    let file: Value = serde_json::from_slice(&written).unwrap();
    let app_id = file["appID"].as_str().unwrap();
    assert!(
        !hints.contains(app_id) && !hints.contains("export"),
        "the hints use the file: {hints}"
    );
    assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
    sandbox.stop("TERM");
    let again = run(&["--credentials", &path]);
    assert_eq!(again.status.code(), Some(1));
    assert!(again.stdout.is_empty());
    assert!(String::from_utf8_lossy(&again.stderr).contains("cannot be written"));
    assert_eq!(fs::read(&path).unwrap(), written, "the file is as it was");
}

#[test]
fn with_tls_it_serves_https_and_writes_its_ca_file() {
    let folder = Folder::new();
    let path = folder.file("ca.pem");
    let mut sandbox = Running::start(&["--tls", "--ca", &path]);
    let hints = sandbox.hints().join("\n");
    assert!(hints.contains("listens on https://127.0.0.1:"), "{hints}");
    assert!(hints.contains(&format!("  export CONCUR_CRED_CA_BUNDLE={path}")), "{hints}");
    let pem = fs::read_to_string(&path).unwrap();
    assert!(pem.starts_with("-----BEGIN CERTIFICATE-----"), "{pem}");
    assert!(!pem.contains("PRIVATE"), "the CA's key stays here");
    sandbox.stop("TERM");
    let client = folder.file("client.pem");
    let mut strict = Running::start(&["--tls", "--client-cert", &client]);
    let hints = strict.hints().join("\n");
    assert!(hints.contains(&format!("  export CONCUR_CRED_CLIENT_CERT={client}")), "{hints}");
    strict.stop("TERM");
    let identity = fs::read_to_string(&client).unwrap();
    assert!(identity.starts_with("-----BEGIN CERTIFICATE-----"), "{identity}");
    assert!(identity.contains("PRIVATE KEY"), "a certificate needs its key");
    let again = run(&["--tls", "--ca", &path]);
    assert_eq!(again.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&again.stderr).contains("cannot be written"));
    assert_eq!(fs::read_to_string(&path).unwrap(), pem, "the file is as it was");
    assert_eq!(run(&["--ca", &folder.file("other.pem")]).status.code(), Some(2), "without --tls");
}

#[test]
fn a_user_gets_one_time_passwords_by_mail() {
    let folder = Folder::new();
    let mails = folder.file("mails");
    let mut sandbox = Running::start(&["--user", "erika@example.com", "--otp", &mails]);
    let hints = sandbox.hints();
    let origin = hints[0].rsplit(' ').next().unwrap();
    let exported = |name: &str| {
        let prefix = format!("  export CONCUR_CRED_{name}=");
        hints.iter().find_map(|line| line.strip_prefix(&prefix)).unwrap()
    };
    let hint = hints.iter().any(|line| line.ends_with("--profile me --grant otp"));
    assert!(hint && hints.iter().any(|line| line.contains("erika@example.com")), "{hints:?}");
    let form = format!(
        "client_id={}&client_secret={}&channel_type=email&channel_handle=erika%40example.com",
        exported("CLIENT_ID"),
        exported("CLIENT_SECRET")
    );
    let answer = post_to(origin, "/oauth2/v0/otp", &form);
    assert!(answer.ends_with("{\"message\":\"otp sent\"}"), "{answer}");
    let mail = fs::read_to_string(&mails).unwrap();
    assert_eq!(fs::metadata(&mails).unwrap().permissions().mode() & 0o777, 0o600);
    let otp = mail.trim_end().strip_prefix("erika@example.com ").unwrap();
    let answer = post(origin, &format!("{form}&grant_type=otp&otp={otp}"));
    assert!(answer.starts_with("HTTP/1.1 200 "), "{answer}");
    sandbox.stop("TERM");
    assert_eq!(run(&["--otp", &mails]).status.code(), Some(2), "without --user");
}

#[test]
fn faults_and_log_work_from_the_command_line() {
    let folder = Folder::new();
    let log = folder.file("requests.jsonl");
    let mut sandbox = Running::start(&["--fault", "429:7", "--fault", "code:134", "--log", &log]);
    let origin = sandbox.hints()[0].rsplit(' ').next().unwrap().to_owned();
    let answer = post(&origin, "grant_type=password");
    assert!(answer.starts_with("HTTP/1.1 429 ") && answer.contains("retry-after: 7"), "{answer}");
    assert!(post(&origin, "grant_type=password").contains("\"code\":134"));
    assert!(post(&origin, "grant_type=password").contains("\"code\":62"));
    sandbox.stop("TERM");
    let outcomes: Vec<String> = fs::read_to_string(&log)
        .unwrap()
        .lines()
        .map(|line| serde_json::from_str::<Value>(line).unwrap()["outcome"].to_string())
        .collect();
    assert_eq!(outcomes, ["\"fault status 429\"", "\"fault code 134\"", "\"code 62\""]);
}

#[test]
fn a_log_to_stdout_comes_after_the_hints() {
    let mut sandbox = Running::start(&["--log", "-"]);
    let origin = sandbox.hints()[0].rsplit(' ').next().unwrap().to_owned();
    post(&origin, "grant_type=password");
    let record: Value = serde_json::from_str(&sandbox.line()).unwrap();
    assert_eq!(record["outcome"], "code 62");
    sandbox.stop("TERM");
}

#[test]
fn a_reader_who_closes_the_pipe_does_not_stop_it() {
    let mut child = Command::new(PROGRAM)
        .args(["--log", "-"])
        .env_clear()
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut first = String::new();
    // The reader is gone after the first line: the rest of the hints and the log have nowhere to go.
    BufReader::new(child.stdout.take().unwrap()).read_line(&mut first).unwrap();
    let origin = first.trim_end().rsplit(' ').next().unwrap();
    for _ in 0..2 {
        assert!(post(origin, "grant_type=password").contains("\"code\":62"));
    }
    let id = child.id().to_string();
    assert!(Command::new("kill").arg(&id).status().unwrap().success());
    let output = child.wait_with_output().unwrap();
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success() && stderr.contains("2 token requests"), "{stderr}");
}

#[test]
fn a_wrong_fault_is_a_usage_error() {
    let output = run(&["--fault", "nonsense"]);
    assert_eq!(output.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&output.stderr).contains("FAULTS"));
}

/// Every `--flag` of the text's lines that begin with one.
fn flags<'a>(lines: impl Iterator<Item = &'a str>) -> BTreeSet<String> {
    let is_of_flag = |c: char| c.is_ascii_lowercase() || c == '-';
    lines
        .flat_map(|line| line.split_whitespace())
        .filter_map(|word| word.strip_prefix("--"))
        .map(|word| word.chars().take_while(|c| is_of_flag(*c)).collect())
        .collect()
}

#[test]
fn the_manual_page_and_help_name_the_same_flags() {
    let help = run(&["--help"]);
    let help = String::from_utf8(help.stdout).unwrap();
    let helped = flags(help.lines().filter(|line| line.trim_start().starts_with('-')));
    let page = concat!(env!("CARGO_MANIFEST_DIR"), "/../man/concur-sandbox.1");
    let page = fs::read_to_string(page).unwrap().replace("\\-", "-");
    let (_, options) = page.split_once(".SH OPTIONS").unwrap();
    let (options, _) = options.split_once(".SH ").unwrap();
    assert!(helped.len() > 8, "{helped:?}");
    assert_eq!(helped, flags(options.lines()));
    let (_, synopsis) = page.split_once(".SH SYNOPSIS").unwrap();
    let (synopsis, _) = synopsis.split_once(".SH ").unwrap();
    for flag in helped.iter().filter(|flag| !["help", "version"].contains(&flag.as_str())) {
        assert!(synopsis.contains(&format!("--{flag}")), "{flag} is missing in the synopsis");
    }
}

#[test]
fn a_redirect_uri_makes_a_user_who_can_log_in_with_a_browser() {
    let uri = "http://localhost:8017/callback";
    let mut sandbox = Running::start(&["--redirect-uri", uri]);
    let hints = sandbox.hints();
    let line = hints.iter().find(|line| line.contains("--grant browser")).unwrap();
    assert!(line.contains(&format!("--redirect-uri {uri}")), "{hints:?}");
    assert!(hints.iter().any(|line| line.contains("user erika@example.com")), "{hints:?}");
    let origin = hints[0].rsplit(' ').next().unwrap();
    let client_id =
        hints.iter().find_map(|line| line.strip_prefix("  export CONCUR_CRED_CLIENT_ID="));
    let mut stream = TcpStream::connect(origin.strip_prefix("http://").unwrap()).unwrap();
    write!(
        stream,
        "GET /oauth2/v0/authorize?response_type=code&client_id={}&redirect_uri={uri} HTTP/1.1\r\n\
         Host: x\r\nConnection: close\r\n\r\n",
        client_id.unwrap()
    )
    .unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    assert!(answer.starts_with("HTTP/1.1 200") && answer.contains("erika@example.com"), "{answer}");
}
