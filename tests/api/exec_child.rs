//! `exec`: the command runs as if it had been started by the caller itself.

use std::os::unix::process::ExitStatusExt as _;
use std::process::Stdio;

use super::support::current_token;
use crate::harness::{BINARY, Run, World};

fn exec(world: &World, command: &[&str]) -> Run {
    world.concur(["exec", "--"].iter().chain(command))
}

#[test]
fn the_exit_code_is_the_commands() {
    let world = World::logged_in();
    for code in [0, 1, 2, 3, 4, 5, 6, 7, 126, 127, 200, 255] {
        let script = format!("exit {code}");
        let _ = exec(&world, &["sh", "-c", &script]).output().code(code).silent();
    }
}

#[test]
fn the_process_becomes_the_command() {
    let world = World::logged_in();
    let running = exec(&world, &["sh", "-c", "echo $$"]).start();
    let id = running.child.id().to_string();
    assert_eq!(running.wait().code(0).line(), id);
}

#[test]
fn a_signal_that_ends_the_command_is_seen_by_the_caller() {
    let world = World::logged_in();
    for signal in ["TERM", "KILL", "PIPE", "ALRM"] {
        let script = format!("kill -{signal} $$; echo still here");
        let status = exec(&world, &["sh", "-c", &script]).into_command().output().unwrap().status;
        let expected = match signal {
            "TERM" => 15,
            "KILL" => 9,
            "PIPE" => 13,
            _ => 14,
        };
        assert_eq!(status.signal(), Some(expected), "{signal}: {status:?}");
    }
}

/// Which signals are blocked, and which ignored, but for 32 and 33: these are the C library's own, and no
/// program's.
#[cfg(target_os = "linux")]
fn masks(status: &str) -> [u64; 2] {
    let mask = |name: &str| {
        let line = status.lines().find_map(|line| line.strip_prefix(name)).unwrap();
        u64::from_str_radix(line.trim(), 16).unwrap() & !(0b11 << 31)
    };
    [mask("SigBlk:"), mask("SigIgn:")]
}

#[cfg(target_os = "linux")]
#[test]
fn no_signal_is_ignored_or_blocked_for_the_command() {
    let world = World::logged_in();
    world.expire("default");
    for _ in ["refreshed", "from the store"] {
        let show = ["grep", "-E", "^Sig(Blk|Ign):", "/proc/self/status"];
        let masks = masks(exec(&world, &show).ok().text());
        // As if the caller had started it.
        assert_eq!(masks, self::masks(world.run(show[0], &show[1..]).ok().text()));
        assert_eq!(masks[1] & (1 << 12), 0, "SIGPIPE, which this program itself ignores");
    }
}

#[cfg(target_os = "linux")]
#[test]
fn the_command_inherits_no_open_files() {
    let world = World::logged_in();
    world.expire("default");
    let list = ["sh", "-c", "for fd in /proc/$$/fd/*; do readlink \"$fd\" || true; done"];
    for how in ["refreshed", "from the store", "by a cache"] {
        let trace = world.home().join("trace");
        let output = exec(&world, &list).env("CONCUR_CRED_TRACE", &trace).ok();
        let mine = world.run("sh", &list[1..]).ok();
        assert_eq!(output.text().lines().count(), mine.text().lines().count(), "{how}: {output:?}");
        assert!(!output.text().contains("concur"), "{how}: {output:?}");
        assert!(!output.text().contains("socket:"), "{how}: {output:?}");
    }
}

#[test]
fn no_lock_is_held_while_the_command_runs() {
    let world = World::logged_in();
    world.expire("default");
    let mut command = exec(&world, &["sh", "-c", "echo ready; read line"]).into_command();
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    let mut ready = String::new();
    let mut out = std::io::BufReader::new(child.stdout.take().unwrap());
    std::io::BufRead::read_line(&mut out, &mut ready).unwrap();
    assert_eq!(ready, "ready\n");
    world.concur(["refresh"]).env("CONCUR_CRED_LOCK_TIMEOUT", "1s").ok();
    world.concur(["logout"]).env("CONCUR_CRED_LOCK_TIMEOUT", "1s").ok();
    drop(child.stdin.take());
    let _ = child.wait().unwrap();
}

#[test]
fn stdin_stdout_and_stderr_are_the_commands() {
    let world = World::logged_in();
    let bytes: Vec<u8> = (0..=255).cycle().take(4_000).collect();
    let script = "cat; echo to stderr >&2";
    let output = exec(&world, &["sh", "-c", script]).stdin(bytes.clone()).ok();
    assert!(output.stdout == bytes && output.stderr == "to stderr\n");
    // A child that does not read stdin leaves it to the next program.
    let script = "\"$0\" exec -- true; cat";
    let rest = world.run("sh", ["-c", script, BINARY]).stdin("all of it").ok().silent();
    assert_eq!(rest.text(), "all of it");
    let closed = world.run("sh", ["-c", "exec \"$0\" exec -- true <&- >&- 2>&-", BINARY]).output();
    let _ = closed.code(0);
}

#[test]
fn a_closed_pipe_ends_the_command_as_usual() {
    let world = World::logged_in();
    let script = "\"$0\" exec -- yes | head -n 1; echo ${PIPESTATUS[0]}";
    let output = world.run("bash", ["-c", script, BINARY]).ok().silent();
    assert_eq!(output.text(), "y\n141\n", "SIGPIPE ends it silently");
}

#[test]
fn the_command_inherits_every_variable_except_our_secrets() {
    let world = World::logged_in();
    let secrets = concur_cred::SECRET_VARIABLES;
    let mut run = exec(&world, &["env"]).env("OTHER", "kept").env("CONCUR_CRED_TRACE", "0");
    for name in secrets.iter().filter(|name| **name != "CONCUR_CRED_KEY") {
        run = run.env(name, "s3cr3t-s3cr3t");
    }
    let output =
        run.env("CONCUR_CRED_KEY", "not looked at: the store has a key file").ok().silent();
    for name in secrets {
        assert!(!output.text().contains(name), "{name}\n{output:?}");
    }
    assert!(!output.text().contains("s3cr3t"));
    for kept in ["OTHER=kept", "CONCUR_CRED_TRACE=0", "HOME=", "PATH=", "TZ="] {
        assert!(output.text().contains(kept), "{kept}\n{output:?}");
    }
    let clocks = |line: &&str| line.contains("_TEST_CLOCK_OFFSET_SECS=");
    let names = output.text().lines().filter(|line| line.starts_with("CONCUR_") && !clocks(line));
    assert_eq!(names.count(), 5, "the four, and CONCUR_CRED_TRACE\n{output:?}");
    assert!(!output.text().contains("CONCUR_REFRESH_TOKEN"));
}

#[test]
fn proxy_variables_with_a_password_are_not_passed_on() {
    let world = World::logged_in();
    let seen = |url: &str| {
        let run = exec(&world, &["sh", "-c", "echo \"${CONCUR_CRED_PROXY-none}\""]);
        run.env("CONCUR_CRED_PROXY", url).ok().silent().line()
    };
    assert_eq!(seen("http://proxy.example:3128"), "http://proxy.example:3128");
    assert_eq!(seen("http://me:s3cr3t@proxy.example:3128"), "none");
}

#[test]
fn token_variables_of_an_earlier_run_are_replaced() {
    let world = World::logged_in();
    let run = exec(&world, &["sh", "-c", "echo \"$CONCUR_ACCESS_TOKEN\""]);
    let output = run.env("CONCUR_ACCESS_TOKEN", "old").ok().silent();
    assert_eq!(output.line(), current_token(&world));
}
