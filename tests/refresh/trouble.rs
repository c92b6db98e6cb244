//! Late, broken, unusual or lost answers.

use concur_sandbox::{Config, Fault, Rotation};
use serde_json::{Value, json};

use super::each;
use crate::harness::World;

/// A world with an expired token, whose refreshes bring a new refresh token each.
fn world(rotation: Rotation) -> World {
    let world = World::logged_in_with(Config { rotation, ..Config::default() });
    world.expire("default");
    world.sandbox.clear_log();
    world
}

fn raw(status: u16, content_type: &str, body: impl Into<Vec<u8>>) -> Fault {
    Fault::RawBody { status, content_type: content_type.to_owned(), body: body.into() }
}

fn over(name: &str, value: Value) -> Fault {
    Fault::OverrideField { name: name.to_owned(), value }
}

#[test]
fn a_broken_connection_is_retried() {
    each(
        [
            Fault::DropBefore,
            Fault::ResetBefore,
            Fault::DropAfter,
            Fault::ResetAfter,
            Fault::TruncateBody,
        ],
        |fault| {
            let world = world(Rotation::NewKeepOld);
            world.sandbox.push_fault(fault.clone());
            let token = world.concur(["get"]).ok().silent().line();
            assert!(world.sandbox.is_live_access_token(&token), "{fault:?}");
            assert_eq!(world.refreshes(), 2, "{fault:?}");
            assert_eq!(world.sandbox.violations(), Vec::<String>::new());
        },
    );
}

#[test]
fn after_a_lost_rotation_the_company_grant_obtains_new_tokens() {
    let world = world(Rotation::NewRevokeFamily);
    world.sandbox.push_fault(Fault::DropAfter);
    let token = world.concur(["get"]).ok().line();
    assert!(world.sandbox.is_live_access_token(&token));
    assert_eq!(world.sandbox.counters().grants_made_of("password"), 1);
}

#[test]
fn a_success_status_with_an_invalid_body_is_retried() {
    let big = format!("{{\"access_token\":\"{}\"}}", "a".repeat(70_000));
    each(
        [
            raw(200, "text/html", "<html>log in to the airport's network</html>"),
            raw(200, "application/json", ""),
            raw(200, "application/json", "[]"),
            raw(200, "application/json", "null"),
            raw(200, "application/json", "{}"),
            raw(200, "application/json", "{\"access_token\":\"a"),
            raw(200, "application/json", "{\"access_token\":5,\"refresh_token\":null}"),
            raw(200, "application/json", "{\"access_token\":\"\"}"),
            raw(200, "application/json", "\u{feff}{}"),
            raw(200, "application/json", b"\xff\xfe{\x00".to_vec()),
            raw(204, "application/json", ""),
            raw(200, "application/json", big),
        ],
        |fault| {
            let world = world(Rotation::Same);
            world.sandbox.push_fault(fault.clone());
            let output = world.concur(["get"]).ok();
            assert!(world.sandbox.is_live_access_token(&output.line()), "{fault:?}");
            assert_eq!(world.refreshes(), 2, "{fault:?}");
        },
    );
}

#[test]
fn three_broken_answers_end_the_attempt() {
    let world = world(Rotation::Same);
    let current: Vec<u8> = world.column("default", "refresh_token");
    world.sandbox.push_faults(3, raw(200, "text/html", "<html>"));
    drop(world.concur(["get"]).fails(5).says("not a JSON object"));
    assert_eq!(world.refreshes(), 3);
    assert_eq!(world.column::<Vec<u8>>("default", "refresh_token"), current, "nothing is lost");
    assert!(!world.concur(["get"]).at_offset(60).ok().silent().stdout.is_empty());
}

#[test]
fn a_request_without_an_answer_times_out_and_is_retried() {
    let world = world(Rotation::Same);
    world.sandbox.push_fault(Fault::Silence);
    let run = world.concur(["get"]).env("CONCUR_CRED_HTTP_TIMEOUT", "1s");
    assert!(world.sandbox.is_live_access_token(&run.ok().silent().line()));
    assert_eq!(world.refreshes(), 2);
}

#[test]
fn an_answer_without_geolocation_and_expiry_is_accepted() {
    let world = World::with(Config {
        omit_geolocation: true,
        omit_refresh_expires_in: true,
        ..Config::default()
    });
    drop(world.login("default", &world.sandbox.app().clone()));
    world.expire("default");
    drop(world.concur(["get"]).ok().silent());
    assert_eq!(world.column::<String>("default", "geolocation"), world.sandbox.origin());
    assert!(world.column::<bool>("default", "refresh_expiry_assumed"), "six months are assumed");
    let at = |column| world.column::<i64>("default", column);
    let hours = (at("refresh_expires_at") - at("obtained_at")) / 3600;
    // 181 to 184 days by the calendar, from a clock that is read a moment before or after.
    assert!((181 * 24 - 1..=184 * 24).contains(&hours), "{hours} hours");
}

#[test]
fn a_refresh_expiry_in_milliseconds_is_the_same_time() {
    let world = world(Rotation::Same);
    let at = world.column::<i64>("default", "refresh_expires_at") + 1000;
    world.sandbox.push_fault(over("refresh_expires_in", json!(at * 1000)));
    drop(world.concur(["get"]).ok().silent());
    assert_eq!(world.column::<i64>("default", "refresh_expires_at"), at);
}

#[test]
fn an_invalid_refresh_expiry_never_loses_the_refresh_token() {
    for odd in [json!(0), json!(-1), json!(1000), json!("never"), json!(i64::MAX), json!({})] {
        let world = world(Rotation::NewRevokeFamily);
        world.sandbox.push_fault(over("refresh_expires_in", odd.clone()));
        drop(world.concur(["get"]).ok());
        assert!(world.column::<bool>("default", "refresh_expiry_assumed"), "{odd}");
        world.expire("default");
        drop(world.concur(["get"]).ok().silent());
        assert_eq!(world.sandbox.counters().families_revoked_by_reuse, 0, "{odd}");
    }
}

#[test]
fn a_token_of_unknown_lifetime_is_kept_with_its_refresh_token_and_not_printed() {
    let world = world(Rotation::NewRevokeFamily);
    let opaque = over("access_token", json!("opaque"));
    world.sandbox.push_fault(Fault::Together(vec![opaque, over("expires_in", json!(0))]));
    drop(world.concur(["get"]).fails(5));
    let token = world.concur(["get"]).at_offset(60).ok().line();
    assert!(world.sandbox.is_live_access_token(&token));
    assert_eq!(world.sandbox.counters().families_revoked_by_reuse, 0, "the rotation was kept");
    assert_eq!(world.refreshes(), 2);
}

#[test]
fn a_token_with_a_line_break_is_never_printed() {
    for hostile in ["a\nhost=evil.example", "a\r\nb", "a\0b"] {
        let world = world(Rotation::Same);
        world.sandbox.fault_always(over("access_token", json!(hostile)));
        let output = world.helper(["get"]).stdin(world.request("")).output();
        assert_ne!(output.code, Some(0), "{output:?}");
        assert_eq!(output.text(), "quit=1\n", "{output:?}");
        let output = world.concur(["get"]).output();
        assert_ne!(output.code, Some(0), "{output:?}");
        assert!(output.stdout.is_empty(), "{output:?}");
    }
}

#[test]
fn control_characters_in_a_description_are_escaped() {
    let world = world(Rotation::Same);
    let text = "a\u{1b}]0;title\u{7}\nerror: all is well\u{202e}";
    world
        .sandbox
        .push_fault(Fault::Together(vec![over("error_description", json!(text)), Fault::Code(60)]));
    let output = world.concur(["get"]).fails(4).says("code 60");
    for shown in ['\u{1b}', '\u{7}', '\u{202e}'] {
        assert!(!output.stderr.contains(shown), "{shown:?}\n{output:?}");
    }
    assert!(!output.stderr.contains("\nerror: all is well"), "{output:?}");
}
