//! When a token is printed, and when it is refreshed first.

use concur_sandbox::{Config, Fault};
use serde_json::json;

use crate::harness::World;

/// A failure that ends an attempt with its first request.
fn temporarily_unavailable() -> Fault {
    Fault::too_many_requests(600)
}

fn token(world: &World) -> String {
    world.concur(["get"]).ok().silent().line()
}

#[test]
fn before_the_soft_window_nothing_is_refreshed() {
    let world = World::logged_in();
    let current = token(&world);
    for age in [1000, 2000, 290] {
        world.age_access_token("default", age);
        assert_eq!(token(&world), current);
    }
    assert_eq!(world.refreshes(), 0, "310 s are left");
}

#[test]
fn inside_the_soft_window_a_caller_refreshes_and_the_next_finds_it_done() {
    let world = World::logged_in();
    world.age_access_token("default", 3600 - 280);
    let renewed = token(&world);
    assert_eq!(token(&world), renewed);
    assert_eq!(world.refreshes(), 1);
}

#[test]
fn the_soft_window_of_a_short_lived_token_is_a_tenth_of_its_life() {
    let world =
        World::logged_in_with(Config { access_lifetime_seconds: 1200, ..Config::default() });
    world.age_access_token("default", 1200 - 130);
    let current = token(&world);
    assert_eq!(world.refreshes(), 0);
    world.age_access_token("default", 20);
    assert_ne!(token(&world), current);
    assert_eq!(world.refreshes(), 1);
}

#[test]
fn a_failure_inside_the_soft_window_is_recorded_and_fails_no_caller() {
    for fault in [temporarily_unavailable(), Fault::Code(108), Fault::Code(60), Fault::Code(59)] {
        let world =
            World::logged_in_with(Config { request_token_uses: Some(1), ..Config::default() });
        let current = token(&world);
        world.age_access_token("default", 3600 - 200);
        world.sandbox.fault_always(fault.clone());
        for _ in 0..3 {
            let output = world.concur(["get"]).ok();
            assert_eq!(output.line(), current, "{fault:?}");
        }
        assert_eq!(world.refreshes(), 1, "one request, then none: {fault:?}");
        assert_eq!(world.column::<i64>("default", "attempt"), 1, "{fault:?}");
    }
}

#[test]
fn a_token_is_printed_down_to_the_minimum_remaining_lifetime_and_not_below() {
    let world = World::logged_in();
    let current = token(&world);
    world.sandbox.fault_always(temporarily_unavailable());
    world.age_access_token("default", 3600 - 80);
    assert_eq!(world.concur(["get"]).ok().line(), current, "80 s are left");
    world.age_access_token("default", 30);
    drop(world.concur(["get"]).fails(5));
    let shorter = world.concur(["get", "--min-ttl", "10s"]).ok();
    assert_eq!(shorter.line(), current, "a caller may accept less");
    let from_env = world.concur(["get"]).env("CONCUR_CRED_MIN_TTL", "10s").ok();
    assert_eq!(from_env.line(), current);
}

#[test]
fn a_caller_who_needs_a_longer_lifetime_gets_a_new_token() {
    let world = World::logged_in();
    let current = token(&world);
    world.age_access_token("default", 1900);
    assert_eq!(world.concur(["get", "--min-ttl", "20m"]).ok().silent().line(), current);
    let renewed = world.concur(["get", "--min-ttl", "30m"]).ok().silent().line();
    assert_ne!(renewed, current);
    assert_eq!(world.refreshes(), 1);
}

#[test]
fn a_clock_that_stepped_back_causes_a_refresh() {
    let world = World::logged_in();
    let current = token(&world);
    let a_little = world.concur(["get"]).at_offset(-45).ok().silent();
    assert_eq!(a_little.line(), current, "within the tolerance");
    let renewed = world.concur(["get"]).at_offset(-3600).ok().silent().line();
    assert_ne!(renewed, current);
    assert!(world.sandbox.is_live_access_token(&renewed));
    assert_eq!(world.refreshes(), 1);
}

#[test]
fn without_a_refresh_token_the_company_grant_is_used_for_24_hours() {
    let world = World::logged_in_with(Config { omit_refresh_token: true, ..Config::default() });
    world.expire("default");
    world.sandbox.clear_log();
    let renewed = token(&world);
    assert!(world.sandbox.is_live_access_token(&renewed));
    let counters = world.sandbox.counters();
    assert_eq!((counters.token_requests, counters.grants_made_of("password")), (1, 1));
    drop(world.concur(["get"]).at_offset(25 * 3600).fails(4).says("login"));
    assert_eq!(world.token_requests(), 1, "there is no token left for a request");
}

#[test]
fn a_refresh_without_a_new_refresh_token_keeps_the_stored_one() {
    let world = World::logged_in();
    world.expire("default");
    world.sandbox.configure(|config| config.omit_refresh_token = true);
    drop(token(&world));
    world.sandbox.configure(|config| config.omit_refresh_token = false);
    world.expire("default");
    drop(token(&world));
    assert_eq!(world.sandbox.counters().grants_made_of("refresh_token"), 2);
}

#[test]
fn a_refresh_token_past_its_recorded_expiry_is_tried_once() {
    let world = World::logged_in_with(Config { request_token_uses: Some(1), ..Config::default() });
    let past = "UPDATE record SET refresh_expires_at = 1000";
    assert_eq!(world.database().execute(past, []).unwrap(), 1);
    world.expire("default");
    assert!(
        world.sandbox.is_live_access_token(&token(&world)),
        "Concur's answer counts, not our date"
    );
    assert_eq!(world.database().execute(past, []).unwrap(), 1);
    world.expire("default");
    world.sandbox.revoke_refresh_tokens();
    world.sandbox.clear_log();
    for _ in 0..2 {
        drop(world.concur(["get"]).fails(4));
    }
    assert_eq!(world.refreshes(), 1);
}

#[test]
fn an_explicit_refresh_always_sends_a_request() {
    let world = World::logged_in();
    let first = token(&world);
    drop(world.concur(["refresh"]).ok());
    let second = token(&world);
    assert_ne!(first, second, "although the token was valid");
    for fault in [temporarily_unavailable(), Fault::Code(60), Fault::Code(59)] {
        world.expire("default");
        world.sandbox.push_fault(fault.clone());
        drop(world.concur(["refresh"]).output());
        let before = world.refreshes();
        drop(world.concur(["refresh"]).ok());
        assert_eq!(world.refreshes(), before + 1, "after {fault:?}");
    }
}

#[test]
fn a_token_issued_with_less_than_the_minimum_lifetime_is_printed_to_its_requester() {
    let world = World::logged_in();
    world.expire("default");
    world.sandbox.configure(|config| config.access_lifetime_seconds = 30);
    let callers: Vec<_> = (0..10).map(|_| world.concur(["get"]).start()).collect();
    for caller in callers {
        let token = caller.wait().code(0).line();
        assert!(world.sandbox.was_issued_access_token(&token));
    }
    assert!(world.refreshes() <= 10, "{}", world.refreshes());
    assert_eq!(world.sandbox.counters().max_simultaneous_refreshes_of_one_family, 1);
}

#[test]
fn an_absurd_lifetime_is_replaced_by_the_tokens_own_expiry() {
    let world = World::logged_in();
    for odd in [json!(0), json!(-5), json!(1e300), json!("soon"), json!(null), json!([3600])] {
        world.expire("default");
        let fault = Fault::OverrideField { name: "expires_in".to_owned(), value: odd.clone() };
        world.sandbox.push_fault(fault);
        let token = world.concur(["get"]).ok().line();
        assert!(world.sandbox.is_live_access_token(&token), "{odd}");
        let obtained: i64 = world.column("default", "obtained_at");
        let expires: i64 = world.column("default", "access_expires_at");
        assert!((3590..=3600).contains(&(expires - obtained)), "{odd}: {expires} - {obtained}");
    }
}

#[test]
fn a_lifetime_written_as_text_is_read_as_a_number() {
    let style = concur_sandbox::NumberStyle::Text;
    let world = World::logged_in_with(Config { number_style: style, ..Config::default() });
    world.expire("default");
    drop(token(&world));
    assert!(!world.column::<bool>("default", "refresh_expiry_assumed"));
}
