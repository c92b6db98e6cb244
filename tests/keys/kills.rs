//! A rotation that is killed at every named moment, or whose writes fail.

use std::time::Instant;

use concur_cred::failpoint::{KEY_ROTATION, KEY_WRITES};

use super::support::{
    KEY, OTHER, assert_clean, assert_whole, entry, holds, key_file, log_in, next_file, recorded,
    store_entry, strict, strict_logged_in, unhex,
};
use crate::harness::World;

fn world() -> World {
    let world = strict_logged_in();
    world.login("other", &world.sandbox.app().clone());
    store_entry(&world, "one.example", "first");
    world
}

/// Kills `concur-cred ARGS` at `moment`.
fn killed(world: &World, args: &[&str], moment: &str, env: &[(&str, &str)]) {
    let run = world.concur(args).env("CONCUR_CRED_TEST_FAILPOINT", format!("{moment}=kill"));
    let killed = env.iter().fold(run, |run, (name, value)| run.env(name, value)).output();
    assert_eq!(killed.code, None, "killed at {moment}: {killed:?}");
}

#[test]
fn a_rotation_killed_at_any_named_moment_loses_nothing_and_is_finished_by_the_next_writer() {
    for moment in KEY_ROTATION {
        let world = world();
        let (_, old_id) = recorded(&world);
        killed(&world, &["key", "rotate"], moment, &[]);
        let is_committed = recorded(&world).1 != old_id;
        let pending = ["rotation-committed"].contains(&moment);
        assert_eq!(is_committed && next_file(&world).exists(), pending, "{moment}");
        // A reader changes nothing, and is served.
        assert_eq!(entry(&world, "one.example").unwrap(), "first", "{moment}");
        let requests = world.token_requests();
        assert_whole(&world, &["default", "other"], moment);
        assert_eq!(world.token_requests(), requests + 2, "{moment}");
        assert!(!(next_file(&world).exists() && is_committed), "{moment}: the writer's work");
        let before = recorded(&world).1;
        world.concur(["key", "rotate"]).ok();
        assert!(![&old_id, &before].contains(&&recorded(&world).1), "{moment}: another key");
        assert!(!holds(&world.store_file(), &unhex(&old_id)), "{moment}");
        assert_whole(&world, &["default", "other"], moment);
        assert_eq!(entry(&world, "one.example").unwrap(), "first", "{moment}");
        assert_clean(&world, moment);
    }
}

#[test]
fn after_a_kill_between_commit_and_rename_every_caller_finds_the_key() {
    let callers: [&[&str]; 6] = [
        &["get"],
        &["refresh", "--all"],
        &["export", "-", "--profile", "default"],
        &["key", "rotate"],
        &["doctor", "--offline", "--repair"],
        &["key", "set-source", "file"],
    ];
    for caller in callers {
        let world = world();
        world.concur(["use", "default"]).ok();
        killed(&world, &["key", "rotate"], "rotation-committed", &[]);
        let report = world.concur(["doctor", "--offline"]).ok();
        assert!(report.text().contains("not finished"), "{report:?}");
        world.concur(caller).ok();
        assert_whole(&world, &["default", "other"], &caller.join(" "));
        assert_clean(&world, &caller.join(" "));
    }
    // A store of an entry, and a login, are writers as well.
    let world = world();
    killed(&world, &["key", "rotate"], "rotation-committed", &[]);
    store_entry(&world, "two.example", "second");
    assert_clean(&world, "store");
    killed(&world, &["key", "rotate"], "rotation-committed", &[]);
    world.login("third", &world.sandbox.app().clone());
    assert_clean(&world, "login");
    assert_eq!(entry(&world, "two.example").unwrap(), "second");
}

#[test]
fn a_next_key_that_the_store_does_not_name_is_never_used() {
    let world = world();
    killed(&world, &["key", "rotate"], "next-written", &[]);
    let report = world.concur(["doctor", "--offline"]).ok();
    assert!(report.text().contains("is not needed"), "{report:?}");
    world.concur(["doctor", "--offline", "--repair"]).ok();
    assert!(next_file(&world).exists(), "a key is never removed by a repair");
    let key = std::fs::read(key_file(&world)).unwrap();
    std::fs::write(key_file(&world), [7; 32]).unwrap();
    world.concur(["get", "--profile", "default"]).fails(6).says("is not the key");
    std::fs::write(key_file(&world), key).unwrap();
    assert_whole(&world, &["default", "other"], "beside a next key");
}

/// It may contain the only key of the store.
#[cfg(unix)]
#[test]
fn no_message_suggests_deleting_an_unreadable_next_key() {
    let world = world();
    killed(&world, &["key", "rotate"], "rotation-committed", &[]);
    crate::harness::set_mode(&next_file(&world), 0o644);
    let report = world.concur(["doctor", "--offline"]).output().code(6);
    assert!(!report.text().contains("rm "), "{report:?}");
    assert!(report.text().contains("chmod 600"), "{report:?}");
    crate::harness::set_mode(&next_file(&world), 0o600);
    assert_whole(&world, &["default", "other"], "its permissions fixed");
}

#[test]
fn a_write_failure_changes_nothing_or_leaves_everything_working() {
    for write in KEY_WRITES {
        for kind in ["full", "io"] {
            let what = format!("{write}={kind}");
            let world = world();
            let before = recorded(&world);
            let rotate = world.concur(["key", "rotate"]).env("CONCUR_CRED_TEST_FAILPOINT", &what);
            let output = rotate.fails(6);
            let is_after = write == "key-rename";
            assert_eq!(recorded(&world) != before, is_after, "{what}: {output:?}");
            assert_eq!(next_file(&world).exists(), is_after, "{what}: {output:?}");
            assert_whole(&world, &["default", "other"], &what);
            assert_eq!(entry(&world, "one.example").unwrap(), "first", "{what}");
            assert_clean(&world, &what);
            world.concur(["key", "rotate"]).ok();
            assert_clean(&world, &what);
        }
    }
}

#[test]
fn a_rotation_of_an_external_source_can_be_repeated_after_a_kill() {
    for moment in
        ["rotation-locked", "records-locked", "cells-resealed", "rotation-committed", "cache-gone"]
    {
        let world = strict();
        log_in(&world, |run| run.env("CONCUR_CRED_KEY", KEY));
        let old = world.write("old", KEY);
        let args = ["key", "rotate", "--old-key-file", old.to_str().unwrap()];
        killed(&world, &args, moment, &[("CONCUR_CRED_KEY", OTHER)]);
        world.concur(args).env("CONCUR_CRED_KEY", OTHER).ok();
        world.concur(["get"]).env("CONCUR_CRED_KEY", OTHER).ok().silent();
        world.concur(["refresh"]).env("CONCUR_CRED_KEY", OTHER).ok();
    }
}

#[test]
fn a_killed_change_of_source_can_be_repeated() {
    for moment in
        ["rotation-locked", "records-locked", "cells-resealed", "rotation-committed", "cache-gone"]
    {
        let world = world();
        let args = ["key", "set-source", "environment"];
        killed(&world, &args, moment, &[("CONCUR_CRED_KEY", KEY)]);
        world.concur(args).env("CONCUR_CRED_KEY", KEY).ok();
        assert_eq!(recorded(&world).0, "environment", "{moment}");
        for profile in ["default", "other"] {
            let with = |args: &[&str]| {
                world.concur(args).arg("--profile").arg(profile).env("CONCUR_CRED_KEY", KEY)
            };
            with(&["get", "--cached"]).ok().silent();
            with(&["refresh"]).ok();
        }
    }
}

/// Kills also between failpoints: within SQLite, system calls, and the writing of the file.
#[test]
fn a_rotation_killed_at_a_random_moment_loses_nothing() {
    let world = world();
    let begun = Instant::now();
    world.concur(["key", "rotate"]).ok();
    let whole = begun.elapsed();
    // Spread by a constant without a pattern (Knuth's multiplicative hash), from the first moment to after the end.
    let moments = (1..=30u32).map(|round| whole * (round.wrapping_mul(2_654_435_761) >> 24) / 230);
    for (round, moment) in moments.enumerate() {
        let mut rotation = world.concur(["key", "rotate"]).start();
        let begun = Instant::now();
        while begun.elapsed() < moment {
            std::thread::yield_now();
        }
        let _ = rotation.child.kill();
        drop(rotation.wait());
        let what = format!("round {round}, after {moment:?} of {whole:?}");
        // A reader comes first in one round, a writer in the other.
        if round % 2 == 0 {
            world.concur(["refresh", "--profile", "other"]).ok();
        }
        assert_eq!(entry(&world, "one.example").unwrap(), "first", "{what}");
        world.concur(["get", "--cached", "--profile", "default"]).ok().silent();
    }
    assert_whole(&world, &["default", "other"], "after all of them");
    world.concur(["key", "rotate"]).ok();
    // A half-written file left by a kill is reported and affects no command.
    for left in std::fs::read_dir(world.config_dir()).unwrap().map(|entry| entry.unwrap().path()) {
        if left.file_name().unwrap().to_string_lossy().starts_with(".concur-cred-") {
            std::fs::remove_file(left).unwrap();
        }
    }
    assert_clean(&world, "after all of them");
}

#[test]
fn a_next_key_that_is_removed_after_the_commit_is_written_again() {
    let world = world();
    let rotation = world.concur(["key", "rotate"]);
    let rotation = rotation.env("CONCUR_CRED_TEST_FAILPOINT", "rotation-committed=stop").start();
    let pid = rustix::process::Pid::from_child(&rotation.child);
    let stopped = rustix::process::WaitOptions::UNTRACED;
    assert!(rustix::process::waitpid(Some(pid), stopped).unwrap().unwrap().1.stopped());
    std::fs::remove_file(next_file(&world)).unwrap();
    rustix::process::kill_process(pid, rustix::process::Signal::CONT).unwrap();
    let _ = rotation.wait().code(0);
    assert_whole(&world, &["default", "other"], "after it");
    assert_clean(&world, "after it");
}
