//! No core dump while secrets are in memory, and no other program of the same user can read it.

use std::os::unix::fs::MetadataExt as _;
use std::os::unix::process::ExitStatusExt as _;
use std::process::{Child, ExitStatus, Stdio};

use rustix::process::{Pid, Signal, WaitOptions, kill_process, waitpid};

use crate::harness::{BINARY, Run, World, skipped};

/// A command whose crash would leave a core dump, as far as limits go.
fn dumping(world: &World, command: &[&str]) -> Run {
    let script = "ulimit -c unlimited && exec \"$@\"";
    world.run("sh", ["-c", script, "sh"].iter().chain(command))
}

fn pid(child: &Child) -> Pid {
    Pid::from_child(child)
}

/// Starts it and waits until it has stopped itself.
fn stopped(run: Run, moment: &str) -> Child {
    let run = run.env("CONCUR_CRED_TEST_FAILPOINT", format!("{moment}=stop"));
    let mut command = run.into_command();
    let child = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    let (_, status) = waitpid(Some(pid(&child)), WaitOptions::UNTRACED).unwrap().unwrap();
    assert!(status.stopped(), "it stops at {moment}");
    child
}

fn crash(mut child: Child, by: Signal) -> ExitStatus {
    kill_process(pid(&child), by).unwrap();
    kill_process(pid(&child), Signal::CONT).unwrap();
    let status = child.wait().unwrap();
    assert_eq!(status.signal(), Some(by.as_raw()), "it crashed: {status:?}");
    status
}

/// Whether a crash of another program leaves a core dump here; otherwise the test proves nothing.
fn crashes_are_dumped(world: &World) -> bool {
    let mut command = dumping(world, &["sh", "-c", "kill -SEGV $$"]).into_command();
    let is_dumped = command.status().unwrap().core_dumped();
    if !is_dumped {
        skipped("no crash is dumped on this machine, or not under this limit");
    }
    is_dumped
}

#[test]
fn a_crash_at_any_moment_leaves_no_core_dump() {
    let world = World::logged_in();
    if !crashes_are_dumped(&world) {
        return;
    }
    for by in [Signal::FPE, Signal::ABORT] {
        for moment in ["attempt-begun", "answer-received", "grant-committed", "answer-printed"] {
            world.expire("default");
            let run = dumping(&world, &[BINARY, "get"]);
            let status = crash(stopped(run, moment), by);
            assert!(!status.core_dumped(), "{moment}: {status:?}");
        }
    }
}

#[test]
fn the_command_of_exec_dumps_core_as_usual() {
    let world = World::logged_in();
    if !crashes_are_dumped(&world) {
        return;
    }
    let crashing = [BINARY, "exec", "--", "sh", "-c", "kill -SEGV $$"];
    let status = dumping(&world, &crashing).into_command().status().unwrap();
    assert!(status.core_dumped(), "{status:?}");
}

#[test]
fn another_program_of_the_same_user_cannot_read_its_memory() {
    if rustix::process::geteuid().is_root() {
        return skipped("root can look into everything");
    }
    let world = World::logged_in();
    let child = stopped(world.concur(["get"]), "answer-printed");
    let memory = format!("/proc/{}/mem", child.id());
    assert_eq!(std::fs::metadata(&memory).unwrap().uid(), 0, "only root's");
    assert!(std::fs::File::open(&memory).is_err());
    assert!(std::fs::read(format!("/proc/{}/environ", child.id())).is_err());
    let _ = crash(child, Signal::KILL);
    // The switch of the tests does what it says, and nothing else does.
    let run = world.concur(["get"]).env("CONCUR_CRED_TEST_DUMPABLE", "1");
    let child = stopped(run, "answer-printed");
    assert_ne!(std::fs::metadata(format!("/proc/{}/mem", child.id())).unwrap().uid(), 0);
    let _ = crash(child, Signal::KILL);
}

/// They are below `/proc/self`, which is no longer readable by other processes.
#[test]
fn dev_stdin_and_dev_stdout_can_still_be_opened() {
    let world = World::logged_in();
    let token = world.concur(["token"]).ok().line();
    let app = world.sandbox.app().clone();
    let file = world.sandbox.refresh_token_object_file(&app, 60);
    let import = ["import", "/dev/stdin", "--profile", "copy", "--base-url"];
    let credentials = world.write("c.json", world.sandbox.credentials_json());
    let imported = world.concur(import).arg(world.sandbox.origin());
    imported.arg("--credentials").arg(&credentials).stdin(file).ok();
    let echo = world.concur(["--profile", "copy", "api", "/sandbox/echo", "--input", "/dev/stdin"]);
    assert_eq!(echo.stdin("{\"a\":1}").ok().json()["body_json"]["a"], 1);
    let script = "\"$0\" login --profile third --base-url \"$1\" --credentials <(cat c.json) && \
                  \"$0\" token --profile default > /dev/stdout";
    let run = world.run("bash", ["-c", script, BINARY, world.sandbox.origin()]);
    assert!(run.ok().text().ends_with(&format!("{token}\n")));
}
