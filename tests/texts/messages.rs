//! What the program says when it works and when it does not.

use std::fmt::Write as _;

use super::is_as_reviewed;
use crate::harness::{Run, World, leaving, set_mode};
use concur_sandbox::{Fault, Sandbox};

/// A session as a person would see it: each command, what it prints, and its exit code unless that is 0.
struct Session {
    world: World,
    text: String,
}

impl Session {
    fn new(world: World) -> Self {
        Self { world, text: String::new() }
    }

    /// Runs the program with these arguments.
    fn run(&mut self, args: &str) -> &mut Self {
        let run = self.world.concur(args.split(' ').filter(|word| !word.is_empty()));
        self.show(args, run)
    }

    fn show(&mut self, args: &str, run: Run) -> &mut Self {
        let output = run.env("TZ", "UTC").output();
        let code = output.code.filter(|code| *code != 0);
        let code = code.map_or_else(String::new, |code| format!("(exit code {code})\n"));
        let args = args.replace(self.world.sandbox.origin(), "https://us2.api.concursolutions.com");
        let _ =
            writeln!(self.text, "$ concur-cred {args}\n{}{}{code}", output.text(), output.stderr);
        self
    }

    /// Compares with the reviewed file.
    fn is(&self, name: &str) {
        is_as_reviewed(&self.world, &self.text, &format!("messages/{name}"));
    }
}

fn logged_in() -> Session {
    Session::new(World::logged_in())
}

/// Without a request token, which would be a second way to new tokens.
fn without_request_token() -> Session {
    let session = logged_in();
    session.world.database().execute("UPDATE record SET request_token = NULL", []).unwrap();
    session.world.expire("default");
    session
}

#[test]
fn before_there_is_a_profile() {
    let mut session = Session::new(World::new());
    session.run("token").run("status").run("api /x").run("init").run("init").run("login");
    session.run("refresh --profile acme").run("use").run("log").run("config path");
    session.is("no-profile");
}

#[test]
fn wrong_command_lines() {
    let mut session = logged_in();
    for args in [
        "stauts",
        "token --formt json",
        "get --format jsn",
        "token defualt",
        "token --min-ttl soon",
        "completions",
        "api",
        "api -X FETCH /x",
        "use a b",
        "config set min-ttl 5m",
        "login --grant company us9",
        "logout --revoke",
    ] {
        session.run(args);
    }
    session.is("wrong-usage");
}

#[test]
fn a_login_and_what_follows() {
    let world = World::new();
    world.write("credentials.json", world.sandbox.credentials_json());
    let login = format!("login --base-url {}", world.sandbox.origin());
    let second = format!("{login} --profile acme");
    let mut session = Session::new(world);
    session.run(&login).run(&second).run("use").run("use acme").run("rename acme globex");
    session.run("refresh").run("keepalive").run("status").run("status --long").run("log");
    session.run("config set min_ttl 5m").run("logout").run("logout default").run("logout");
    session.is("login");
}

#[test]
fn refusals_of_a_refresh() {
    for (code, name) in [(108, "refresh-token"), (64, "client-secret"), (61, "app-id")] {
        let mut session = without_request_token();
        session.world.sandbox.fault_always(Fault::Code(code));
        session.run("token").run("token").run("status").run("doctor --offline").run("log -n 1");
        session.is(&format!("refused-{name}"));
    }
}

#[test]
fn every_code_of_concur() {
    let codes = [5, 10, 19, 20, 53, 54, 59, 60, 107, 134, 136, 999];
    let world = World::new();
    let mut text = String::new();
    for code in codes {
        let mut session = without_request_token();
        session.world.sandbox.fault_always(Fault::Code(code));
        session.run("token");
        text += &super::named(&session.world).redact(&session.text);
    }
    is_as_reviewed(&world, &text, "messages/codes");
}

#[test]
fn what_passes_by_itself() {
    let mut session = without_request_token();
    session.world.sandbox.fault_always(Fault::service_unavailable());
    session.run("token").run("keepalive").run("status");
    let mut limited = without_request_token();
    limited.world.sandbox.push_fault(Fault::too_many_requests(300));
    limited.run("token").run("token");
    let mut away = Session::new(World::logged_in_with(leaving()));
    away.world.expire("default");
    let other = Sandbox::start(leaving()).unwrap();
    let origin = away.world.sandbox.origin().to_owned();
    drop(std::mem::replace(&mut away.world.sandbox, other));
    away.run("token").run("keepalive --quiet").run("status").run("doctor");
    session.is("unavailable");
    limited.is("limited");
    let host = origin.trim_start_matches("http://");
    away.text = away.text.replace(&origin, "[ORIGIN]").replace(host, "[HOST]");
    away.is("unreachable");
}

#[test]
fn refusals_of_an_api() {
    let mut session = logged_in();
    for (status, body) in [
        (401, r#"{"message":"Unauthorized"}"#),
        (403, r#"{"message":"the token lacks the scope EXPRPT"}"#),
        (403, r#"{"message":"Forbidden"}"#),
        (404, r#"{"errorMessage":"no such report"}"#),
        (429, "{}"),
        (503, "<html></html>"),
    ] {
        let (content_type, body) = ("application/json".to_owned(), body.as_bytes().to_vec());
        let fault = Fault::RawBody { status, content_type, body };
        session.world.sandbox.push_faults_at("/expense/", 1, fault);
        session.run("api /expense/v4/reports");
    }
    session.is("api");
}

#[test]
fn files_that_are_wrong() {
    let mut session = logged_in();
    let (config, key) = (session.world.config_dir(), session.world.config_dir().join("key"));
    let file = config.join("config.toml");
    for text in ["min_ttl = \"5 years\"\n", "# ours\nmin-ttl = \"5m\"\n", "min_ttl = \"5m\n"] {
        std::fs::write(&file, text).unwrap();
        set_mode(&file, 0o600);
        session.run("token");
    }
    std::fs::remove_file(&file).unwrap();
    let command = session.world.concur(["token"]).env("CONCUR_CRED_MIN_TTL", "soon");
    session.show("token", command);
    let right = std::fs::read(&key).unwrap();
    std::fs::remove_file(&key).unwrap();
    session.run("token").run("status").run("doctor --offline");
    std::fs::write(&key, right).unwrap();
    set_mode(&key, 0o644);
    session.run("token").run("doctor --offline");
    set_mode(&key, 0o600);
    std::fs::remove_file(session.world.store_file()).unwrap();
    session.run("token").run("doctor --offline");
    std::fs::write(session.world.store_file(), "no database").unwrap();
    set_mode(&session.world.store_file(), 0o600);
    session.run("token").run("doctor --offline");
    session.is("files");
}
