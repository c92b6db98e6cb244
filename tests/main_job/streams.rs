//! Write errors on stdout lose nothing and cause no panic.
#![cfg(unix)]

use std::fs::File;
use std::process::Stdio;

use super::support::assert_refresh_token_is_not_lost;
use crate::harness::{BINARY, World};

#[test]
fn an_answer_that_cannot_be_written_is_a_failure() {
    if !std::path::Path::new("/dev/full").exists() {
        // Only some systems have a device that is always full.
        return;
    }
    let world = World::logged_in();
    for args in [&["get"][..], &["status"], &["export", "-"], &["log"], &["capability"]] {
        let mut command = world.concur(args).into_command();
        let output = command.stdout(File::create("/dev/full").unwrap()).output().unwrap();
        let stderr = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(1), "{args:?}: {stderr}");
        assert!(stderr.starts_with("error: ") && !stderr.contains("panicked"), "{stderr}");
    }
    for args in [["--help"], ["--version"]] {
        let mut command = world.concur(args).into_command();
        let output = command.stdout(File::create("/dev/full").unwrap()).output().unwrap();
        assert_eq!(output.status.code(), Some(1), "{args:?}");
    }
}

#[test]
fn a_refresh_whose_answer_cannot_be_written_is_kept_all_the_same() {
    if !std::path::Path::new("/dev/full").exists() {
        // Only some systems have a device that is always full.
        return;
    }
    let world = World::logged_in();
    world.expire("default");
    let mut command = world.concur(["get"]).into_command();
    let output = command.stdout(File::create("/dev/full").unwrap()).output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    let token = world.concur(["get"]).ok().silent().line();
    assert!(world.sandbox.is_live_access_token(&token));
    assert_eq!(world.refreshes(), 1, "what was obtained is kept");
    assert_refresh_token_is_not_lost(&world, "a full stdout");
}

#[test]
fn a_closed_output_pipe_is_not_an_error() {
    let world = World::logged_in();
    for args in [&["get"][..], &["status"], &["log"], &["--help"]] {
        let (reader, writer) = std::io::pipe().unwrap();
        drop(reader);
        let mut command = world.concur(args).into_command();
        let output = command.stdout(writer).output().unwrap();
        let stderr = String::from_utf8_lossy(&output.stderr);
        assert_eq!((output.status.code(), &*stderr), (Some(0), ""), "{args:?}");
    }
    world.expire("default");
    let (reader, writer) = std::io::pipe().unwrap();
    drop(reader);
    world.concur(["get"]).into_command().stdout(writer).status().unwrap();
    world.concur(["get"]).ok().silent();
    assert_eq!(world.refreshes(), 1);
}

#[test]
fn closed_streams_cause_no_panic_and_lose_nothing() {
    let world = World::logged_in();
    for closed in ["<&-", ">&-", "2>&-", "<&- >&- 2>&-"] {
        world.expire("default");
        let script = format!("exec \"$0\" get {closed}");
        let output = world.run("sh", ["-c", &script, BINARY]).output();
        assert!([Some(0), Some(1)].contains(&output.code), "{closed}: {output:?}");
        assert!(!output.stderr.contains("panicked"), "{output:?}");
        world.concur(["get"]).ok().silent();
        assert_refresh_token_is_not_lost(&world, closed);
    }
    let store = std::fs::read(world.store_file()).unwrap();
    assert_eq!(&store[..15], b"SQLite format 3", "no file was opened as a standard stream");
}

#[test]
fn a_message_that_cannot_be_written_changes_nothing() {
    let world = World::logged_in();
    world.expire("default");
    let script = "exec \"$0\" get 2>&-";
    let token = world.run("sh", ["-c", script, BINARY]).ok().line();
    assert!(world.sandbox.is_live_access_token(&token));
    let mut failing = world.concur(["get", "--profile", "gamma"]).into_command();
    if std::path::Path::new("/dev/full").exists() {
        failing.stderr(File::create("/dev/full").unwrap());
    }
    let output = failing.stdin(Stdio::null()).output().unwrap();
    assert_eq!((output.status.code(), output.stdout), (Some(3), Vec::new()));
}
