//! Commands that print tokens and store credentials: the helper protocol's verbs and similar ones.

use concur_sandbox::Fault;
use serde_json::json;

use super::super::forms::ECHOED;
use super::super::scene::{Scene, odd};
use super::logins::burst;
use super::{Row, first, row};

pub(super) const ROWS: &[Row] = &[
    row("get", 0, "a token that is stored, in every format", |s| {
        s.asks();
        let formats = ["token", "header", "json", "env", "curl"];
        formats.map(|format| s.code(&["get", "--format", format])).into_iter().max().unwrap()
    }),
    row("get", 0, "a request of git's, and its password", |s| {
        s.asks();
        let request = s.request("capability[]=authtype\n");
        let _ = s.fed(&["get"], &request).code(0);
        s.fed(&["get"], "protocol=https\nhost=git.example.org\nusername=me\n\n").code
    }),
    row("get", 0, "a request of Bazel's", |s| {
        let request = json!({ "uri": format!("{}/a?b=c", s.origin()) }).to_string();
        s.asks().fed(&["get"], &request).code
    }),
    row("get", 0, "a request that nothing matches, with a password in it", |s| {
        let password = malformed(s);
        let request = format!("protocol=https\nhost=other.example\npassword={password}\n\n");
        s.fed(&["get"], &request).code
    }),
    row("get", 2, "malformed requests with secrets in them", |s| {
        let secret = malformed(s);
        let line = secret.replace('=', "-");
        let mut code = None;
        for request in [
            format!("protocol=https\nhost=h\n{line}\n\n"),
            format!("protocol=https\nhost=h\npassword={secret}\npassword={secret}\n\n"),
            format!("protocol=https\nhost=h\npassword=a\r{secret}\n\n"),
            format!("protocol=https\nhost=h\npassword={secret}\0\n\n"),
            format!("protocol=https\npassword={secret}{}\n\n", "x".repeat(70_000)),
            format!("{{\"uri\": \"https://me:{line}@h/\", \"uri\": {}}}", json!(secret)),
            format!("{{\"uri\": {}", json!(secret)),
            format!("{{\"uri\": [{}]}}", json!(secret)),
            format!("{{\"uri\": {}}}", json!(secret)),
        ] {
            code = code.max(s.fed(&["get"], &request).code);
        }
        code
    }),
    row("get", 4, "Concur refuses the refresh token", |s| {
        s.expire().fault(Fault::Code(108)).fault(Fault::Code(5));
        s.code(&["get"])
    }),
    row("get", 4, "Concur refuses it, and git asks", |s| {
        s.expire().fault(Fault::Code(108)).fault(Fault::Code(5));
        let request = s.request("");
        s.fed(&["get"], &request).code
    }),
    row("get", 5, "the service is down, and the answer to the last request breaks off", |s| {
        s.expire().fault(Fault::service_unavailable()).fault(Fault::DropAfter);
        s.world.sandbox.fault_always(Fault::TruncateBody);
        s.code(&["get"])
    }),
    row("get", 6, "cells that were swapped", |s| {
        let swap = "UPDATE record SET access_token = refresh_token, refresh_token = access_token";
        s.world.database().execute(swap, []).unwrap();
        s.code(&["get"])
    }),
    row("get", 6, "another key", |s| {
        std::fs::write(s.world.config_dir().join("key"), [9; 32]).unwrap();
        s.code(&["get"])
    }),
    row("get", 6, "a store that is newer", |s| {
        s.world.database().execute("UPDATE meta SET schema_version = 999", []).unwrap();
        s.code(&["get"])
    }),
    row("get", 5, "another process holds the lock, and does not end", |s| {
        s.expire();
        let gate = s.world.sandbox.hold_next_token_request();
        let holder = s.world.concur(["get"]);
        let holder =
            s.variables().into_iter().fold(holder, |run, (name, value)| run.env(name, value));
        let holder = holder.start();
        assert!(gate.wait_until_reached(std::time::Duration::from_secs(30)));
        s.env("CONCUR_CRED_LOCK_TIMEOUT", "1s");
        let code = s.code(&["get"]);
        gate.release();
        s.asks().record_output(holder.wait());
        code
    }),
    row("get", 1, "a defect, whenever it comes", |s| {
        for at in ["record-reread", "attempt-begun", "answer-received", "grant-sealed"] {
            s.expire();
            burst(s, at);
            let _ = s.run(&["get"]).code(1);
        }
        burst(s, "grant-committed");
        s.expire().code(&["get"])
    }),
    row("get", 0, "killed in the middle of a commit, and looked at before the next", |s| {
        for at in ["attempt-begun", "answer-received", "grant-sealed", "grant-committed"] {
            s.expire().env("CONCUR_CRED_TEST_FAILPOINT", format!("{at}=kill"));
            assert_ne!(s.run(&["get"]).code, Some(0), "{at}");
            s.look();
        }
        s.env("CONCUR_CRED_TEST_FAILPOINT", "-");
        // Concur's answer was lost with the process.
        let origin = s.origin();
        s.code(&["login", "--base-url", &origin])
    }),
    row("get", 6, "the disk takes no writes", |s| {
        let mut code = None;
        for write in ["lock-open=io", "attempt-begin=full", "attempt-begin=io"] {
            s.expire().env("CONCUR_CRED_TEST_FAILPOINT", write);
            code = code.max(s.code(&["get"]));
        }
        code
    }),
    row("get", 0, "the answer cannot be committed, and lies in the reserve", |s| {
        s.expire().env("CONCUR_CRED_TEST_FAILPOINT", "grant-commit=full");
        let _ = s.asks().run(&["get"]).code(0);
        s.env("CONCUR_CRED_TEST_FAILPOINT", "-");
        s.expire().code(&["get"])
    }),
    row("token", 0, "an expired token", |s| s.expire().asks().code(&["token"])),
    row("token", 5, "nothing usable is stored", |s| s.expire().code(&["token", "--cached"])),
    first("token", 3, "before the first login", |s| s.code(&["token"])),
    row("store", 0, "a password, again", |s| {
        let request = s.password_of_git();
        s.fed(&["store"], &request).code
    }),
    row("store", 0, "a token of ours by git, and a refresh token for an application", |s| {
        let secret = s.password_of_git().replace("git.example.org", "us2.api.concursolutions.com");
        let _ = s.fed(&["store", "--application", "default"], &secret);
        let request = s.request("username=x\npassword=hunter2-hunter2-hunter2\n");
        s.secrets.add("password that git stored", "hunter2-hunter2-hunter2");
        s.fed(&["store"], &request).code
    }),
    row("store", 2, "malformed requests with secrets in them", |s| {
        let secret = malformed(s);
        let line = secret.replace('=', "-");
        let _ = s.fed(&["store"], &format!("protocol=https\nhost=h\n{line}\n\n")).code(2);
        s.fed(&["store"], &format!("password={secret}\npassword={secret}\n\n")).code
    }),
    row("store", 6, "no store can be made", |s| {
        s.env("CONCUR_CRED_HOME", "/dev/null/nowhere");
        let request = s.password_of_git();
        s.fed(&["store"], &request).code
    }),
    row("erase", 0, "a password, and a token that git found refused", |s| {
        let request = "protocol=https\nhost=git.example.org\nusername=me\n\n";
        let _ = s.fed(&["erase"], request).code(0);
        let token = s.tokens()["access_token"].as_str().unwrap().to_owned();
        let request = s.request(&format!("password={token}\n"));
        s.fed(&["erase"], &request).code
    }),
    row("erase", 2, "a malformed request with a secret in it", |s| {
        let line = malformed(s).replace('=', "-");
        s.fed(&["erase"], &format!("protocol=https\nhost=h\n{line}\n\n")).code
    }),
    row("capability", 0, "git asks", |s| s.code(&["capability"])),
    row("capability", 6, "the settings are wrong, and a secret is among them", |s| {
        wrong_settings(s, &["capability"])
    }),
    row(
        "exec",
        0,
        "a command that is given the token and the variables that are no secrets",
        |s| {
            s.env("CONCUR_CRED_CLIENT_SECRET", s.world.sandbox.app().client_secret.clone());
            proxy(s, "CONCUR_CRED_PROXY");
            s.child_gets_token().code(&["exec", "--", "true"])
        },
    ),
    row("exec", 127, "a command that is not there", |s| {
        s.child_gets_token().code(&["exec", "--", "./no-such-command"])
    }),
    row("exec", 4, "Concur gives back what was sent, in each form that is recognised", |s| {
        s.expire();
        let secret = s.world.sandbox.app().client_secret.clone();
        let token = s.tokens()["refresh_token"].as_str().unwrap().to_owned();
        let mut code = None;
        for form in 0..ECHOED {
            s.echo([&token, &secret], form);
            s.world
                .database()
                .execute("UPDATE record SET attempt_not_before = NULL, attempt_outcome = NULL", [])
                .unwrap();
            code = code.max(s.code(&["exec", "--", "true"]));
        }
        code
    }),
];

fn malformed(s: &mut Scene) -> String {
    let secret = odd("m4lformed");
    s.secrets.add("secret in a malformed request", &secret);
    secret
}

/// A proxy with a password, which no request to loopback ever uses.
pub(super) fn proxy(s: &mut Scene, name: &str) {
    let password = odd("pr0xy");
    s.secrets.add("proxy password", &password);
    let quoted: String = url::form_urlencoded::byte_serialize(password.as_bytes()).collect();
    let quoted = quoted.replace('+', "%20");
    s.env(name, format!("http://me:{quoted}@proxy.example:3128"));
}

/// A proxy on this machine that refuses requests and repeats them in its answers.
pub(super) fn mocking_proxy(s: &mut Scene) {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let place = listener.local_addr().unwrap();
    proxy(s, "CONCUR_CRED_PROXY");
    let (name, url) =
        s.variables().last().map(|(n, u)| ((*n).to_owned(), (*u).to_owned())).unwrap();
    s.env(&name, url.replace("proxy.example:3128", &place.to_string()));
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            let mut head = String::new();
            let mut lines = std::io::BufReader::new(stream.try_clone().unwrap());
            while std::io::BufRead::read_line(&mut lines, &mut head).unwrap() > 2 {}
            let sent = head.lines().find(|line| line.to_lowercase().starts_with("proxy-auth"));
            let sent = sent.unwrap_or("none: none").split_once(": ").unwrap().1;
            let answer = format!(
                "HTTP/1.1 407 {sent}\r\nProxy-Authenticate: {sent}\r\nX-Said: {sent}\r\n\
                 Content-Length: {}\r\nConnection: close\r\n\r\n{sent}",
                sent.len()
            );
            let _ = std::io::Write::write_all(&mut stream, answer.as_bytes());
        }
    });
}

/// Invalid settings that contain a secret, one at a time; returns the last exit code.
pub(super) fn wrong_settings(s: &mut Scene, args: &[&str]) -> Option<i32> {
    let secret = odd("c0nfig");
    s.secrets.add("secret in a wrong place of config.toml", &secret);
    let text = json!(secret).to_string();
    let mut code = None;
    for line in [
        format!("client_secret = {text}"),
        format!("client_secret = '{}", secret.replace('\'', "")),
        format!("min_ttl = {text}"),
        format!("default_profile = {text}"),
        format!("allowed_origins = [{text}]"),
        format!("allowed_origins = {text}"),
        format!("[{text}]\na = 1"),
        format!("{text} = 1"),
        format!("proxy = [{text}]"),
        format!("lock_timeout = {{ a = {text} }}"),
        "min_ttl = ".to_owned() + &secret.replace('\n', ""),
    ] {
        s.configure(&(line + "\n"));
        code = s.code(args);
    }
    code
}
