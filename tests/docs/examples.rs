//! The examples of the README and of the pages it leads to run, from top to end, in one world: as a reader would.

use std::process::Command;

use super::pages::{Block, blocks, page};
use crate::harness::{Output, World, skipped};

/// The pages, in the order of reading.
const PAGES: [&str; 3] = ["README.md", "docs/scripts.md", "docs/login.md"];
/// What they call Concur; the sandbox takes its place.
const CONCUR: &str = "https://us2.api.concursolutions.com";

/// The blocks of all of them.
fn all_blocks() -> Vec<Block> {
    PAGES.iter().flat_map(|name| blocks(&page(name))).collect()
}

/// The block as it is run: with the sandbox in Concur's place.
fn script(block: &Block, world: &World) -> String {
    let origin = world.sandbox.origin();
    let mut text = block.text.replace(CONCUR, origin);
    for name in ["us2", "eu2"] {
        text = text.replace(&format!("--base-url {name}"), &format!("--base-url {origin}"));
    }
    text
}

/// Runs a block in its language; `None` when there is nothing to run it with.
fn run(block: &Block, world: &World) -> Option<Output> {
    let (program, first): (&str, &[&str]) = match block.language.as_str() {
        "sh" => ("bash", &["-eu", "-c"]),
        "python" => ("python3", &["-c"]),
        "js" => ("node", &["--input-type=module", "--eval"]),
        other => panic!("a tested block in {other:?}"),
    };
    if Command::new(program).arg("--version").output().is_err() {
        skipped(&format!("there is no {program}"));
        return None;
    }
    let run = world.run(program, first).arg(script(block, world));
    // The operator must allow the sandbox's origin; an imported file cannot.
    Some(run.env("CONCUR_CRED_ALLOWED_ORIGINS", world.sandbox.origin()).output())
}

/// The reader's steps between the blocks: filling in files.
fn fill_in(block: &Block, world: &World) {
    if block.text.starts_with("concur-cred init") {
        world.write("credentials.json", world.sandbox.credentials_json());
    }
    if block.text.starts_with("concur-cred configure-git") {
        world.write("acme.json", world.sandbox.credentials_json());
        let globex = world.sandbox.add_company();
        world.write("globex.json", world.sandbox.credentials_json_of(&globex));
    }
    if block.text.contains("concur-cred use acme") {
        let app = world.sandbox.app().clone();
        let file = world.sandbox.refresh_token_object_file(&app, 0);
        world.write("refreshTokenObjectFile.json", file);
    }
}

#[test]
fn the_examples_run_from_top_to_end() {
    let world = World::new();
    let mut languages = Vec::new();
    for block in all_blocks() {
        let Some(expected) = block.tested.clone() else { continue };
        languages.push(block.language.clone());
        let Some(output) = run(&block, &world) else { continue };
        let output = output.code(0);
        assert!(output.text().contains(&expected), "{expected:?} in the answer\n{output:?}");
        fill_in(&block, &world);
    }
    languages.sort();
    languages.dedup();
    assert_eq!(languages, ["js", "python", "sh"]);
    assert_eq!(world.sandbox.violations(), Vec::<String>::new());
    assert_eq!(world.token_requests(), 3, "the three logins: the rest came from the store");
}

#[test]
fn a_script_stops_when_there_is_no_token() {
    let world = World::new();
    let blocks = all_blocks();
    let scripts = blocks.iter().filter(|block| block.tested.as_deref() == Some("Mustermann"));
    let mut count = 0;
    for block in scripts {
        let Some(output) = run(block, &world) else { continue };
        assert_ne!(output.code, Some(0), "no token, no success\n{output:?}");
        assert!(output.stderr.contains("There is no profile: "), "{output:?}");
        assert_eq!(output.text(), "");
        count += 1;
    }
    assert!(count >= 3, "bash, variables and curl at the least");
    let asked = world.sandbox.counters().api_requests;
    assert!(asked <= 1, "only at the end of a pipe does curl run without a token, and is refused");
}

#[test]
fn the_first_commands_are_in_the_readme() {
    let readme = page("README.md");
    let first =
        blocks(&readme).into_iter().find(|block| block.text.contains("cargo test")).unwrap();
    assert!(first.text.contains("cargo run --example quickstart"));
    assert!(first.text.contains("cargo test --workspace"));
}

/// How many rows of `status` begin with this mark.
fn rows(text: &str, mark: &str) -> usize {
    text.lines().filter(|line| line.starts_with(mark)).count()
}

#[test]
fn the_pages_show_a_status_that_is_printed() {
    let world = World::logged_in();
    let printed = world.concur(["status"]).ok();
    assert!(printed.text().starts_with("1 profile, ok  "), "{printed:?}");
    assert_eq!(rows(printed.text(), "ok default *   "), 1, "{printed:?}");
    let manual = page("man/concur-cred-status.1").replace('\\', "");
    let readme = page("README.md");
    let blocks = blocks(&readme);
    let shown = blocks.iter().map(|block| block.text.as_str());
    let glances = shown.filter(|text| text.starts_with("$ concur-cred status\n")).chain([&*manual]);
    for text in glances {
        // A table of `--long` has no headline.
        let Some(headline) = text.lines().find(|line| line.contains(" need you  ")) else {
            continue;
        };
        let wanted = headline.split_once(", ").map(|(_, rest)| rest.split(' ').next());
        let critical = rows(text, "✗ ") + rows(text, "x ");
        assert_eq!(wanted, Some(Some(&*critical.to_string())), "{text}");
        let troubled = critical + rows(text, "! ");
        let commands = text.lines().filter(|line| line.trim().starts_with("-> concur-cred "));
        assert_eq!(commands.count(), troubled, "a command for each\n{text}");
    }
}
