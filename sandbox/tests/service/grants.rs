use base64::Engine as _;
use concur_sandbox::{App, Config, NumberStyle, SIX_MONTHS_SECONDS, Sandbox, User};
use serde_json::Value;

use crate::http::{USERS, call, company_form, log_in, post, refresh};

pub(crate) fn claims(jwt: &str) -> Value {
    let part = jwt.split('.').nth(1).unwrap();
    let bytes = base64::engine::general_purpose::URL_SAFE_NO_PAD.decode(part).unwrap();
    serde_json::from_slice(&bytes).unwrap()
}

/// The names of a flat object's fields as they stand in the text.
fn order(text: &str, names: &[&str]) -> Vec<usize> {
    names.iter().map(|name| text.find(&format!("\"{name}\":")).unwrap()).collect()
}

#[test]
fn company_grant_answers_every_field_in_the_documented_order() {
    let sandbox = Sandbox::start(Config::default()).unwrap();
    let reply = log_in(&sandbox);
    assert_eq!(reply.header("content-type"), Some("application/json"));
    let at = order(
        reply.text(),
        &[
            "expires_in",
            "scope",
            "token_type",
            "access_token",
            "refresh_token",
            "refresh_expires_in",
            "geolocation",
            "id_token",
        ],
    );
    assert!(at.is_sorted(), "{at:?}");
    let body = reply.json();
    assert_eq!(body["expires_in"], 3600);
    assert_eq!(body["token_type"], "Bearer");
    assert_eq!(body["geolocation"], sandbox.origin());
    assert!(sandbox.is_live_access_token(&reply.field("access_token")));
    assert!(sandbox.is_current_refresh_token(&reply.field("refresh_token")));
    assert_eq!(sandbox.violations(), [] as [&str; 0]);
}

#[test]
fn tokens_are_jwts_whose_claims_agree_with_the_answer() {
    let sandbox = Sandbox::start(Config::default()).unwrap();
    let reply = log_in(&sandbox);
    let access = claims(&reply.field("access_token"));
    assert_eq!(access["exp"].as_i64().unwrap() - access["iat"].as_i64().unwrap(), 3600);
    let id = claims(&reply.field("id_token"));
    assert_eq!(id["sub"], sandbox.app().company_uuid);
    assert_eq!(id["aud"], sandbox.app().client_id);
    assert_eq!(id["iss"], sandbox.origin());
    for token in [&access, &id] {
        assert_eq!(token["concur.type"], "company");
        assert_eq!(token["sub"], sandbox.app().company_uuid);
        for gone in ["concur.profile", "concur.app"] {
            assert_eq!(token.get(gone), None, "{gone} was removed in April 2026");
        }
    }
    let sliding = reply.json()["refresh_expires_in"].as_i64().unwrap();
    let expected = access["iat"].as_i64().unwrap() + SIX_MONTHS_SECONDS;
    assert_eq!(sliding, expected, "refresh_expires_in is an absolute time");
}

#[test]
fn no_two_access_tokens_are_equal() {
    let sandbox = Sandbox::start(Config::default()).unwrap();
    let first = log_in(&sandbox);
    let second = log_in(&sandbox);
    assert_ne!(first.field("access_token"), second.field("access_token"));
    assert_ne!(first.field("refresh_token"), second.field("refresh_token"));
}

#[test]
fn user_grant_works_with_and_without_credtype() {
    let user = User {
        uuid: "11111111-2222-4333-8444-555555555555".to_owned(),
        login_id: "erika@example.com".to_owned(),
        password: "p&ss=wörd".to_owned(),
    };
    let sandbox = Sandbox::start(Config { user: Some(user.clone()), ..Config::default() }).unwrap();
    let App { client_id, client_secret, .. } = sandbox.app();
    let mut form = vec![
        ("client_id", client_id.as_str()),
        ("client_secret", client_secret),
        ("grant_type", "password"),
        ("username", &user.login_id),
        ("password", &user.password),
    ];
    let omitted = post(&sandbox, &form);
    assert_eq!(omitted.status, 200, "{omitted:?}");
    for token in ["id_token", "access_token"] {
        let claims = claims(&omitted.field(token));
        assert_eq!(
            (&claims["sub"], &claims["concur.type"]),
            (&user.uuid.clone().into(), &"user".into())
        );
    }
    form.push(("credtype", "password"));
    assert_eq!(post(&sandbox, &form).status, 200);
    form[4].1 = "wrong";
    assert_eq!(post(&sandbox, &form).code(), 19);
    form[5].1 = "pin";
    assert_eq!(post(&sandbox, &form).code(), 120);
}

#[test]
fn client_credentials_give_no_refresh_token_and_no_id_token() {
    let sandbox = Sandbox::start(Config::default()).unwrap();
    let App { client_id, client_secret, .. } = sandbox.app();
    let form = [
        ("client_id", client_id.as_str()),
        ("client_secret", client_secret),
        ("grant_type", "client_credentials"),
    ];
    let reply = post(&sandbox, &form);
    assert_eq!(reply.status, 200);
    assert_eq!(claims(&reply.field("access_token"))["concur.type"], "app");
    for absent in ["refresh_token", "refresh_expires_in", "id_token"] {
        assert!(reply.json().get(absent).is_none(), "{absent}");
    }
    assert_eq!(call(&sandbox, "GET", USERS, &reply.field("access_token")).status, 200);
}

#[test]
fn numbers_are_text_when_so_configured() {
    let sandbox = Sandbox::start(Config::default()).unwrap();
    sandbox.configure(|config| config.number_style = NumberStyle::Text);
    let reply = log_in(&sandbox);
    assert_eq!(reply.json()["expires_in"], "3600");
    assert!(reply.field("refresh_expires_in").parse::<i64>().is_ok());
}

#[test]
fn optional_fields_can_be_left_out() {
    let sandbox = Sandbox::start(Config::default()).unwrap();
    sandbox.configure(|config| {
        config.omit_geolocation = true;
        config.omit_refresh_expires_in = true;
    });
    let reply = log_in(&sandbox);
    assert!(reply.json().get("geolocation").is_none());
    assert!(reply.json().get("refresh_expires_in").is_none());
    let refresh_token = reply.field("refresh_token");
    sandbox.configure(|config| config.omit_refresh_token = true);
    let renewed = refresh(&sandbox, &refresh_token);
    assert!(renewed.json().get("refresh_token").is_none());
    assert!(sandbox.is_current_refresh_token(&refresh_token), "the stored one stays valid");
}

#[test]
fn credentials_json_has_the_tutorials_shape() {
    let sandbox = Sandbox::start(Config::default()).unwrap();
    let text = sandbox.credentials_json();
    let at = order(
        &text,
        &[
            "appID",
            "clientSecret",
            "grantType",
            "companyUUID",
            "companyRequestToken",
            "credentialType",
        ],
    );
    assert!(at.is_sorted() && text.trim_end().lines().count() == 1, "{at:?}");
    let file: Value = serde_json::from_str(&text).unwrap();
    assert_eq!(file["appID"], sandbox.app().client_id);
    assert_eq!(file["companyRequestToken"], sandbox.app().request_token);
    assert_eq!(file["credentialType"], "authtoken");
}

#[test]
fn an_old_answer_has_an_expired_access_token_and_a_valid_refresh_token() {
    let sandbox = Sandbox::start(Config::default()).unwrap();
    let text = sandbox.refresh_token_object_file(sandbox.app(), 3601);
    let file: Value = serde_json::from_str(&text).unwrap();
    assert_eq!(file["companyUUID"], sandbox.app().company_uuid);
    let access = file["access_token"].as_str().unwrap();
    assert!(sandbox.was_issued_access_token(access) && !sandbox.is_live_access_token(access));
    let refresh_token = file["refresh_token"].as_str().unwrap();
    assert!(sandbox.is_current_refresh_token(refresh_token));
    assert_eq!(refresh(&sandbox, refresh_token).status, 200);
    let young = sandbox.issue_token_response(sandbox.app(), 60);
    assert!(sandbox.is_live_access_token(young["access_token"].as_str().unwrap()));
}

#[test]
fn companies_and_apps_are_separate() {
    let sandbox = Sandbox::start(Config::default()).unwrap();
    let (company, app) = (sandbox.add_company(), sandbox.add_app());
    assert_eq!(company.client_id, sandbox.app().client_id);
    assert_eq!(post(&sandbox, &company_form(&company)).status, 200);
    assert_ne!(app.client_id, sandbox.app().client_id);
    assert_eq!(post(&sandbox, &company_form(&app)).status, 200);
    let crossed = App { request_token: sandbox.app().request_token.clone(), ..company };
    assert_eq!(post(&sandbox, &company_form(&crossed)).code(), 5, "another company's token");
}

#[test]
fn a_sandbox_starts_with_the_app_it_is_given() {
    let app = App::made_up();
    let start = || Sandbox::start(Config { app: Some(app.clone()), ..Config::default() }).unwrap();
    let (here, there) = (start(), start());
    assert_eq!(log_in(&here).status, 200);
    here.configure(|config| config.lives_elsewhere = Some(there.origin().to_owned()));
    let reply = post(&here, &company_form(&app));
    assert_eq!((reply.code(), reply.field("geolocation")), (16, there.origin().to_owned()));
    assert_eq!(log_in(&there).field("geolocation"), there.origin());
}
