use std::collections::HashSet;

use concur_sandbox::{App, CODES, Config, Fault, GrantType, Sandbox, code};

use crate::http::{company_form, log_in, post, refresh, refresh_form};

#[test]
fn each_missing_field_has_its_code() {
    let sandbox = Sandbox::start(Config::default()).unwrap();
    let whole = company_form(sandbox.app());
    for (missing, code) in [
        ("client_id", 62),
        ("client_secret", 63),
        ("grant_type", 65),
        ("username", 51),
        ("password", 52),
    ] {
        let form: Vec<_> = whole.iter().copied().filter(|(name, _)| *name != missing).collect();
        assert_eq!(post(&sandbox, &form).code(), code, "without {missing}");
        let empty = whole.map(|(name, value)| (name, if name == missing { "" } else { value }));
        assert_eq!(post(&sandbox, &empty).code(), code, "with an empty {missing}");
    }
    assert_eq!(post(&sandbox, &refresh_form(sandbox.app(), "")).code(), 106);
}

#[test]
fn a_refusal_has_the_documented_fields_and_the_correlation_id() {
    let sandbox = Sandbox::start(Config::default()).unwrap();
    let reply = refresh(&sandbox, "not one of ours");
    assert_eq!(reply.status, 400);
    let body = reply.json();
    assert_eq!(body["code"], 108);
    assert_eq!(body["error"], "invalid_grant");
    assert_eq!(body["error_description"], "bad or expired refresh token");
    assert_eq!(body["geolocation"], sandbox.origin());
    assert_eq!(body["concur-correlationid"], reply.header("Concur-Correlationid").unwrap());
}

#[test]
fn unknown_client_and_wrong_secret_have_different_codes() {
    let sandbox = Sandbox::start(Config::default()).unwrap();
    let unknown = App { client_id: App::made_up().client_id, ..sandbox.app().clone() };
    assert_eq!(post(&sandbox, &company_form(&unknown)).code(), 61);
    let wrong = App { client_secret: App::made_up().client_secret, ..sandbox.app().clone() };
    assert_eq!(post(&sandbox, &company_form(&wrong)).code(), 64);
    sandbox.disable_client(true);
    let disabled = post(&sandbox, &company_form(sandbox.app()));
    assert_eq!((disabled.status, disabled.code()), (403, 59));
    sandbox.disable_client(false);
    log_in(&sandbox);
}

#[test]
fn request_tokens_are_checked() {
    let sandbox = Sandbox::start(Config::default()).unwrap();
    let wrong = App { request_token: App::made_up().request_token, ..sandbox.app().clone() };
    assert_eq!(post(&sandbox, &company_form(&wrong)).code(), 5);
    let of_another =
        App { request_token: sandbox.add_app().request_token, ..sandbox.app().clone() };
    assert_eq!(post(&sandbox, &company_form(&of_another)).code(), 136);
    sandbox.configure(|config| config.request_token_lifetime_seconds = 0);
    let expired = App { request_token: sandbox.new_request_token(), ..sandbox.app().clone() };
    assert_eq!(post(&sandbox, &company_form(&expired)).code(), 5);
}

#[test]
fn a_request_token_can_be_limited_to_some_uses() {
    let sandbox =
        Sandbox::start(Config { request_token_uses: Some(2), ..Config::default() }).unwrap();
    log_in(&sandbox);
    log_in(&sandbox);
    assert_eq!(post(&sandbox, &company_form(sandbox.app())).code(), 5);
    let fresh = App { request_token: sandbox.new_request_token(), ..sandbox.app().clone() };
    assert_eq!(post(&sandbox, &company_form(&fresh)).status, 200);
}

#[test]
fn grants_the_app_lacks_are_refused() {
    let sandbox = Sandbox::start(Config::default()).unwrap();
    let refresh_token = log_in(&sandbox).field("refresh_token");
    let App { client_id, client_secret, .. } = sandbox.app();
    for grant_type in ["authorization_code", "otp", "urn:unheard-of"] {
        let form = [
            ("client_id", client_id.as_str()),
            ("client_secret", client_secret),
            ("grant_type", grant_type),
        ];
        let reply = post(&sandbox, &form);
        assert_eq!((reply.status, reply.code()), (403, 60), "{grant_type}");
    }
    sandbox.configure(|config| config.allowed_grants = vec![GrantType::ClientCredentials]);
    assert_eq!(post(&sandbox, &company_form(sandbox.app())).code(), 60);
    assert_eq!(refresh(&sandbox, &refresh_token).code(), 107);
}

#[test]
fn scope_can_be_narrowed_and_not_widened() {
    let sandbox = Sandbox::start(Config::default()).unwrap();
    let refresh_token = log_in(&sandbox).field("refresh_token");
    let mut form = refresh_form(sandbox.app(), &refresh_token).to_vec();
    form.push(("scope", "EXPRPT"));
    assert_eq!(post(&sandbox, &form).field("scope"), "EXPRPT");
    form[4].1 = "EXPRPT everything";
    assert_eq!(post(&sandbox, &form).code(), 54);
}

#[test]
fn a_refresh_token_of_another_client_is_not_for_this_one() {
    let sandbox = Sandbox::start(Config::default()).unwrap();
    let refresh_token = log_in(&sandbox).field("refresh_token");
    let other = sandbox.add_app();
    assert_eq!(post(&sandbox, &refresh_form(&other, &refresh_token)).code(), 105);
    assert!(sandbox.is_current_refresh_token(&refresh_token));
}

#[test]
fn expired_and_revoked_refresh_tokens_are_code_108() {
    let sandbox = Sandbox::start(Config::default()).unwrap();
    let revoked = log_in(&sandbox).field("refresh_token");
    sandbox.revoke_refresh_tokens();
    assert_eq!(refresh(&sandbox, &revoked).code(), 108);
    sandbox.configure(|config| config.refresh_lifetime_seconds = 0);
    let expired = log_in(&sandbox).field("refresh_token");
    assert_eq!(refresh(&sandbox, &expired).code(), 108);
}

#[test]
fn every_documented_code_is_in_the_table_once_and_can_be_scripted() {
    let sandbox = Sandbox::start(Config::default()).unwrap();
    let documented = [
        5, 10, 11, 12, 13, 14, 16, 19, 20, 21, 51, 52, 53, 54, 56, 57, 58, 59, 60, 61, 62, 63, 64,
        65, 80, 81, 82, 83, 84, 85, 101, 102, 103, 104, 105, 106, 107, 108, 109, 115, 117, 118,
        119, 120, 121, 122, 123, 134, 135, 136,
    ];
    let known: HashSet<u32> = CODES.iter().map(|row| row.number).collect();
    assert_eq!(known.len(), CODES.len(), "a code is listed twice");
    assert!(CODES.is_sorted_by_key(|row| row.number), "lookups use binary search");
    for number in documented {
        assert!(known.contains(&number), "code {number} is missing");
        sandbox.push_fault(Fault::Code(number));
        let reply = post(&sandbox, &company_form(sandbox.app()));
        assert_eq!(reply.status, code(number).status);
        assert_eq!(reply.code(), u64::from(number));
    }
    assert_eq!(sandbox.counters().grants_made, 0);
}
