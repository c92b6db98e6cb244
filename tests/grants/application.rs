//! `login --grant app`: App ID and secret, no refresh token; an expired token is replaced by a new grant.

use concur_sandbox::{Config, Fault, GrantType, StatusBody};

use super::support::{assert_nowhere, status, write_application};
use crate::harness::{Output, Running, World};

const HERD: usize = 50;

/// A world in which an application has logged in as `default`.
fn logged_in() -> World {
    let world = World::new();
    write_application(&world);
    world.concur(["login", "--grant", "app", "--base-url", world.sandbox.origin()]).ok();
    world
}

fn asked(world: &World) -> u64 {
    world.sandbox.counters().token_requests_of("client_credentials")
}

fn herd(world: &World, count: usize) -> Vec<Output> {
    let running: Vec<Running> = (0..count).map(|_| world.concur(["get"]).start()).collect();
    running.into_iter().map(Running::wait).collect()
}

#[test]
fn app_id_and_secret_are_enough_and_there_is_no_refresh_token() {
    let world = logged_in();
    let token = world.concur(["get"]).ok().silent().line();
    assert!(world.sandbox.is_live_access_token(&token));
    let status = status(&world);
    assert_eq!(status["grant"], "app");
    assert_eq!(status["company_uuid"], world.sandbox.app().client_id.as_str());
    assert_eq!(status["refresh_token"]["present"], false);
    assert_eq!((&status["usable"], &status["needs_login"]), (&true.into(), &false.into()));
    let table = world.concur(["status", "--long"]).ok();
    assert!(table.text().contains("not needed"), "{table:?}");
    let glance = world.concur(["status"]).ok();
    assert!(glance.text().contains("application login"), "{glance:?}");
    world.concur(["doctor"]).ok();
    let file = world.concur(["export", "-"]).ok().says("no refresh token");
    assert_eq!(file.json()["access_token"], token.as_str());
    assert_nowhere(&world, "", &[&token, &world.sandbox.app().client_secret]);
    assert_eq!((asked(&world), world.sandbox.violations()), (1, Vec::new()));
}

#[test]
fn the_environment_alone_is_enough() {
    let world = World::new();
    let app = world.sandbox.app().clone();
    world
        .concur(["login", "--grant", "app", "--base-url", world.sandbox.origin()])
        .env("CONCUR_CRED_CLIENT_ID", &app.client_id)
        .env("CONCUR_CRED_CLIENT_SECRET", &app.client_secret)
        .ok()
        .says("application");
    world.concur(["get"]).ok().silent();
}

#[test]
fn only_the_missing_values_are_named() {
    let world = World::new();
    let output = world.concur(["login", "--grant", "app"]).fails(2);
    let output = output.says("Not given: appID, clientSecret.\n");
    assert!(!output.stderr.contains("COMPANY"), "{output:?}");
    assert_eq!(world.token_requests(), 0);
}

#[test]
fn an_expired_token_is_replaced_with_one_request() {
    let world = logged_in();
    let first = world.concur(["get"]).ok().line();
    world.expire("default");
    let second = world.concur(["get"]).ok().silent().line();
    assert_ne!(first, second);
    assert!(world.sandbox.is_live_access_token(&second));
    assert_eq!((asked(&world), world.token_requests()), (2, 2));
    assert_eq!(world.concur(["get"]).ok().silent().line(), second, "and is kept");
    assert_eq!(asked(&world), 2);
    assert_eq!(world.column::<String>("default", "obtained_by"), "app");
    let log = world.concur(["log"]).ok();
    assert!(
        log.text().lines().any(|l| l.contains("logged in") && l.contains("app grant")),
        "{log:?}"
    );
    assert!(log.text().lines().any(|l| l.contains("refreshed as the application")), "{log:?}");
    world.concur(["refresh", "--all"]).ok();
    assert_eq!(asked(&world), 3);
    assert_eq!(world.refreshes(), 0, "there is no refresh token to spend");
    assert_eq!(world.sandbox.violations(), Vec::<String>::new());
}

#[test]
fn fifty_callers_at_once_cost_one_request() {
    let world = logged_in();
    world.expire("default");
    let outputs = herd(&world, HERD);
    let mut tokens: Vec<String> = outputs.into_iter().map(|output| output.code(0).line()).collect();
    tokens.sort();
    tokens.dedup();
    assert_eq!(tokens.len(), 1, "all are served the same token");
    assert_eq!(asked(&world), 2, "one login, one renewal");
    assert_eq!(world.sandbox.counters().max_simultaneous_token_requests, 1);
}

#[test]
fn an_unreachable_service_costs_all_callers_one_attempt() {
    let world = logged_in();
    world.expire("default");
    world.sandbox.fault_always(Fault::Status {
        code: 503,
        body: StatusBody::Html,
        retry_after: None,
    });
    for output in herd(&world, 20) {
        let _ = output.code(5).says("did not renew the token");
    }
    assert_eq!(world.token_requests() - 1, 3, "three requests, shared by all");
    world.sandbox.clear_faults();
    world.concur(["refresh"]).ok();
}

#[test]
fn a_grant_removed_from_the_app_is_named_and_not_retried() {
    let world = logged_in();
    world.expire("default");
    world.sandbox.configure(|config| config.allowed_grants = vec![GrantType::Password]);
    let output = world.concur(["get"]).fails(4).says("code 60");
    let remedy = output.hint();
    assert!(remedy.contains("\"client_credentials\""), "{output:?}");
    assert!(remedy.ends_with("concur-cred login --grant app --profile default"), "{output:?}");
    world.concur(["get"]).fails(4);
    assert_eq!(asked(&world), 2, "the answer is accepted");
    world.sandbox.configure(|config| config.allowed_grants = Config::default().allowed_grants);
    world.concur(["refresh"]).ok();
    world.concur(["get"]).ok().silent();
}

#[test]
fn an_erased_token_is_replaced_and_an_edited_origin_gets_nothing() {
    let world = logged_in();
    world.age_access_token("default", 600);
    let token = world.concur(["get"]).ok().line();
    world.helper(["erase"]).stdin(world.request(&format!("password={token}\n"))).ok();
    assert_ne!(world.concur(["get"]).ok().line(), token);
    let asked_before = world.token_requests();
    world.expire("default");
    world.database().execute("UPDATE record SET geolocation = 'https://evil.example'", []).unwrap();
    world.concur(["get"]).fails(6);
    assert_eq!(world.token_requests(), asked_before);
}

#[test]
fn it_replaces_a_company_profile_only_with_replace() {
    let world = World::logged_in();
    write_application(&world);
    let args = ["login", "--grant", "app", "--base-url", world.sandbox.origin()];
    world.concur(args).fails(2).says("another company");
    assert_eq!(status(&world)["grant"], "company");
    world.concur(args).arg("--replace").ok();
    assert_eq!(status(&world)["grant"], "app");
    world.expire("default");
    world.concur(["get"]).ok().silent();
    assert_eq!(world.refreshes(), 0, "the company's refresh token is not the application's");
}

#[test]
fn scopes_are_refused_for_grants_that_take_none() {
    let world = World::new();
    for grant in ["company", "app", "user"] {
        let args = ["login", "--grant", grant, "--scope", "EXPRPT"];
        world.concur(args).fails(2).says("takes no --scope");
    }
}
