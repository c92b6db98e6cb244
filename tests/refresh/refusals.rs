//! Concur's refusals: only code 108 invalidates the refresh token, and the company grant follows while a
//! request token is valid.

use concur_sandbox::{Config, Fault, GrantType};
use serde_json::{Value, json};

use super::each;
use crate::harness::World;

/// A service whose request tokens are valid for one login: no company grant after code 108.
fn one_login() -> Config {
    Config { request_token_uses: Some(1), ..Config::default() }
}

fn body(status: u16, body: &Value) -> Fault {
    Fault::RawBody {
        status,
        content_type: "application/json".to_owned(),
        body: body.to_string().into_bytes(),
    }
}

#[test]
fn an_invalid_refresh_token_is_followed_by_one_company_grant() {
    let world = World::logged_in();
    world.sandbox.revoke_refresh_tokens();
    world.expire("default");
    world.sandbox.clear_log();
    let token = world.concur(["get"]).ok().line();
    assert!(world.sandbox.is_live_access_token(&token));
    let counters = world.sandbox.counters();
    assert_eq!(counters.refusals_of(108), 1);
    assert_eq!(counters.grants_made_of("password"), 1);
    assert_eq!(counters.token_requests, 2);
    world.expire("default");
    let next = world.concur(["get"]).ok().line();
    assert_ne!(next, token);
    assert_eq!(world.refreshes(), 2, "the new refresh token was kept and is used");
    assert_eq!(world.sandbox.counters().token_requests_of("password"), 1);
    assert_eq!(world.sandbox.violations(), Vec::<String>::new());
}

#[test]
fn a_request_token_older_than_24_hours_is_not_used() {
    let world = World::logged_in();
    world.sandbox.revoke_refresh_tokens();
    world.sandbox.clear_log();
    drop(world.concur(["get"]).at_offset(25 * 3600).fails(4).says("108"));
    assert_eq!(world.token_requests(), 1, "only the refresh");
}

#[test]
fn without_a_request_token_a_login_is_required_and_no_request_is_repeated() {
    let world = World::logged_in_with(one_login());
    world.sandbox.revoke_refresh_tokens();
    world.expire("default");
    let refused = world.concur(["get"]).fails(4);
    let correlation = world.column::<String>("default", "attempt_correlation_id");
    let refused = refused.says("default: ").says("code 108").says(&correlation);
    drop(refused.says("concur-cred login --profile default"));
    world.sandbox.clear_log();
    for _ in 0..3 {
        drop(world.concur(["get"]).fails(4).says("108").says("login"));
        drop(world.concur(["token"]).at_offset(30 * 86_400).fails(4));
    }
    assert_eq!(world.token_requests(), 0, "the refresh token is recorded as invalid");
}

#[test]
fn an_explicit_refresh_tries_a_refresh_token_recorded_as_invalid() {
    let world = World::logged_in_with(one_login());
    world.expire("default");
    world.sandbox.push_fault(Fault::Code(108));
    drop(world.concur(["get"]).fails(4));
    world.sandbox.clear_log();
    drop(world.concur(["get"]).fails(4));
    assert_eq!(world.token_requests(), 0);
    drop(world.concur(["refresh"]).ok());
    assert_eq!(world.refreshes(), 1);
    drop(world.concur(["get"]).ok().silent());
    let token = world.concur(["get"]).at_offset(7200).ok().line();
    assert!(world.sandbox.is_live_access_token(&token), "no trace of the refusal is left");
}

#[test]
fn a_new_login_replaces_an_invalid_refresh_token() {
    let world = World::logged_in_with(one_login());
    world.sandbox.revoke_refresh_tokens();
    world.expire("default");
    drop(world.concur(["get"]).fails(4));
    let mut app = world.sandbox.app().clone();
    app.request_token = world.sandbox.new_request_token();
    drop(world.login("default", &app));
    drop(world.concur(["get"]).ok().silent());
    world.expire("default");
    drop(world.concur(["get"]).ok());
}

#[test]
fn other_refusals_hold_for_15_minutes_and_invalidate_nothing() {
    for code in [5, 10, 14, 53, 54, 59, 60, 61, 64, 84, 105, 107, 119, 136] {
        let world = World::logged_in();
        world.expire("default");
        world.sandbox.clear_log();
        world.sandbox.push_fault(Fault::Code(code));
        drop(world.concur(["get"]).fails(4).says(&format!("code {code}")));
        assert_eq!(world.token_requests(), 1, "code {code}: one request, no company grant");
        drop(world.concur(["get"]).fails(4).says(&format!("code {code}")));
        drop(world.concur(["get"]).at_offset(14 * 60).fails(4));
        assert_eq!(world.token_requests(), 1, "code {code}: not asked again at once");
        let token = world.concur(["get"]).at_offset(15 * 60 + 1).ok().line();
        assert!(world.sandbox.is_live_access_token(&token), "code {code}: fixed meanwhile");
        assert_eq!(world.refreshes(), 2, "code {code}");
    }
}

#[test]
fn a_grant_removed_from_the_app_is_refused_and_works_once_restored() {
    let world = World::logged_in();
    world.expire("default");
    world.sandbox.configure(|config| config.allowed_grants = vec![GrantType::Password]);
    drop(world.concur(["get"]).fails(4).says("code 107"));
    let all = Config::default().allowed_grants;
    world.sandbox.configure(|config| config.allowed_grants = all);
    drop(world.concur(["refresh"]).ok());
}

#[test]
fn maintenance_is_temporary_whatever_its_status() {
    let world = World::logged_in();
    world.expire("default");
    let answer = json!({ "code": 134, "error": "x", "error_description": "maintenance" });
    world.sandbox.push_faults(3, body(400, &answer));
    drop(world.concur(["get"]).fails(5).says("134"));
    let token = world.concur(["get"]).at_offset(120).ok().line();
    assert!(world.sandbox.is_live_access_token(&token));
}

#[test]
fn a_bare_invalid_grant_to_a_refresh_counts_as_108() {
    let world = World::logged_in_with(one_login());
    world.expire("default");
    world.sandbox.push_fault(body(400, &json!({ "error": "invalid_grant" })));
    drop(world.concur(["get"]).fails(4));
    world.sandbox.clear_log();
    drop(world.concur(["get"]).at_offset(3600).fails(4));
    assert_eq!(world.token_requests(), 0, "the refresh token is invalid");
}

#[test]
fn a_bare_invalid_grant_is_followed_by_the_company_grant() {
    let world = World::logged_in();
    world.expire("default");
    world.sandbox.push_fault(body(401, &json!({ "error": "invalid_grant" })));
    let token = world.concur(["get"]).ok().line();
    assert!(world.sandbox.is_live_access_token(&token));
}

#[test]
fn other_errors_without_a_code_do_not_invalidate_the_refresh_token() {
    for error in ["invalid_client", "invalid_request", "access_denied", "server_error"] {
        let world = World::logged_in();
        world.expire("default");
        world.sandbox.push_fault(body(400, &json!({ "error": error })));
        drop(world.concur(["get"]).fails(4).says(error));
        drop(world.concur(["get"]).at_offset(15 * 60 + 1).ok());
    }
}

#[test]
fn the_code_may_be_text_and_the_status_any_refusal() {
    for (status, code) in [(400, json!("108")), (401, json!(108)), (403, json!("108"))] {
        let world = World::logged_in_with(one_login());
        world.expire("default");
        let answer = json!({ "code": code, "error": "invalid_grant" });
        world.sandbox.push_fault(body(status, &answer));
        drop(world.concur(["get"]).fails(4).says("code 108"));
    }
}

#[test]
fn a_gateways_error_page_does_not_invalidate_the_token() {
    let html = |status| Fault::RawBody {
        status,
        content_type: "text/html".to_owned(),
        body: b"<html>code 108 invalid_grant</html>".to_vec(),
    };
    each(
        [
            html(400),
            html(401),
            html(403),
            html(407),
            html(408),
            html(404),
            body(407, &json!({ "code": 108, "error": "invalid_grant" })),
            body(403, &json!({ "message": "Forbidden" })),
            body(400, &json!([{ "code": 108 }])),
            body(503, &json!({ "code": 108, "error": "invalid_grant" })),
        ],
        |fault| {
            let world = World::logged_in();
            world.expire("default");
            world.sandbox.push_fault(fault.clone());
            let token = world.concur(["get"]).ok().line();
            assert!(world.sandbox.is_live_access_token(&token), "{fault:?}");
            assert_eq!(
                world.refreshes(),
                2,
                "retried, and the refresh token is not invalid: {fault:?}"
            );
        },
    );
}

#[test]
fn a_failed_company_grant_is_retried_later() {
    let world = World::logged_in();
    world.sandbox.revoke_refresh_tokens();
    world.expire("default");
    world.sandbox.push_fault(Fault::Code(108));
    world.sandbox.push_faults(3, Fault::service_unavailable());
    drop(world.concur(["get"]).fails(5).says("503"));
    let token = world.concur(["get"]).at_offset(120).ok().line();
    assert!(world.sandbox.is_live_access_token(&token), "the company grant is retried later");
}
