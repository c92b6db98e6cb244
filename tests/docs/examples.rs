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
        assert!(output.stderr.contains("There is no profile yet"), "{output:?}");
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

/// The headings of a status table.
fn columns(line: &str) -> Vec<&str> {
    line.split("  ").map(str::trim).filter(|cell| !cell.is_empty()).collect()
}

#[test]
fn the_readmes_status_has_the_columns_that_are_printed() {
    let readme = page("README.md");
    let transcript =
        blocks(&readme).into_iter().find(|b| b.text.starts_with("$ concur-cred status\n")).unwrap();
    let mut lines = transcript.text.lines().skip(1);
    let documented = columns(lines.next().unwrap());
    let world = World::logged_in();
    let output = world.concur(["status"]).ok();
    let printed = columns(output.text().lines().next().unwrap());
    assert_eq!(documented, printed);
    for row in lines {
        assert_eq!(columns(row).len(), documented.len(), "a cell for each heading: {row}");
    }
    let state = transcript.text.lines().last().and_then(|row| columns(row).pop()).unwrap();
    world.expire("default");
    let over = world.concur(["status"]).ok();
    assert!(over.text().contains(state), "{state:?} is what an expired token's profile shows");
}
