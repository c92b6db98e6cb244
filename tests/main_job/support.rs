//! Helpers shared by these tests.

#![allow(dead_code, reason = "each platform uses its own part")]

use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::harness::World;

/// What `export -` gives: the tutorial's file.
pub(crate) fn exported(world: &World, profile: &str) -> Value {
    world.concur(["export", "-", "--profile", profile]).ok().json()
}

/// The stored refresh token, from `export`.
pub(crate) fn stored_refresh_token(world: &World, profile: &str) -> String {
    let file = exported(world, profile);
    file["refresh_token"].as_str().unwrap_or_else(|| panic!("a refresh token is stored")).to_owned()
}

/// The stored refresh token must be the one with which the service would renew.
pub(crate) fn assert_refresh_token_is_not_lost(world: &World, what: &str) {
    let kept = stored_refresh_token(world, "default");
    assert!(world.sandbox.is_current_refresh_token(&kept), "the refresh token is lost: {what}");
}

/// The one profile of `status --json` with this name.
pub(crate) fn status_of(world: &World, profile: &str) -> Value {
    let status = world.concur(["status", "--json"]).ok().json();
    let profiles = status["profiles"].as_array().cloned().unwrap_or_default();
    profiles
        .into_iter()
        .find(|entry| entry["profile"] == profile)
        .unwrap_or_else(|| panic!("{profile} is in the status"))
}

/// Checks every case at the same time: most of them wait for the program's pauses. The thread's name
/// in a failure is the case's place in the list.
pub(crate) fn each<T: Sync>(cases: &[T], check: impl Fn(&T) + Sync) {
    std::thread::scope(|scope| {
        for (at, case) in cases.iter().enumerate() {
            let thread = std::thread::Builder::new().name(format!("case {at}"));
            thread.spawn_scoped(scope, || check(case)).unwrap();
        }
    });
}

/// Whether the tests run as root, whom permission bits do not bind.
#[cfg(unix)]
pub(crate) fn is_root() -> bool {
    rustix::process::geteuid().is_root()
}

/// Every file, folder and link under `folder`.
pub(crate) fn tree(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut left = vec![folder.to_owned()];
    while let Some(next) = left.pop() {
        let Ok(entries) = std::fs::read_dir(&next) else { continue };
        for entry in entries {
            let path = entry.unwrap().path();
            if path.is_dir() && !path.is_symlink() {
                left.push(path.clone());
            }
            found.push(path);
        }
    }
    found.sort();
    found
}
