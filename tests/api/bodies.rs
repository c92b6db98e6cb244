//! `api`: bodies of any size, both ways.

use std::io::Read as _;
#[cfg(unix)]
use std::io::Write as _;
use std::process::Stdio;

use concur_sandbox::Fault;
use serde_json::json;
use sha2::{Digest as _, Sha256};

use super::support::{ECHO, api, api_requests, refused_before_anything_is_sent, sent};
use crate::harness::World;

const LARGE: usize = 24 << 20;

fn large() -> Vec<u8> {
    (0..=255).cycle().take(LARGE).collect()
}

fn hash(bytes: &[u8]) -> String {
    let hex: Vec<String> = Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect();
    hex.concat()
}

#[test]
fn a_file_of_any_size_is_sent_unchanged() {
    let world = World::logged_in();
    let small = b"\xff\x00{not json\r\n".to_vec();
    for body in [Vec::new(), small, large()] {
        world.write("body", &body);
        let got = sent(&world, &[ECHO, "--input", "body", "-H", "Content-Type: application/pdf"]);
        assert_eq!(got["method"], "POST");
        assert_eq!(
            (&got["body_bytes"], &got["body_sha256"]),
            (&json!(body.len()), &json!(hash(&body)))
        );
        assert_eq!(got["headers"]["content-length"], json!([body.len().to_string()]));
        assert_eq!(got["headers"]["content-type"], json!(["application/pdf"]));
        assert!(got["headers"].get("transfer-encoding").is_none(), "never chunked: {got}");
    }
    let got = sent(&world, &["PUT", ECHO, "--input", "body", "-f", "a=b"]);
    assert_eq!((&got["method"], &got["query"]), (&json!("PUT"), &json!([["a", "b"]])));
    refused_before_anything_is_sent(&world, &["GET", ECHO, "--input", "body"]);
    refused_before_anything_is_sent(&world, &[ECHO, "--input", "missing"]);
    refused_before_anything_is_sent(&world, &[ECHO, "--input", "."]);
}

#[test]
fn stdin_of_any_size_is_sent_whole_with_its_length() {
    let world = World::logged_in();
    for body in [b"{\"a\":1}".to_vec(), large()] {
        let output = api(&world, &["POST", ECHO, "--input", "-"]).stdin(body.clone()).ok().silent();
        let got = output.json();
        assert_eq!(
            (&got["body_bytes"], &got["body_sha256"]),
            (&json!(body.len()), &json!(hash(&body)))
        );
        assert_eq!(got["headers"]["content-length"], json!([body.len().to_string()]));
        assert_eq!(got["headers"]["content-type"], json!(["application/json"]));
    }
}

#[test]
fn a_large_answer_is_printed_byte_for_byte() {
    let world = World::logged_in();
    let path = format!("/sandbox/bytes?count={LARGE}");
    let output = api(&world, &[&path]).ok().silent();
    assert!(output.stdout == large(), "{} bytes", output.stdout.len());
}

#[test]
fn an_answer_is_written_to_a_file_whole_or_not_at_all() {
    let world = World::logged_in();
    let path = format!("/sandbox/bytes?count={LARGE}");
    let printed = api(&world, &[&path, "--output", "out"]).ok().silent();
    assert!(printed.stdout.is_empty());
    let out = world.work().join("out");
    assert!(std::fs::read(&out).unwrap() == large());
    #[cfg(unix)]
    assert_eq!(crate::harness::mode(&out), 0o600);
    world.sandbox.push_faults_at("/sandbox/", 1, Fault::TruncateBody);
    let _ =
        api(&world, &["/sandbox/bytes?count=9000", "--output", "out"]).fails(5).says("broke off");
    let _ = api(&world, &["/nothing/here", "--output", "out"]).fails(1);
    assert!(std::fs::read(&out).unwrap() == large(), "the old one stays");
    let left: Vec<_> =
        std::fs::read_dir(world.work()).unwrap().map(|e| e.unwrap().file_name()).collect();
    assert!(!left.iter().any(|name| name.to_string_lossy().starts_with(".concur")), "{left:?}");
    world.sandbox.clear_log();
    let _ = api(&world, &[&path, "--output", "no/such/folder"]).fails(1);
    assert!(world.sandbox.requests().is_empty(), "an impossible file is detected first");
    assert_eq!(api(&world, &["/sandbox/bytes?count=3", "--output", "-"]).ok().stdout, [0, 1, 2]);
}

#[test]
fn a_truncated_body_is_a_temporary_failure_and_reports_the_bytes_received() {
    let world = World::logged_in();
    world.sandbox.push_faults_at("/sandbox/", 1, Fault::TruncateBody);
    let output = api(&world, &["/sandbox/bytes?count=9000"]).output().code(5);
    let output = output.says("broke off after 4500 bytes").says("correlation ");
    assert_eq!(output.stdout.len(), 4500, "the received bytes were printed unchanged");
}

#[test]
fn a_stalled_body_times_out_and_a_slow_one_does_not() {
    let world = World::logged_in();
    world.sandbox.push_faults_at("/sandbox/", 1, Fault::StallBody);
    let stalled = api(&world, &["/sandbox/bytes?count=9000"]).env("CONCUR_CRED_HTTP_TIMEOUT", "1s");
    let stalled = stalled.output().code(5).says("came to a halt after 4500 bytes");
    assert_eq!(stalled.stdout.len(), 4500);
    assert_eq!(api_requests(&world).len(), 1, "the request is not repeated");
}

#[test]
fn received_bytes_are_printed_before_the_rest_arrives() {
    let world = World::logged_in();
    world.sandbox.push_faults_at("/sandbox/", 1, Fault::StallBody);
    let mut command = api(&world, &["/sandbox/bytes?count=9000"]).into_command();
    let mut child = command.stdin(Stdio::null()).stdout(Stdio::piped()).spawn().unwrap();
    let mut half = vec![0; 4500];
    child.stdout.as_mut().unwrap().read_exact(&mut half).unwrap();
    assert!(half == large()[..4500]);
    // The rest never comes and the program still waits: so the bytes were printed before the end.
    assert!(child.try_wait().unwrap().is_none());
    child.kill().unwrap();
    child.wait().unwrap();
}

#[cfg(unix)]
#[test]
fn a_closed_output_pipe_is_no_failure() {
    let world = World::logged_in();
    let path = format!("/sandbox/bytes?count={LARGE}");
    for args in [&["api", path.as_str()][..], &["api", "-i", path.as_str()]] {
        let (reader, writer) = std::io::pipe().unwrap();
        drop(reader);
        let output = world.concur(args).into_command().stdout(writer).output().unwrap();
        let stderr = String::from_utf8_lossy(&output.stderr);
        assert_eq!((output.status.code(), &*stderr), (Some(0), ""), "{args:?}");
    }
    let script = "\"$0\" api \"$1\" | head -c 5 | wc -c; exit ${PIPESTATUS[0]}";
    let output = world.run("bash", ["-c", script, crate::harness::BINARY, &path]).ok().silent();
    assert_eq!(output.line().trim(), "5");
}

#[cfg(unix)]
#[test]
fn a_full_disk_is_reported() {
    if !std::path::Path::new("/dev/full").exists() {
        return;
    }
    let world = World::logged_in();
    let full = std::fs::File::create("/dev/full").unwrap();
    let mut command = api(&world, &["/sandbox/bytes?count=100000"]).into_command();
    let output = command.stdout(full).output().unwrap();
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(1), "{stderr}");
    assert!(stderr.starts_with("error: "), "{stderr}");
    let _ = api(&world, &["/sandbox/bytes?count=100000", "--output", "/dev/full"]).fails(1);
}

/// Ctrl-C in a long download, or a power failure.
#[cfg(target_os = "linux")]
#[test]
fn an_interrupted_download_leaves_no_file() {
    let world = World::logged_in();
    world.expire("default");
    let gate = world.sandbox.hold_next_token_request();
    let args = ["/sandbox/bytes?count=9", "--output", "out"];
    let mut child = api(&world, &args).into_command().spawn().unwrap();
    // The file is created before the request.
    assert!(gate.wait_until_reached(std::time::Duration::from_secs(30)));
    child.kill().unwrap();
    let _ = child.wait().unwrap();
    gate.release();
    let names = std::fs::read_dir(world.work()).unwrap().map(|entry| entry.unwrap().file_name());
    let left: Vec<_> =
        names.filter(|name| !name.to_string_lossy().starts_with("credentials")).collect();
    assert!(left.is_empty(), "{left:?}");
}

#[cfg(unix)]
#[test]
fn a_pipe_named_as_input_is_read_to_its_end() {
    let world = World::logged_in();
    let script = "\"$0\" api POST /sandbox/echo --input <(printf '{\"a\":'; printf '2}')";
    let output = world.run("bash", ["-c", script, crate::harness::BINARY]).ok().silent();
    assert_eq!(output.json()["body_json"], json!({ "a": 2 }));
    let mut command = api(&world, &["POST", ECHO, "--input", "-"]).into_command();
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    let mut stdin = child.stdin.take().unwrap();
    stdin.write_all(b"{\"a\":").unwrap();
    assert!(api_requests(&world).len() < 2, "nothing is sent before the length is known");
    stdin.write_all(b"3}").unwrap();
    drop(stdin);
    let output = child.wait_with_output().unwrap();
    let got: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(got["body_json"], json!({ "a": 3 }));
}
