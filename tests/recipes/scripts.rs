//! Scripts: bash, curl, Python, Node, PowerShell.

use concur_sandbox::{Config, Fault, StatusBody};

use super::recipe::{Recipe, arguments, have, python_with, spy, stand_in, tokens_used};
use crate::harness::{Output, World};

const REPORTS: &str = "/api/v3.0/expense/reports";
const USERS: &str = "/profile/identity/v4.1/Users";

/// Tokens so short-lived that none is valid for a second request: an expiry without waiting.
fn short_lived() -> Config {
    Config { access_lifetime_seconds: 30, ..Config::default() }
}

/// The service refuses every token: a missing scope.
fn forbidden() -> Fault {
    Fault::Status { code: 403, body: StatusBody::Json, retry_after: None }
}

/// The service has revoked a token that is valid in the store.
fn revoke(world: &World) {
    world.age_access_token("default", 120);
    world.sandbox.expire_access_tokens();
}

#[test]
fn the_bash_loop_reads_every_page_though_the_token_runs_out_between_two() {
    if !have(&["jq"]) {
        return;
    }
    let recipe = Recipe::open("bash.md", &["loop"]);
    let world = World::logged_in_with(short_lived());
    let output = recipe.run("loop", &world).ok().silent();
    assert_eq!(output.text().lines().count(), 40, "{output:?}");
    assert!(output.text().contains("erika@example.com\t100\tEUR"), "{output:?}");
    assert_eq!(tokens_used(&world, REPORTS), 2, "a token of its own for each page");
    assert_eq!(world.sandbox.violations(), Vec::<String>::new());
}

#[test]
fn the_bash_loop_stops_with_the_programs_exit_code_when_there_is_no_token() {
    if !have(&["jq"]) {
        return;
    }
    let recipe = Recipe::open("bash.md", &["loop"]);
    let world = World::new();
    drop(recipe.run("loop", &world).output().code(3).says("There is no profile: "));
    assert_eq!(world.sandbox.requests().len(), 0);
}

#[test]
fn the_bash_loop_stops_in_the_middle_when_a_page_is_refused() {
    if !have(&["jq"]) {
        return;
    }
    let recipe = Recipe::open("bash.md", &["loop"]);
    let world = World::logged_in();
    world.sandbox.fault_always_at(REPORTS, forbidden());
    drop(recipe.run("loop", &world).output().code(1).says("403"));
    assert_eq!(world.sandbox.requests().iter().filter(|r| r.path == REPORTS).count(), 1);
}

#[test]
fn curl_reads_its_header_from_a_pipe_and_from_process_substitution() {
    if !have(&["curl"]) {
        return;
    }
    let recipe = Recipe::open("curl.md", &["pipe", "body", "common.curl"]);
    let world = World::logged_in();
    spy(&world, "curl");
    recipe.write("common.curl", &world);
    let output = recipe.run("pipe", &world).ok().silent();
    assert!(output.text().contains("Mustermann"), "{output:?}");
    drop(recipe.run("body", &world).ok().silent());
    let users = std::fs::read_to_string(world.work().join("users.json")).unwrap();
    assert!(users.contains("Mustermann") && users.contains("Normal"), "{users}");
    assert_eq!(arguments(&world).lines().count(), 2);
    let alone = World::new();
    for block in ["pipe", "body"] {
        let output = recipe.run(block, &alone).output();
        assert_ne!(output.code, Some(0), "{block} without a token\n{output:?}");
        assert!(output.stderr.contains("There is no profile: "), "{output:?}");
    }
}

fn python(recipe: &Recipe, world: &World) -> Option<Output> {
    let python = python_with("requests")?;
    recipe.write("concur.py", world);
    let text = recipe.text("use", world);
    // `-c` looks for modules in the current folder, as a script beside concur.py does.
    Some(world.run(python, ["-c", &text]).output())
}

fn node(recipe: &Recipe, world: &World) -> Option<Output> {
    if !have(&["node"]) {
        return None;
    }
    recipe.write("concur.mjs", world);
    let file = world.write("use.mjs", recipe.text("use", world));
    Some(world.run("node", [file]).output())
}

type Language = (Recipe, fn(&Recipe, &World) -> Option<Output>);

fn languages() -> [Language; 2] {
    [
        (Recipe::open("python.md", &["concur.py", "use", "report.py", "exec"]), python),
        (Recipe::open("node.md", &["concur.mjs", "use"]), node),
    ]
}

#[test]
fn python_and_node_read_the_users() {
    for (recipe, run) in languages() {
        let world = World::logged_in();
        let Some(output) = run(&recipe, &world) else { continue };
        let output = output.code(0).silent();
        let lines: Vec<&str> = output.text().lines().collect();
        assert_eq!(lines.len(), 2, "{output:?}");
        assert!(lines[0].ends_with(" Mustermann") && lines[1].ends_with(" Normal"), "{output:?}");
        assert_eq!((world.token_requests(), world.refreshes()), (1, 0), "from the store");
    }
}

#[test]
fn a_short_python_program_is_run_with_the_token_in_its_environment() {
    let Some(python) = python_with("requests") else { return };
    let recipe = Recipe::open("python.md", &["concur.py", "use", "report.py", "exec"]);
    let world = World::logged_in();
    stand_in(&world, "python3", &format!("exec '{}' \"$@\"", python.display()));
    recipe.write("report.py", &world);
    assert_eq!(recipe.run("exec", &world).ok().silent().line(), "Mustermann");
}

#[test]
fn python_and_node_erase_a_refused_token_once() {
    for (recipe, run) in languages() {
        let world = World::logged_in();
        revoke(&world);
        let Some(output) = run(&recipe, &world) else { continue };
        let output = output.code(0);
        assert!(output.text().contains("Mustermann"), "{output:?}");
        assert_eq!(world.refreshes(), 1);
        assert_eq!(tokens_used(&world, USERS), 2, "the refused one and the new one");
    }
}

#[test]
fn python_and_node_do_not_refresh_at_every_request_for_a_missing_scope() {
    for (recipe, run) in languages() {
        let world = World::logged_in();
        world.sandbox.fault_always_at(USERS, forbidden());
        for _ in 0..2 {
            let Some(output) = run(&recipe, &world) else { continue };
            assert_ne!(output.code, Some(0), "{output:?}");
            assert!(output.stderr.contains("403"), "{output:?}");
            assert!(!output.stderr.contains("eyJ"), "no token in a traceback\n{output:?}");
        }
        assert_eq!(world.refreshes(), 0, "the token is younger than a minute");
    }
}

#[test]
fn python_and_node_report_why_there_is_no_token() {
    for (recipe, run) in languages() {
        let world = World::new();
        let Some(output) = run(&recipe, &world) else { continue };
        assert_ne!(output.code, Some(0), "{output:?}");
        assert!(output.stderr.contains("There is no profile: "), "{output:?}");
        assert_eq!(world.sandbox.requests().len(), 0);
    }
}

#[test]
fn powershell_reads_a_user_or_stops_with_the_programs_exit_code() {
    let recipe = Recipe::open("powershell.md", &["script"]);
    if !have(&["pwsh"]) {
        return;
    }
    for (world, code) in [(World::logged_in(), 0), (World::new(), 3)] {
        let file = world.write("recipe.ps1", recipe.text("script", &world));
        let run = world.run("pwsh", ["-NoProfile", "-NonInteractive", "-File"]).arg(file);
        let output = run.env("POWERSHELL_TELEMETRY_OPTOUT", "1").output().code(code);
        assert_eq!(output.text().contains("Mustermann"), code == 0, "{output:?}");
    }
}
