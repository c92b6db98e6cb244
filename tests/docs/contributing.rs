//! Workflows, the justfile and CONTRIBUTING.md name scripts, tests and recipes that exist.

use std::collections::BTreeSet;
use std::path::Path;

use super::pages::{blocks, page, path, sources, words};

/// The words that name a script of ours.
fn scripts_in(text: &str) -> BTreeSet<&str> {
    let belongs = |c: char| c.is_ascii_alphanumeric() || "/._-".contains(c);
    let is_script =
        |word: &&str| ["ci/", ".ci/", "scripts/"].iter().any(|folder| word.starts_with(folder));
    words(text, belongs).into_iter().filter(is_script).collect()
}

fn assert_runs(file: &str, script: &str) {
    let found = path(script);
    assert!(found.is_file(), "{file} runs {script}, and there is no such script");
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        let mode = found.metadata().unwrap().permissions().mode();
        assert!(mode & 0o111 != 0, "{file} runs {script}, which cannot be executed");
    }
}

/// The subjects of the test program: the folders of `tests/`.
fn subjects() -> BTreeSet<String> {
    let entries = std::fs::read_dir(path("tests")).unwrap().map(|entry| entry.unwrap().path());
    let name = |folder: &Path| folder.file_name().unwrap().to_string_lossy().into_owned();
    entries.filter(|entry| entry.is_dir()).map(|folder| name(&folder)).collect()
}

/// Asserts that the targets of `cargo test --test` and `cargo bench --bench` in a text exist.
fn assert_programs(file: &str, text: &str) {
    let benches: BTreeSet<&str> = ["cost", "herd", "hit", "refresh"].into();
    let subjects = subjects();
    let mut before = "";
    for word in text.split_whitespace() {
        let word = word.trim_matches(|c: char| !c.is_ascii_alphanumeric() && !"_-:".contains(c));
        let is_name = !word.is_empty() && word.chars().all(|c| c.is_ascii_lowercase() || c == '_');
        if let Some((subject, _)) = word.split_once("::") {
            let is_filter = ["suite", "--"].contains(&before) || before.ends_with("::");
            assert!(!is_filter || subjects.contains(subject), "{file}: {word}");
        }
        match before {
            "--test" if is_name => assert_eq!(word, "suite", "{file}"),
            "--bench" if is_name => assert!(benches.contains(word), "{file}: --bench {word}"),
            _ => {}
        }
        before = word;
    }
}

#[test]
fn the_workflows_run_existing_scripts() {
    let workflows = sources(".github/workflows");
    assert!(workflows.len() > 2, "{}", workflows.len());
    let mut run = BTreeSet::new();
    for (file, text) in &workflows {
        let file = file.to_string_lossy();
        for script in scripts_in(text) {
            assert_runs(&file, script);
            run.insert(script);
        }
        assert_programs(&file, text);
    }
    for needed in [".ci/run", "ci/check-msrv", "ci/try-reproducible", "scripts/release"] {
        assert!(run.contains(needed), "a workflow runs {needed}");
    }
}

#[test]
fn every_action_is_pinned_by_its_commit_and_says_its_version() {
    let mut pinned = BTreeSet::new();
    for (file, text) in sources(".github/workflows") {
        for line in text.lines() {
            let Some(action) = line.trim_start().trim_start_matches("- ").strip_prefix("uses: ")
            else {
                continue;
            };
            let parts = action.split_once(" # v").and_then(|(at, version)| {
                let (name, commit) = at.split_once('@')?;
                Some((name, commit, version))
            });
            let Some((name, commit, version)) = parts else {
                panic!("{}: {action}: a commit, then # and the version", file.display());
            };
            let is_commit = commit.len() == 40 && commit.chars().all(|c| c.is_ascii_hexdigit());
            assert!(is_commit && version.split('.').count() == 3, "{}: {action}", file.display());
            pinned.insert((name.to_owned(), action.to_owned()));
        }
    }
    let names: BTreeSet<&String> = pinned.iter().map(|(name, _)| name).collect();
    assert_eq!(names.len(), pinned.len(), "one version of each action: {pinned:?}");
}

/// The recipes of the justfile, with what each runs.
fn recipes() -> Vec<(String, Vec<String>)> {
    let mut found: Vec<(String, Vec<String>)> = Vec::new();
    for line in page("justfile").lines() {
        match (line.strip_prefix("    "), found.last_mut()) {
            (Some(command), Some((_, commands))) => commands.push(command.to_owned()),
            _ if line.is_empty() || line.starts_with('#') => {}
            _ => {
                let name = line.split([' ', ':']).next().unwrap();
                found.push((name.to_owned(), Vec::new()));
            }
        }
    }
    found
}

#[test]
fn each_recipe_only_calls_cargo_or_an_existing_script() {
    let recipes = recipes();
    assert!(recipes.len() > 10, "{}", recipes.len());
    for (name, commands) in &recipes {
        assert!(!commands.is_empty(), "{name} runs nothing");
        for command in commands {
            let program = command.split(' ').next().unwrap();
            match program {
                "cargo" | "@just" => {
                    assert!(!command.contains([';', '|', '&']), "{name}: {command}");
                }
                script => assert_runs("justfile", script),
            }
        }
    }
    assert_programs("justfile", &page("justfile"));
}

#[test]
fn contributing_names_existing_recipes_scripts_tests_and_files() {
    let text = page("CONTRIBUTING.md");
    for script in scripts_in(&text) {
        assert_runs("CONTRIBUTING.md", script);
    }
    assert_programs("CONTRIBUTING.md", &text);
    let recipes: BTreeSet<String> = recipes().into_iter().map(|(name, _)| name).collect();
    let shell = blocks(&text).into_iter().filter(|block| block.language == "sh");
    let mut named = 0;
    for block in shell {
        for line in block.text.lines() {
            let Some(rest) = line.strip_prefix("just ") else { continue };
            let recipe = rest.split_whitespace().next().unwrap();
            assert!(recipes.contains(recipe), "CONTRIBUTING.md: just {recipe}");
            named += 1;
        }
    }
    assert!(named > 5, "{named} recipes are named");
}

#[test]
fn the_scripts_agree_with_the_manifests_on_fuzz_targets_and_oldest_rust() {
    let table = page("fuzz/README.md");
    for line in page("fuzz/Cargo.toml").lines() {
        let Some(target) = line.strip_prefix("path = \"fuzz_targets/") else { continue };
        let target = target.trim_end_matches(".rs\"");
        assert!(table.contains(&format!("| `{target}` |")), "{target} has its row");
    }
    assert!(page("ci/check-msrv").contains("^rust-version"));
    assert!(page("Cargo.toml").contains("\nrust-version = \""));
}
