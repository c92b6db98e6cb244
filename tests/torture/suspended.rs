//! A process that is suspended and continues much later.

use rustix::process::{Pid, Signal, kill_process};

use concur_sandbox::{Config, Rotation};

use crate::harness::{Running, World};

/// A `get` that has stopped itself at `moment`.
fn stopped_at(world: &World, moment: &str) -> Running {
    let running =
        world.concur(["get"]).env("CONCUR_CRED_TEST_FAILPOINT", format!("{moment}=stop")).start();
    let pid = Pid::from_child(&running.child);
    let options = rustix::process::WaitOptions::UNTRACED;
    let (_, status) = rustix::process::waitpid(Some(pid), options).unwrap().unwrap();
    assert!(status.stopped(), "stopped at {moment}");
    running
}

fn resume(running: &Running) {
    kill_process(Pid::from_child(&running.child), Signal::CONT).unwrap();
}

fn strictest() -> Config {
    Config { rotation: Rotation::NewRevokeFamily, ..Config::default() }
}

#[test]
fn a_token_that_expires_between_decision_and_use_costs_one_more_get() {
    let world = World::logged_in_with(strictest());
    let old = world.concur(["get"]).ok().line();
    let suspended = stopped_at(&world, "lock-released");
    // Hours go by.
    world.expire("default");
    world.sandbox.expire_access_tokens();
    let renewed = world.concur(["get"]).ok().silent().line();
    resume(&suspended);
    assert_eq!(suspended.wait().code(0).line(), old, "the decided answer is printed");
    assert_eq!(world.concur(["get"]).ok().silent().line(), renewed, "and nothing was changed");
    assert_eq!(world.refreshes(), 1);
}

#[test]
fn a_process_suspended_with_an_answer_keeps_it() {
    for moment in ["answer-received", "grant-sealed", "grant-committed"] {
        let world = World::logged_in_with(strictest());
        world.expire("default");
        let suspended = stopped_at(&world, moment);
        world.sandbox.expire_access_tokens();
        let waiter = world.concur(["get"]).env("CONCUR_CRED_LOCK_TIMEOUT", "1s").output();
        // After the commit others use the token; before it they wait and give up. None sends a second request.
        let expected = if moment == "grant-committed" { 0 } else { 5 };
        drop(waiter.code(expected));
        assert_eq!(world.refreshes(), 1, "stopped at {moment}");
        resume(&suspended);
        let token = suspended.wait().code(0).line();
        assert!(world.sandbox.was_issued_access_token(&token));
        world.expire("default");
        let token = world.concur(["get"]).ok().silent().line();
        assert!(world.sandbox.is_live_access_token(&token), "stopped at {moment}");
        assert_eq!(world.refreshes(), 2, "stopped at {moment}");
        assert_eq!(world.sandbox.counters().families_revoked_by_reuse, 0);
    }
}

#[test]
fn a_process_suspended_before_the_lock_uses_the_newer_tokens() {
    let world = World::logged_in_with(strictest());
    world.expire("default");
    let suspended = stopped_at(&world, "lock-taken");
    drop(world.concur(["get"]).env("CONCUR_CRED_LOCK_TIMEOUT", "1s").fails(5));
    resume(&suspended);
    let token = suspended.wait().code(0).line();
    assert_eq!(world.concur(["get"]).ok().silent().line(), token);
    assert_eq!(world.refreshes(), 1);
}
