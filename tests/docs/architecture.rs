//! ARCHITECTURE.md: its dependencies, files and facts are the workspace's.

use std::collections::BTreeSet;

use super::pages::{chapter, page, path, table_rows, words};

/// The packages that a manifest depends on, in whatever table.
fn dependencies(manifest: &str) -> BTreeSet<String> {
    let manifest: toml::Table = toml::from_str(&page(manifest)).unwrap();
    let mut found = BTreeSet::new();
    let mut tables = vec![&manifest];
    let platforms = manifest.get("target").and_then(toml::Value::as_table);
    tables.extend(platforms.into_iter().flat_map(|all| all.values()).filter_map(|t| t.as_table()));
    for table in tables {
        for kind in ["dependencies", "dev-dependencies", "build-dependencies"] {
            if let Some(names) = table.get(kind).and_then(toml::Value::as_table) {
                found.extend(names.keys().cloned());
            }
        }
    }
    found
}

/// The packages in the first column of a chapter's table, each of which must have a use.
fn explained(chapter: &str) -> BTreeSet<String> {
    let rows = table_rows(chapter);
    let rows = rows.iter().skip(1);
    rows.flat_map(|row| {
        assert!(!row[1].is_empty(), "what it is for: {row:?}");
        row[0].split(',').map(|name| name.trim().trim_matches('`').to_owned()).collect::<Vec<_>>()
    })
    .collect()
}

#[test]
fn every_dependency_and_no_other_crate_has_a_reason() {
    let text = page("ARCHITECTURE.md");
    for (heading, manifest) in
        [("### concur-cred", "Cargo.toml"), ("### concur-sandbox", "sandbox/Cargo.toml")]
    {
        let named = explained(chapter(&text, heading));
        let depended = dependencies(manifest);
        assert!(depended.len() > 5, "{manifest} was read");
        assert_eq!(named, depended, "{heading} against {manifest}");
    }
}

#[test]
fn every_named_file_exists() {
    let belongs = |c: char| c.is_ascii_alphanumeric() || "/._-".contains(c);
    for name in [
        "ARCHITECTURE.md",
        "README.md",
        "CONTRIBUTING.md",
        "CHANGELOG.md",
        "SECURITY.md",
        "docs/security.md",
    ] {
        let text = page(name);
        let of_ours = |word: &&str| {
            ["src/", "sandbox/", "tests/", "migrations/", "man/", ".cargo/", "benches/", "scripts/"]
                .iter()
                .any(|folder| word.starts_with(folder))
        };
        for word in words(&text, belongs).into_iter().filter(of_ours) {
            let word = word.trim_end_matches('.');
            // Placeholders in CONTRIBUTING.md are not files.
            assert!(word.contains("NAME") || path(word).exists(), "{name} names {word}");
        }
    }
}

#[test]
fn every_module_has_its_row() {
    let text = page("ARCHITECTURE.md");
    let table = chapter(&text, "## Modules");
    for entry in std::fs::read_dir(path("src")).unwrap() {
        let entry = entry.unwrap().file_name().to_string_lossy().into_owned();
        // The crate root documents the same, for rustdoc.
        if entry == "lib.rs" || entry == "main.rs" {
            continue;
        }
        assert!(table.contains(&format!("`src/{entry}")), "src/{entry} has its row");
    }
}

#[test]
fn the_facts_about_the_store_are_those_of_the_code() {
    let text = page("ARCHITECTURE.md");
    for source in ["file", "named-file", "environment"] {
        assert!(page("src/store/keys/mod.rs").contains(&format!("=> \"{source}\"")), "{source}");
        assert!(text.contains(&format!("`{source}`")), "{source}");
    }
    let kept = concur_cred::KEPT_PER_PROFILE;
    assert!(text.contains(&format!("{kept} events a profile")));
    assert!(page("man/concur-cred-log.1").contains(&format!("The {kept} newest events")));
}
