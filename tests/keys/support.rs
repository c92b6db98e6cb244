//! Helpers shared by these tests.

use std::path::{Path, PathBuf};

use concur_sandbox::{Config, Rotation};
use serde_json::Value;

use crate::harness::{Run, World, set_mode};

/// 32 bytes in base64, and others.
pub(crate) const KEY: &str = "Uc17XpDrdZxuyIGnfcKpIAtExDjkFriCv5qHwz3+7dw=";
pub(crate) const OTHER: &str = "hgb6HehXe51+w/bLbx7KuLPQTn0fpk2evA27p0+ZaTY=";

/// A world in which a spent refresh token is invalid, and its reuse revokes the whole family.
pub(crate) fn strict() -> World {
    World::with(Config { rotation: Rotation::NewRevokeFamily, ..Config::default() })
}

/// The same with the profile `default`.
pub(crate) fn strict_logged_in() -> World {
    let world = strict();
    world.login("default", &world.sandbox.app().clone());
    world
}

/// The key file.
pub(crate) fn key_file(world: &World) -> PathBuf {
    world.config_dir().join("key")
}

pub(crate) fn next_file(world: &World) -> PathBuf {
    world.config_dir().join("key.next")
}

/// Logs in with a run that is changed by `with`.
pub(crate) fn log_in(world: &World, with: impl Fn(Run) -> Run) {
    world.write("credentials.json", world.sandbox.credentials_json());
    with(world.concur(["login", "--base-url", world.sandbox.origin()])).ok();
}

/// Writes `config.toml` where the program looks for it.
pub(crate) fn configure(world: &World, text: &str) -> PathBuf {
    std::fs::create_dir_all(world.config_dir()).unwrap();
    set_mode(&world.config_dir(), 0o700);
    let file = world.config_dir().join("config.toml");
    std::fs::write(&file, text).unwrap();
    set_mode(&file, 0o600);
    file
}

/// Stores a credential.
pub(crate) fn store_entry(world: &World, host: &str, password: &str) {
    store_by(world.concur(["store"]), host, password).ok().silent();
}

pub(crate) fn store_by(run: Run, host: &str, password: &str) -> Run {
    run.stdin(format!("protocol=https\nhost={host}\nusername=u\npassword={password}\n\n"))
}

/// The password of a stored credential.
pub(crate) fn entry(world: &World, host: &str) -> Option<String> {
    let request = format!("protocol=https\nhost={host}\n\n");
    world.concur(["get"]).stdin(request).ok().silent().value("password")
}

/// `key show-source --json`.
pub(crate) fn shown(run: Run) -> Value {
    run.ok().silent().json()
}

pub(crate) fn show(world: &World) -> Value {
    shown(world.concur(["key", "show-source", "--json"]))
}

/// The source and key id (hex) recorded in the store.
pub(crate) fn recorded(world: &World) -> (String, String) {
    let row = |row: &rusqlite::Row<'_>| Ok((row.get(0)?, row.get(1)?));
    world.database().query_row("SELECT key_source, lower(hex(key_id)) FROM meta", [], row).unwrap()
}

/// Whether a file contains these bytes.
pub(crate) fn holds(file: &Path, wanted: &[u8]) -> bool {
    std::fs::read(file).unwrap().windows(wanted.len()).any(|window| window == wanted)
}

pub(crate) fn unhex(text: &str) -> Vec<u8> {
    let digits: Vec<char> = text.chars().collect();
    let byte = |pair: &[char]| u8::from_str_radix(&pair.iter().collect::<String>(), 16).unwrap();
    digits.chunks(2).map(byte).collect()
}

/// Asserts that every stored value can be used, without a message and with no other key file than `key`.
pub(crate) fn assert_whole(world: &World, profiles: &[&str], what: &str) {
    for profile in profiles {
        let cached = world.concur(["get", "--cached", "--profile", profile]).ok().silent().line();
        assert!(world.sandbox.is_live_access_token(&cached), "{what}: {profile}");
    }
    for profile in profiles {
        world.age_access_token(profile, 120);
        world.concur(["refresh", "--profile", profile]).ok();
        let file = world.concur(["export", "-", "--profile", profile]).ok().json();
        let kept = file["refresh_token"].as_str().unwrap();
        assert!(world.sandbox.is_current_refresh_token(kept), "{what}: {profile}");
    }
}

/// Asserts one key file, no remains of a rotation, and no findings of `doctor`.
pub(crate) fn assert_clean(world: &World, what: &str) {
    let mut names: Vec<String> = std::fs::read_dir(world.config_dir())
        .unwrap()
        .map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned())
        .filter(|name| name != "config.toml")
        .collect();
    names.sort();
    assert_eq!(names, ["key"], "{what}");
    let report = world.concur(["doctor", "--offline", "--json"]).ok().json();
    for check in report["checks"].as_array().unwrap() {
        let about_the_key = check["name"].as_str().unwrap().contains("key");
        assert!(!about_the_key || check["state"] == "ok", "{what}: {check}");
    }
}
