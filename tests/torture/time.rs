//! Clocks that step, that are wrong, and that show distant times.

use concur_sandbox::{Config, Rotation, SIX_MONTHS_SECONDS};

use crate::harness::World;

const HOUR: i64 = 3600;
const YEAR: i64 = 365 * 86_400;
/// How far a recorded time may be from the expected one: what the test itself takes, and the
/// difference between two clocks that counts as none.
const TOLERANCE: i64 = 45;

fn world() -> World {
    World::with(Config { rotation: Rotation::NewRevokeFamily, ..Config::default() })
}

fn login_at(world: &World, offset: i64) {
    let file = world.write("credentials.json", world.sandbox.credentials_json());
    let origin = world.sandbox.origin().to_owned();
    let run = world.concur(["login", "--base-url", &origin, "--credentials"]).arg(file);
    drop(run.at_offset(offset).ok());
}

fn assert_near(found: i64, expected: i64, what: &str) {
    assert!(found.abs_diff(expected) <= TOLERANCE.unsigned_abs(), "{what}: {found}, {expected}");
}

/// The refresh token's recorded life, in the program's own time.
fn assert_recorded_life(world: &World, what: &str) {
    let at: i64 = world.column("default", "refresh_expires_at");
    let refreshed: i64 = world.column("default", "refreshed_at");
    assert_near(at - refreshed, SIX_MONTHS_SECONDS, what);
    let at: i64 = world.column("default", "access_expires_at");
    assert_near(at - refreshed, HOUR, what);
}

fn assert_not_lost(world: &World, offset: i64, what: &str) {
    let file = world.concur(["export", "-"]).at_offset(offset).ok().json();
    let kept = file["refresh_token"].as_str().unwrap();
    assert!(world.sandbox.is_current_refresh_token(kept), "{what}");
}

#[test]
fn a_clock_that_steps_and_steps_back_costs_a_refresh_each_and_loses_nothing() {
    for step in [HOUR, -HOUR, YEAR, -YEAR, 20 * YEAR] {
        let world = world();
        login_at(&world, 0);
        world.sandbox.clear_log();
        for (number, offset) in [step, 0, step, 0].into_iter().enumerate() {
            let what = format!("{step} s, step {number}");
            let token = world.concur(["get"]).at_offset(offset).ok().line();
            assert!(world.sandbox.is_live_access_token(&token), "{what}");
            let again = world.concur(["get"]).at_offset(offset).ok().silent().line();
            assert_eq!(again, token, "{what}: one refresh, not one per get");
            assert!(world.refreshes() <= number as u64 + 1, "{what}");
            assert_recorded_life(&world, &what);
            assert_not_lost(&world, offset, &what);
        }
        assert_eq!(world.sandbox.counters().families_revoked_by_reuse, 0);
        assert_eq!(world.sandbox.violations(), Vec::<String>::new());
    }
}

#[test]
fn a_service_with_a_wrong_clock_is_handled() {
    // The service's clock against ours, seen from here: ours is the one that the test can move.
    for offset in [HOUR, -HOUR, 86_400, -86_400] {
        let world = world();
        login_at(&world, offset);
        assert_recorded_life(&world, &format!("login, {offset} s"));
        let token = world.concur(["get"]).at_offset(offset).ok().silent().line();
        world.concur(["refresh"]).at_offset(offset).ok();
        assert_recorded_life(&world, &format!("refresh, {offset} s"));
        assert_ne!(world.concur(["get"]).at_offset(offset).ok().silent().line(), token);
        assert_eq!(world.refreshes(), 1, "{offset} s: a valid token is not refreshed");
        assert_not_lost(&world, offset, &format!("{offset} s"));
    }
}

#[test]
fn times_beyond_2038_and_before_1970_are_valid() {
    for offset in [20 * YEAR, 100 * YEAR, -80 * YEAR] {
        let world = world();
        login_at(&world, offset);
        let what = format!("{} years", offset / YEAR);
        assert_recorded_life(&world, &what);
        let at: i64 = world.column("default", "access_expires_at");
        assert!((offset < 0) == (at < 0), "{what}: {at}");
        let token = world.concur(["get"]).at_offset(offset).ok().silent().line();
        assert!(world.sandbox.is_live_access_token(&token), "{what}");
        for command in ["refresh", "status", "log"] {
            world.concur([command]).at_offset(offset).ok();
        }
        drop(world.concur(["status", "--json"]).at_offset(offset).ok().json());
        let later = offset + 2 * HOUR;
        world.concur(["get"]).at_offset(later).ok().silent();
        assert_recorded_life(&world, &what);
        assert_not_lost(&world, later, &what);
    }
}

#[test]
fn a_token_from_the_future_is_served_or_refreshed() {
    for ahead in [HOUR, 86_400, YEAR] {
        let world = world();
        let app = world.sandbox.app().clone();
        world.write("credentials.json", world.sandbox.credentials_json());
        let file =
            world.write("tokens.json", world.sandbox.refresh_token_object_file(&app, -ahead));
        let origin = world.sandbox.origin().to_owned();
        world.concur(["import", "--base-url", &origin]).arg(file).ok();
        let token = world.concur(["get"]).ok().line();
        assert!(world.sandbox.was_issued_access_token(&token), "{ahead} s");
        world.concur(["refresh"]).ok();
        let token = world.concur(["get"]).ok().silent().line();
        assert!(world.sandbox.is_live_access_token(&token), "{ahead} s");
        assert_recorded_life(&world, &format!("{ahead} s ahead"));
    }
}

#[test]
fn a_failure_recorded_by_a_wrong_clock_delays_no_caller() {
    for offset in [YEAR, -YEAR] {
        let world = world();
        login_at(&world, 0);
        world.expire("default");
        world.sandbox.push_fault(concur_sandbox::Fault::too_many_requests(900));
        drop(world.concur(["refresh"]).at_offset(offset).fails(5));
        world.concur(["get"]).ok().silent();
    }
}
