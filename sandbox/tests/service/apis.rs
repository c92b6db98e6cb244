use concur_sandbox::{Config, Sandbox};

use crate::http::{USERS, call, company_form, log_in, post, refresh, send};

#[test]
fn users_are_listed_for_a_live_token() {
    let sandbox = Sandbox::start(Config::default()).unwrap();
    let access = log_in(&sandbox).field("access_token");
    for (target, expected) in [
        (USERS.to_owned(), 3),
        (format!("{USERS}?count=1"), 1),
        (format!("{USERS}?count=0"), 0),
        ("/profile/identity/v4/Users/".to_owned(), 3),
    ] {
        let reply = call(&sandbox, "GET", &target, &access);
        assert_eq!(reply.status, 200, "{target}");
        let body = reply.json();
        assert_eq!(body["Resources"].as_array().unwrap().len(), expected, "{target}");
        assert_eq!(body["itemsPerPage"], expected);
    }
    assert_eq!(call(&sandbox, "GET", &format!("{USERS}?count=x"), &access).status, 400);
}

#[test]
fn absent_wrong_and_expired_tokens_are_forbidden() {
    let sandbox = Sandbox::start(Config::default()).unwrap();
    let access = log_in(&sandbox).field("access_token");
    let absent = format!("GET {USERS} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
    let reply = send(&sandbox, &absent);
    assert_eq!((reply.status, &reply.json()["status"]), (403, &"403".into()));
    assert_eq!(call(&sandbox, "GET", USERS, "nonsense").status, 403);
    sandbox.expire_access_tokens();
    assert!(sandbox.was_issued_access_token(&access) && !sandbox.is_live_access_token(&access));
    assert_eq!(call(&sandbox, "GET", USERS, &access).status, 403);
    sandbox.configure(|config| config.forbidden_status = 401);
    let reply = call(&sandbox, "GET", USERS, &access);
    assert_eq!(reply.status, 401);
    assert!(reply.header("www-authenticate").unwrap().starts_with("Bearer"));
    assert_eq!((sandbox.counters().api_requests, sandbox.counters().api_refusals), (4, 4));
}

#[test]
fn a_token_born_expired_is_forbidden() {
    let config = Config { access_lifetime_seconds: -5, ..Config::default() };
    let sandbox = Sandbox::start(config).unwrap();
    let reply = log_in(&sandbox);
    assert_eq!(reply.json()["expires_in"], -5);
    assert_eq!(call(&sandbox, "GET", USERS, &reply.field("access_token")).status, 403);
}

#[test]
fn deleting_the_connections_revokes_all_of_that_principal_and_app_only() {
    let sandbox = Sandbox::start(Config::default()).unwrap();
    let (first, second) = (log_in(&sandbox), log_in(&sandbox));
    let company = sandbox.add_company();
    let bystander = post(&sandbox, &company_form(&company));
    let path = "/app-mgmt/v0/connections";
    assert_eq!(call(&sandbox, "DELETE", path, "nonsense").status, 403);
    assert_eq!(call(&sandbox, "DELETE", path, &first.field("access_token")).status, 200);
    for reply in [&first, &second] {
        assert_eq!(refresh(&sandbox, &reply.field("refresh_token")).code(), 108);
        assert!(!sandbox.is_live_access_token(&reply.field("access_token")));
    }
    assert_eq!(refresh(&sandbox, &bystander.field("refresh_token")).status, 200);
    assert!(sandbox.is_live_access_token(&bystander.field("access_token")));
    assert_eq!(sandbox.counters().disconnections, 1);
}
