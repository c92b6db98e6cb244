//! A file that is replaced by a symlink between check and open: the opened file is the checked one.

use std::os::unix::fs::symlink;
use std::sync::atomic::{AtomicBool, Ordering};

use super::support::timed;
use crate::harness::{World, set_mode};

const ROUNDS: usize = 60;

/// Runs the program again and again while a file is swapped for a link to the victim and back. The
/// program may succeed or refuse; the victim stays as it was.
fn while_swapped(world: &World, place: &std::path::Path, run: impl Fn() -> Option<i32>) {
    let victim = world.work().join("victim");
    std::fs::write(&victim, "mine").unwrap();
    set_mode(&victim, 0o600);
    let (file, link) = (world.work().join("as file"), world.work().join("as link"));
    let done = AtomicBool::new(false);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            while !done.load(Ordering::Relaxed) {
                symlink(&victim, &link).unwrap();
                std::fs::rename(&link, place).unwrap();
                std::fs::write(&file, "").unwrap();
                set_mode(&file, 0o600);
                std::fs::rename(&file, place).unwrap();
            }
        });
        let codes: Vec<_> = (0..ROUNDS).map(|_| run()).collect();
        done.store(true, Ordering::Relaxed);
        for code in codes {
            assert!([Some(0), Some(6)].contains(&code), "{code:?}");
        }
    });
    assert_eq!(
        std::fs::read(&victim).unwrap(),
        b"mine",
        "the victim was written through a symlink"
    );
}

#[test]
fn a_trace_is_never_written_through_a_symlink_that_appears_in_a_race() {
    let world = World::logged_in();
    let trace = world.work().join("trace");
    while_swapped(&world, &trace, || {
        timed(&world, &["get"]).env("CONCUR_CRED_TRACE", &trace).output().code
    });
}

#[test]
fn a_lock_is_never_written_through_a_symlink_that_appears_in_a_race() {
    let world = World::logged_in();
    for ending in [".lock", ".holder"] {
        let path = super::support::only(&world, "locks", ending);
        while_swapped(&world, &path, || {
            world.expire("default");
            timed(&world, &["get"]).output().code
        });
    }
}
