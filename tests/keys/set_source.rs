//! `key set-source`: the same key from another source, or another key.

use super::support::{
    KEY, OTHER, assert_clean, assert_whole, configure, entry, holds, key_file, log_in, recorded,
    store_entry, strict, strict_logged_in, unhex,
};
use crate::harness::{Run, World, set_mode};

fn set(world: &World, source: &str) -> Run {
    world.concur(["key", "set-source", source])
}

#[test]
fn the_same_key_from_another_source_changes_only_the_source() {
    let world = strict_logged_in();
    let before = recorded(&world);
    let cell: Vec<u8> = world.column("default", "refresh_token");
    let folder = world.work().join("credentials");
    std::fs::create_dir(&folder).unwrap();
    std::fs::copy(key_file(&world), folder.join("concur-cred-key")).unwrap();
    let with = |run: Run| run.env("CREDENTIALS_DIRECTORY", &folder);
    let output = with(set(&world, "credential")).ok().says("concur-cred-key from now on");
    output.says("is not used any more").says("if no backup of the store needs it: rm ");
    assert_eq!(recorded(&world), ("credential".to_owned(), before.1));
    assert_eq!(world.column::<Vec<u8>>("default", "refresh_token"), cell);
    assert!(key_file(&world).exists(), "a key is never removed");
    std::fs::remove_file(key_file(&world)).unwrap();
    with(world.concur(["get"])).ok().silent();
    with(world.concur(["refresh"])).ok();
    world.concur(["get"]).fails(6).says("CREDENTIALS_DIRECTORY is not set");
    with(set(&world, "credential")).ok().says("already; nothing was changed");
}

#[test]
fn a_new_key_seals_everything_again() {
    let world = strict_logged_in();
    store_entry(&world, "one.example", "first");
    let (_, old_id) = recorded(&world);
    configure(&world, &format!("key_command = [\"echo\", \"{KEY}\"]\n"));
    set(&world, "command").ok().says("sealed with the new key");
    assert_eq!(recorded(&world).0, "command");
    assert!(!holds(&world.store_file(), &unhex(&old_id)));
    std::fs::remove_file(key_file(&world)).unwrap();
    assert_whole(&world, &["default"], "by a command");
    assert_eq!(entry(&world, "one.example").unwrap(), "first");
    let log = world.concur(["log", "--json"]).ok();
    assert!(log.text().contains("\"key set-source\""), "{log:?}");
    // And back into a file, which is made.
    set(&world, "file").ok();
    configure(&world, "");
    assert_whole(&world, &["default"], "by a file again");
    assert_eq!(entry(&world, "one.example").unwrap(), "first");
    assert_clean(&world, "by a file again");
}

#[test]
fn a_new_source_without_a_key_changes_nothing() {
    let world = strict_logged_in();
    let before = recorded(&world);
    for (source, remedy) in [
        ("environment", "Set it to one, or"),
        ("named-file", "Set it to a file with a key"),
        ("credential", "LoadCredential=concur-cred-key:FILE"),
        ("command", "Set it in config.toml"),
    ] {
        let refused = set(&world, source).fails(6).says("There is no key in");
        refused.says("nothing was changed").says(remedy).says("openssl rand -base64 32");
    }
    set(&world, "environment").env("CONCUR_CRED_KEY", "hunter2").fails(6).says("CONCUR_CRED_KEY");
    let file = world.write("key", KEY);
    set_mode(&file, 0o666);
    let named = set(&world, "named-file").env("CONCUR_CRED_KEY_FILE", &file);
    named.fails(6).says("Others can write");
    set(&world, "keyring").output().code(2).says("possible values");
    assert_eq!(recorded(&world), before);
    assert_whole(&world, &["default"], "after refusals");
    assert_clean(&world, "after refusals");
}

#[test]
fn the_previous_source_is_needed_only_for_a_different_key() {
    let world = strict();
    log_in(&world, |run| run.env("CONCUR_CRED_KEY", KEY));
    let (same, other) = (world.write("same", KEY), world.write("other", OTHER));
    let to = |file| set(&world, "named-file").env("CONCUR_CRED_KEY_FILE", file);
    to(&other).fails(6).says("CONCUR_CRED_KEY, which is missing");
    set(&world, "file").fails(6).says("CONCUR_CRED_KEY");
    assert!(!key_file(&world).exists(), "no key file is made for a store that cannot be opened");
    assert_eq!(recorded(&world).0, "environment");
    to(&same).ok();
    assert_eq!(recorded(&world).0, "named-file");
    world.concur(["get"]).env("CONCUR_CRED_KEY_FILE", &same).ok().silent();
}

#[test]
fn a_conflicting_setting_is_reported() {
    let world = strict_logged_in();
    configure(&world, "key_source = \"file\"\n");
    let output = set(&world, "environment").env("CONCUR_CRED_KEY", KEY).ok();
    output.says("key_source names file, which applies only to a new store");
    let report = world.concur(["doctor", "--offline"]).env("CONCUR_CRED_KEY", KEY).ok();
    assert!(report.text().contains("key set-source file"), "{report:?}");
    assert!(report.text().contains("is not this store's key any more"), "{report:?}");
}
