//! `api`: failures, their messages and exit codes.

use concur_sandbox::{Config, Fault, RetryAfter, Sandbox, StatusBody};

use super::support::{ECHO, api, api_requests};
use crate::harness::{World, leaving};

fn json(status: u16, body: &str) -> Fault {
    let body = body.as_bytes().to_vec();
    Fault::RawBody { status, content_type: "application/json".to_owned(), body }
}

#[test]
fn each_failure_status_has_its_exit_code_and_an_empty_stdout() {
    let world = World::logged_in();
    for (status, code) in [
        (400, 1),
        (404, 1),
        (405, 1),
        (409, 1),
        (422, 1),
        (408, 5),
        (429, 5),
        (500, 5),
        (502, 5),
        (503, 5),
        (504, 5),
    ] {
        world.sandbox.push_faults_at(
            "/sandbox/",
            1,
            json(status, r#"{"message":"wörds of Concur"}"#),
        );
        let output = api(&world, &[ECHO]).fails(code);
        let output = output.says(&status.to_string()).says("\"wörds of Concur\"");
        let id = api_requests(&world).pop().unwrap().correlation_id;
        let output = output.says(&format!("correlation {id}")).says("error: default: ");
        assert_eq!(output.stderr.lines().count(), 2, "problem and remedy\n{output:?}");
    }
    assert_eq!(world.refreshes(), 0);
}

#[test]
fn only_json_messages_are_shown_and_they_are_escaped() {
    let world = World::logged_in();
    world.sandbox.push_faults_at("/sandbox/", 1, Fault::service_unavailable());
    let output = api(&world, &[ECHO]).fails(5).says("503");
    assert!(!output.stderr.contains("html"), "{output:?}");
    world.sandbox.push_faults_at(
        "/sandbox/",
        1,
        json(400, "{\"message\":\"\\u001b[2J\\u202e\\nx\"}"),
    );
    let output = api(&world, &[ECHO]).fails(1);
    assert!(!output.stderr.contains(['\u{1b}', '\u{202e}']), "{output:?}");
    let _ = output.says("\\u{1b}[2J");
}

#[test]
fn include_shows_the_whole_answer_for_any_status() {
    let world = World::logged_in();
    world.sandbox.push_faults_at("/sandbox/", 1, json(422, r#"{"validation":["a","b"]}"#));
    let output = api(&world, &["-i", ECHO]).output().code(1).says("422").says("correlation ");
    assert!(output.text().starts_with("HTTP/1.1 422 Unprocessable Entity\r\n"), "{output:?}");
    assert!(output.text().ends_with("\r\n\r\n{\"validation\":[\"a\",\"b\"]}"), "{output:?}");
}

#[test]
fn a_throttled_caller_is_told_how_long_to_wait() {
    let world = World::logged_in();
    world.sandbox.push_faults_at("/sandbox/", 1, Fault::too_many_requests(17));
    let _ = api(&world, &[ECHO]).fails(5).says("429").says("Try again in 17 s.");
    let date = RetryAfter::Date("Sun, 06 Nov 2033 08:49:37 GMT".to_owned());
    let fault = Fault::Status { code: 503, body: StatusBody::Empty, retry_after: Some(date) };
    world.sandbox.push_faults_at("/sandbox/", 1, fault);
    let _ = api(&world, &[ECHO]).fails(5).says("Try again.");
    assert_eq!(api_requests(&world).len(), 2, "no request is repeated");
}

#[test]
fn a_redirect_is_not_followed_and_only_its_origin_is_named() {
    let world = World::logged_in();
    let other = Sandbox::start(Config::default()).unwrap();
    for status in [301, 302, 303, 307, 308] {
        let location = format!("{}/x?secret=s3cr3t", other.origin());
        world.sandbox.push_faults_at("/sandbox/", 1, Fault::Redirect { status, location });
        let output = api(&world, &["POST", ECHO, "-f", "a=b"]).fails(1).says(other.origin());
        assert!(!output.stderr.contains("s3cr3t"), "{output:?}");
    }
    let location = format!("{}/profile/identity/v4.1/Users", world.sandbox.origin());
    world.sandbox.push_faults_at("/sandbox/", 1, Fault::Redirect { status: 302, location });
    let _ = api(&world, &[ECHO]).fails(1).says("redirects are not followed");
    assert_eq!(api_requests(&world).len(), 6);
    let location = "https://evil.example/x".to_owned();
    world.sandbox.push_faults_at("/sandbox/", 1, Fault::Redirect { status: 302, location });
    let output = api(&world, &["-i", ECHO]).output().code(1).says("https://evil.example;");
    assert!(output.text().contains("\r\nlocation: https://evil.example/x\r\n"), "{output:?}");
    assert!(other.requests().is_empty(), "no other origin gets a request");
    assert_eq!(world.sandbox.violations(), Vec::<String>::new());
}

#[test]
fn a_missing_answer_is_temporary_and_warns_that_the_request_may_have_taken_effect() {
    let world = World::logged_in();
    let lost = "The request may have been carried out";
    for fault in [Fault::DropBefore, Fault::ResetAfter, Fault::Silence] {
        for (method, may_have_been) in
            [("GET", false), ("PUT", false), ("POST", true), ("PATCH", true)]
        {
            world.sandbox.push_faults_at("/sandbox/", 1, fault.clone());
            let run = api(&world, &[method, ECHO]).env("CONCUR_CRED_HTTP_TIMEOUT", "1s");
            let output = run.fails(5).says("There is no answer").says("correlation ");
            assert_eq!(output.stderr.contains(lost), may_have_been, "{method}\n{output:?}");
        }
    }
    assert_eq!(api_requests(&world).len(), 12, "no request is repeated");
    world.write("large", vec![b'x'; 2 << 20]);
    world.sandbox.push_faults_at("/sandbox/", 1, Fault::ResetBefore);
    let output = api(&world, &["POST", ECHO, "--input", "large"]).fails(5);
    let _ = output.says("refused the body for its size or its token").says("concur-cred refresh");
}

#[test]
fn a_service_that_cannot_be_reached_is_temporary_and_nothing_was_sent() {
    let mut world = World::logged_in_with(leaving());
    let gone = std::mem::replace(&mut world.sandbox, Sandbox::start(Config::default()).unwrap());
    let origin = gone.origin().to_owned();
    drop(gone);
    let output = api(&world, &["POST", ECHO, "-f", "a=b"]).fails(5).says("cannot be reached");
    assert!(output.stderr.contains(origin.trim_start_matches("http://")), "{output:?}");
    assert!(!output.stderr.contains("may have been carried out"), "{output:?}");
}

#[test]
fn without_a_token_no_request_is_sent() {
    let world = World::new();
    let _ = api(&world, &[ECHO]).fails(3).says("concur-cred login");
    assert_eq!(
        std::fs::read_dir(world.home()).unwrap().count(),
        0,
        "a failed request creates nothing"
    );
    let world = World::logged_in_with(Config { request_token_uses: Some(1), ..Config::default() });
    world.sandbox.revoke_refresh_tokens();
    world.expire("default");
    let _ = api(&world, &[ECHO]).fails(4).says("code 108");
    world.sandbox.clear_log();
    let _ = api(&world, &[ECHO]).fails(4);
    assert!(world.sandbox.requests().is_empty());
}

#[test]
fn a_refusal_is_about_the_token_a_scope_or_a_permission_as_concur_says() {
    let world = World::logged_in();
    for (status, body, about) in [
        (
            401,
            r#"{"message":"Unauthorized"}"#,
            "it was revoked, or a refresh elsewhere replaced it",
        ),
        (401, "", "concur-cred refresh"),
        (403, r#"{"message":"the token is invalid"}"#, "it was revoked"),
        (
            403,
            r#"{"message":"missing scope EXPRPT"}"#,
            "lacks a scope for this path (granted: openid",
        ),
        (403, r#"{"message":"Forbidden"}"#, "check the path, and the permissions at Concur"),
        (403, "", "check the path, and the permissions at Concur"),
    ] {
        world.sandbox.push_faults_at("/sandbox/", 1, json(status, body));
        let output = api(&world, &[ECHO]).fails(1).says(&status.to_string());
        assert!(output.hint().contains(about), "{body}: {output:?}");
        assert_eq!(output.stderr.contains("scope"), body.contains("scope"), "{output:?}");
    }
}
