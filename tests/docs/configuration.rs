//! Variables, configuration keys and files: the pages name exactly what the program reads.

use std::collections::BTreeSet;

use concur_cred::VARIABLES;

use super::pages::{blocks, chapter, manual, page, section, sources, tags, words};
use crate::harness::World;

/// Where settings, variables and files are described for those who do not read manual pages.
const PAGE: &str = "docs/configuration.md";
const PAGES: [&str; 5] =
    ["README.md", "ARCHITECTURE.md", "CHANGELOG.md", "man/concur-cred.1", PAGE];
/// Debug builds alone read these.
const TEST_PREFIX: &str = "CONCUR_CRED_TEST_";

fn is_name(c: char) -> bool {
    c.is_ascii_uppercase() || c.is_ascii_digit() || c == '_'
}

/// The words in a text that look like variables of ours.
fn ours(text: &str) -> BTreeSet<&str> {
    let found = words(text, is_name).into_iter();
    found.filter(|word| word.starts_with("CONCUR_CRED_")).collect()
}

#[test]
fn every_variable_is_in_the_manual_page_and_in_the_configurations_page() {
    let text = manual();
    let environment = section(&text, ".SH ENVIRONMENT");
    let (own, of_the_system) = environment.split_once("\n.SS ").unwrap();
    let described: BTreeSet<String> = tags(own).into_iter().flatten().collect();
    let known: BTreeSet<String> = VARIABLES.iter().map(|name| (*name).to_owned()).collect();
    assert_eq!(described, known, "ENVIRONMENT lists exactly what src/sys/env.rs lists");
    let others: BTreeSet<String> = tags(of_the_system).into_iter().flatten().collect();
    assert!(others.is_disjoint(&known));
    let text = page(PAGE);
    let named = words(chapter(&text, "## Variables"), is_name);
    for variable in VARIABLES {
        assert!(named.contains(variable), "{variable} is in {PAGE}");
    }
}

#[test]
fn no_page_names_a_variable_that_is_not_read() {
    for name in PAGES {
        let text = page(name);
        for word in ours(&text) {
            let known = VARIABLES.contains(&word) || word.starts_with(TEST_PREFIX);
            assert!(known, "{name} names {word}");
        }
    }
    let world = World::new();
    for command in [&["--help"][..], &["get", "--help"], &["login", "--help"]] {
        let output = world.concur(command).ok();
        for word in ours(output.text()) {
            assert!(VARIABLES.contains(&word), "{command:?} names {word}");
        }
    }
}

#[test]
fn every_variable_that_is_read_is_listed() {
    for (file, text) in sources("src") {
        for word in ours(&text) {
            let prefix_alone = word == "CONCUR_CRED_";
            let known = VARIABLES.contains(&word) || word.starts_with(TEST_PREFIX) || prefix_alone;
            assert!(known, "{} names {word}", file.display());
        }
    }
}

/// The keys of `config.toml`, from the type that reads them.
fn keys() -> BTreeSet<String> {
    let source = page("src/config/file.rs");
    let (_, body) = source.split_once("\npub(super) struct File {\n").unwrap();
    let (body, _) = body.split_once("\n}").unwrap();
    let fields =
        body.lines().filter_map(|line| line.trim().strip_prefix("pub ")?.split_once(": Option<"));
    fields.map(|(name, _)| name.to_owned()).collect()
}

#[test]
fn the_pages_name_exactly_the_keys_of_the_configuration() {
    let keys = keys();
    assert!(keys.contains("min_ttl"), "{keys:?}");
    let text = manual();
    let described: BTreeSet<String> =
        tags(&section(&text, ".SH CONFIGURATION")).into_iter().flatten().collect();
    assert_eq!(described, keys, "CONFIGURATION of the manual page");
    let named: BTreeSet<String> = example_configuration()
        .lines()
        .filter_map(|line| line.trim_start_matches("# ").split_once(" = "))
        .map(|(key, _)| key.to_owned())
        .collect();
    assert_eq!(named, keys, "the config.toml of {PAGE}");
    for key in keys {
        let variable = format!("CONCUR_CRED_{}", key.to_uppercase());
        // A program to run is named only in the file, which others cannot write.
        let can_be_set = key != "key_command";
        assert_eq!(VARIABLES.contains(&variable.as_str()), can_be_set, "{key} by the environment");
    }
}

fn example_configuration() -> String {
    let blocks = blocks(&page(PAGE));
    let found = blocks.into_iter().find(|block| block.tested.as_deref() == Some("config"));
    found.unwrap_or_else(|| panic!("{PAGE} has a config.toml")).text
}

#[test]
fn the_pages_configuration_is_read_as_it_stands_and_with_its_comments_gone() {
    let world = World::logged_in();
    let example = example_configuration();
    let plain = world.write("plain.toml", &example);
    world.concur(["get", "--config"]).arg(plain).ok().silent();
    let all: String =
        example.lines().map(|line| line.trim_start_matches("# ").to_owned() + "\n").collect();
    let all = world.write("all.toml", all);
    world.concur(["get", "--config"]).arg(all).fails(3).says("no profile acme");
}

#[cfg(target_os = "linux")]
#[test]
fn the_documented_files_are_the_ones_created() {
    let world = World::logged_in();
    let env = concur_cred::Env::fixed([("CONCUR_CRED_HOME", "/h")]);
    let paths = concur_cred::Paths::from_env(&env).unwrap();
    let name = |path: std::path::PathBuf| path.file_name().unwrap().to_string_lossy().into_owned();
    let page = page(PAGE);
    let chapter = chapter(&page, "## Files");
    let text = section(&manual(), ".SH FILES");
    let in_config = [paths.key_file(), paths.config_file()];
    let in_state = [paths.store(), paths.events(), paths.locks_dir(), paths.reserves_dir()];
    for path in in_config {
        assert!(text.contains(&format!("\n.I ~/.config/concur-cred/{}", name(path.clone()))));
        assert!(chapter.contains(&format!("`{}`", name(path))));
    }
    for path in in_state {
        let name = name(path);
        assert!(text.contains(&format!("\n.I ~/.local/state/concur-cred/{name}")), "{name}");
        assert!(chapter.contains(&format!("`{name}")), "{name}");
        assert!(world.state_dir().join(&name).exists(), "{name} is there after a login");
    }
    assert!(world.config_dir().join("key").exists());
}
