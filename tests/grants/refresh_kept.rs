//! `login --grant refresh` spends the refresh token that it is given: the new one is kept, whatever
//! happens to the store, and nothing is spent that could not be kept.

use std::time::Duration;

use concur_sandbox::{Config, Rotation};
use rustix::process::{Pid, Signal, kill_process};

use crate::harness::{BINARY, Run, World};

const FAILPOINT: &str = "CONCUR_CRED_TEST_FAILPOINT";

fn world() -> World {
    World::with(Config { rotation: Rotation::NewRevokeFamily, ..Config::default() })
}

/// The login by `run`, with a refresh token that the service has just issued.
fn login(world: &World, run: Run) -> Run {
    let app = world.sandbox.app().clone();
    let held = world.sandbox.issue_token_response(&app, 60);
    run.env("CONCUR_CRED_CLIENT_ID", &app.client_id)
        .env("CONCUR_CRED_CLIENT_SECRET", &app.client_secret)
        .env("CONCUR_CRED_REFRESH_TOKEN", held["refresh_token"].as_str().unwrap())
}

fn refused(world: &World, writes: &str) -> Run {
    let args = ["login", "--grant", "refresh", "--base-url", world.sandbox.origin()];
    login(world, world.concur(args)).env(FAILPOINT, writes)
}

/// The profile's refresh token is the valid one.
fn assert_nothing_was_lost(world: &World) {
    world.concur(["refresh"]).ok();
    let kept = world.concur(["export", "-"]).ok().json();
    let token = kept["refresh_token"].as_str().unwrap();
    assert!(world.sandbox.is_current_refresh_token(token));
    assert_eq!(world.sandbox.counters().families_revoked_by_reuse, 0);
}

#[test]
fn an_unwritable_store_is_detected_before_anything_is_sent() {
    for kind in ["full", "io"] {
        let world = world();
        refused(&world, &format!("login-begin={kind}")).fails(6);
        world.concur(["status"]).fails(3);
        refused(&world, "").ok();
        let before = world.token_requests();
        refused(&world, &format!("login-begin={kind}")).fails(6);
        assert_eq!(world.token_requests(), before, "{kind}");
        assert_nothing_was_lost(&world);
    }
}

#[test]
fn on_a_full_disk_a_new_profile_uses_the_space_of_its_reserve() {
    let world = world();
    refused(&world, "account-save=full").ok();
    assert_nothing_was_lost(&world);
}

#[test]
fn an_existing_profile_keeps_the_answer_in_its_reserve() {
    let world = world();
    refused(&world, "").ok();
    let output = refused(&world, "account-save=full").fails(6);
    drop(output.says("saved in the reserve file").says("the next refresh commits them"));
    let before = world.token_requests();
    world.concur(["refresh"]).ok();
    assert_eq!(world.token_requests(), before, "the pending grant is committed");
    assert_nothing_was_lost(&world);
}

#[test]
fn a_lost_token_is_reported() {
    let world = world();
    let output = refused(&world, "account-save=io,account-save-again=io").fails(6);
    let output = output.says("has replaced the refresh token").says("could not be kept");
    assert!(!output.stderr.contains("nothing was"), "{output:?}");
    world.concur(["status"]).fails(3);
}

#[test]
fn a_signal_ends_the_login_after_the_answer_is_committed() {
    for signal in [Signal::HUP, Signal::INT, Signal::TERM] {
        let world = world();
        let origin = world.sandbox.origin().to_owned();
        let args = ["--default-signal", BINARY, "login", "--grant", "refresh", "--base-url"];
        let run = login(&world, world.run("env", args).arg(&origin));
        let gate = world.sandbox.hold_next_token_request();
        let running = run.start();
        assert!(gate.wait_until_reached(Duration::from_secs(20)), "it asks");
        kill_process(Pid::from_child(&running.child), signal).unwrap();
        gate.release();
        let output = running.wait();
        assert_eq!(output.signal, Some(signal.as_raw()), "{output:?}");
        assert!(world.concur(["log"]).ok().text().contains("logged in"));
        assert_nothing_was_lost(&world);
    }
}

/// The container's entrypoint logs in at every start, with the refresh token that made the profile.
#[test]
fn a_refresh_token_that_the_profile_has_consumed_is_not_sent_again() {
    let world = world();
    let app = world.sandbox.app().clone();
    let held = world.sandbox.issue_token_response(&app, 60);
    let first = held["refresh_token"].as_str().unwrap();
    let login = |grant: &[&str]| {
        let args = ["login", "--base-url", world.sandbox.origin()];
        let run = world.concur(args.iter().chain(grant).copied());
        run.env("CONCUR_CRED_CLIENT_ID", &app.client_id)
            .env("CONCUR_CRED_CLIENT_SECRET", &app.client_secret)
    };
    login(&[]).env("CONCUR_CRED_REFRESH_TOKEN", first).ok();
    let second = world.concur(["export", "-"]).ok().json()["refresh_token"].clone();
    for _ in 0..40 {
        world.concur(["refresh"]).ok();
    }
    let last = world.concur(["export", "-"]).ok();
    assert!(!last.text().contains("consumed"), "{last:?}");
    let before = (world.token_requests(), world.column::<i64>("default", "generation"));
    for (token, grant) in [
        (first, &[][..]),
        (first, &["--grant", "refresh"]),
        (first, &["--grant", "refresh", "--replace"]),
        (second.as_str().unwrap(), &[]),
    ] {
        let output = login(grant).env("CONCUR_CRED_REFRESH_TOKEN", token).ok();
        let output = output.says("default: already logged in").says("nothing was sent");
        assert_eq!(output.stderr.lines().count(), 1, "{output:?}");
    }
    let file = format!(r#"{{"refreshToken":"{first}"}}"#);
    world.write("credentials.json", file);
    login(&[]).ok().says("already logged in");
    let other = login(&["--profile", "other"]).fails(2);
    drop(other.says("profile default already has this refresh token"));
    let after = (world.token_requests(), world.column::<i64>("default", "generation"));
    assert_eq!(after, before);
    assert_nothing_was_lost(&world);
    // A new one is used, and one that Concur refuses is nothing to protect.
    self::login(&world, login(&[])).ok().says("Logged in");
    login(&[]).ok().says("already logged in");
    world.sandbox.revoke_refresh_tokens();
    world.concur(["refresh"]).fails(4);
    login(&[]).fails(4).says("code 108");
}

#[test]
fn a_consumed_refresh_token_is_known_also_after_an_import_and_from_the_reserve() {
    let world = world();
    let app = world.sandbox.app().clone();
    let text = world.sandbox.refresh_token_object_file(&app, 60);
    let file: serde_json::Value = serde_json::from_str(&text).unwrap();
    world.write("credentials.json", world.sandbox.credentials_json());
    let import = ["import", "-", "--base-url", world.sandbox.origin()];
    world.concur(import).stdin(text).ok();
    world.concur(["refresh"]).env(FAILPOINT, "grant-commit=full").ok().says("reserve file");
    let before = world.token_requests();
    world
        .concur(["login", "--grant", "refresh"])
        .env("CONCUR_CRED_REFRESH_TOKEN", file["refresh_token"].as_str().unwrap())
        .ok()
        .says("already logged in");
    assert_eq!(world.token_requests(), before);
    assert_nothing_was_lost(&world);
}
