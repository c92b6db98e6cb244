//! The incremental extract: state, pages, a token that expires in between.

use concur_sandbox::{Config, Fault};

use super::recipe::{Recipe, python_with, tokens_used};
use crate::harness::{Output, World, mode};

const REPORTS: &str = "/api/v3.0/expense/reports";

fn extract(world: &World) -> Option<Output> {
    let python = python_with("requests")?;
    let recipe = Recipe::open("incremental-extract.md", &["extract.py"]);
    let file = recipe.write("extract.py", world);
    Recipe::open("python.md", &["concur.py", "use", "report.py", "exec"]).write("concur.py", world);
    Some(world.run(python, [file]).output())
}

fn read(world: &World, name: &str) -> String {
    let file = world.work().join(name);
    assert_eq!(mode(&file), 0o600);
    std::fs::read_to_string(file).unwrap()
}

#[test]
fn a_first_run_takes_all_and_the_next_one_what_changed_since() {
    let config = Config { access_lifetime_seconds: 30, ..Config::default() };
    let world = World::logged_in_with(config);
    let Some(output) = extract(&world) else { return };
    drop(output.code(0).says("40 changed, 40 in all"));
    assert_eq!(tokens_used(&world, REPORTS), 2, "each of two pages had a token of its own");
    assert_eq!(read(&world, "state.json"), r#"{"modified": "2026-02-09T08:00:00.390"}"#);
    let first = read(&world, "reports.jsonl");
    drop(extract(&world).unwrap().code(0).says("1 changed, 40 in all"));
    assert_eq!(read(&world, "reports.jsonl"), first, "the overlap makes no row twice");
    assert_eq!(world.sandbox.violations(), Vec::<String>::new());
}

#[test]
fn a_failed_run_leaves_state_and_table_unchanged() {
    let world = World::logged_in();
    let Some(output) = extract(&world) else { return };
    drop(output.code(0));
    world.write("state.json", r#"{"modified": "2026-01-15T08:00:00.000"}"#);
    let before = (read(&world, "state.json"), read(&world, "reports.jsonl"));
    world.sandbox.fault_always_at(REPORTS, Fault::service_unavailable());
    let output = extract(&world).unwrap();
    assert_ne!(output.code, Some(0), "{output:?}");
    assert!(!output.stderr.contains("eyJ"), "no token in a traceback\n{output:?}");
    assert_eq!((read(&world, "state.json"), read(&world, "reports.jsonl")), before);
    world.sandbox.clear_faults();
    drop(extract(&world).unwrap().code(0).says("26 changed, 40 in all"));
}

#[test]
fn a_token_that_is_revoked_in_the_middle_costs_one_refresh() {
    let world = World::logged_in();
    world.age_access_token("default", 120);
    world.sandbox.expire_access_tokens();
    let Some(output) = extract(&world) else { return };
    drop(output.code(0).says("40 changed"));
    assert_eq!(world.refreshes(), 1);
}
