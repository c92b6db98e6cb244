//! Checks of all pages: each is listed, complete, safe to copy, and tested.

use std::collections::BTreeSet;

use crate::docs::pages::{blocks, page, path, sources};

fn names() -> BTreeSet<String> {
    let files = std::fs::read_dir(path("docs/recipes")).unwrap();
    let names = files.map(|file| file.unwrap().file_name().to_string_lossy().into_owned());
    names.filter(|name| name != "README.md").collect()
}

#[test]
fn every_page_is_in_the_index_and_has_a_test() {
    let index = page("docs/recipes/README.md");
    let tests = sources("tests/recipes").into_values().collect::<String>();
    assert!(names().len() > 10);
    for name in names() {
        assert!(index.contains(&format!("]({name})")), "{name} is in the index");
        assert!(tests.contains(&format!("Recipe::open(\"{name}\"")), "{name} is run");
    }
    assert!(page("README.md").contains("docs/recipes/README.md"), "the README links to it");
}

#[test]
fn every_example_is_run_or_says_why_not() {
    for name in names() {
        let text = page(&format!("docs/recipes/{name}"));
        let untested = blocks(&text)
            .iter()
            .filter(|block| block.tested.is_none() && block.language != "text")
            .count();
        assert_eq!(untested, text.matches("<!-- shown: ").count(), "{name}");
        assert!(text.contains("\n## Why so\n"), "{name} says why");
    }
}

#[test]
fn every_link_has_a_target() {
    let mut pages: Vec<String> = names().into_iter().collect();
    pages.push("README.md".to_owned());
    for name in pages {
        let text = page(&format!("docs/recipes/{name}"));
        for (at, _) in text.match_indices("](") {
            let target = text[at + 2..].split(')').next().unwrap();
            if !target.starts_with("http") {
                assert!(path("docs/recipes").join(target).exists(), "{name} links to {target}");
            }
        }
    }
}

#[test]
fn no_example_teaches_what_is_unsafe() {
    for name in names() {
        for block in blocks(&page(&format!("docs/recipes/{name}"))) {
            let shell = ["sh", "yaml", "crontab"].contains(&block.language.as_str());
            for line in block.text.lines().filter(|_| shell) {
                let context = format!("{name}: {line}");
                let bearer = line.contains("-H") && line.contains("Bearer");
                assert!(!bearer, "a token in an argument: {context}");
                let swallowed = line.contains("=$(concur-cred") && line.contains("local ");
                assert!(!swallowed, "`local` hides the exit code: {context}");
                assert!(!line.contains("chmod 6") || line.contains("chmod 600"), "{context}");
                assert!(!line.contains("chmod 7") || line.contains("chmod 700"), "{context}");
                assert!(!line.contains("| sh"), "{context}");
            }
            let context = format!("{name}:\n{}", block.text);
            let script = block.text.starts_with("#!");
            let stops = |with: &str| block.text.lines().any(|line| line.starts_with(with));
            assert_eq!(script, stops("set -"), "a script stops, a terminal stays open: {context}");
            let bash = script && block.text.contains("bash\n");
            assert_eq!(bash, stops("set -euo pipefail") || stops("set -uo pipefail"), "{context}");
        }
    }
}
