//! Standard streams that another process has made non-blocking: a caller that shares a pipe or terminal with a
//! program that does so (Node, ssh) passes it on in that state.
#![cfg(target_os = "linux")]

use std::io::{PipeReader, PipeWriter, Read as _, Write as _};
use std::process::{Child, Stdio};

use crate::harness::{Run, World};

/// A pipe whose ends do not block.
fn pipe() -> (PipeReader, PipeWriter) {
    let (reader, writer) = std::io::pipe().unwrap();
    rustix::io::ioctl_fionbio(&writer, true).unwrap();
    (reader, writer)
}

/// Waits until the program has ended, or sleeps with the pipe as full as it gets.
fn until_it_waits(child: &mut Child, full: &dyn Fn() -> bool) {
    let stat = format!("/proc/{}/stat", child.id());
    loop {
        let stat = std::fs::read_to_string(&stat).unwrap_or_default();
        let sleeps = stat.rsplit(')').next().is_some_and(|rest| rest.starts_with(" S"));
        if child.try_wait().unwrap().is_some() || (sleeps && full()) {
            return;
        }
        std::thread::yield_now();
    }
}

/// What the program writes to a pipe that does not block and is read only when it is full.
fn through_a_full_pipe(run: Run, on_stderr: bool) -> (Option<i32>, Vec<u8>, Vec<u8>) {
    let (mut reader, mut writer) = pipe();
    let (mut other_reader, other) = std::io::pipe().unwrap();
    let mut junk = 0;
    while let Ok(count) = writer.write(&[b'.'; 4096]) {
        junk += count;
    }
    let trace = tempfile::tempdir().unwrap();
    let trace = trace.path().join("trace");
    let mut command = run.env("CONCUR_CRED_TRACE", &trace).into_command();
    command.stdin(Stdio::null());
    let streams = if on_stderr { (other, writer) } else { (writer, other) };
    let mut child = command.stdout(streams.0).stderr(streams.1).spawn().unwrap();
    drop(command);
    // After the first line of the trace it runs; from then on it sleeps only for the pipe.
    until_it_waits(&mut child, &|| trace.exists());
    let mut came = Vec::new();
    reader.read_to_end(&mut came).unwrap();
    let mut said = Vec::new();
    other_reader.read_to_end(&mut said).unwrap();
    let code = child.wait().unwrap().code();
    assert_eq!(came[..junk], vec![b'.'; junk]);
    (code, came.split_off(junk), said)
}

#[test]
fn every_answer_is_written_completely_to_a_full_pipe() {
    let world = World::logged_in();
    for args in [
        &["token"][..],
        &["get"],
        &["get", "--format", "json"],
        &["status"],
        &["status", "--json"],
        &["status", "--check"],
        &["log", "--json"],
        &["export", "-"],
        &["config", "show"],
        &["completions", "zsh"],
        &["capability"],
        &["doctor", "--offline"],
        &["key", "show-source"],
    ] {
        let expected = world.concur(args).ok();
        let (code, answer, said) = through_a_full_pipe(world.concur(args), false);
        let said = String::from_utf8_lossy(&said);
        assert_eq!((code, &*said), (Some(0), ""), "{args:?}");
        // What is left of a lifetime may be a second less.
        let length = expected.stdout.len();
        assert!(answer.len().abs_diff(length) <= 8 && !answer.is_empty(), "{args:?}");
    }
}

#[test]
fn an_error_is_written_completely_to_a_full_pipe() {
    let world = World::logged_in();
    let run = world.concur(["token", "--profile", "nobody"]);
    let (code, error, answer) = through_a_full_pipe(run, true);
    let error = String::from_utf8_lossy(&error);
    assert_eq!((code, answer), (Some(3), Vec::new()));
    assert!(error.starts_with("error: There is no profile nobody"), "{error}");
    assert_eq!(error.lines().count(), 2, "{error}");
}

#[test]
fn a_large_body_is_written_completely() {
    let world = World::logged_in();
    let count = 3_000_000;
    let path = format!("/sandbox/bytes?count={count}");
    let (mut reader, writer) = pipe();
    let mut command = world.concur(["api", &path]).into_command();
    let mut child = command.stdin(Stdio::null()).stdout(writer).spawn().unwrap();
    drop(command);
    // Linux gives a pipe 64 KiB.
    let is_full = || rustix::io::ioctl_fionread(&reader).unwrap() >= 60_000;
    until_it_waits(&mut child, &is_full);
    let mut body = Vec::new();
    reader.read_to_end(&mut body).unwrap();
    let expected: Vec<u8> = (0..=255).cycle().take(count).collect();
    assert!(body == expected, "{} bytes", body.len());
    assert_eq!(child.wait().unwrap().code(), Some(0));
}

/// Gives the pieces to the program's stdin, which does not block, each when it has nothing left to read.
fn given(run: Run, pieces: &[&[u8]]) -> (Option<i32>, String) {
    let (stdin, mut writer) = std::io::pipe().unwrap();
    rustix::io::ioctl_fionbio(&stdin, true).unwrap();
    let mut command = run.into_command();
    let look = stdin.try_clone().unwrap();
    command.stdin(stdin).stdout(Stdio::piped()).stderr(Stdio::null());
    let mut child = command.spawn().unwrap();
    drop(command);
    for piece in pieces {
        until_it_waits(&mut child, &|| rustix::io::ioctl_fionread(&look).unwrap() == 0);
        // It may have ended; the test checks that.
        let _ = writer.write_all(piece);
    }
    drop(writer);
    let mut answer = String::new();
    child.stdout.take().unwrap().read_to_string(&mut answer).unwrap();
    (child.wait().unwrap().code(), answer)
}

#[test]
fn requests_and_bodies_are_read_from_a_stdin_that_does_not_block() {
    let world = World::logged_in();
    let token = world.concur(["token"]).ok().line();
    let (first, rest) = ("protocol=http\n", format!("host={}\n\n", world.host()));
    for run in [world.helper(["get"]), world.concur(["get"])] {
        let (code, answer) = given(run, &[first.as_bytes(), rest.as_bytes()]);
        assert_eq!(code, Some(0));
        assert!(answer.contains(&format!("password={token}\n")), "{answer}");
    }
    let stored = b"protocol=https\nhost=git.example\nusername=me\npassword=p\n\n";
    let (code, _) = given(world.helper(["store"]), &[&stored[..20], &stored[20..]]);
    assert_eq!(code, Some(0));
    let asked = world.helper(["get"]).stdin("protocol=https\nhost=git.example\n\n").ok();
    assert_eq!(asked.value("password").as_deref(), Some("p"));
    let api = world.concur(["api", "POST", "/sandbox/echo", "--input", "-"]);
    let (code, answer) = given(api, &[b"{\"a\":", b"2}"]);
    assert_eq!(code, Some(0), "{answer}");
    assert!(answer.contains("\"body_json\":{\"a\":2}"), "{answer}");
    let api = world.concur(["api", "POST", "/sandbox/echo", "-F", "a=@-"]);
    let (code, answer) = given(api, &[b"one ", b"two"]);
    assert_eq!(code, Some(0), "{answer}");
    assert!(answer.contains("\"body_json\":{\"a\":\"one two\"}"), "{answer}");
    let company = world.sandbox.add_company();
    let file = world.sandbox.refresh_token_object_file(&company, 60).into_bytes();
    world.write("credentials-other.json", world.sandbox.credentials_json_of(&company));
    let import = ["import", "-", "--dry-run", "--profile", "other", "--credentials"];
    let import = world.concur(import).arg("credentials-other.json");
    let import = import.env("CONCUR_CRED_ALLOWED_ORIGINS", world.sandbox.origin());
    let (code, _) = given(import, &[&file[..10], &file[10..]]);
    assert_eq!(code, Some(0));
    let secret = world.sandbox.change_client_secret();
    let (code, _) =
        given(world.concur(["set-secret"]), &[&secret.as_bytes()[..5], &secret.as_bytes()[5..]]);
    assert_eq!(code, Some(0));
}
