//! `get --format F`, as the programs that read it parse it; and the minimum remaining lifetime.

use crate::harness::{BINARY, Output, Run, World};

fn format(world: &World, name: &str) -> Output {
    world.concur(["get", "--format", name]).ok().silent()
}

fn shell(world: &World, script: &str) -> Run {
    let users = format!("{}/profile/identity/v4.1/Users?count=1", world.sandbox.origin());
    world.run("sh", ["-c", script]).env("BIN", BINARY).env("USERS", users)
}

fn logged_in() -> (World, String) {
    let world = World::logged_in();
    let token = world.concur(["token"]).ok().silent().line();
    (world, token)
}

#[test]
fn each_format_prints_what_is_documented() {
    let (world, token) = logged_in();
    let origin = world.sandbox.origin();
    let uuid = &world.sandbox.app().company_uuid;
    let expires: i64 = world.column("default", "access_expires_at");
    let rows = [
        ("token", format!("{token}\n")),
        ("header", format!("Authorization: Bearer {token}\n")),
        ("curl", format!("header = \"Authorization: Bearer {token}\"\n")),
        (
            "env",
            format!(
                "export CONCUR_ACCESS_TOKEN='{token}'\nexport CONCUR_BASE_URL='{origin}'\n\
                 export CONCUR_COMPANY_UUID='{uuid}'\nexport CONCUR_TOKEN_EXPIRES_AT='{expires}'\n"
            ),
        ),
        (
            "powershell",
            format!(
                "$env:CONCUR_ACCESS_TOKEN = '{token}'\n$env:CONCUR_BASE_URL = '{origin}'\n\
                 $env:CONCUR_COMPANY_UUID = '{uuid}'\n$env:CONCUR_TOKEN_EXPIRES_AT = '{expires}'\n"
            ),
        ),
        ("git", format!("username={uuid}\npassword={token}\npassword_expiry_utc={expires}\n")),
    ];
    for (name, expected) in rows {
        assert_eq!(format(&world, name).text(), expected, "{name}");
    }
}

#[test]
fn json_contains_token_base_url_and_two_forms_of_expiry() {
    let (world, token) = logged_in();
    let json = format(&world, "json").json();
    let expires: i64 = world.column("default", "access_expires_at");
    assert_eq!(json["access_token"], token);
    assert_eq!(json["token_type"], "Bearer");
    assert_eq!(json["base_url"], world.sandbox.origin());
    assert_eq!(json["expires_at"], expires);
    let written = json["expires_at_rfc3339"].as_str().unwrap();
    let read = chrono::DateTime::parse_from_rfc3339(written).unwrap();
    assert_eq!(read.timestamp(), expires);
    assert_eq!(json["company_uuid"], world.sandbox.app().company_uuid);
    assert_eq!(json["profile"], "default");
    assert!(json.get("refresh_token").is_none(), "only when it is asked for");
}

#[test]
fn formats_contain_the_refresh_token_only_on_request() {
    let (world, _) = logged_in();
    let run = world.concur(["get", "--format", "json", "--with-refresh-token"]);
    let json = run.ok().silent().json();
    let refresh_token = json["refresh_token"].as_str().unwrap().to_owned();
    assert!(world.sandbox.is_current_refresh_token(&refresh_token));
    for name in ["token", "header", "json", "env", "powershell", "curl", "git"] {
        let plain = format(&world, name);
        assert!(!plain.text().contains(&refresh_token), "{name}");
    }
}

#[test]
fn a_shell_evaluates_env() {
    let (world, token) = logged_in();
    let expires: i64 = world.column("default", "access_expires_at");
    let script = "eval \"$(\"$BIN\" get --format env)\" && sh -c 'printf \"%s\\n\" \
                  \"$CONCUR_ACCESS_TOKEN\" \"$CONCUR_BASE_URL\" \"$CONCUR_COMPANY_UUID\" \
                  \"$CONCUR_TOKEN_EXPIRES_AT\"'";
    let output = shell(&world, script).ok().silent();
    let uuid = &world.sandbox.app().company_uuid;
    let expected = format!("{token}\n{}\n{uuid}\n{expires}\n", world.sandbox.origin());
    assert_eq!(output.text(), expected);
}

#[test]
fn curl_calls_the_users_endpoint() {
    let world = World::logged_in();
    world.expire("default");
    for script in [
        "\"$BIN\" get --format curl | curl -sS --fail --noproxy '*' -K - \"$USERS\"",
        "\"$BIN\" get --format header | curl -sS --fail --noproxy '*' -H @- \"$USERS\"",
        "curl -sS --fail --noproxy '*' -H \"Authorization: Bearer $(\"$BIN\" get)\" \"$USERS\"",
    ] {
        let users = shell(&world, script).ok().silent().json();
        assert_eq!(users["Resources"].as_array().unwrap().len(), 1, "{script}\n{users}");
    }
    let counters = world.sandbox.counters();
    assert_eq!((counters.api_requests, counters.api_refusals), (3, 0));
    assert_eq!(world.refreshes(), 1, "refreshed by the first");
}

/// Whether this interpreter runs here at all.
fn runs(world: &World, program: &str) -> bool {
    let probe = format!("{program} --version >/dev/null 2>&1");
    world.run("sh", ["-c", &probe]).output().code == Some(0)
}

#[test]
fn python_and_node_read_json() {
    let (world, token) = logged_in();
    let python = "import json, sys; t = json.load(sys.stdin); \
                  print(t['token_type'], t['access_token'], t['expires_at'] + 0)";
    let node = "const t = JSON.parse(require('fs').readFileSync(0)); \
                console.log(t.token_type, t.access_token, t.expires_at + 0)";
    let expires: i64 = world.column("default", "access_expires_at");
    for (program, flag, code) in [("python3", "-c", python), ("node", "-e", node)] {
        if runs(&world, program) {
            let script = format!("\"$BIN\" get --format json | {program} {flag} \"$CODE\"");
            let output = shell(&world, &script).env("CODE", code).ok();
            assert_eq!(output.line(), format!("Bearer {token} {expires}"), "{program}");
        }
    }
}

#[test]
fn an_unknown_format_is_wrong_usage() {
    let world = World::logged_in();
    for name in ["xml", "", "TOKEN", "token "] {
        let output = world.concur(["get", "--format", name]).output().code(2);
        assert!(output.stdout.is_empty(), "{output:?}");
        drop(output.says("powershell"));
    }
}

#[test]
fn a_format_fails_like_the_bare_token() {
    let world = World::logged_in();
    world.expire("default");
    world.sandbox.fault_always(concur_sandbox::Fault::too_many_requests(600));
    for name in ["token", "header", "json", "env", "powershell", "curl", "git"] {
        drop(world.concur(["get", "--format", name]).fails(5));
    }
    drop(World::new().concur(["get", "--format", "json"]).fails(3));
}

#[test]
fn min_ttl_is_a_time_and_anything_else_is_wrong_usage() {
    let (world, token) = logged_in();
    for text in ["90s", "5m", "90", "0", "0s"] {
        let output = world.concur(["get", "--min-ttl", text]).ok().silent();
        assert_eq!(output.line(), token, "{text}");
    }
    for text in ["-5m", "soon", "5 minutes", "", "1e3", "99999999999999999999s", "5x"] {
        let output = world.concur(["get".to_owned(), format!("--min-ttl={text}")]).output().code(2);
        assert!(output.stdout.is_empty(), "{text:?}\n{output:?}");
    }
}

#[test]
fn an_unreachable_min_ttl_is_capped_with_a_warning() {
    let (world, token) = logged_in();
    for text in ["31m", "2h", "365d"] {
        let output = world.concur(["get", "--min-ttl", text]).ok().says("--min-ttl");
        assert_eq!(output.line(), token, "{text}: half of its lifetime is left");
    }
    drop(world.concur(["--quiet", "get", "--min-ttl", "2h"]).ok().silent());
    assert_eq!(world.refreshes(), 0, "no caller can make every call a refresh");
    world.age_access_token("default", 1801);
    let renewed = world.concur(["get", "--min-ttl", "2h"]).ok().line();
    assert_ne!(renewed, token);
    assert_eq!(world.refreshes(), 1);
}

#[test]
fn an_unreachable_min_ttl_setting_does_not_refresh_on_every_call() {
    let (world, token) = logged_in();
    for _ in 0..3 {
        let output = world.concur(["get"]).env("CONCUR_CRED_MIN_TTL", "2h").ok();
        assert_eq!(output.line(), token);
    }
    assert_eq!(world.refreshes(), 0);
}

#[test]
fn cached_never_uses_the_network() {
    let (world, token) = logged_in();
    let asked = world.token_requests();
    for command in [&["get", "--cached"][..], &["token", "--cached"]] {
        assert_eq!(world.concur(command).ok().silent().line(), token);
    }
    world.age_access_token("default", 3600 - 200);
    let soft = world.concur(["get", "--cached"]).ok().silent();
    assert_eq!(soft.line(), token, "inside the soft window too");
    world.expire("default");
    for command in [
        &["get", "--cached"][..],
        &["token", "--cached"],
        &["get", "--cached", "--format", "json"],
        &["get", "--cached", "--min-ttl", "1s"],
    ] {
        drop(world.concur(command).fails(5).says("--cached"));
    }
    assert_eq!(world.token_requests(), asked);
}
