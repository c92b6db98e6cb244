//! Many callers at one moment: one refresh, one answer, no storm.

use std::time::Duration;

use concur_sandbox::{Config, Fault, Gate, Rotation, Sandbox};

use crate::harness::{Output, Running, World, leaving};

const HERD: usize = 100;
/// How long a test waits for an event that should happen at once.
const SOON: Duration = Duration::from_secs(20);

/// Starts `count` of the same command before it waits for any.
fn herd(world: &World, count: usize, args: &[&str]) -> Vec<Running> {
    (0..count).map(|_| world.concur(args).start()).collect()
}

fn ends(herd: Vec<Running>) -> Vec<Output> {
    herd.into_iter().map(Running::wait).collect()
}

/// A caller whose token request is delayed at the gate.
fn held(world: &World, args: &[&str]) -> (Running, Gate) {
    let gate = world.sandbox.hold_next_token_request();
    let caller = world.concur(args).start();
    assert!(gate.wait_until_reached(SOON), "the caller asks the token service");
    (caller, gate)
}

fn rotating() -> Config {
    Config { rotation: Rotation::NewRevokeFamily, ..Config::default() }
}

#[test]
fn a_hundred_callers_of_an_expired_token_cost_one_refresh_and_get_one_answer() {
    let world = World::logged_in_with(rotating());
    world.expire("default");
    let outputs = ends(herd(&world, HERD, &["get"]));
    let mut tokens: Vec<String> = outputs.into_iter().map(|output| output.code(0).line()).collect();
    tokens.sort();
    tokens.dedup();
    assert_eq!(tokens.len(), 1, "all are served the same token");
    assert!(world.sandbox.is_live_access_token(&tokens[0]));
    assert_eq!(world.refreshes(), 1, "the service was asked once");
    let counters = world.sandbox.counters();
    assert_eq!(counters.families_revoked_by_reuse, 0);
    assert_eq!(counters.max_simultaneous_refreshes_of_one_family, 1);
    assert_eq!(world.sandbox.violations(), Vec::<String>::new());
}

#[test]
fn a_herd_with_an_invalid_refresh_token_uses_the_company_grant_once() {
    let world = World::logged_in();
    world.sandbox.revoke_refresh_tokens();
    world.expire("default");
    world.sandbox.clear_log();
    let outputs = ends(herd(&world, 50, &["get"]));
    let token = outputs[0].line();
    for output in outputs {
        assert_eq!(output.code(0).line(), token);
    }
    assert_eq!(world.token_requests(), 2, "the refused refresh, and the company grant");
}

#[test]
fn a_herd_without_a_request_token_records_one_invalid_refresh_token() {
    let once = Config { request_token_uses: Some(1), ..Config::default() };
    let world = World::logged_in_with(once);
    world.sandbox.revoke_refresh_tokens();
    world.expire("default");
    world.sandbox.clear_log();
    for output in ends(herd(&world, 50, &["get"])) {
        let output = output.code(4).says("code 108");
        assert!(output.stdout.is_empty(), "nothing on stdout\n{output:?}");
    }
    assert_eq!(world.refreshes(), 1);
    assert!(world.token_requests() <= 2, "at most the company grant besides");
}

#[test]
fn a_herd_that_waits_while_the_request_is_under_way_gets_its_answer() {
    let world = World::logged_in_with(rotating());
    world.expire("default");
    let (first, gate) = held(&world, &["get"]);
    let waiters = herd(&world, 30, &["get"]);
    gate.release();
    let token = first.wait().code(0).line();
    for output in ends(waiters) {
        assert_eq!(output.code(0).silent().line(), token);
    }
    assert_eq!(world.refreshes(), 1);
}

#[test]
fn a_hundred_explicit_refreshes_run_one_at_a_time() {
    let world = World::logged_in_with(rotating());
    for output in ends(herd(&world, HERD, &["refresh"])) {
        drop(output.code(0));
    }
    let counters = world.sandbox.counters();
    assert_eq!(counters.max_simultaneous_refreshes_of_one_family, 1);
    assert_eq!(counters.families_revoked_by_reuse, 0);
    assert!(world.sandbox.is_live_access_token(&world.concur(["get"]).ok().line()));
}

#[test]
fn a_hundred_callers_of_a_service_that_is_down_cost_three_requests() {
    let world = World::logged_in();
    world.expire("default");
    world.sandbox.clear_log();
    world.sandbox.fault_always(Fault::service_unavailable());
    for output in ends(herd(&world, HERD, &["get"])) {
        let output = output.code(5);
        assert!(output.stdout.is_empty(), "nothing on stdout\n{output:?}");
        drop(output.says("503"));
    }
    assert!(world.token_requests() <= 3, "{} requests", world.token_requests());
    assert_eq!(world.column::<i64>("default", "attempt"), 1, "one attempt was made");
}

#[test]
fn callers_inside_the_back_off_fail_fast_without_a_request() {
    let world = World::logged_in();
    world.expire("default");
    let retry_after = Some(concur_sandbox::RetryAfter::Seconds(300));
    let body = concur_sandbox::StatusBody::Html;
    world.sandbox.fault_always(Fault::Status { code: 503, body, retry_after });
    drop(world.concur(["get"]).fails(5));
    world.sandbox.clear_log();
    for output in ends(herd(&world, 20, &["get"])) {
        drop(output.code(5).says("503"));
    }
    assert_eq!(world.token_requests(), 0);
}

#[test]
fn a_herd_on_a_closed_port_makes_one_attempt() {
    let mut world = World::logged_in_with(leaving());
    world.expire("default");
    drop(std::mem::replace(&mut world.sandbox, Sandbox::start(Config::default()).unwrap()));
    for output in ends(herd(&world, HERD, &["get"])) {
        let output = output.code(5).says("cannot be reached");
        assert!(output.stdout.is_empty(), "nothing on stdout\n{output:?}");
    }
    // A local failure of one caller delays others for 5 s only.
    let attempts: i64 = world.column("default", "attempt");
    assert!((1..=2).contains(&attempts), "{attempts} attempts");
    assert_eq!(world.token_requests(), 0, "no other request was sent");
}

#[test]
fn inside_the_soft_window_one_refreshes_and_no_caller_waits() {
    let world = World::logged_in();
    let current = world.concur(["get"]).ok().line();
    world.age_access_token("default", 3600 - 200);
    let (refreshing, gate) = held(&world, &["get"]);
    for output in ends(herd(&world, 20, &["get"])) {
        assert_eq!(output.code(0).silent().line(), current, "the current token serves");
    }
    gate.release();
    let renewed = refreshing.wait().code(0).silent().line();
    assert_ne!(renewed, current);
    assert_eq!(world.refreshes(), 1);
    assert_eq!(world.concur(["get"]).ok().line(), renewed);
}

#[test]
fn a_waiter_gives_up_after_the_lock_timeout_and_names_the_holder() {
    let world = World::logged_in();
    world.expire("default");
    let (holder, gate) = held(&world, &["get"]);
    let pid = holder.child.id().to_string();
    let waiter = world.concur(["get"]).env("CONCUR_CRED_LOCK_TIMEOUT", "1s");
    drop(waiter.fails(5).says(&format!("pid {pid}")));
    gate.release();
    drop(holder.wait().code(0));
    assert_eq!(world.refreshes(), 1);
}

#[test]
fn a_waiter_names_the_lock_holder_after_two_seconds() {
    let world = World::logged_in();
    world.expire("default");
    let (holder, gate) = held(&world, &["get"]);
    let pid = holder.child.id();
    let waits = |args: &[&str]| world.concur(args).env("CONCUR_CRED_LOCK_TIMEOUT", "3s").start();
    let (loud, quiet) = (waits(&["get"]), waits(&["--quiet", "get"]));
    drop(loud.wait().code(5).says(&format!("waiting for pid {pid}")));
    let quiet = quiet.wait().code(5);
    assert!(!quiet.stderr.contains("waiting for"), "--quiet leaves the note out\n{quiet:?}");
    gate.release();
    drop(holder.wait().code(0));
}

#[cfg(unix)]
mod unix {
    use rustix::process::{Pid, Signal, kill_process};

    use super::*;

    fn signal(running: &Running, signal: Signal) {
        kill_process(Pid::from_child(&running.child), signal).unwrap();
    }

    #[test]
    fn waiters_give_up_on_a_stopped_holder_and_lose_nothing() {
        let world = World::logged_in_with(rotating());
        world.expire("default");
        let (holder, gate) = held(&world, &["get"]);
        signal(&holder, Signal::STOP);
        let pid = format!("pid {}", holder.child.id());
        let waiter = world.concur(["get"]).env("CONCUR_CRED_LOCK_TIMEOUT", "1s");
        drop(waiter.fails(5).says(&pid));
        gate.release();
        signal(&holder, Signal::CONT);
        let token = holder.wait().code(0).line();
        assert_eq!(world.concur(["get"]).ok().silent().line(), token);
        assert_eq!(world.refreshes(), 1);
    }

    #[test]
    fn the_next_caller_proceeds_after_a_killed_holder() {
        let world = World::logged_in();
        world.expire("default");
        let (holder, gate) = held(&world, &["get"]);
        signal(&holder, Signal::KILL);
        assert_eq!(holder.wait().code, None, "a signal ended it");
        let token = world.concur(["get"]).ok().silent().line();
        assert!(world.sandbox.is_live_access_token(&token));
        assert_eq!(world.refreshes(), 2, "the killed one's request and the next");
        drop(gate);
    }

    #[test]
    fn waiters_of_a_killed_holder_proceed_with_one_request() {
        let world = World::logged_in();
        world.expire("default");
        let (holder, gate) = held(&world, &["get"]);
        let waiters = herd(&world, 20, &["get"]);
        signal(&holder, Signal::KILL);
        assert_eq!(holder.wait().code, None, "a signal ended it");
        let tokens: Vec<String> =
            ends(waiters).into_iter().map(|output| output.code(0).line()).collect();
        assert!(tokens.iter().all(|token| *token == tokens[0]), "one answer for all");
        assert_eq!(world.refreshes(), 2, "the killed one's request and one more");
        drop(gate);
    }
}

#[test]
fn two_profiles_refresh_in_parallel() {
    let world = World::new();
    world_with_two(&world);
    let (one, first_gate) = held(&world, &["get", "--profile", "one"]);
    let (two, second_gate) = held(&world, &["get", "--profile", "two"]);
    second_gate.release();
    let second = two.wait().code(0).line();
    first_gate.release();
    let first = one.wait().code(0).line();
    assert_ne!(first, second);
    assert_eq!(world.sandbox.counters().max_simultaneous_token_requests, 2);
}

fn world_with_two(world: &World) {
    let other = world.sandbox.add_company();
    drop(world.login("one", &world.sandbox.app().clone()));
    drop(world.login("two", &other));
    world.expire("one");
    world.expire("two");
}
