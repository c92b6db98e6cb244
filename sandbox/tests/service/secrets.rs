//! Client secrets that are replaced, and applications that are not known here.

use concur_sandbox::{App, Config, Sandbox};

use crate::http::{company_form, log_in, post, refresh, refresh_form};

fn with_secret(sandbox: &Sandbox, client_secret: &str) -> App {
    App { client_secret: client_secret.to_owned(), ..sandbox.app().clone() }
}

#[test]
fn a_replaced_secret_is_refused_and_the_refresh_token_stays_valid() {
    let sandbox = Sandbox::start(Config::default()).unwrap();
    let token = log_in(&sandbox).field("refresh_token");
    let new = sandbox.change_client_secret();
    assert_eq!(refresh(&sandbox, &token).code(), 64);
    sandbox.configure(|config| config.wrong_secret_code = 61);
    assert_eq!(refresh(&sandbox, &token).code(), 61);
    let app = with_secret(&sandbox, &new);
    assert_eq!(post(&sandbox, &refresh_form(&app, &token)).status, 200);
}

#[test]
fn several_secrets_can_be_active() {
    let sandbox = Sandbox::start(Config::default()).unwrap();
    let second = sandbox.add_client_secret();
    log_in(&sandbox);
    assert_eq!(post(&sandbox, &company_form(&with_secret(&sandbox, &second))).status, 200);
}

#[test]
fn a_secret_can_be_replaced_after_so_many_grants() {
    let sandbox = Sandbox::start(Config::default()).unwrap();
    let new = sandbox.change_client_secret_after(2);
    let token = log_in(&sandbox).field("refresh_token");
    assert_eq!(refresh(&sandbox, "unknown").code(), 108, "a refusal is no grant");
    assert_eq!(refresh(&sandbox, &token).status, 200);
    assert_eq!(refresh(&sandbox, &token).code(), 64);
    let app = with_secret(&sandbox, &new);
    assert_eq!(post(&sandbox, &refresh_form(&app, &token)).status, 200);
}

#[test]
fn a_host_that_knows_no_application_answers_61() {
    let sandbox = Sandbox::start(Config::default()).unwrap();
    let token = log_in(&sandbox).field("refresh_token");
    sandbox.configure(|config| config.unknown_client = true);
    assert_eq!(refresh(&sandbox, &token).code(), 61);
    sandbox.configure(|config| config.unknown_client = false);
    assert_eq!(refresh(&sandbox, &token).status, 200);
}

#[test]
fn a_refresh_can_answer_with_tokens_of_another_principal() {
    let sandbox = Sandbox::start(Config::default()).unwrap();
    let token = log_in(&sandbox).field("refresh_token");
    let other = App::made_up().company_uuid;
    sandbox.configure(|config| config.refresh_principal = Some(other.clone()));
    let reply = refresh(&sandbox, &token);
    for name in ["access_token", "id_token"] {
        assert_eq!(crate::grants::claims(&reply.field(name))["sub"], other);
    }
    assert!(sandbox.is_live_access_token(&reply.field("access_token")));
}
