//! A signal during a refresh ends the program after the answer is committed.

use std::time::Duration;

use concur_sandbox::{Config, Fault, Gate, Rotation};
use rustix::process::{Pid, Signal, kill_process};

use super::each;
use crate::harness::terminal::Terminal;
use crate::harness::{BINARY, Output, Run, Running, World};

const SOON: Duration = Duration::from_secs(20);
const ENDING: [Signal; 3] = [Signal::HUP, Signal::INT, Signal::TERM];

/// Its account's refresh token is replaced at each use, and the old one becomes invalid.
fn world() -> World {
    let rotation = Rotation::NewRevokeFamily;
    let world = World::logged_in_with(Config { rotation, ..Config::default() });
    world.expire("default");
    world
}

/// Default signal handling as on a terminal, however the tests were started.
fn heeding(world: &World, args: &[&str]) -> Run {
    world.run("env", ["--default-signal", BINARY].iter().chain(args))
}

/// A process waiting for Concur, which has made the grant and has not answered yet.
fn asking(world: &World, run: Run) -> (Running, Gate) {
    let gate = world.sandbox.hold_next_token_request();
    let running = run.start();
    assert!(gate.wait_until_reached(SOON), "it asks");
    (running, gate)
}

fn send(running: &Running, signal: Signal) {
    kill_process(Pid::from_child(&running.child), signal).unwrap();
}

fn assert_ended_by(output: &Output, signal: Signal) {
    assert_eq!(output.signal, Some(signal.as_raw()), "{output:?}");
    assert!(output.stdout.is_empty(), "{output:?}");
}

/// The audit log has the event as usual.
fn assert_is_in_the_log(world: &World, outcome: &str) {
    let log = world.concur(["log", "-n", "1"]).ok();
    assert!(log.text().contains(outcome), "{log:?}");
}

/// The granted token is printed, and its refresh token works.
fn assert_nothing_was_lost(world: &World) {
    let token = world.concur(["get"]).ok().silent().line();
    assert!(world.sandbox.is_live_access_token(&token));
    assert_eq!(world.refreshes(), 1);
    world.expire("default");
    world.concur(["get"]).ok().silent();
    assert_eq!(world.refreshes(), 2);
}

#[test]
fn a_signal_takes_effect_after_the_answer_is_committed() {
    each(ENDING, |signal| {
        each([&["get"][..], &["refresh"], &["exec", "true"]], |args| {
            let world = world();
            let (running, gate) = asking(&world, heeding(&world, args));
            send(&running, signal);
            gate.release();
            let output = running.wait();
            assert_ended_by(&output, signal);
            assert_eq!(output.stderr, "stopped; the answer was kept\n");
            assert_is_in_the_log(&world, "  refreshed (");
            assert_nothing_was_lost(&world);
        });
    });
}

#[test]
fn a_second_signal_ends_the_program_at_once() {
    let pairs =
        [(Signal::INT, Signal::INT), (Signal::HUP, Signal::TERM), (Signal::TERM, Signal::INT)];
    each(pairs, |(first, then)| {
        let world = world();
        let (mut running, gate) = asking(&world, heeding(&world, &["get"]));
        send(&running, first);
        wait_until_handled(&running, first);
        // Further signals directly after the first count as the same one.
        let deadline = std::time::Instant::now() + SOON;
        while running.child.try_wait().unwrap().is_none() {
            assert!(std::time::Instant::now() < deadline, "{first:?}, {then:?}: it ends");
            send(&running, then);
            std::thread::sleep(Duration::from_millis(50));
        }
        assert_ended_by(&running.wait(), then);
        drop(gate);
    });
}

/// `timeout` sends one to the process and one to its group, a shell repeats a terminal's.
#[test]
fn two_simultaneous_signals_count_as_one() {
    each(ENDING, |signal| {
        let world = world();
        let (running, gate) = asking(&world, heeding(&world, &["get"]));
        for _ in 0..2 {
            send(&running, signal);
            wait_until_handled(&running, signal);
        }
        gate.release();
        assert_ended_by(&running.wait(), signal);
        assert_nothing_was_lost(&world);
    });
}

/// Of two pending signals the system delivers the one with the smaller number first.
fn wait_until_handled(running: &Running, signal: Signal) {
    let bit = 1_u64 << (signal.as_raw() - 1);
    wait_until("the signal is taken", || {
        let status = of_process(running, "status");
        let masks = status.lines().filter_map(|line| {
            line.strip_prefix("SigPnd:").or_else(|| line.strip_prefix("ShdPnd:"))
        });
        masks.fold(0, |all, mask| all | u64::from_str_radix(mask.trim(), 16).unwrap()) & bit == 0
    });
}

fn of_process(running: &Running, file: &str) -> String {
    std::fs::read_to_string(format!("/proc/{}/{file}", running.child.id())).unwrap()
}

fn wait_until(what: &str, is_so: impl Fn() -> bool) {
    let deadline = std::time::Instant::now() + SOON;
    while !is_so() {
        assert!(std::time::Instant::now() < deadline, "{what}");
    }
}

#[test]
fn sigquit_ends_the_program_at_once() {
    let world = world();
    let (running, gate) = asking(&world, heeding(&world, &["get"]));
    send(&running, Signal::QUIT);
    assert_ended_by(&running.wait(), Signal::QUIT);
    drop(gate);
}

#[test]
fn ctrl_c_loses_no_tokens() {
    let world = world();
    let gate = world.sandbox.hold_next_token_request();
    let Some(mut terminal) = Terminal::start(&world, 80, "get </dev/null", &[]) else { return };
    assert!(gate.wait_until_reached(SOON), "it asks");
    terminal.press("\u{3}");
    terminal.wait_for("ending when it is answered");
    gate.release();
    let (code, shown) = terminal.end();
    assert_ne!(code, Some(0), "{shown}");
    assert!(!shown.contains("eyJ"), "no token is printed: {shown}");
    assert_nothing_was_lost(&world);
}

#[test]
fn an_ignored_signal_stays_ignored() {
    each(ENDING, |signal| {
        let world = world();
        let ignoring = format!("trap '' {}; exec \"$0\" get", signal.as_raw());
        let (running, gate) = asking(&world, world.run("sh", ["-c", &ignoring, BINARY]));
        send(&running, signal);
        send(&running, signal);
        gate.release();
        let token = running.wait().code(0).line();
        assert!(world.sandbox.is_live_access_token(&token));
    });
}

#[test]
fn no_new_request_begins_after_a_signal() {
    each(ENDING, |signal| {
        let world = world();
        world.sandbox.push_fault(Fault::service_unavailable());
        let (running, gate) = asking(&world, heeding(&world, &["get"]));
        send(&running, signal);
        gate.release();
        assert_ended_by(&running.wait(), signal);
        assert_eq!(world.token_requests(), 2, "of the login and of the ended process");
        assert_is_in_the_log(&world, "503");
        world.concur(["get"]).fails(5).says("503");
        world.concur(["refresh"]).ok();
    });
}

#[test]
fn a_pause_between_requests_ends_with_a_signal() {
    let world = world();
    world.sandbox.push_fault(Fault::too_many_requests(15));
    let Some(mut terminal) = Terminal::start(&world, 80, "get </dev/null", &[]) else { return };
    terminal.wait_for("retrying");
    terminal.press("\u{3}");
    let (code, shown) = terminal.end();
    assert_ne!(code, Some(0), "{shown}");
    assert_eq!(world.token_requests(), 2, "of the login and before the pause: {shown}");
}

#[test]
fn a_signal_ends_a_waiter_at_once() {
    each(ENDING, |signal| {
        let world = world();
        let (holder, gate) = asking(&world, heeding(&world, &["get"]));
        let waiter = heeding(&world, &["get"]).start();
        wait_until("env is concur-cred", || of_process(&waiter, "comm").trim() == "concur-cred");
        send(&waiter, signal);
        assert_ended_by(&waiter.wait(), signal);
        gate.release();
        holder.wait().code(0);
        assert_nothing_was_lost(&world);
    });
}
