//! `SIGKILL` at every named moment of a refresh.

use super::mixture::WINDOW;
use crate::harness::World;
use concur_cred::failpoint::RENEWAL;
use concur_sandbox::{Config, Rotation};

fn strictest() -> Config {
    Config { rotation: Rotation::NewRevokeFamily, ..Config::default() }
}

/// Kills a `get` of an expired token at `moment`.
fn killed_at(world: &World, moment: &str) {
    world.expire("default");
    let failpoint = format!("{moment}=kill");
    let killed = world.concur(["get"]).env("CONCUR_CRED_TEST_FAILPOINT", failpoint).output();
    assert_eq!(killed.code, None, "killed at {moment}: {killed:?}");
    if moment != "answer-printed" {
        assert!(killed.stdout.is_empty(), "nothing was printed at {moment}");
    }
}

fn assert_sound(world: &World, moment: &str) {
    let integrity: String =
        world.database().query_row("PRAGMA integrity_check", [], |row| row.get(0)).unwrap();
    assert_eq!(integrity, "ok", "after a kill at {moment}");
    let journal = world.state_dir().join("store.db-journal");
    assert!(!journal.exists(), "no leftover journal after a kill at {moment}");
}

#[test]
fn outside_the_documented_window_a_kill_loses_nothing() {
    for moment in RENEWAL.into_iter().filter(|moment| !WINDOW.contains(moment)) {
        let world = World::logged_in_with(strictest());
        killed_at(&world, moment);
        let token = world.concur(["get"]).ok().silent().line();
        assert!(world.sandbox.is_live_access_token(&token), "a valid token after {moment}");
        assert_eq!(world.refreshes(), 1, "one refresh in all, killed at {moment}");
        let file = world.concur(["export", "-"]).ok().json();
        let refresh_token = file["refresh_token"].as_str().unwrap();
        assert!(world.sandbox.is_current_refresh_token(refresh_token), "kept after {moment}");
        assert_sound(&world, moment);
    }
}

#[test]
fn inside_the_window_the_store_shows_an_attempt_without_an_end() {
    for moment in WINDOW {
        let world = World::logged_in_with(strictest());
        killed_at(&world, moment);
        let started: Option<i64> = world.column("default", "attempt_started_at");
        let ended: Option<i64> = world.column("default", "attempt_ended_at");
        assert!(started.is_some() && ended.is_none(), "killed at {moment}");
        // The company request token of the login is still valid: the company grant follows.
        let token = world.concur(["get"]).ok().silent().line();
        assert!(world.sandbox.is_live_access_token(&token), "a valid token after {moment}");
        assert_sound(&world, moment);
    }
}

#[test]
fn inside_the_window_nothing_is_lost_if_old_tokens_stay_valid() {
    for moment in WINDOW {
        let config = Config { rotation: Rotation::NewKeepOld, ..Config::default() };
        let world = World::logged_in_with(config);
        killed_at(&world, moment);
        let token = world.concur(["get"]).ok().silent().line();
        assert!(world.sandbox.is_live_access_token(&token));
        assert_eq!(world.refreshes(), 2, "asked again after {moment}");
    }
}

#[test]
fn waiters_name_a_stopped_holder_and_give_up_at_the_timeout() {
    let world = World::logged_in_with(strictest());
    world.expire("default");
    let mut holder =
        world.concur(["get"]).env("CONCUR_CRED_TEST_FAILPOINT", "attempt-begun=stop").start();
    let pid = holder.child.id().to_string();
    let holder_file = |world: &World| {
        std::fs::read_dir(world.state_dir().join("locks"))
            .unwrap()
            .map(|entry| entry.unwrap().path())
            .find(|path| path.extension().is_some_and(|extension| extension == "holder"))
    };
    // The holder has named itself once its attempt is in the store.
    while world.column::<i64>("default", "attempt") == 0 {
        std::thread::yield_now();
    }
    assert!(std::fs::read_to_string(holder_file(&world).unwrap()).unwrap().contains(&pid));
    let waiter = world.concur(["get"]).env("CONCUR_CRED_LOCK_TIMEOUT", "1s").fails(5);
    waiter.says(&pid);
    holder.child.kill().unwrap();
    let _ = holder.wait();
    assert!(world.sandbox.is_live_access_token(&world.concur(["get"]).ok().line()));
    assert_eq!(world.refreshes(), 1, "the stopped holder had sent no request yet");
}
