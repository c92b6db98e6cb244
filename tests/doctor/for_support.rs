//! `doctor --report`: it contains everything that support needs, and no secret.

use base64::prelude::{BASE64_STANDARD, BASE64_URL_SAFE_NO_PAD, Engine};

use crate::harness::{Run, World, mode, set_mode};

/// Secrets with characters that every encoding changes.
const CLIENT_SECRET: &str = "cl1ent/s\u{e9}cr\"et+ 1";
const REQUEST_TOKEN: &str = "r3quest/t\u{f6}k\"en+ 2";
const PROXY_PASSWORD: &str = "pr0xy+p\u{e4}ss 3";
const FOREIGN: &str = "f0reign/p\u{fc}ss\"word+ 4";
const HELPER: &str = "h3lper-p\u{e4}ss 5";

fn encoded(text: &str) -> String {
    url::form_urlencoded::byte_serialize(text.as_bytes()).collect()
}

/// The plain text, and its encodings in URLs, forms, JSON and base64 (at each of its three phases).
fn spellings(secret: &str) -> Vec<String> {
    let json = serde_json::Value::from(secret).to_string();
    let mut found = vec![
        secret.to_owned(),
        encoded(secret),
        encoded(secret).replace('+', "%20"),
        json.trim_matches('"').to_owned(),
        secret
            .chars()
            .map(|c| if c.is_ascii() { c.to_string() } else { format!("{:04x}", c as u32) })
            .collect(),
    ];
    for phase in 0..3 {
        let padded = [&b"\0\0"[..phase], secret.as_bytes()].concat();
        for text in [BASE64_STANDARD.encode(&padded), BASE64_URL_SAFE_NO_PAD.encode(&padded)] {
            // The characters at both ends depend on their neighbours.
            let inner = text.get(4..text.trim_end_matches('=').len() - 4).unwrap_or(&text);
            found.push(inner.to_owned());
        }
    }
    found
}

/// A world with secrets in every possible place, and the list of them.
fn planted() -> (World, Vec<String>) {
    let world = World::logged_in();
    let entry = format!("protocol=https\nhost=h.example\nusername=u\npassword={FOREIGN}\n\n");
    world.concur(["store"]).stdin(entry).ok();
    let exported = world.concur(["export", "-"]).ok().json();
    let key = std::fs::read(world.config_dir().join("key")).unwrap();
    let app = world.sandbox.app().clone();
    let mut secrets = vec![
        CLIENT_SECRET.to_owned(),
        REQUEST_TOKEN.to_owned(),
        PROXY_PASSWORD.to_owned(),
        FOREIGN.to_owned(),
        HELPER.to_owned(),
        app.client_secret,
        app.request_token,
        BASE64_STANDARD.encode(&key),
    ];
    for name in ["access_token", "refresh_token", "id_token"] {
        secrets.push(exported[name].as_str().unwrap().to_owned());
    }
    let helper =
        format!("[credential \"https://me:{HELPER}@h.example\"]\n\thelper = \"!echo {HELPER}\"\n");
    let lines = format!("{helper}[credential]\n\thelper = concur\n\thelper = \"!echo {HELPER}\"\n");
    std::fs::write(world.home().join(".gitconfig"), lines).unwrap();
    let url = format!("http://erika:{}@127.0.0.1:1", encoded(PROXY_PASSWORD));
    let file = world.config_dir().join("config.toml");
    std::fs::write(&file, format!("proxy = \"{url}\"\nmin_ttl = \"61s\"\n")).unwrap();
    set_mode(&file, 0o600);
    // An event with texts from a service that returns the request.
    let words = serde_json::json!({
        "code": 59, "error": "access_denied", "error_description": REQUEST_TOKEN
    });
    let (content_type, body) = ("application/json".to_owned(), words.to_string().into_bytes());
    world.sandbox.push_fault(concur_sandbox::Fault::RawBody { status: 403, content_type, body });
    world.expire("default");
    world.concur(["refresh"]).output().code(4);
    (world, secrets)
}

fn with_secrets_around(run: Run) -> Run {
    let url = format!("http://erika:{}@127.0.0.1:1", encoded(PROXY_PASSWORD));
    run.env("CONCUR_CRED_CLIENT_SECRET", CLIENT_SECRET)
        .env("CONCUR_CRED_REQUEST_TOKEN", REQUEST_TOKEN)
        .env("HTTPS_PROXY", &url)
        .env("all_proxy", url)
}

#[test]
fn the_report_holds_no_secret_in_any_spelling() {
    let (world, secrets) = planted();
    let report = with_secrets_around(world.concur(["doctor", "--report", "-"])).output();
    let text = report.text();
    let mut searched = 0;
    for secret in &secrets {
        for spelling in spellings(secret) {
            assert!(spelling.len() > 5, "{spelling}");
            assert!(!text.contains(&spelling), "{spelling}\n{text}");
            searched += 1;
        }
    }
    assert!(searched > 100 && !report.stderr.contains("hunter2"));
    let app = world.sandbox.app().clone();
    for identity in [&app.client_id, &app.company_uuid] {
        assert!(!text.contains(identity.as_str()), "{text}");
        assert!(text.contains(&format!("{}…", &identity[..8])), "{text}");
    }
    assert!(!text.contains("erika"), "{text}");
}

#[test]
fn the_search_itself_finds_planted_secrets() {
    for secret in [CLIENT_SECRET, PROXY_PASSWORD, FOREIGN] {
        let in_a_header = BASE64_STANDARD.encode(format!("erika:{secret}"));
        assert!(spellings(secret).iter().any(|spelling| in_a_header.contains(spelling)));
        let in_json = serde_json::json!({ "a": secret }).to_string();
        assert!(spellings(secret).iter().any(|spelling| in_json.contains(spelling)));
        let in_a_url = format!("http://u:{}@h", encoded(secret));
        assert!(spellings(secret).iter().any(|spelling| in_a_url.contains(spelling)));
    }
}

#[test]
fn the_report_contains_what_support_asks_for() {
    let (world, _) = planted();
    let output = with_secrets_around(world.concur(["doctor", "--report", "-"])).output().code(6);
    let text = output.text();
    let version = format!("concur-cred {}, SQLite 3.", env!("CARGO_PKG_VERSION"));
    for needed in [
        version.as_str(),
        std::env::consts::ARCH,
        "== settings and paths",
        "min_ttl          61s",
        "config.toml, line 2",
        "proxy            http://…@127.0.0.1:1",
        "config           ~/.config/concur-cred/config.toml",
        "== checks",
        "ok    store ",
        "FAIL  tokens ",
        "service ",
        "== newest events",
        "default  login granted",
        "default  refresh rejected, code 59",
    ] {
        assert!(text.contains(needed), "{needed}\n{text}");
    }
    assert!(!text.contains(world.home().to_str().unwrap()), "{text}");
    let events = world.concur(["log", "--json"]).ok();
    for event in events.text().lines() {
        let event: serde_json::Value = serde_json::from_str(event).unwrap();
        let Some(id) = event["correlation_id"].as_str() else { continue };
        assert!(text.contains(&format!("correlation {id}")), "{id}\n{text}");
    }
}

#[test]
fn the_report_file_is_private_and_never_overwrites() {
    let world = World::logged_in();
    let file = world.work().join("report.txt");
    let run = || world.concur(["doctor", "--offline", "--report"]).arg(&file);
    let output = run().ok().says("read it before you send it");
    assert_eq!(output.text(), "");
    assert_eq!(mode(&file), 0o600);
    let before = std::fs::read(&file).unwrap();
    run().fails(2).says("already exists");
    assert_eq!(std::fs::read(&file).unwrap(), before);
    world.concur(["doctor", "--report", "-", "--json"]).output().code(2);
    world
        .concur(["doctor", "--offline", "--report", "/nonexistent/r"])
        .fails(6)
        .says("/nonexistent/r");
}

#[test]
fn an_invalid_configuration_is_reported_and_does_not_stop_the_report() {
    let world = World::logged_in();
    let file = world.config_dir().join("config.toml");
    std::fs::write(&file, "min_tll = 5\n").unwrap();
    set_mode(&file, 0o600);
    let output = world.concur(["doctor", "--report", "-"]).output().code(6);
    assert!(output.text().contains("an unknown key (did you mean min_ttl?)"), "{output:?}");
    assert!(output.text().contains("store            ~/.local"), "{output:?}");
}
