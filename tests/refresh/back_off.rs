//! Back-off after a failure: its length, and what ends it.

use concur_sandbox::{Fault, RetryAfter, StatusBody};

use super::each;
use crate::harness::World;

fn unavailable(retry_after: RetryAfter) -> Fault {
    Fault::Status { code: 503, body: StatusBody::Html, retry_after: Some(retry_after) }
}

/// The recorded wait after the last attempt, seconds.
fn recorded_wait(world: &World) -> i64 {
    let ended: i64 = world.column("default", "attempt_ended_at");
    world.column::<i64>("default", "attempt_not_before") - ended
}

#[test]
fn the_back_off_doubles_with_each_failure_and_ends_with_a_success() {
    let world = World::logged_in();
    world.expire("default");
    world.sandbox.clear_log();
    world.sandbox.fault_always(Fault::service_unavailable());
    let mut later = 0;
    for (attempt, wait) in [(1, 2), (2, 4)] {
        drop(world.concur(["get"]).at_offset(later).fails(5).says("503"));
        assert_eq!(recorded_wait(&world), wait, "after attempt {attempt}");
        assert_eq!(world.token_requests(), 3 * attempt, "three requests an attempt");
        later += 100;
    }
    world.sandbox.clear_faults();
    drop(world.concur(["get"]).at_offset(later).ok().silent());
    assert_eq!(world.column::<i64>("default", "attempt_failures"), 0);
    assert_eq!(world.column::<Option<i64>>("default", "attempt_not_before"), None);
}

#[test]
fn the_back_off_never_exceeds_a_minute() {
    each([(2, 8), (4, 32), (5, 60), (40, 60)], |(failures, wait)| {
        let world = World::logged_in();
        world.expire("default");
        let sql = "UPDATE record SET attempt_failures = ?1";
        assert_eq!(world.database().execute(sql, [failures]).unwrap(), 1);
        world.sandbox.fault_always(Fault::service_unavailable());
        drop(world.concur(["get"]).fails(5));
        assert_eq!(recorded_wait(&world), wait, "after {failures} failures");
    });
}

#[test]
fn retry_after_is_honoured_by_every_caller() {
    let world = World::logged_in();
    world.expire("default");
    world.sandbox.clear_log();
    world.sandbox.push_fault(unavailable(RetryAfter::Seconds(100)));
    drop(world.concur(["get"]).fails(5).says("503"));
    assert_eq!(world.token_requests(), 1, "a wait that long is recorded and not slept");
    assert_eq!(recorded_wait(&world), 100);
    drop(world.concur(["get"]).at_offset(95).fails(5));
    assert_eq!(world.token_requests(), 1);
    drop(world.concur(["get"]).at_offset(102).ok().silent());
    assert_eq!(world.token_requests(), 2);
}

#[test]
fn a_short_retry_after_is_waited_for_in_the_same_call() {
    let world = World::logged_in();
    world.expire("default");
    world.sandbox.clear_log();
    world.sandbox.push_fault(unavailable(RetryAfter::Seconds(1)));
    let started = std::time::Instant::now();
    drop(world.concur(["get"]).ok().silent());
    assert!(started.elapsed().as_secs() >= 1, "asked again only after the second");
    assert_eq!(world.token_requests(), 2);
}

#[test]
fn no_retry_after_exceeds_15_minutes() {
    let far = RetryAfter::Date("Fri, 31 Dec 2100 23:59:59 GMT".to_owned());
    let absurd = RetryAfter::Seconds(u64::from(u32::MAX));
    for retry_after in [RetryAfter::Seconds(86_400), absurd, far] {
        let world = World::logged_in();
        world.expire("default");
        world.sandbox.clear_log();
        let always = unavailable(retry_after.clone());
        world.sandbox.fault_always(always);
        let output = world.concur(["get"]).fails(5);
        assert_eq!(recorded_wait(&world), 900, "{retry_after:?}\n{output:?}");
        drop(world.concur(["get"]).at_offset(890).fails(5));
        assert_eq!(world.token_requests(), 1, "{retry_after:?}");
        world.sandbox.clear_faults();
        drop(world.concur(["get"]).at_offset(902).ok());
    }
}

#[test]
fn a_clock_that_stepped_back_ends_the_back_off() {
    let world = World::logged_in();
    world.expire("default");
    world.sandbox.push_fault(unavailable(RetryAfter::Seconds(600)));
    drop(world.concur(["get"]).fails(5));
    drop(world.concur(["get"]).fails(5));
    drop(world.concur(["get"]).at_offset(-120).ok().silent());
    assert_eq!(world.refreshes(), 2);
}

#[test]
fn the_message_names_the_failure_and_the_remaining_back_off() {
    let world = World::logged_in();
    world.expire("default");
    world.sandbox.push_fault(Fault::too_many_requests(600));
    let first = world.concur(["get"]).fails(5).says("default: ").says("429");
    let correlation = world.sandbox.requests().last().unwrap().correlation_id.clone();
    drop(first.says(&correlation));
    drop(world.concur(["get"]).fails(5).says("429").says(&correlation));
}

#[test]
fn a_login_ends_the_back_off() {
    let world = World::logged_in();
    world.expire("default");
    world.sandbox.push_fault(Fault::too_many_requests(600));
    drop(world.concur(["get"]).fails(5));
    drop(world.login("default", &world.sandbox.app().clone()));
    world.expire("default");
    drop(world.concur(["get"]).ok().silent());
}

#[test]
fn one_callers_network_failure_delays_others_for_at_most_five_seconds() {
    let mut world = World::logged_in_with(crate::harness::leaving());
    world.expire("default");
    let another = concur_sandbox::Sandbox::start(concur_sandbox::Config::default()).unwrap();
    drop(std::mem::replace(&mut world.sandbox, another));
    drop(world.concur(["get"]).fails(5).says("cannot be reached"));
    drop(world.concur(["get"]).fails(5).says("cannot be reached"));
    assert_eq!(world.column::<i64>("default", "attempt"), 1, "the second did not try");
    assert_eq!(recorded_wait(&world), 5);
    drop(world.concur(["get"]).at_offset(6).fails(5));
    assert_eq!(world.column::<i64>("default", "attempt"), 2, "the third did");
    assert_eq!(world.column::<i64>("default", "attempt_failures"), 0, "no doubling for it");
}
