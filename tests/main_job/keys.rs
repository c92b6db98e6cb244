//! The key: one source, recorded in the store; never a new one, never a fallback.
#![cfg(unix)]

use super::support::tree;
use crate::harness::{Run, World, set_mode};

/// 32 bytes in base64, and others.
const KEY: &str = "Uc17XpDrdZxuyIGnfcKpIAtExDjkFriCv5qHwz3+7dw=";
const OTHER: &str = "hgb6HehXe51+w/bLbx7KuLPQTn0fpk2evA27p0+ZaTY=";

fn log_in(world: &World, with: impl Fn(Run) -> Run) {
    world.write("credentials.json", world.sandbox.credentials_json());
    with(world.concur(["login", "--base-url", world.sandbox.origin()])).ok();
}

/// Every way to use or renew what is stored must fail, naming `source`; nothing may be sent.
fn assert_unusable(world: &World, source: &str, with: impl Fn(Run) -> Run) {
    let before = world.token_requests();
    for command in ["get", "token", "refresh"] {
        with(world.concur([command])).fails(6).says(source);
    }
    with(world.concur(["export", "-"])).fails(6).says(source);
    with(world.concur(["get"])).at_offset(7200).fails(6).says(source);
    let store = with(world.concur(["store"]));
    store.stdin("protocol=https\nhost=h\nusername=u\npassword=p\n\n").fails(6).says(source);
    assert_eq!(world.token_requests(), before, "nothing is sent");
}

#[test]
fn a_missing_key_file_is_named_and_never_recreated() {
    let world = World::logged_in();
    let path = world.config_dir().join("key");
    let key = std::fs::read(&path).unwrap();
    std::fs::remove_file(&path).unwrap();
    let store = std::fs::read(world.store_file()).unwrap();
    assert_unusable(&world, path.to_str().unwrap(), |run| run);
    assert!(!path.exists(), "a new key would hide the loss");
    assert_eq!(std::fs::read(world.store_file()).unwrap(), store, "the store is as it was");
    std::fs::write(&path, key).unwrap();
    set_mode(&path, 0o600);
    world.concur(["get"]).ok().silent();
}

#[test]
fn a_wrong_key_file_is_named_and_nothing_is_written_with_it() {
    let world = World::logged_in();
    let path = world.config_dir().join("key");
    let store = std::fs::read(world.store_file()).unwrap();
    let keys: [&[u8]; 6] = [&[7; 32], b"", &[7; 31], &[7; 33], OTHER.as_bytes(), b"not a key\n"];
    for key in keys {
        std::fs::write(&path, key).unwrap();
        assert_unusable(&world, path.to_str().unwrap(), |run| run);
        assert_eq!(std::fs::read(world.store_file()).unwrap(), store, "the store is as it was");
    }
}

#[test]
fn a_login_without_the_right_key_spends_nothing_and_writes_nothing() {
    let world = World::logged_in();
    world.write("credentials.json", world.sandbox.credentials_json());
    let path = world.config_dir().join("key");
    let store = std::fs::read(world.store_file()).unwrap();
    let app = world.sandbox.app().clone();
    world.write("refreshTokenObjectFile.json", world.sandbox.refresh_token_object_file(&app, 0));
    for key in [None, Some(&[7; 32][..]), Some(b"not a key")] {
        match key {
            Some(key) => std::fs::write(&path, key).unwrap(),
            None => std::fs::remove_file(&path).unwrap(),
        }
        if path.exists() {
            set_mode(&path, 0o600);
        }
        for profile in ["default", "new"] {
            let args = ["--profile", profile, "--base-url", world.sandbox.origin()];
            world.concur(["login"].iter().chain(&args)).fails(6).says(path.to_str().unwrap());
            world.concur(["import"].iter().chain(&args)).fails(6).says(path.to_str().unwrap());
        }
        assert_eq!(world.token_requests(), 1, "the request token is not spent");
        assert_eq!(std::fs::read(world.store_file()).unwrap(), store, "the store is as it was");
    }
}

#[test]
fn a_request_that_needs_no_key_is_answered_without_it() {
    let world = World::logged_in();
    std::fs::remove_file(world.config_dir().join("key")).unwrap();
    world.concur(["status", "--json"]).ok();
    world.concur(["log"]).ok();
    let request = "protocol=https\nhost=nobody.invalid\n\n";
    world.concur(["get"]).stdin(request).ok().silent();
}

#[test]
fn a_key_from_the_environment_leaves_no_key_file_and_is_needed_again() {
    let world = World::new();
    let with = |key: &'static str| move |run: Run| run.env("CONCUR_CRED_KEY", key);
    log_in(&world, with(KEY));
    assert!(!world.config_dir().join("key").exists(), "the key is where the operator has it");
    with(KEY)(world.concur(["get"])).ok().silent();
    assert_unusable(&world, "CONCUR_CRED_KEY", |run| run);
    assert_unusable(&world, "CONCUR_CRED_KEY", with(OTHER));
    for bad in ["hunter2", "AAEC", &format!("{KEY}{KEY}"), "\u{fc}"] {
        let output = world.concur(["get"]).env("CONCUR_CRED_KEY", bad).fails(6);
        let output = output.says("CONCUR_CRED_KEY");
        assert!(!output.stderr.contains(bad), "{output:?}");
    }
    assert!(!world.config_dir().join("key").exists());
}

#[test]
fn a_named_key_file_is_used_and_needed_again() {
    let world = World::new();
    let file = world.write("my key", format!("{KEY}\n"));
    let with = |run: Run| run.env("CONCUR_CRED_KEY_FILE", &file);
    log_in(&world, with);
    assert!(!world.config_dir().join("key").exists());
    with(world.concur(["get"])).ok().silent();
    assert_unusable(&world, "CONCUR_CRED_KEY_FILE", |run| run);
    let other = world.write("other key", OTHER);
    assert_unusable(&world, "other key", |run| run.env("CONCUR_CRED_KEY_FILE", &other));
    let nowhere = world.work().join("nowhere");
    assert_unusable(&world, "nowhere", |run| run.env("CONCUR_CRED_KEY_FILE", &nowhere));
    let link = world.work().join("link");
    std::os::unix::fs::symlink(&file, &link).unwrap();
    world.concur(["get"]).env("CONCUR_CRED_KEY_FILE", &link).ok().silent();
}

#[test]
fn a_named_key_file_that_others_can_write_is_refused_and_one_they_can_read_is_warned_about() {
    let world = World::new();
    let file = world.write("key", KEY);
    let with = |run: Run| run.env("CONCUR_CRED_KEY_FILE", &file);
    log_in(&world, with);
    for bits in [0o620, 0o602] {
        set_mode(&file, bits);
        with(world.concur(["get"])).fails(6).says("chmod 600");
    }
    set_mode(&file, 0o644);
    with(world.concur(["refresh"])).ok().says("others can read").says("chmod 600");
}

#[test]
fn a_store_sealed_with_its_file_takes_no_other_key_by_accident() {
    let world = World::logged_in();
    let token = world.concur(["get"]).ok().line();
    let get = world.concur(["get"]).env("CONCUR_CRED_KEY", OTHER);
    assert_eq!(get.env("CONCUR_CRED_KEY_FILE", "/nowhere").ok().silent().line(), token);
}

#[test]
fn an_invalid_key_makes_no_store() {
    let world = World::new();
    world.write("credentials.json", world.sandbox.credentials_json());
    let login = || world.concur(["login", "--base-url", world.sandbox.origin()]);
    login().env("CONCUR_CRED_KEY", "hunter2").fails(6).says("CONCUR_CRED_KEY");
    login().env("CONCUR_CRED_KEY_FILE", "nowhere").fails(6).says("nowhere");
    assert_eq!(world.token_requests(), 0);
    assert!(!world.store_file().exists() && !world.config_dir().join("key").exists());
    login().ok();
}

#[test]
fn one_folder_can_hold_everything() {
    let world = World::new();
    let folder = world.work().join("all in one");
    let with = |run: Run| run.env("CONCUR_CRED_HOME", &folder);
    log_in(&world, with);
    with(world.concur(["get"])).ok().silent();
    for name in ["key", "store.db", "events.db", "locks", "reserve"] {
        assert!(folder.join(name).exists(), "{name}");
    }
    assert_eq!(tree(&world.home()).len(), 0, "and nothing is in another folder");
    world.concur(["get"]).fails(3);
    assert_eq!(crate::harness::mode(&folder), 0o700);
}
