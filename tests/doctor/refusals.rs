//! When `doctor --repair` touches nothing.

use super::support::{everything, kept, only, populated, put_store, repair};
use crate::harness::World;

/// Runs the repair, expects a refusal with its reason, and unchanged files.
fn assert_untouched(world: &World, says: &str) {
    let before = everything(world);
    repair(world).has("repair: store", "fail", says);
    assert_eq!(everything(world), before, "nothing was changed");
}

/// The store without its header.
fn headless(world: &World) -> Vec<u8> {
    let mut bytes = std::fs::read(world.store_file()).unwrap();
    bytes[..100].fill(0);
    bytes
}

#[test]
fn without_the_right_key_repair_changes_nothing() {
    let world = populated();
    let damaged = headless(&world);
    put_store(&world, &damaged);
    let path = world.config_dir().join("key");
    let key = std::fs::read(&path).unwrap();
    for wrong in [&[7; 32][..], b"not a key", b""] {
        std::fs::write(&path, wrong).unwrap();
        assert_untouched(&world, path.to_str().unwrap());
    }
    std::fs::remove_file(&path).unwrap();
    assert_untouched(&world, path.to_str().unwrap());
    assert!(!path.exists(), "never a new key");
    std::fs::write(&path, key).unwrap();
    crate::harness::set_mode(&path, 0o600);
    repair(&world).has("repair: store", "ok", "8 profiles");
}

#[test]
fn a_damaged_store_of_a_newer_version_is_not_changed() {
    let world = populated();
    world
        .database()
        .execute_batch("UPDATE meta SET schema_version = 99; DROP INDEX record_by_key")
        .unwrap();
    assert_untouched(&world, "schema version 99");
    let damaged = headless(&world);
    put_store(&world, &damaged);
    assert_untouched(&world, "schema version 99");
}

#[test]
fn an_unrecognised_file_is_not_changed() {
    let world = World::logged_in();
    let whole = std::fs::read(world.store_file()).unwrap();
    let mut without_meta = whole.clone();
    without_meta[4096..8192].fill(0x5a);
    for bytes in [&b"somebody's letter"[..], &[0xff; 16384], &whole[..4096], &without_meta] {
        put_store(&world, bytes);
        assert_untouched(&world, "has lost its ID");
    }
    put_store(&world, b"");
    world.database().execute_batch("CREATE TABLE moz_places (id)").unwrap();
    assert_untouched(&world, "another program's");
    assert_eq!(kept(&world).len(), 0);
}

#[test]
fn an_unreadable_store_is_not_replaced_by_an_empty_one() {
    let world = World::logged_in();
    world
        .database()
        .execute_batch("UPDATE meta SET store_id = zeroblob(16); DROP INDEX record_by_key")
        .unwrap();
    assert_untouched(&world, "Nothing in the damaged store");
}

#[test]
fn repair_respects_a_held_lock_and_names_its_holder() {
    let world = populated();
    put_store(&world, &headless(&world));
    let locks = world.state_dir().join("locks");
    let mut paths: Vec<_> = std::fs::read_dir(&locks).unwrap().map(|e| e.unwrap().path()).collect();
    paths.sort();
    let lock = paths.into_iter().find(|p| p.extension().is_some_and(|e| e == "lock")).unwrap();
    let file = std::fs::File::options().write(true).open(&lock).unwrap();
    file.lock().unwrap();
    std::fs::write(lock.with_extension("holder"), "pid 77, since 1000\n").unwrap();
    let before = everything(&world);
    let repair_in_utc = world.concur(["doctor", "--repair"]).env("TZ", "UTC");
    repair_in_utc.fails(5).says("pid 77, since 1970-01-01 00:16:40");
    assert_eq!(everything(&world), before);
    // After closing it, a child just started by another thread could still hold it.
    file.unlock().unwrap();
    repair(&world).has("repair: store", "ok", "8 profiles");
}

#[test]
fn a_sound_store_is_not_rebuilt() {
    let world = populated();
    let before = everything(&world);
    repair(&world).has("repair", "ok", "nothing to fix").is_all_ok();
    assert_eq!(everything(&world), before);
    only(&world.state_dir(), "store.db");
}

#[test]
fn repair_does_not_disturb_an_active_writer() {
    let world = populated();
    world.database().execute_batch("DROP INDEX record_by_key").unwrap();
    let before = everything(&world);
    let writer = world.database();
    // To look into the file from this process would drop the writer's lock.
    writer.execute_batch("BEGIN IMMEDIATE").unwrap();
    let hasty = world.concur(["doctor", "--repair"]).env("CONCUR_CRED_TEST_HASTE", "10");
    hasty.fails(5).says("busy");
    drop(writer);
    assert_eq!(everything(&world), before);
    repair(&world).has("repair: store", "ok", "8 profiles");
}
