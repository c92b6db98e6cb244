//! The rules of deny.toml, checked without cargo-deny and without the network at every run of the
//! tests, for the platform that they run on.

use crate::harness::skipped;
use std::collections::{BTreeMap, BTreeSet};
use std::process::Command;

use serde_json::Value;

use super::pages::{page, path};

fn deny() -> toml::Table {
    toml::from_str(&page("deny.toml")).unwrap()
}

/// Texts at `key` of every entry of a list; an entry that is a text is that text.
fn listed(list: &toml::Value, key: &str) -> BTreeSet<String> {
    let text = |entry: &toml::Value| entry.get(key).unwrap_or(entry).as_str().unwrap().to_owned();
    list.as_array().unwrap().iter().map(text).collect()
}

/// cargo's metadata of every library in the build; `None`, with a message, where there is no cargo
/// for this user.
fn libraries() -> Option<Vec<Value>> {
    if let Err(error) = Command::new(env!("CARGO")).arg("-V").output() {
        skipped(&format!("cargo cannot be run: {error}"));
        return None;
    }
    let cargo = |args: &[&str]| {
        let output =
            Command::new(env!("CARGO")).args(args).current_dir(path(".")).output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap()
    };
    let version = cargo(&["-vV"]);
    let host = version.lines().find_map(|line| line.strip_prefix("host: ")).unwrap();
    let args =
        ["metadata", "--locked", "--offline", "--format-version=1", "--filter-platform", host];
    let mut metadata: Value = serde_json::from_str(&cargo(&args)).unwrap();
    let nodes = metadata["resolve"]["nodes"].take();
    let built: BTreeSet<&str> =
        nodes.as_array().unwrap().iter().filter_map(|node| node["id"].as_str()).collect();
    let Value::Array(packages) = metadata["packages"].take() else { panic!("packages") };
    let is_built = |package: &Value| built.contains(package["id"].as_str().unwrap());
    Some(packages.into_iter().filter(is_built).collect())
}

/// Whether an SPDX expression can be met with these licences; `/` is an older way to write OR.
fn is_met(expression: &str, allowed: &BTreeSet<String>) -> bool {
    let spaced = expression.replace('(', " ( ").replace(')', " ) ").replace('/', " OR ");
    let words: Vec<&str> = spaced.split_whitespace().collect();
    let mut rest = &words[..];
    let met = any(&mut rest, allowed);
    assert!(rest.is_empty(), "{expression}");
    met
}

fn any(words: &mut &[&str], allowed: &BTreeSet<String>) -> bool {
    let mut met = all(words, allowed);
    while let ["OR", rest @ ..] = *words {
        *words = rest;
        met |= all(words, allowed);
    }
    met
}

fn all(words: &mut &[&str], allowed: &BTreeSet<String>) -> bool {
    let mut met = one(words, allowed);
    while let ["AND", rest @ ..] = *words {
        *words = rest;
        met &= one(words, allowed);
    }
    met
}

fn one(words: &mut &[&str], allowed: &BTreeSet<String>) -> bool {
    match *words {
        ["(", rest @ ..] => {
            *words = rest;
            let met = any(words, allowed);
            let [")", rest @ ..] = *words else { panic!("a bracket is missing") };
            *words = rest;
            met
        }
        [licence, "WITH", exception, rest @ ..] => {
            *words = rest;
            allowed.contains(&format!("{licence} WITH {exception}"))
        }
        [licence, rest @ ..] => {
            *words = rest;
            allowed.contains(*licence)
        }
        [] => panic!("a licence is missing"),
    }
}

#[test]
fn licence_expressions_are_parsed_as_spdx() {
    let allowed = ["MIT", "ISC", "Apache-2.0 WITH LLVM-exception"].map(str::to_owned).into();
    for (expression, expected) in [
        ("MIT", true),
        ("GPL-3.0", false),
        ("GPL-3.0 OR MIT", true),
        ("GPL-3.0/MIT", true),
        ("MIT AND GPL-3.0", false),
        ("MIT AND ISC", true),
        ("(MIT OR GPL-3.0) AND GPL-3.0", false),
        ("GPL-3.0 OR MIT AND ISC", true),
        ("Apache-2.0", false),
        ("Apache-2.0 WITH LLVM-exception", true),
    ] {
        assert_eq!(is_met(expression, &allowed), expected, "{expression}");
    }
}

#[test]
fn every_library_has_an_allowed_licence() {
    let allowed = listed(&deny()["licenses"]["allow"], "");
    let Some(libraries) = libraries() else { return };
    assert!(libraries.len() > 100, "{}", libraries.len());
    for library in libraries {
        let licence = library["license"].as_str().unwrap_or_default();
        assert!(
            !licence.is_empty() && is_met(licence, &allowed),
            "{}: {licence:?}",
            library["name"]
        );
    }
}

#[test]
fn no_library_is_banned_or_duplicated_without_a_reason() {
    let lock: toml::Table = toml::from_str(&page("Cargo.lock")).unwrap();
    let mut versions: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for package in lock["package"].as_array().unwrap() {
        let text = |field: &str| package[field].as_str().unwrap();
        versions.entry(text("name")).or_default().push(text("version"));
    }
    let deny = deny();
    let bans = &deny["bans"];
    assert_eq!(bans["multiple-versions"].as_str(), Some("deny"));
    let skipped = listed(&bans["skip"], "crate");
    // Of targets that deny.toml does not name: the lock file has them for every target there is.
    let other_platforms = ["windows-sys"];
    let twice = versions.iter().filter(|(_, versions)| versions.len() > 1);
    for (name, versions) in twice.filter(|(name, _)| !other_platforms.contains(*name)) {
        let is_skipped = |version: &&&str| {
            let of = |parts: usize| version.split('.').take(parts).collect::<Vec<_>>().join(".");
            (1..=3).any(|parts| skipped.contains(&format!("{name}@{}", of(parts))))
        };
        let without = versions.iter().filter(|version| !is_skipped(version)).count();
        assert_eq!(without, 1, "{name} {versions:?}: list all but one of them in deny.toml");
    }
    for name in listed(&bans["deny"], "crate") {
        assert!(!versions.contains_key(&*name), "{name}");
    }
}

#[test]
fn the_workflow_checks_all_of_deny_toml() {
    let workflow = page(".github/workflows/libraries.yml");
    for step in [
        "run: cargo deny check\n",
        "ci/try-sbom\n",
        "ci/try-reproducible\n",
        "schedule:",
        "pull_request:",
    ] {
        assert!(workflow.contains(step), "{step}");
    }
    assert_eq!(deny()["advisories"]["yanked"].as_str(), Some("deny"));
    for source in ["unknown-registry", "unknown-git"] {
        assert_eq!(deny()["sources"][source].as_str(), Some("deny"), "{source}");
    }
}
