//! Without HOME: commands that need the store report it, and helper requests get an empty answer.
#![cfg(unix)]

use crate::harness::{Run, World};

/// Both ways to be without one.
fn without_home(world: &World, args: &[&str]) -> [Run; 2] {
    [world.concur(args).without_env("HOME"), world.concur(args).env("HOME", "")]
}

#[test]
fn every_command_that_needs_the_store_reports_the_missing_home() {
    let world = World::new();
    let origin = world.sandbox.origin().to_owned();
    world.write("credentials.json", world.sandbox.credentials_json());
    world.write("refreshTokenObjectFile.json", "{}");
    for args in [
        &["token"][..],
        &["get"],
        &["get", "--format", "json"],
        &["get", "--cached"],
        &["login", "--base-url", &origin],
        &["login", "--base-url", &origin, "--grant", "otp"],
        &["login", "--base-url", &origin, "--grant", "browser"],
        &["logout"],
        &["refresh"],
        &["refresh", "--all"],
        &["keepalive"],
        &["status"],
        &["status", "--json"],
        &["import"],
        &["export", "-"],
        &["exec", "--", "true"],
        &["api", "/x"],
        &["use", "acme"],
        &["rename", "a", "b"],
        &["set-secret"],
        &["log"],
        &["log", "--json"],
        &["doctor"],
        &["key", "show-source"],
        &["key", "rotate"],
        &["key", "set-source", "file"],
        &["config", "path"],
    ] {
        for run in without_home(&world, args) {
            run.fails(6).says("no home folder").says("CONCUR_CRED_HOME");
        }
    }
    for run in without_home(&world, &["status", "--check"]) {
        let output = run.output().code(3);
        assert!(output.text().contains("no home folder"), "{output:?}");
    }
    assert_eq!(world.token_requests(), 0, "nothing is spent that could not be kept");
    assert_eq!(std::fs::read_dir(world.work()).unwrap().count(), 2, "nothing is made");
}

#[test]
fn without_a_home_a_helper_request_gets_no_answer_and_other_commands_work() {
    let world = World::new();
    let request = "protocol=https\nhost=us2.api.concursolutions.com\n\n";
    let stored = "protocol=https\nhost=example.org\nusername=u\npassword=p\n\n";
    let uri = "{\"uri\":\"https://us2.api.concursolutions.com/\"}\n";
    for (args, stdin) in [
        (&["get"][..], request),
        (&["get", "--protocol", "git"], request),
        (&["erase"], request),
        (&["store"], stored),
        (&["capability"], ""),
    ] {
        for run in without_home(&world, args) {
            let output = run.stdin(stdin).ok().silent();
            assert_eq!(output.stdout.is_empty(), args != ["capability"], "{output:?}");
        }
        let helper = world.helper(args).without_env("HOME").stdin(stdin);
        helper.ok().silent();
    }
    let bound = &["store", "--application", "acme"];
    world.concur(bound).without_env("HOME").stdin(stored).fails(6).says("no home folder");
    for run in without_home(&world, &["get"]) {
        let output = run.stdin(uri).ok().silent();
        assert!(
            output.json().get("headers").is_none_or(|headers| headers == &serde_json::json!({}))
        );
    }
    for args in [
        &["--help"][..],
        &["--version"],
        &["get", "--help"],
        &["completions", "bash"],
        &["completions", "--list", "profiles"],
        &["config", "show"],
    ] {
        for run in without_home(&world, args) {
            run.ok().silent();
        }
    }
}
