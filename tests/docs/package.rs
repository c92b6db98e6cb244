//! The Debian package: what Cargo.toml puts into it is there, and is what the pages promise.

use std::collections::BTreeSet;

use super::pages::{page, path};
use crate::harness::World;

/// The package's list of files: source (empty for a link) and destination.
fn assets() -> Vec<(Option<String>, String)> {
    let manifest: toml::Table = toml::from_str(&page("Cargo.toml")).unwrap();
    let deb = &manifest["package"]["metadata"]["deb"];
    let assets = deb["assets"].as_array().unwrap();
    let text = |value: &toml::Value| value.as_str().unwrap().to_owned();
    assets
        .iter()
        .map(|asset| match asset.as_array() {
            Some(fields) => (Some(text(&fields[0])), text(&fields[1])),
            None => (None, text(&asset["dest"])),
        })
        .collect()
}

/// The files that a source names; `*` stands for any part of a name.
fn files(source: &str) -> BTreeSet<String> {
    let (folder, pattern) = source.rsplit_once('/').unwrap_or((".", source));
    let (before, after) = pattern.split_once('*').unwrap_or((pattern, ""));
    let fits = |name: &String| {
        name == pattern
            || (pattern.contains('*') && name.starts_with(before) && name.ends_with(after))
    };
    let entries = std::fs::read_dir(path(folder)).unwrap();
    let names = entries.map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned());
    names.filter(fits).collect()
}

#[test]
fn every_file_of_the_package_exists_or_is_made_by_its_script() {
    let script = page("scripts/debian-package");
    for (source, _) in assets() {
        let Some(source) = source else { continue };
        match source.strip_prefix("target/release/") {
            None => assert!(!files(&source).is_empty(), "{source}"),
            Some(made) => {
                let name = made.trim_end_matches("bash").trim_end_matches("zsh");
                let name = name.trim_end_matches("fish");
                assert!(script.contains(&format!("$stage/release/{name}")), "{made}");
            }
        }
    }
}

#[test]
fn every_manual_page_of_the_program_is_in_the_package() {
    let (source, _) = assets()
        .into_iter()
        .find_map(|(source, to)| Some((source.filter(|_| to == "usr/share/man/man1/")?, to)))
        .unwrap();
    let packed = files(&source);
    let all = files("man/*.1");
    let left: Vec<&String> = all.difference(&packed).collect();
    assert_eq!(left, ["concur-sandbox.1"], "the sandbox is not in the package");
}

#[test]
fn the_pages_that_the_readme_leads_to_are_in_the_package_and_in_the_archive() {
    let packed: BTreeSet<String> = assets()
        .into_iter()
        .filter(|(_, to)| to.starts_with("usr/share/doc/concur-cred/"))
        .flat_map(|(source, _)| {
            let source = source.unwrap_or_default();
            let folder =
                source.rsplit_once('/').map_or(String::new(), |(folder, _)| format!("{folder}/"));
            if source.starts_with("target/") { BTreeSet::new() } else { files(&source) }
                .into_iter()
                .map(move |name| format!("{folder}{name}"))
        })
        .collect();
    let readme = page("README.md");
    let links = readme
        .match_indices("](")
        .map(|(at, _)| readme[at + 2..].split([')', '#']).next().unwrap());
    let pages: Vec<&str> =
        links.filter(|to| to.starts_with("docs/") || *to == "SECURITY.md").collect();
    assert!(pages.len() > 10, "{pages:?}");
    for name in pages {
        assert!(packed.contains(name), "the README of the package leads to {name}");
    }
    let archive = page("scripts/release");
    for pattern in ["docs/*.md", "docs/*.json", "docs/recipes/*.md", "docs/pictures/*.svg"] {
        assert!(archive.contains(pattern), "the archive has {pattern}");
    }
}

#[test]
fn the_package_has_gits_name_and_the_folders_of_the_distribution() {
    let to: Vec<String> = assets().into_iter().map(|(_, to)| to).collect();
    for place in [
        "usr/bin/git-credential-concur",
        "usr/share/man/man1/git-credential-concur.1.gz",
        "usr/share/bash-completion/completions/concur-cred",
        "usr/share/zsh/vendor-completions/_concur-cred",
        "usr/share/fish/vendor_completions.d/concur-cred.fish",
        "usr/lib/systemd/user/",
        "usr/share/doc/concur-cred/copyright",
    ] {
        assert!(to.iter().any(|known| known == place), "{place}");
    }
    assert!(
        page("README.md").contains("systemctl --user enable --now concur-cred-keepalive.timer")
    );
    assert!(path("packaging/systemd/concur-cred-keepalive.timer").exists());
}

/// The lines of a unit by which two of them can differ only on purpose.
fn rules(unit: &str, of_its_own: &[&str]) -> Vec<String> {
    let lines = unit.lines().filter(|line| !line.is_empty() && !line.starts_with('#'));
    let its_own = |line: &&str| of_its_own.iter().any(|key| line.starts_with(&format!("{key}=")));
    lines.filter(|line| !its_own(line)).map(str::to_owned).collect()
}

#[test]
fn the_packages_units_are_those_of_keepalive_install() {
    let world = World::new();
    let output = world.concur(["keepalive", "--install", "systemd", "--print"]).ok();
    let (service, timer) = output.text().rsplit_once("[Unit]").unwrap();
    let packed = |kind: &str| page(&format!("packaging/systemd/concur-cred-keepalive.{kind}"));
    let own = ["ExecStart", "Environment", "ReadWritePaths"];
    assert_eq!(rules(&packed("service"), &own), rules(service, &own));
    let own = ["OnCalendar", "RandomizedDelaySec"];
    assert_eq!(rules(&packed("timer"), &own), rules(&format!("[Unit]{timer}"), &own));
    assert!(packed("service").contains("\nExecStart=/usr/bin/concur-cred keepalive\n"));
}

#[test]
fn the_packages_copyright_has_the_licences_words() {
    let squeezed = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
    let copyright = page("packaging/debian/copyright").replace("\n .\n", "\n\n");
    let licence = page("LICENSE-MIT");
    let (_, terms) = licence.split_once("Permission is").unwrap();
    assert!(squeezed(&copyright).contains(&squeezed(terms)));
    let holder = licence.lines().find_map(|line| line.strip_prefix("Copyright (c) ")).unwrap();
    let named = copyright.lines().find_map(|line| line.strip_prefix("Copyright: ")).unwrap();
    assert_eq!(named, holder);
}
