//! Logins and imports: where secrets come in.

use std::net::SocketAddr;

use super::super::forms::ECHOED;
use super::super::scene::{EMAIL, Scene, graphic, odd};
use super::tokens::mocking_proxy;
use super::{Row, by_http, first, row};
use crate::browser::support::{Login, exchange, field, free_port, press};
use crate::harness::terminal::Terminal;
use crate::harness::{BINARY, set_mode, skipped};
use concur_sandbox::Fault;
use serde_json::json;

pub(super) const ROWS: &[Row] = &[
    first("login", 0, "by credentials.json", |s| login(s, &[])),
    first("login", 0, "by variables", |s| {
        std::fs::remove_file(s.world.work().join("credentials.json")).unwrap();
        let app = s.world.sandbox.app().clone();
        s.env("CONCUR_CRED_CLIENT_ID", app.client_id).env("CONCUR_CRED_COMPANY", app.company_uuid);
        s.env("CONCUR_CRED_CLIENT_SECRET", app.client_secret);
        s.env("CONCUR_CRED_REQUEST_TOKEN", app.request_token);
        login(s, &[])
    }),
    first("login", 0, "by a refresh token of one's own", |s| refresh_token(s, false)),
    first(
        "login",
        4,
        "a refresh token of one's own that is refused, with all that was sent",
        |s| refresh_token(s, true),
    ),
    row("import", 0, "App ID, secret and refresh token alone", |s| {
        let file = handed(s);
        s.given("handed.json", file.to_string());
        let origin = s.origin();
        s.code(&["import", "handed.json", "--profile", "new", "--base-url", &origin])
    }),
    first("login", 0, "the application for itself", |s| login(s, &["--grant", "app"])),
    first("login", 0, "a credentials file that others can read", |s| {
        set_mode(&s.world.work().join("credentials.json"), 0o644);
        login(s, &[])
    }),
    first("login", 0, "the answer names a base URL that is not allowed, with a password", |s| {
        s.fault(Fault::Geolocation("https://user:pw@evil.example".to_owned()));
        login(s, &[])
    }),
    first("login", 0, "with the key in a variable", |s| {
        let key = [(); 2].map(|()| uuid::Uuid::new_v4().into_bytes()).concat();
        let text = base64::Engine::encode(&base64::prelude::BASE64_STANDARD, &key);
        s.secrets.add("key in the environment", &key[8..]);
        s.secrets.add("key in the environment", &text);
        s.env("CONCUR_CRED_KEY", text);
        login(s, &[])
    }),
    first("login", 0, "with the key in a file that is named", |s| {
        let key = odd("k3y").into_bytes()[..32].to_vec();
        s.secrets.add("key in CONCUR_CRED_KEY_FILE", &key);
        let file = s.given("my.key", key);
        s.env("CONCUR_CRED_KEY_FILE", file.display().to_string());
        login(s, &[])
    }),
    row("login", 6, "with another key than the store's", |s| {
        std::fs::write(s.world.config_dir().join("key"), [9; 32]).unwrap();
        login(s, &[])
    }),
    row("login", 0, "again, into the same profile", |s| login(s, &[])),
    row("set-secret", 0, "from a pipe", |s| {
        let secret = s.world.sandbox.change_client_secret();
        s.secrets.add("client secret", &secret);
        s.fed(&["set-secret"], &format!("{secret}\n")).code
    }),
    row("set-secret", 4, "from a variable, and Concur refuses it", |s| {
        s.env("CONCUR_CRED_CLIENT_SECRET", odd("n0t-it"));
        s.code(&["set-secret"])
    }),
    row("set-secret", 2, "of two lines", |s| {
        let text = format!("{}\nmore\n", odd("l1ne"));
        s.secrets.add("client secret", odd("l1ne").as_str());
        s.fed(&["set-secret"], &text).code
    }),
    row("login", 2, "into the profile of another company", |s| login(s, &["--profile", "copy"])),
    first("login", 4, "the request token is refused", |s| {
        s.fault(Fault::Code(5));
        login(s, &[])
    }),
    first("login", 4, "the request token is another application's", |s| {
        s.fault(Fault::Code(136));
        login(s, &[])
    }),
    first("login", 4, "Concur sends it to a place that is not allowed", |s| {
        let body = json!({ "code": 16, "error": "x", "geolocation": "https://evil.example" });
        let body = body.to_string().into_bytes();
        let content_type = "application/json".to_owned();
        s.fault(Fault::RawBody { status: 400, content_type, body });
        login(s, &[])
    }),
    first("login", 5, "the service is down", |s| {
        s.world.sandbox.fault_always(Fault::service_unavailable());
        login(s, &[])
    }),
    first(
        "login",
        4,
        "the refusal gives back what was sent, in each form that is recognised",
        |s| {
            let app = s.world.sandbox.app().clone();
            let code = |form: usize, s: &mut Scene| {
                s.echo([&app.client_secret, &app.request_token], form);
                login(s, &[])
            };
            (0..ECHOED).map(|form| code(form, s)).max().unwrap()
        },
    ),
    first("login", 0, "the scope that is granted is a secret", |s| {
        let secret = s.world.sandbox.app().client_secret.clone();
        s.fault(Fault::OverrideField { name: "scope".to_owned(), value: json!(secret) });
        login(s, &[])
    }),
    Row {
        command: "login",
        code: 4,
        what: "the base URLs that are granted, and then named, are named like a secret",
        home: |by_https| {
            Scene::with(by_https, |config| {
                let secret = uuid::Uuid::new_v4().to_string();
                config.app.as_mut().unwrap().client_secret = secret;
            })
        },
        act: |s| {
            let secret = s.world.sandbox.app().client_secret.clone();
            s.secrets.add("client secret", &secret);
            let host = format!("https://{secret}.api.concursolutions.com");
            s.fault(Fault::Geolocation(host.clone()));
            assert_eq!(login(s, &[]), Some(0));
            let _ = s.run(&["status"]).code(0);
            let body = json!({ "code": 16, "error": "x", "geolocation": host }).to_string();
            let content_type = "application/json".to_owned();
            s.fault(Fault::RawBody { status: 400, content_type, body: body.into_bytes() });
            login(s, &[])
        },
    },
    first("login", 2, "a file that is no JSON", |s| {
        let secret = odd("br0ken");
        s.secrets.add("secret in a malformed file", &secret);
        let text = format!("{{\"appID\":\"a\",\"clientSecret\":\"{}\n", secret.replace('"', "'"));
        s.given("credentials.json", text);
        login(s, &[])
    }),
    first("login", 2, "values of the wrong type, and keys twice", |s| {
        let secret = odd("wr0ng");
        s.secrets.add("secret in a malformed file", &secret);
        s.given("credentials.json", json!({ "appID": [&secret], "clientSecret": 5 }).to_string());
        let _ = login(s, &[]);
        let secret = json!(secret);
        let twice = format!("{{\"clientSecret\":{secret},\"clientSecret\":{secret}}}");
        s.given("credentials.json", twice);
        login(s, &[])
    }),
    first("login", 2, "a secret where no secret belongs on the command line", |s| {
        let stray = format!("{}-{}", uuid::Uuid::new_v4(), "stray");
        s.secrets.add("secret as a stray word of the command line", &stray);
        let upper = format!("A-{stray}");
        let glued = format!("--client-secret={stray}");
        for args in [
            vec!["login", "--client-secret", &stray],
            vec!["login", &glued],
            vec!["login", &stray],
            vec!["login", "--grant", &stray],
            vec![&stray],
            vec!["get", "--format", &stray],
            vec!["login", "--base-url", &stray],
            vec!["--profile", &upper, "get"],
            vec!["login", "--grant", "browser", "--redirect-uri", &stray],
            vec!["token", "--min-ttl", &stray],
        ] {
            let _ = s.code(&args);
        }
        s.code(&["login", &stray, "--replace"])
    }),
    first("login", 5, "a proxy refuses, and gives back its password", |s| {
        mocking_proxy(s);
        s.code(&["login", "--base-url", "us2"])
    }),
    first("login", 6, "there is no space for the store", |s| {
        s.env("CONCUR_CRED_TEST_FAILPOINT", "reserve-write=full");
        login(s, &[])
    }),
    first("login", 0, "the grant cannot be committed at first", |s| {
        s.env("CONCUR_CRED_TEST_FAILPOINT", "grant-sync=io");
        login(s, &[])
    }),
    first("login", 1, "a defect", |s| {
        burst(s, "end");
        login(s, &[])
    }),
    Row {
        command: "login",
        code: 0,
        what: "a person types everything",
        home: |by_https| {
            // A prompt takes no spaces within a value.
            Scene::with(by_https, |config| {
                let app = config.app.as_mut().unwrap();
                app.client_secret = graphic("cl13nt");
                app.request_token = graphic("r3quest");
            })
        },
        act: |s| {
            std::fs::remove_file(s.world.work().join("credentials.json")).unwrap();
            let app = s.world.sandbox.app().clone();
            s.secrets.add("client secret", &app.client_secret);
            s.secrets.add("company request token", &app.request_token);
            s.secrets.add("secret typed at a prompt", format!("{} ", app.client_secret));
            terminal(
                s,
                "",
                &[
                    ("Enter 1 to 5 [1]: ", "1"),
                    ("client id): ", &app.client_id),
                    ("Client secret (not shown): ", &app.client_secret),
                    ("Company UUID: ", &app.company_uuid),
                    ("request token (not shown): ", &app.request_token),
                ],
            )
        },
    },
    first("login", 4, "a person types a wrong password", |s| {
        let typed = odd("typed");
        s.secrets.add("secret typed at a prompt", &typed);
        terminal(s, "--grant user", &[("login id): ", EMAIL), ("Password (not shown): ", &typed)])
    }),
    first("login", 0, "a person types a user's password", |s| {
        let password = s.world.sandbox.config().user.unwrap().password;
        terminal(
            s,
            "--grant user",
            &[("login id): ", EMAIL), ("Password (not shown): ", &password)],
        )
    }),
    first("login", 0, "a one-time password", |s| {
        let asks = "One-time password (not shown): ";
        let Some(mut terminal) = start(s, "--grant otp") else { return Some(0) };
        terminal.wait_for("E-mail address of the user: ");
        terminal.answer(EMAIL);
        terminal.wait_for(asks);
        // A wrong one first.
        s.secrets.add("one-time password", "00000000");
        terminal.answer_unseen("00000000");
        terminal.wait_for(asks);
        let otp = s.world.sandbox.sent_otp(EMAIL).unwrap();
        s.secrets.add("one-time password", &otp);
        terminal.answer_unseen(&otp);
        let (code, shown) = terminal.end();
        s.record_text(&shown);
        code
    }),
    by_http("login", 0, "in the browser", |s| browser(s, false)),
    by_http("login", 4, "in the browser, and the code is refused with all that was sent", |s| {
        browser(s, true)
    }),
    row("import", 0, "a file with unknown fields", |s| import(s, &["--profile", "new"])),
    row("import", 0, "a dry run", |s| import(s, &["--dry-run", "--profile", "new"])),
    row("import", 0, "through stdin", |s| {
        s.import_file("new.json");
        let text = std::fs::read_to_string(s.world.work().join("new.json")).unwrap();
        let origin = s.origin();
        let args = ["import", "-", "--profile", "new", "--base-url", &origin, "--credentials"];
        s.fed(&[&args[..], &["new-credentials.json"]].concat(), &text).code
    }),
    row("import", 2, "into the profile of another company", |s| import(s, &["--profile", "copy"])),
    row("import", 2, "files that are damaged, each in its way", |s| {
        let secret = odd("damaged");
        s.secrets.add("secret in a malformed file", &secret);
        let text = json!(secret).to_string();
        let mut last = None;
        for file in [
            format!("{{\"refresh_token\":{text},\"access_token\":{text}"),
            format!("{{\"refresh_token\":[{text}]}}"),
            format!("[{text}]"),
            format!("{{\"refresh_token\":{text},\"refresh_token\":{text}}}"),
            format!("{{\"access_token\":{text},\"geolocation\":{text}}}"),
            format!("{{\"refresh_token\":\"r\",\"geolocation\":{text}}}"),
            format!("{{\"refresh_token\":\"r\",\"expires_in\":{text}}}"),
        ] {
            s.given("bad.json", file);
            last = s.code(&["import", "bad.json", "--profile", "bad"]);
        }
        last
    }),
];

fn login(s: &mut Scene, more: &[&str]) -> Option<i32> {
    let origin = s.origin();
    s.code(&[&["login", "--base-url", &origin], more].concat())
}

/// App ID, secret and a refresh token that another client obtained.
fn handed(s: &mut Scene) -> serde_json::Value {
    let app = s.world.sandbox.app().clone();
    let answer = s.world.sandbox.issue_token_response(&app, 60);
    let token = answer["refresh_token"].as_str().unwrap();
    s.secrets.add("access, refresh and id tokens", token);
    json!({ "client_id": app.client_id, "client_secret": app.client_secret, "refresh_token": token })
}

/// A login with it by variables; the refusal may repeat the request.
fn refresh_token(s: &mut Scene, is_refused: bool) -> Option<i32> {
    std::fs::remove_file(s.world.work().join("credentials.json")).unwrap();
    let handed = handed(s);
    let text = |name: &str| handed[name].as_str().unwrap().to_owned();
    s.env("CONCUR_CRED_CLIENT_ID", text("client_id"));
    s.env("CONCUR_CRED_CLIENT_SECRET", text("client_secret"));
    s.env("CONCUR_CRED_REFRESH_TOKEN", text("refresh_token"));
    if is_refused {
        s.echo([&text("refresh_token"), &text("client_secret")], 4);
    }
    login(s, &["--grant", "refresh"])
}

fn import(s: &mut Scene, more: &[&str]) -> Option<i32> {
    s.import_file("new.json");
    let origin = s.origin();
    let args =
        ["import", "new.json", "--credentials", "new-credentials.json", "--base-url", &origin];
    s.code(&[&args[..], more].concat())
}

/// A panic at this moment with a secret in its message.
pub(super) fn burst(s: &mut Scene, at: &str) {
    let message = odd("p4nic");
    s.secrets.add("message of a panic", &message);
    s.env("CONCUR_CRED_TEST_FAILPOINT", format!("{at}=panic"));
    s.env("CONCUR_CRED_TEST_PANIC", message).env("RUST_BACKTRACE", "full");
}

fn start(s: &Scene, args: &str) -> Option<Terminal> {
    let login = format!("login --base-url {} --trace {args}", s.origin());
    let terminal = Terminal::start(&s.world, 80, &login, &s.variables());
    if terminal.is_none() {
        skipped("there is no script(1) to make a terminal with");
    }
    terminal
}

/// A person answers; secrets only after echo is disabled.
fn terminal(s: &mut Scene, args: &str, answers: &[(&str, &str)]) -> Option<i32> {
    // Without a terminal there is nothing to show.
    let Some(mut terminal) = start(s, args) else {
        return Some(if answers.len() == 2 && answers[1].1.starts_with("typed") { 4 } else { 0 });
    };
    for (question, answer) in answers {
        terminal.wait_for(question);
        if question.contains("not shown") {
            terminal.answer_unseen(answer);
        } else {
            terminal.answer(answer);
        }
    }
    let (code, shown) = terminal.end();
    s.record_text(&shown);
    code
}

/// A login in the browser: its URL, which contains the state, is shown, and is opened by a program
/// whose arguments other users could read.
fn browser(s: &mut Scene, is_refused: bool) -> Option<i32> {
    let port = free_port();
    let uri = format!("http://localhost:{port}/callback");
    s.world.sandbox.configure(|config| config.redirect_uris = vec![uri.clone()]);
    let origin = s.origin();
    let app = s.world.sandbox.app().clone();
    s.env("CONCUR_CRED_CLIENT_ID", app.client_id)
        .env("CONCUR_CRED_CLIENT_SECRET", app.client_secret);
    s.env("BROWSER", "true");
    let args = ["login", "--grant", "browser", "--redirect-uri", &uri, "--base-url", &origin];
    let login = Login::start(s.start(BINARY, &args).into_command());
    s.secrets.add("state of a browser login", login.state());
    let landing = press(&s.world.sandbox, &login.link, "allow");
    let code = field(&landing, "code");
    s.secrets.add("authorization code", &code);
    if is_refused {
        let secret = s.world.sandbox.app().client_secret.clone();
        s.echo([&code, &secret], 4);
    }
    let request = format!("GET {landing} HTTP/1.1\r\nHost: localhost:{port}\r\n\r\n");
    let _ = exchange(SocketAddr::from(([127, 0, 0, 1], port)), &request);
    let (code, said) = login.end();
    s.record_text(&said);
    code
}
