//! The countable costs of a hit and a refresh: files, requests, commits.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use crate::harness::World;

/// SQLite's file change counter: one step a commit (SQLite file format, section 1.3.7).
fn commits(world: &World) -> u32 {
    let header = std::fs::read(world.store_file()).unwrap();
    u32::from_be_bytes(header[24..28].try_into().unwrap())
}

/// Every file below a folder, with when it was changed and how long it is.
fn files(folder: &Path) -> BTreeMap<PathBuf, (SystemTime, u64)> {
    let mut found = BTreeMap::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(files(&path));
        } else {
            let meta = path.metadata().unwrap();
            found.insert(path, (meta.modified().unwrap(), meta.len()));
        }
    }
    found
}

#[test]
fn a_hit_writes_no_file_and_sends_no_request() {
    let world = World::logged_in();
    let before = files(&world.home());
    let asked = world.token_requests();
    let _ = world.concur(["get"]).ok().silent();
    let _ = world.concur(["get"]).stdin(world.request("")).ok().silent();
    assert_eq!(files(&world.home()), before, "nothing is written, nothing is made");
    assert_eq!(world.token_requests(), asked);
}

#[test]
fn a_refresh_is_one_request_and_two_commits() {
    let world = World::logged_in();
    world.expire("default");
    let before = commits(&world);
    let _ = world.concur(["get"]).ok().silent();
    assert_eq!(world.refreshes(), 1);
    assert_eq!(commits(&world) - before, 2, "the attempt before, the grant after");
}

#[test]
fn a_waiting_caller_commits_nothing() {
    let world = World::logged_in();
    world.expire("default");
    let gate = world.sandbox.hold_next_token_request();
    let first = world.concur(["get"]).start();
    assert!(gate.wait_until_reached(std::time::Duration::from_secs(30)));
    let before = commits(&world);
    let waiters: Vec<_> = (0..5).map(|_| world.concur(["get"]).start()).collect();
    gate.release();
    let token = first.wait().code(0).line();
    for waiter in waiters {
        assert_eq!(waiter.wait().code(0).line(), token);
    }
    assert_eq!(commits(&world) - before, 1, "the one grant");
}

/// The steps in `--trace`, in order.
fn steps(world: &World) -> Vec<String> {
    let output = world.concur(["get", "--trace"]).ok();
    let steps = output.stderr.lines().filter_map(|line| line.strip_prefix("trace: "));
    steps
        .map(|step| {
            let (micros, what) = step.split_once(") ").unwrap();
            let numbers = micros.replace(" us (+", " ");
            let numbers: Vec<u64> =
                numbers.split_whitespace().map(|number| number.parse().unwrap()).collect();
            assert!(numbers[0] >= numbers[1], "since the start, since the step before: {step}");
            what.to_owned()
        })
        .collect()
}

#[test]
fn a_trace_shows_how_long_each_step_took() {
    let world = World::logged_in();
    let hit = steps(&world);
    let expected = [
        "settings read",
        "request read",
        "store opened",
        "ticket read",
        "account found",
        "token in hand",
        "answer written",
    ];
    assert_eq!(hit, expected);
    world.expire("default");
    let refresh = steps(&world);
    let expected = [
        "settings read",
        "request read",
        "store opened",
        "database opened",
        "account found",
        "lock taken",
        "reserve ready",
        "attempt recorded",
        "request made",
        "answer begins",
        "answer received",
        "grant committed",
        "token in hand",
        "answer written",
        "ticket left",
    ];
    assert_eq!(refresh, expected);
}
