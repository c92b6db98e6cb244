//! `exec`: which token a command gets, and what happens when there is none.

use concur_sandbox::{Config, Fault, Rotation};

use super::support::current_token;
use crate::harness::{Run, Running, World};

fn exec(world: &World, command: &[&str]) -> Run {
    world.concur(["exec", "--"].iter().chain(command))
}

/// Prints the four variables, one a line.
const SHOW: &str = "printf '%s\\n' \"$CONCUR_ACCESS_TOKEN\" \"$CONCUR_BASE_URL\" \
    \"$CONCUR_COMPANY_UUID\" \"$CONCUR_TOKEN_EXPIRES_AT\"";

#[test]
fn a_command_gets_the_token_and_its_details_in_the_environment() {
    let world = World::logged_in();
    let output = exec(&world, &["sh", "-c", SHOW]).ok().silent();
    let lines: Vec<&str> = output.text().lines().collect();
    let expires: i64 = world.column("default", "access_expires_at");
    let company = world.sandbox.app().company_uuid.clone();
    let expected =
        [current_token(&world), world.sandbox.origin().to_owned(), company, expires.to_string()];
    assert_eq!(lines, expected);
    assert_eq!(world.refreshes(), 0);
}

#[test]
fn the_dashes_are_optional_and_the_commands_options_are_passed_on() {
    let world = World::logged_in();
    for args in [
        &["exec", "echo", "--profile", "x", "-q", "--"][..],
        &["exec", "--", "echo", "--profile", "x", "-q", "--"],
        &["exec", "--min-ttl", "5m", "--profile", "default", "echo", "--profile", "x", "-q", "--"],
    ] {
        assert_eq!(world.concur(args).ok().silent().line(), "--profile x -q --", "{args:?}");
    }
    let output = world.concur(["exec"]).output().code(2);
    assert!(output.stderr.contains("CMD"), "{output:?}");
    let _ = world.concur(["exec", "--no-such-option", "echo"]).output().code(2);
}

#[test]
fn an_expired_token_is_refreshed_first_and_min_ttl_is_honoured() {
    let world = World::logged_in();
    world.expire("default");
    let token =
        exec(&world, &["sh", "-c", SHOW]).ok().silent().text().lines().next().map(str::to_owned);
    assert!(world.sandbox.is_live_access_token(&token.unwrap()));
    assert_eq!(world.refreshes(), 1);
    world.age_access_token("default", 3600 - 900);
    let _ = world.concur(["exec", "--min-ttl", "10m", "true"]).ok().silent();
    assert_eq!(world.refreshes(), 1, "fifteen minutes are left");
    let _ = world.concur(["exec", "--min-ttl", "20m", "true"]).ok().silent();
    assert_eq!(world.refreshes(), 2);
}

#[test]
fn the_refresh_is_logged_before_the_process_is_replaced() {
    let world = World::logged_in();
    world.expire("default");
    let _ = exec(&world, &["true"]).ok().silent();
    let last = world.concur(["log", "--json", "-n", "1"]).ok().json();
    assert_eq!((&last["action"], &last["outcome"]), (&"refresh".into(), &"granted".into()));
}

#[test]
fn without_a_token_the_command_does_not_run() {
    let world = World::logged_in_with(Config { request_token_uses: Some(1), ..Config::default() });
    let ran = |run: Run, code: i32| {
        let _ = run.fails(code);
        assert!(!world.work().join("ran").exists(), "the command did not run");
    };
    let touch = ["touch", "ran"];
    ran(World::new().concur(["exec", "--", "touch", "ran"]).in_folder(world.work()), 3);
    ran(world.concur(["exec", "--profile", "gamma", "touch", "ran"]), 3);
    world.expire("default");
    ran(world.concur(["exec", "--cached", "touch", "ran"]), 5);
    world.sandbox.push_fault(Fault::too_many_requests(900));
    ran(exec(&world, &touch), 5);
    world.database().execute("UPDATE record SET attempt_not_before = NULL", []).unwrap();
    world.sandbox.revoke_refresh_tokens();
    ran(exec(&world, &touch), 4);
}

#[test]
fn a_missing_command_exits_127_and_a_non_executable_one_126() {
    let world = World::logged_in();
    world.write("data", "not a program");
    for (command, code) in [
        ("no-such-command-here", 127),
        ("./no-such-file", 127),
        ("./data/below-a-file", 126),
        ("./data", 126),
        (".", 126),
        ("", 127),
    ] {
        // The caller's own PATH may name folders that this user cannot look into: then it is 126.
        let output = exec(&world, &[command]).env("PATH", "/usr/bin:/bin").output();
        let actual = output.code.unwrap();
        // What a path below a file is called differs between systems.
        assert!(
            actual == code || (command.contains("below") && actual == 127),
            "{command}\n{output:?}"
        );
        assert!(output.stdout.is_empty() && output.stderr.starts_with("error: Cannot run "));
    }
}

#[test]
fn an_empty_path_variable_finds_commands_only_by_file_path() {
    let world = World::logged_in();
    let sh =
        ["/bin/sh", "/usr/bin/sh"].into_iter().find(|path| std::path::Path::new(path).exists());
    let _ = exec(&world, &["no-such-command-here"]).env("PATH", "").output().code(127);
    assert_eq!(exec(&world, &[sh.unwrap(), "-c", "echo ran"]).env("PATH", "").ok().line(), "ran");
    let _ = exec(&world, &["no-such-command-here"]).without_env("PATH").output().code(127);
}

#[test]
fn two_hundred_commands_at_once_on_an_expired_token_cost_one_refresh() {
    let rotation = Rotation::NewRevokeFamily;
    let world = World::logged_in_with(Config { rotation, ..Config::default() });
    world.expire("default");
    let print = ["sh", "-c", "echo \"$CONCUR_ACCESS_TOKEN\""];
    let herd: Vec<Running> = (0..200).map(|_| exec(&world, &print).start()).collect();
    let mut tokens: Vec<String> = herd.into_iter().map(|one| one.wait().code(0).line()).collect();
    tokens.sort();
    tokens.dedup();
    assert_eq!(tokens.len(), 1);
    assert!(world.sandbox.is_live_access_token(&tokens[0]));
    assert_eq!(world.refreshes(), 1);
    assert_eq!(world.sandbox.counters().families_revoked_by_reuse, 0);
}

#[test]
fn a_full_session_works_through_a_shell_and_curl_as_documented() {
    let world = World::logged_in();
    let script = "curl -fsS -H \"Authorization: Bearer $CONCUR_ACCESS_TOKEN\" \
                  \"$CONCUR_BASE_URL/profile/identity/v4.1/Users?count=1\"";
    let output = exec(&world, &["sh", "-c", script]).ok().silent();
    assert_eq!(output.json()["Resources"][0]["name"]["familyName"], "Mustermann");
}
