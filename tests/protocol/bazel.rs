//! Bazel's protocol: one JSON object in, one out.

use std::io::{Read as _, Write as _};
use std::process::Stdio;

use serde_json::json;

use super::common::{assert_nothing, one_login, snapshot};
use crate::harness::{Output, World};

fn ask(world: &World, uri: &str) -> Output {
    world.concur(["get"]).stdin(json!({ "uri": uri, "more": [1] }).to_string()).ok().silent()
}

/// A URI at the sandbox.
fn ours(world: &World) -> String {
    format!("{}/profile/identity/v4.1/Users?count=1", world.sandbox.origin())
}

#[test]
fn a_managed_uri_gets_its_header_and_expiry() {
    let world = World::logged_in();
    let token = world.concur(["token"]).ok().line();
    let answer = ask(&world, &ours(&world));
    assert_eq!(answer.text().lines().count(), 1);
    let answer = answer.json();
    assert_eq!(answer["headers"], json!({ "Authorization": [format!("Bearer {token}")] }));
    let expires: i64 = world.column("default", "access_expires_at");
    let said = chrono::DateTime::parse_from_rfc3339(answer["expires"].as_str().unwrap()).unwrap();
    assert_eq!(said.timestamp(), expires);
    assert_eq!(answer.as_object().unwrap().len(), 2);
}

#[test]
fn bazel_gets_a_refreshed_token_for_an_expired_one() {
    let world = World::logged_in();
    world.expire("default");
    let answer = ask(&world, &ours(&world)).json();
    let header = answer["headers"]["Authorization"][0].as_str().unwrap();
    assert!(world.sandbox.is_live_access_token(header.strip_prefix("Bearer ").unwrap()));
    assert_eq!(world.refreshes(), 1);
}

#[test]
fn any_other_uri_gets_an_empty_object() {
    let world = World::logged_in();
    let port = world.host().rsplit(':').next().unwrap().to_owned();
    for uri in [
        "https://example.org/".to_owned(),
        format!("https://{}/", world.host()),
        "http://127.0.0.1/".to_owned(),
        format!("http://localhost:{port}/"),
        "https://us2.api.concursolutions.com/".to_owned(),
    ] {
        assert_eq!(ask(&world, &uri).text(), "{}\n", "{uri}");
    }
    let blank = World::new();
    assert_eq!(ask(&blank, "https://us2.api.concursolutions.com/").text(), "{}\n");
    assert_eq!(
        std::fs::read_dir(blank.home()).unwrap().count(),
        0,
        "a failed request creates nothing"
    );
}

#[test]
fn a_managed_token_that_cannot_be_obtained_is_an_error_and_prints_nothing() {
    let world = World::logged_in_with(one_login());
    world.expire("default");
    world.sandbox.fault_always(concur_sandbox::Fault::too_many_requests(600));
    let request = json!({ "uri": ours(&world) }).to_string();
    assert_nothing(&world.concur(["get"]).stdin(request.clone()).fails(5));
    assert_nothing(&world.concur(["get", "--cached"]).stdin(request).fails(5));
}

#[test]
fn of_several_accounts_at_a_host_one_must_be_chosen() {
    let world = World::logged_in();
    let other = world.sandbox.add_app();
    world.login("other", &other);
    world.forget_default_profile();
    let request = json!({ "uri": ours(&world) }).to_string();
    assert_nothing(&world.concur(["get"]).stdin(request.clone()).fails(3).says("default, other"));
    let token = world.concur(["token", "--profile", "other"]).ok().line();
    let answer = world.concur(["get", "--profile", "other"]).stdin(request).ok().silent().json();
    assert_eq!(answer["headers"]["Authorization"][0], format!("Bearer {token}"));
}

#[test]
fn an_invalid_request_is_refused_and_not_quoted() {
    let world = World::logged_in();
    let before = snapshot(&world);
    let long = format!("{{\"uri\":\"https://h/{}\"}}", "s3cr3t".repeat(20_000));
    for request in [
        "{",
        "{}",
        "{\"uri\":1}",
        "{\"uri\":\"s3cr3t\"}",
        "{\"uri\":\"https://s3cr3t@h/\"}",
        "{\"uri\":\"https://a/\",\"uri\":\"https://s3cr3t/\"}",
        "{\"uri\":\"https://s3cr3t/\n\"",
        "{s3cr3t\n\n",
        &long,
    ] {
        let output = world.concur(["get"]).stdin(request).fails(2).says("concur-cred token");
        assert_nothing(&output);
        assert!(!output.stderr.contains("s3cr3t"), "{output:?}");
    }
    for request in ["", "\n", "protocol=https\nhost=h\n\n", "[]", " {\"uri\":\"https://h/\"} x"] {
        let run = world.concur(["get", "--protocol", "bazel"]).stdin(request);
        assert_nothing(&run.fails(2));
    }
    let after_a_blank = format!("\n {{\"uri\":\n\n\"{}\"}}", ours(&world));
    let asked = world.concur(["get", "--protocol", "bazel"]).stdin(after_a_blank);
    assert!(asked.ok().text().starts_with("{\"headers\""), "JSON allows blanks");
    let refresh_token =
        world.concur(["get", "--with-refresh-token"]).stdin("{\"uri\":\"https://h/\"}");
    assert_nothing(&refresh_token.fails(2));
    assert_eq!(snapshot(&world), before);
}

#[test]
fn the_object_ends_the_request_though_stdin_stays_open() {
    let world = World::logged_in();
    let mut child = world.concur(["get"]).into_command();
    let mut child = child.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    let mut stdin = child.stdin.take().unwrap();
    write!(stdin, "{{\n\n\"uri\": \"{}\"}}", ours(&world)).unwrap();
    let mut answer = String::new();
    child.stdout.take().unwrap().read_to_string(&mut answer).unwrap();
    assert!(answer.starts_with("{\"headers\""), "{answer}");
    assert!(child.wait().unwrap().success());
    drop(stdin);
}

#[test]
fn an_object_under_gits_name_is_no_request_of_gits() {
    let world = World::logged_in();
    let request = json!({ "uri": ours(&world) }).to_string();
    assert_nothing(&world.helper(["get"]).stdin(request.clone()).fails(2));
    assert_nothing(&world.concur(["get", "--protocol", "git"]).stdin(request.clone()).fails(2));
    for verb in ["store", "erase"] {
        assert_nothing(&world.concur([verb]).stdin(request.clone()).fails(2));
    }
}
