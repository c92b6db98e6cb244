//! Helpers shared by these tests.

#![allow(dead_code, reason = "each platform uses its own part")]

use std::path::{Path, PathBuf};

use crate::harness::{Output, World, set_mode};

/// The names and states of a report, with detail and remedy in one text.
#[derive(Debug)]
pub(crate) struct Report {
    checks: Vec<(String, String, String)>,
    shown: String,
}

impl Report {
    fn of(output: &Output) -> Self {
        let json = output.json();
        let text = |check: &serde_json::Value, key: &str| check[key].as_str().unwrap().to_owned();
        let checks: Vec<(String, String, String)> = json["checks"]
            .as_array()
            .unwrap()
            .iter()
            .map(|check| {
                let more = format!("{}; {}", text(check, "detail"), text(check, "remedy"));
                (text(check, "name"), text(check, "state"), more)
            })
            .collect();
        let failed = checks.iter().any(|(_, state, _)| state == "fail");
        assert_eq!(json["ok"], !failed, "{output:?}");
        assert_eq!(output.code, Some(if failed { 6 } else { 0 }), "{output:?}");
        Self { checks, shown: format!("{output:?}") }
    }

    /// Asserts a check with this name, state and text.
    pub(crate) fn has(&self, name: &str, state: &str, says: &str) -> &Self {
        let found = |check: &&(String, String, String)| {
            check.0 == name && check.1 == state && check.2.contains(says)
        };
        assert!(self.checks.iter().any(|c| found(&c)), "{name} {state} {says}\n{}", self.shown);
        self
    }

    /// Asserts that every check passes.
    pub(crate) fn is_all_ok(&self) {
        assert!(self.checks.iter().all(|check| check.1 == "ok"), "all ok\n{}", self.shown);
    }
}

/// `doctor --offline --json`, with times in UTC.
pub(crate) fn doctor(world: &World) -> Report {
    let run = world.concur(["doctor", "--offline", "--json"]).env("TZ", "UTC");
    Report::of(&run.output().silent())
}

/// `doctor --offline --repair --json`.
pub(crate) fn repair(world: &World) -> Report {
    Report::of(&world.concur(["doctor", "--offline", "--repair", "--json"]).output().silent())
}

/// A report of any command line.
pub(crate) fn report(output: &Output) -> Report {
    Report::of(output)
}

/// A world with enough profiles to fill many pages, and one stored credential.
pub(crate) fn populated() -> World {
    let world = World::logged_in();
    for name in NAMES {
        world.login(name, &world.sandbox.app().clone());
    }
    let entry = "protocol=https\nhost=one.example\nusername=u\npassword=p\n\n";
    world.concur(["store"]).stdin(entry).ok();
    world
}

/// The profiles of [`populated`] besides `default`.
pub(crate) const NAMES: [&str; 7] = ["a", "b", "c", "d", "e", "f", "g"];

/// The damaged files that were kept, oldest first.
pub(crate) fn kept(world: &World) -> Vec<PathBuf> {
    let mut found: Vec<PathBuf> = std::fs::read_dir(world.state_dir())
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.to_string_lossy().contains(".damaged-"))
        .collect();
    found.sort();
    found
}

/// Replaces the store by these bytes.
pub(crate) fn put_store(world: &World, bytes: &[u8]) {
    std::fs::write(world.store_file(), bytes).unwrap();
    set_mode(&world.store_file(), 0o600);
}

/// Every file of the state and configuration folders with its contents; lock files and holders
/// aside.
pub(crate) fn everything(world: &World) -> Vec<(PathBuf, Vec<u8>)> {
    let mut found = Vec::new();
    for folder in [world.state_dir(), world.config_dir(), world.state_dir().join("reserve")] {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_file() {
                let bytes = std::fs::read(&path).unwrap();
                found.push((path, bytes));
            }
        }
    }
    found.sort();
    found
}

/// The only file in a folder with this ending.
pub(crate) fn only(folder: &Path, ending: &str) -> PathBuf {
    let mut found: Vec<PathBuf> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.to_string_lossy().ends_with(ending))
        .collect();
    assert_eq!(found.len(), 1, "{found:?}");
    found.remove(0)
}
