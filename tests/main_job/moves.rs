//! An account that moves to another data centre, a clock that steps, and a proxy.

use concur_sandbox::{Config, Fault, Sandbox};
use serde_json::json;

use super::support::{each, exported, status_of};
use crate::harness::{Run, World};

/// A world and a second data centre that knows its application.
fn two_data_centres() -> (World, Sandbox) {
    let world = World::logged_in();
    let app = Some(world.sandbox.app().clone());
    (world, Sandbox::start(Config { app, ..Config::default() }).unwrap())
}

#[test]
fn an_account_that_moves_gets_every_cell_sealed_again() {
    let (world, there) = two_data_centres();
    let app = world.sandbox.app().clone();
    let mut file: serde_json::Value =
        serde_json::from_str(&world.sandbox.refresh_token_object_file(&app, 7200)).unwrap();
    file["x_custom"] = json!({"kept": true});
    world.write("tokens.json", file.to_string());
    let allowed = |run: Run| run.env("CONCUR_CRED_ALLOWED_ORIGINS", there.origin());
    let import = ["import", "tokens.json", "--profile", "moving", "--credentials"];
    let import = world.concur(import).arg("credentials-default.json");
    import.arg("--base-url").arg(world.sandbox.origin()).ok();

    world.sandbox.push_fault(Fault::Geolocation(format!("{}/", there.origin())));
    world.sandbox.push_fault(Fault::Geolocation(format!("{}/", there.origin())));
    for profile in ["moving", "default"] {
        let id_token = exported(&world, profile)["id_token"].clone();
        let moved = allowed(world.concur(["refresh", "--profile", profile]));
        moved.ok();
        assert_eq!(status_of(&world, profile)["base_url"], there.origin());
        let out = exported(&world, profile);
        assert_eq!(out["geolocation"], there.origin());
        assert!(out["id_token"].is_string() && id_token.is_string(), "it opens there");
        world.concur(["get", "--profile", profile]).ok().silent();
    }
    assert_eq!(exported(&world, "moving")["x_custom"], json!({"kept": true}));

    let host = there.origin().trim_start_matches("http://");
    let request = |host: &str| format!("protocol=http\nhost={host}\n\n");
    let new = world.helper(["get", "--profile", "default"]).stdin(request(host)).ok().silent();
    assert!(new.value("password").is_some(), "it answers for its new host");
    let old = world.helper(["get", "--profile", "default"]).stdin(request(world.host()));
    assert!(old.ok().silent().stdout.is_empty(), "and no longer for the old one");
}

#[test]
fn an_account_that_moved_can_use_its_request_token() {
    let (world, there) = two_data_centres();
    let allowed = |run: Run| run.env("CONCUR_CRED_ALLOWED_ORIGINS", there.origin());
    world.sandbox.push_fault(Fault::Geolocation(there.origin().to_owned()));
    allowed(world.concur(["refresh"])).ok();
    world.expire("default");
    // The other data centre does not know this refresh token: 108, then the company grant where
    // the operator named the application.
    let token = allowed(world.concur(["get"])).ok().line();
    assert!(world.sandbox.is_live_access_token(&token));
    assert_eq!(there.counters().refusals_of(108), 1);
    assert_eq!(status_of(&world, "default")["base_url"], world.sandbox.origin());
}

#[test]
fn an_account_at_an_origin_no_longer_allowed_sends_nothing() {
    let (world, there) = two_data_centres();
    world.sandbox.push_fault(Fault::Geolocation(there.origin().to_owned()));
    let refresh = world.concur(["refresh"]);
    refresh.env("CONCUR_CRED_ALLOWED_ORIGINS", there.origin()).ok();
    world.concur(["get"]).ok().silent();
    world.expire("default");
    world.concur(["get"]).fails(6).says(there.origin()).says("allowed_origins");
    assert_eq!(there.requests().len(), 0);
}

#[test]
fn a_clock_that_stepped_back_or_far_ahead_still_yields_a_valid_token() {
    each(&[-86_400, -10 * 365 * 86_400, 86_400, 400 * 86_400], |seconds| {
        let world = World::logged_in();
        let first = world.concur(["get"]).ok().line();
        let token = world.concur(["get"]).at_offset(*seconds).ok().line();
        assert!(world.sandbox.is_live_access_token(&token), "{seconds}");
        assert_ne!(token, first, "the old token's time cannot be trusted: {seconds}");
        let back = world.concur(["get"]).ok().line();
        assert!(world.sandbox.is_live_access_token(&back), "{seconds}");
    });
}

#[test]
fn loopback_is_never_reached_through_a_proxy() {
    let world = World::new();
    let proxy = Sandbox::start(Config::default()).unwrap();
    let through = |run: Run| {
        let names =
            ["http_proxy", "HTTP_PROXY", "https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"];
        names.iter().fold(run, |run, name| run.env(name, proxy.origin()))
    };
    world.write("credentials.json", world.sandbox.credentials_json());
    through(world.concur(["login", "--base-url", world.sandbox.origin()])).ok();
    world.expire("default");
    through(world.concur(["get"])).ok().silent();
    assert_eq!(proxy.requests().len(), 0, "no secret goes through the proxy");
}

#[test]
fn a_token_of_any_length_that_an_answer_can_hold_is_kept_and_served() {
    let world = World::logged_in();
    for length in [1, 1000, 30_000, 60_000] {
        let token = "x".repeat(length);
        world.sandbox.push_fault(Fault::OverrideField {
            name: "access_token".to_owned(),
            value: json!(token),
        });
        world.expire("default");
        assert_eq!(world.concur(["get"]).ok().silent().line(), token, "{length}");
        assert_eq!(world.concur(["get"]).ok().silent().line(), token, "from the store: {length}");
        assert_eq!(exported(&world, "default")["access_token"], token.as_str());
    }
}

#[test]
fn credentials_can_be_read_from_a_pipe() {
    let world = World::new();
    let login = ["login", "--base-url", world.sandbox.origin(), "--credentials", "/dev/stdin"];
    if cfg!(unix) {
        world.concur(login).stdin(world.sandbox.credentials_json()).ok();
        world.concur(["get"]).ok().silent();
    }
}
