//! `api`: endless bodies are not buffered without a limit.
#![cfg(unix)]

use std::io::Write as _;
use std::process::Stdio;

use super::support::{ECHO, api, refused_before_anything_is_sent};
use crate::harness::World;

#[test]
fn an_endless_device_or_pipe_is_refused_and_leaves_nothing() {
    let world = World::logged_in();
    for args in [
        &["POST", ECHO, "--input", "/dev/zero"][..],
        &["PUT", ECHO, "--input", "/dev/zero", "-f", "a=b"],
    ] {
        let temporary = tempfile::tempdir().unwrap();
        let output = api(&world, args).env("TMPDIR", temporary.path()).fails(2);
        drop(output.says("larger than 256 MiB").says("--input"));
        assert_eq!(std::fs::read_dir(temporary.path()).unwrap().count(), 0);
    }
    drop(refused_before_anything_is_sent(&world, &[ECHO, "-F", "a=@/dev/zero"]).says("1 MiB"));
    let mut command = api(&world, &["POST", ECHO, "--input", "-"]).into_command();
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    let mut stdin = child.stdin.take().unwrap();
    let piece = vec![b'x'; 1 << 20];
    // The program closes the pipe at its limit; otherwise this writer would never end.
    while stdin.write_all(&piece).is_ok() {}
    let output = child.wait_with_output().unwrap();
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(2), "{stderr}");
    assert!(output.stdout.is_empty() && stderr.contains("larger than 256 MiB"), "{stderr}");
}
