//! No token appears in an argument, a message or a trace, on any code path.

use std::time::Duration;

use concur_sandbox::{Config, Fault, Rotation, StatusBody};

use super::support::{ECHO, api};
use crate::harness::{Output, World};

/// The access and refresh tokens that are stored now.
fn stored(world: &World) -> Vec<String> {
    let file = world.concur(["export", "-", "--profile", "default"]).ok().json();
    let text = |name: &str| file[name].as_str().map(str::to_owned);
    ["access_token", "refresh_token", "id_token"].into_iter().filter_map(text).collect()
}

fn assert_absent(secrets: &[String], bytes: &[u8], place: &str) {
    let text = String::from_utf8_lossy(bytes);
    for secret in secrets {
        assert!(!text.contains(secret.as_str()), "a token is in {place}");
        // A part of it would be as bad; the beginnings of JWTs are all the same.
        let tail = &secret[secret.len() - 12..];
        assert!(!text.contains(tail), "the end of a token is in {place}");
    }
}

#[test]
fn no_token_appears_in_messages_or_traces() {
    let world = World::logged_in_with(Config {
        rotation: Rotation::NewKeepOld,
        request_token_uses: Some(1),
        ..Config::default()
    });
    let trace = world.home().join("trace");
    let mut secrets = stored(&world);
    let token = secrets[0].clone();
    let echoing = Fault::RawBody {
        status: 400,
        content_type: "application/json".to_owned(),
        body: format!("{{\"message\":\"bad token {token}\"}}").into_bytes(),
    };
    let forbidden = Fault::Status { code: 403, body: StatusBody::Json, retry_after: None };
    let redirect =
        Fault::Redirect { status: 302, location: format!("https://evil.example/{token}") };
    let mut said = Vec::new();
    let mut record = |output: Output, answer_may_hold_it: bool| {
        said.extend(output.stderr.bytes());
        if !answer_may_hold_it {
            said.extend(&output.stdout);
        }
    };
    for fault in [echoing, forbidden, redirect, Fault::TruncateBody, Fault::DropAfter] {
        world.sandbox.push_faults_at("/sandbox/", 1, fault);
        record(
            api(&world, &["--trace", ECHO, "-f", "a=b"]).env("CONCUR_CRED_TRACE", &trace).output(),
            false,
        );
    }
    record(api(&world, &["-i", ECHO]).env("CONCUR_CRED_TRACE", &trace).ok(), false);
    record(world.concur(["exec", "--trace", "--", "true"]).ok(), false);
    record(
        world.concur(["exec", "--", "no-such-command"]).env("CONCUR_CRED_TRACE", &trace).output(),
        false,
    );
    world.expire("default");
    record(api(&world, &["--trace", ECHO]).ok(), false);
    secrets.extend(stored(&world));
    world.sandbox.push_faults_at("/app-mgmt/", 1, Fault::service_unavailable());
    record(world.concur(["--trace", "logout", "--revoke", "--yes"]).output(), false);
    record(world.concur(["log", "--json", "-n", "99"]).ok(), false);
    record(
        world.concur(["logout", "--revoke", "--yes"]).env("CONCUR_CRED_TRACE", &trace).ok(),
        false,
    );
    assert!(said.len() > 1000, "the session was recorded");
    assert_absent(&secrets, &said, "what was said");
    assert_absent(&secrets, &std::fs::read(&trace).unwrap(), "the trace");
}

#[test]
fn no_token_appears_in_arguments_and_only_the_command_of_exec_has_it_in_its_environment() {
    let world = World::logged_in();
    let secrets = stored(&world);
    let gate = world.sandbox.hold_next_api_request();
    // Without it only root could look.
    let run = api(&world, &["POST", ECHO, "-f", "a=b"]).env("CONCUR_CRED_TEST_DUMPABLE", "1");
    let running = run.start();
    assert!(gate.wait_until_reached(Duration::from_secs(20)));
    for name in ["cmdline", "environ", "comm"] {
        let path = format!("/proc/{}/{name}", running.child.id());
        assert_absent(&secrets, &std::fs::read(&path).unwrap(), &path);
    }
    gate.release();
    let _ = running.wait().code(0).silent();
    let command = ["exec", "--", "sh", "-c", "cat /proc/$$/cmdline; cat /proc/$PPID/cmdline"];
    let output = world.concur(command).ok().silent();
    assert_absent(&secrets, &output.stdout, "an argument");
    let environ = world.concur(["exec", "--", "cat", "/proc/self/environ"]).ok().silent();
    let text = String::from_utf8_lossy(&environ.stdout).into_owned();
    let holding: Vec<_> = text.split('\0').filter(|line| line.contains(&secrets[0])).collect();
    assert_eq!(holding, [format!("CONCUR_ACCESS_TOKEN={}", secrets[0])]);
    assert_absent(&secrets[1..], &environ.stdout, "the command's environment");
}
