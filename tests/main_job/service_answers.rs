//! Answers without information about the tokens: temporary, exit code 5, and nothing is lost.

use std::time::Duration;

use concur_sandbox::{Fault, RetryAfter, Sandbox, StatusBody};

use super::support::{assert_refresh_token_is_not_lost, each, status_of};
use crate::harness::{Output, World, leaving};

fn raw(status: u16, content_type: &str, body: impl Into<Vec<u8>>) -> Fault {
    Fault::RawBody { status, content_type: content_type.to_owned(), body: body.into() }
}

fn status(code: u16, body: StatusBody) -> Fault {
    Fault::Status { code, body, retry_after: None }
}

/// A whole grant behind so many blanks that its tokens are beyond 64 KiB.
fn huge_grant() -> Vec<u8> {
    let blanks = " ".repeat(64 * 1024);
    let mut body = br#"{"expires_in":3600,"x":""#.to_vec();
    body.extend(blanks.bytes());
    body.extend(br#"","access_token":"planted","refresh_token":"planted"}"#);
    body
}

/// Answers that are not from Concur's token service, with any status.
fn transient_answers() -> Vec<(&'static str, Fault)> {
    let json = "application/json";
    vec![
        ("200 with text", raw(200, "text/plain", "all is well")),
        ("200 with a page", status(200, StatusBody::Html)),
        ("200 without a body", status(200, StatusBody::Empty)),
        ("200 with an array", raw(200, json, "[]")),
        ("200 with a grant in an array", raw(200, json, r#"[{"access_token":"planted"}]"#)),
        ("200 with null", raw(200, json, "null")),
        ("200 with a string", raw(200, json, r#""planted""#)),
        ("200 with an empty object", raw(200, json, "{}")),
        ("200 cut off", raw(200, json, r#"{"access_token":"planted","refresh_token":"pla"#)),
        ("200 of 1 MiB of blanks", raw(200, json, vec![b' '; 1 << 20])),
        ("200 with its tokens beyond 64 KiB", raw(200, json, huge_grant())),
        ("200 that is not UTF-8", raw(200, json, b"{\"access_token\":\"\xff\xfe\"}".to_vec())),
        (
            "200 with tokens of another type",
            raw(200, json, r#"{"access_token":7,"refresh_token":[]}"#),
        ),
        ("503 with a page", Fault::service_unavailable()),
        ("500 without a body", status(500, StatusBody::Empty)),
        ("502", status(502, StatusBody::Html)),
        ("504", status(504, StatusBody::Html)),
        ("500 with an error object", raw(500, json, r#"{"code":108,"error":"invalid_grant"}"#)),
        ("429", status(429, StatusBody::Empty)),
        ("429 with JSON", status(429, StatusBody::Json)),
        ("407 of a proxy", status(407, StatusBody::Html)),
        ("408", status(408, StatusBody::Html)),
        ("403 of a gateway", status(403, StatusBody::Html)),
        ("403 with another program's JSON", status(403, StatusBody::Json)),
        ("401 with a page", status(401, StatusBody::Html)),
        ("404 with a page", status(404, StatusBody::Html)),
        ("400 with an array", raw(400, json, r#"[{"code":108}]"#)),
        ("400 cut off", raw(400, json, r#"{"code":108,"error":"invalid_gr"#)),
        ("maintenance", Fault::Code(134)),
        ("a drop", Fault::DropBefore),
        ("a reset", Fault::ResetBefore),
    ]
}

/// The failure is a separate sentence about the service or its host.
fn assert_names_who_did_what(world: &World, before: &str, output: &Output) {
    let why = output.stderr.split_once(before).map(|(_, why)| why).unwrap_or_default();
    let host = world.host();
    let begins = |who: &str| why.starts_with(who);
    let is_sentence = ["it answered ", "it says "].into_iter().any(begins)
        || begins(&format!("{host} closed the connection "))
        || begins(&format!("{host} did not answer "))
        || begins(&format!("the answer of {host} "));
    assert!(is_sentence, "{output:?}");
}

#[test]
fn an_invalid_answer_is_temporary_and_loses_nothing() {
    each(&transient_answers(), |(name, fault)| {
        let world = World::logged_in();
        world.expire("default");
        world.sandbox.fault_always(fault.clone());
        let output = world.concur(["get"]).fails(5).says("default: ").says("still valid");
        assert_names_who_did_what(&world, "did not renew the token: ", &output);
        let asked = world.refreshes();
        assert!((1..=3).contains(&asked), "{name}: at most three requests, not {asked}");
        assert_eq!(world.sandbox.counters().grants_made_of("password"), 1, "{name}");
        world.concur(["get"]).fails(5);
        assert_eq!(world.refreshes(), asked, "{name}: the next caller fails without a request");
        assert_refresh_token_is_not_lost(&world, name);

        world.sandbox.clear_faults();
        let token = world.concur(["get"]).at_offset(61).ok().silent().line();
        assert!(world.sandbox.is_live_access_token(&token), "{name}: works when Concur does");
    });
}

#[test]
fn a_login_without_a_valid_answer_stores_nothing() {
    each(&transient_answers(), |(name, fault)| {
        let world = World::new();
        world.sandbox.fault_always(fault.clone());
        world.write("credentials.json", world.sandbox.credentials_json());
        let login = world.concur(["login", "--base-url", world.sandbox.origin()]);
        let output = login.fails(5).says("in a while");
        assert_names_who_did_what(&world, "could not log you in: ", &output);
        assert!((1..=3).contains(&world.token_requests()), "{name}");
        world.concur(["get"]).fails(3).says("no profile");
    });
}

#[test]
fn a_repeated_login_without_a_valid_answer_leaves_the_profile_unchanged() {
    let world = World::logged_in();
    let token = world.concur(["get"]).ok().line();
    world.sandbox.fault_always(Fault::service_unavailable());
    world.write("credentials.json", world.sandbox.credentials_json());
    world.concur(["login"]).fails(5);
    assert_eq!(world.concur(["get"]).ok().silent().line(), token);
    assert_refresh_token_is_not_lost(&world, "a failed second login");
}

#[test]
fn one_invalid_answer_is_retried_silently() {
    let cases = [Fault::service_unavailable(), Fault::DropBefore, raw(200, "text/html", "<p>")];
    each(&cases, |fault| {
        let world = World::logged_in();
        world.expire("default");
        world.sandbox.push_fault(fault.clone());
        let token = world.concur(["get"]).ok().silent().line();
        assert!(world.sandbox.is_live_access_token(&token));
        assert_eq!(world.refreshes(), 2, "{fault:?}");
    });
}

#[test]
fn a_missing_answer_times_out_and_is_temporary() {
    let world = World::logged_in();
    world.expire("default");
    world.sandbox.fault_always(Fault::Silence);
    let hasty = world.concur(["get"]).env("CONCUR_CRED_HTTP_TIMEOUT", "1s");
    let output = hasty.fails(5).says("did not answer in time");
    assert_names_who_did_what(&world, "did not renew the token: ", &output);
    assert!((1..=3).contains(&world.refreshes()));
    world.sandbox.clear_faults();
    assert_refresh_token_is_not_lost(&world, "silence");
    world.concur(["get"]).at_offset(61).ok().silent();
}

#[test]
fn a_longer_timeout_accepts_a_slower_answer() {
    let world = World::logged_in();
    world.expire("default");
    world.sandbox.push_fault(Fault::Latency(Duration::from_millis(1500)));
    let token = world.concur(["get"]).env("CONCUR_CRED_HTTP_TIMEOUT", "30s").ok().line();
    assert!(world.sandbox.is_live_access_token(&token));
    assert_eq!(world.refreshes(), 1);
}

#[test]
fn a_redirect_is_never_followed_with_secrets() {
    each(&[301, 302, 303, 307, 308], |status| {
        let other_service = Sandbox::start(concur_sandbox::Config::default()).unwrap();
        let world = World::logged_in();
        let location = format!("{}/oauth2/v0/token", other_service.origin());
        world.sandbox.fault_always(Fault::Redirect { status: *status, location: location.clone() });
        world.expire("default");
        // Not even if that origin is allowed.
        let get = world.concur(["get"]).env("CONCUR_CRED_ALLOWED_ORIGINS", other_service.origin());
        get.fails(5).says("redirect");
        world.sandbox.fault_always(Fault::Redirect {
            status: *status,
            location: format!("{}/oauth2/v0/token?again", world.sandbox.origin()),
        });
        world.concur(["get"]).at_offset(61).fails(5).says("redirect");
        assert_eq!(other_service.requests().len(), 0, "{status}: nothing goes there");
        assert_eq!(world.sandbox.violations(), Vec::<String>::new(), "{status}");
        world.sandbox.clear_faults();
        assert_refresh_token_is_not_lost(&world, "a redirect");
    });
}

#[test]
fn retry_after_binds_every_caller_until_it_ends() {
    let world = World::logged_in();
    world.expire("default");
    world.sandbox.fault_always(Fault::too_many_requests(600));
    world.concur(["get"]).fails(5).says("429").says("10 min");
    assert_eq!(world.refreshes(), 1, "no caller waits ten minutes for a second request");
    world.sandbox.clear_faults();
    world.concur(["get"]).at_offset(590).fails(5);
    assert_eq!(world.refreshes(), 1, "still inside");
    world.concur(["get"]).at_offset(602).ok().silent();
    assert_eq!(world.refreshes(), 2);
}

#[test]
fn retry_after_of_days_or_nonsense_is_limited() {
    each(&["86400", "99999999999999999999", "-5", "soon", ""], |text| {
        let world = World::logged_in();
        world.expire("default");
        let retry_after = Some(RetryAfter::Date((*text).to_owned()));
        world.sandbox.fault_always(Fault::Status {
            code: 503,
            body: StatusBody::Html,
            retry_after,
        });
        world.concur(["get"]).fails(5);
        world.sandbox.clear_faults();
        world.concur(["get"]).at_offset(15 * 60 + 5).ok().silent();
    });
}

#[test]
fn a_short_retry_after_is_honoured_within_the_same_call() {
    let world = World::logged_in();
    world.expire("default");
    world.sandbox.push_fault(Fault::too_many_requests(1));
    world.concur(["get"]).ok().silent();
    let requests = world.sandbox.requests();
    let times: Vec<&str> = requests.iter().map(|request| request.time.as_str()).collect();
    let at = |text: &str| chrono::DateTime::parse_from_rfc3339(text).unwrap();
    let waited = at(times[2]) - at(times[1]);
    assert!(waited >= chrono::TimeDelta::seconds(1), "waited {waited} only");
}

#[test]
fn an_unreachable_service_is_temporary_and_binds_other_callers_only_briefly() {
    let mut world = World::logged_in_with(leaving());
    let origin = world.sandbox.origin().to_owned();
    let before = super::support::stored_refresh_token(&world, "default");
    world.sandbox = Sandbox::start(concur_sandbox::Config::default()).unwrap();
    world.expire("default");
    let host = origin.trim_start_matches("http://");
    world.concur(["get"]).fails(5).says("cannot be reached").says(host);
    assert_eq!(super::support::stored_refresh_token(&world, "default"), before);
    let attempt = status_of(&world, "default")["last_attempt"].clone();
    let (ended, until) = (attempt["ended_at"].as_i64(), attempt["not_before"].as_i64());
    assert_eq!(until, ended.map(|at| at + 5), "it delays others for 5 s only");
    world.concur(["get"]).at_offset(6).fails(5).says("cannot be reached");
    assert_eq!(status_of(&world, "default")["last_attempt"]["number"], 2, "tried again");
}

#[test]
fn a_login_at_an_unreachable_service_is_temporary_and_stores_nothing() {
    let world = World::new();
    let gone = Sandbox::start(leaving()).unwrap();
    let origin = gone.origin().to_owned();
    drop(gone);
    world.write("credentials.json", world.sandbox.credentials_json());
    world.concur(["login", "--base-url", &origin]).fails(5).says("cannot be reached");
    world.concur(["get"]).fails(3);
}

#[test]
fn a_failed_soft_refresh_serves_the_current_token_silently() {
    let world = World::logged_in();
    let token = world.concur(["get"]).ok().line();
    world.age_access_token("default", 3600 - 200);
    world.sandbox.fault_always(Fault::service_unavailable());
    assert_eq!(world.concur(["get"]).ok().silent().line(), token, "200 s are left");
    assert!((1..=3).contains(&world.refreshes()), "it was tried");
    let asked = world.refreshes();
    assert_eq!(world.concur(["get"]).ok().silent().line(), token);
    assert_eq!(world.refreshes(), asked, "and not again inside the back-off");
    world.sandbox.clear_faults();
    assert_ne!(world.concur(["get"]).at_offset(61).ok().silent().line(), token, "fixed");
}
