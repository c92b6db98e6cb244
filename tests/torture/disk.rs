//! Every write of a refresh fails once, as on a full disk and on a broken one: before the request
//! nothing is spent, after it nothing is lost.

use crate::harness::{Output, World};
use concur_cred::failpoint::WRITES;
use concur_sandbox::{Config, Fault, Rotation};

const KINDS: [&str; 2] = ["full", "io"];

fn strictest() -> Config {
    Config { rotation: Rotation::NewRevokeFamily, ..Config::default() }
}

/// A world with an expired token.
fn expired() -> World {
    let world = World::logged_in_with(strictest());
    world.expire("default");
    world.sandbox.clear_log();
    world
}

/// `get` with these writes refused.
fn get(world: &World, refused: &str) -> Output {
    world.concur(["get"]).env("CONCUR_CRED_TEST_FAILPOINT", refused).output()
}

fn reserve(world: &World) -> std::path::PathBuf {
    let id: i64 = world.column("default", "id");
    world.state_dir().join("reserve").join(format!("{id:016x}"))
}

fn exported(world: &World) -> String {
    let file = world.concur(["export", "-"]).ok().json();
    file["refresh_token"].as_str().unwrap().to_owned()
}

/// A world whose new tokens are only in the reserve; the previous access token, and the new one.
fn with_pending_grant() -> (World, String, String) {
    let world = World::logged_in_with(strictest());
    let old = world.concur(["get"]).ok().line();
    world.age_access_token("default", 120);
    world
        .concur(["refresh"])
        .env("CONCUR_CRED_TEST_FAILPOINT", "grant-commit=full")
        .ok()
        .says("reserve");
    let new = std::fs::read(reserve(&world)).unwrap();
    assert!(new.starts_with(b"CCSPILL1"));
    world.sandbox.clear_log();
    (world, old, String::from_utf8_lossy(&new).into_owned())
}

#[test]
fn a_write_failure_before_the_request_spends_no_refresh_token() {
    for write in ["lock-open", "reserve-write", "attempt-begin"] {
        for kind in KINDS {
            let world = expired();
            std::fs::remove_file(reserve(&world)).unwrap();
            let output = get(&world, &format!("{write}={kind}")).code(6);
            assert!(output.stdout.is_empty() && output.stderr.starts_with("error: "));
            assert_eq!(world.token_requests(), 0, "{write}={kind}: nothing was asked");
            assert!(world.sandbox.is_current_refresh_token(&exported(&world)));
            world.concur(["get"]).ok().silent();
            assert_eq!(
                world.token_requests(),
                1,
                "{write}={kind}: one request once there is space"
            );
        }
    }
}

#[test]
fn a_grant_whose_commit_fails_becomes_pending_and_is_committed_later() {
    for write in ["grant-commit", "grant-sync"] {
        for kind in KINDS {
            let world = expired();
            let output = get(&world, &format!("{write}={kind}")).code(0).says("reserve");
            let token = output.line();
            let pending = std::fs::read(reserve(&world)).unwrap();
            let plain =
                |secret: &str| pending.windows(secret.len()).any(|w| w == secret.as_bytes());
            assert!(!plain(&token) && !plain("access_token"), "{write}={kind}: sealed");
            assert_eq!(world.concur(["get"]).ok().silent().line(), token, "{write}={kind}");
            assert!(world.sandbox.is_current_refresh_token(&exported(&world)), "{write}={kind}");
            world.expire("default");
            world.concur(["get"]).ok().silent();
            assert_eq!(world.refreshes(), 2, "{write}={kind}: no answer was lost");
            assert_eq!(world.sandbox.counters().families_revoked_by_reuse, 0);
        }
    }
}

#[test]
fn a_grant_that_cannot_be_saved_is_printed_and_the_loss_is_reported() {
    for kind in KINDS {
        let world = expired();
        let refused = format!("grant-commit={kind},spill-write={kind}");
        let output = get(&world, &refused).code(0).says("log in again within the hour");
        assert!(world.sandbox.is_live_access_token(&output.line()));
        // The company request token of the login is still valid: the company grant follows.
        let token = world.concur(["get"]).ok().silent().line();
        assert!(world.sandbox.is_live_access_token(&token));
    }
}

#[test]
fn a_pending_grant_that_cannot_be_cleared_is_committed_only_once() {
    for kind in KINDS {
        let world = expired();
        let token = get(&world, "grant-commit=full").code(0).line();
        let refused = format!("spill-clear={kind}");
        assert_eq!(get(&world, &refused).code(0).silent().line(), token, "{kind}");
        assert!(std::fs::read(reserve(&world)).unwrap().starts_with(b"CCSPILL1"), "still there");
        assert_eq!(world.concur(["get"]).ok().silent().line(), token, "{kind}");
        world.expire("default");
        // A reserve that cannot be cleared could not store another answer: nothing is spent.
        get(&world, &refused).code(6);
        assert_eq!(world.refreshes(), 1, "{kind}");
        world.concur(["get"]).ok().silent();
        assert!(!std::fs::read(reserve(&world)).unwrap().starts_with(b"CCSPILL1"), "cleared");
        assert_eq!(world.refreshes(), 2, "{kind}");
        assert_eq!(world.sandbox.counters().families_revoked_by_reuse, 0);
    }
}

#[test]
fn a_failure_that_cannot_be_recorded_is_reported_and_delays_no_caller() {
    for kind in KINDS {
        let world = expired();
        world.sandbox.push_fault(Fault::too_many_requests(300));
        let output = get(&world, &format!("attempt-end={kind}")).code(5).says("429");
        assert!(output.stdout.is_empty());
        drop(output.says("other processes will send the request again"));
        let ended: Option<i64> = world.column("default", "attempt_ended_at");
        assert_eq!(ended, None, "{kind}: the attempt has no end");
        world.concur(["get"]).ok().silent();
    }
}

#[test]
fn inside_the_soft_window_a_write_failure_fails_no_caller() {
    for write in WRITES {
        let world = World::logged_in_with(strictest());
        world.age_access_token("default", 3400);
        let output = get(&world, &format!("{write}=full")).code(0);
        assert!(world.sandbox.is_live_access_token(&output.line()), "{write}");
        let next = world.concur(["refresh"]).ok();
        assert_eq!(world.sandbox.counters().families_revoked_by_reuse, 0, "{write}\n{next:?}");
    }
}

#[test]
fn every_output_of_the_refresh_token_commits_a_pending_grant_first() {
    let (world, ..) = with_pending_grant();
    assert!(world.sandbox.is_current_refresh_token(&exported(&world)), "export");
    let (world, ..) = with_pending_grant();
    let args = ["get", "--format", "json", "--with-refresh-token"];
    let json = world.concur(args).ok().json();
    let printed = json["refresh_token"].as_str().unwrap();
    assert!(world.sandbox.is_current_refresh_token(printed), "get --with-refresh-token");
    assert_eq!(world.token_requests(), 0, "no request was sent");
}

#[test]
fn a_spent_refresh_token_is_never_printed() {
    let world = expired();
    let args = ["get", "--format", "json", "--with-refresh-token"];
    let run = world.concur(args).env("CONCUR_CRED_TEST_FAILPOINT", "grant-commit=full");
    let json = run.ok().json();
    assert!(json["refresh_token"].is_null(), "it is pending in the reserve: {json}");
    assert!(world.sandbox.is_current_refresh_token(&exported(&world)));
}

#[test]
fn an_erase_does_not_invalidate_a_pending_grant() {
    let (world, old, _) = with_pending_grant();
    let request = world.request(&format!("password={old}\n"));
    world.concur(["erase"]).stdin(request).ok().silent();
    let token = world.concur(["get"]).ok().silent().line();
    assert_ne!(token, old);
    assert!(world.sandbox.is_live_access_token(&token));
    assert!(world.sandbox.is_current_refresh_token(&exported(&world)), "the answer is kept");
    assert_eq!(world.token_requests(), 0, "the pending grant was used");
}
