//! The first command that opens a store of the first version migrates it.

use std::fs;

use rusqlite::Connection;

use super::support::{status, write_application};
use crate::harness::{Running, World, cells, set_mode};

const FIRST: &str = include_str!("../../migrations/0001_first.sql");
const MANY: usize = 200;

/// A world with one account and one entry, whose store is of version 1.
fn older() -> World {
    let world = World::logged_in();
    let entry = "protocol=https\nhost=one.example\nusername=u\npassword=p\n\n";
    world.helper(["store"]).stdin(entry).ok();
    cells::unbind(&world);
    make_older(&world);
    world
}

/// Replaces the store by one of version 1 with the same rows.
fn make_older(world: &World) {
    let file = world.store_file();
    let new = world.state_dir().join("version-1.db");
    let old = Connection::open(&new).unwrap();
    old.execute_batch(FIRST).unwrap();
    old.execute("ATTACH ?1 AS newer", [file.to_str().unwrap()]).unwrap();
    for table in ["meta", "application", "record"] {
        let columns: Vec<String> = old
            .prepare("SELECT name FROM pragma_table_info(?1)")
            .unwrap()
            .query_map([table], |row| row.get(0))
            .unwrap()
            .collect::<Result<_, _>>()
            .unwrap();
        let columns = columns.join(", ");
        let sql =
            format!("INSERT INTO main.{table} ({columns}) SELECT {columns} FROM newer.{table}");
        old.execute(&sql, []).unwrap();
    }
    old.execute("UPDATE main.meta SET schema_version = 1", []).unwrap();
    old.close().unwrap();
    set_mode(&new, 0o600);
    fs::rename(&new, &file).unwrap();
}

fn version(world: &World) -> i64 {
    world.database().query_row("SELECT schema_version FROM meta", [], |row| row.get(0)).unwrap()
}

fn assert_sound(world: &World) {
    let check: String =
        world.database().query_row("PRAGMA integrity_check", [], |row| row.get(0)).unwrap();
    assert_eq!((check.as_str(), version(world)), ("ok", 3));
    world.concur(["doctor"]).ok();
}

#[test]
fn the_first_command_migrates_the_store_and_succeeds() {
    let first: [&[&str]; 7] = [
        &["get"],
        &["get", "--format", "json"],
        &["status"],
        &["refresh"],
        &["export", "-"],
        &["use", "default"],
        &["rename", "default", "other"],
    ];
    for args in first {
        let world = older();
        let token = world.concur(args).ok();
        assert_eq!(version(&world), 3, "{args:?}");
        assert_eq!(status(&world)["grant"], serde_json::Value::Null, "{token:?}");
        world.concur(["get"]).ok().silent();
        let entry = world.helper(["get"]).stdin("protocol=https\nhost=one.example\n\n").ok();
        assert_eq!(entry.value("password").as_deref(), Some("p"));
        assert_sound(&world);
    }
}

#[test]
fn git_store_and_erase_migrate_the_store() {
    for verb in ["store", "erase"] {
        let world = older();
        let entry = "protocol=https\nhost=two.example\nusername=u\npassword=p\n\n";
        world.helper([verb]).stdin(entry).ok().silent();
        world.concur(["get"]).ok().silent();
        assert_sound(&world);
    }
}

#[test]
fn a_migrated_account_refreshes_and_the_request_token_is_explained() {
    let world = older();
    world.expire("default");
    world.concur(["get"]).ok().silent();
    assert_eq!(world.refreshes(), 1);
    world.expire("default");
    world.database().execute("UPDATE record SET request_token = NULL", []).unwrap();
    world.sandbox.revoke_refresh_tokens();
    world
        .concur(["get"])
        .fails(4)
        .says("company request token")
        .says("concur-cred login --profile");
    world.login("default", &world.sandbox.app().clone());
    assert_eq!(status(&world)["grant"], "company");
}

#[test]
fn an_application_login_works_in_a_migrated_store() {
    let world = older();
    write_application(&world);
    let args =
        ["login", "--grant", "app", "--profile", "app", "--base-url", world.sandbox.origin()];
    world.concur(args).ok();
    assert_eq!(world.column::<String>("app", "obtained_by"), "app");
    assert_sound(&world);
}

#[test]
fn two_hundred_first_callers_share_one_migration() {
    let world = older();
    let before = world.token_requests();
    let running: Vec<Running> = (0..MANY).map(|_| world.concur(["get"]).start()).collect();
    let mut tokens: Vec<String> =
        running.into_iter().map(|run| run.wait().code(0).silent().line()).collect();
    tokens.dedup();
    assert_eq!(tokens.len(), 1);
    assert_eq!(world.token_requests(), before, "nothing is asked for");
    assert_sound(&world);
}

#[test]
fn an_unwritable_older_store_is_an_error_and_stays_unchanged() {
    let world = older();
    // An unknown write version: SQLite must open the file read-only, for any user.
    let mut bytes = fs::read(world.store_file()).unwrap();
    bytes[18] = 3;
    fs::write(world.store_file(), &bytes).unwrap();
    let output = world.concur(["get"]).fails(6).says("schema version 1 and cannot be migrated");
    assert!(output.stderr.contains("permissions"), "what to do about it\n{output:?}");
    world.concur(["status"]).fails(6);
    let doctor = world.concur(["doctor"]).output().code(6);
    assert!(doctor.text().contains("cannot be migrated"), "{doctor:?}");
    assert_eq!(fs::read(world.store_file()).unwrap(), bytes);
    bytes[18] = 1;
    fs::write(world.store_file(), &bytes).unwrap();
    world.concur(["get"]).ok().silent();
    assert_sound(&world);
}

#[test]
fn doctor_migrates_a_sound_store_and_reports_it() {
    let world = older();
    let report = world.concur(["doctor", "--verbose"]).ok();
    assert!(report.text().contains("schema version 1 was migrated to 3"), "{report:?}");
    assert_sound(&world);
    let again = world.concur(["doctor", "--verbose"]).ok();
    assert!(again.text().contains("schema version 3"), "{again:?}");
}

#[test]
fn doctor_repairs_a_damaged_older_store_only_on_request() {
    let damage: [fn(&mut Vec<u8>); 3] = [
        |bytes| bytes[..100].fill(0),
        |bytes| bytes[..4096].fill(0x5a),
        |bytes| bytes.truncate(bytes.len() - 100),
    ];
    for damage in damage {
        let world = older();
        let mut bytes = fs::read(world.store_file()).unwrap();
        damage(&mut bytes);
        fs::write(world.store_file(), &bytes).unwrap();
        let report = world.concur(["doctor"]).output().code(6);
        assert!(report.text().contains("--repair"), "{report:?}");
        assert_eq!(fs::read(world.store_file()).unwrap(), bytes, "the check changes nothing");
        world.concur(["doctor", "--repair"]).ok();
        world.concur(["get"]).ok().silent();
        assert_sound(&world);
    }
}

#[test]
fn a_missing_index_of_an_older_store_is_found_before_anything_is_changed() {
    let world = older();
    world.database().execute_batch("DROP INDEX record_by_key").unwrap();
    let report = world.concur(["doctor"]).output().code(6);
    assert!(report.text().contains("record_by_key is missing"), "{report:?}");
    assert_eq!(version(&world), 1, "a damaged store is not written to");
    world.concur(["doctor", "--repair"]).ok();
    assert_sound(&world);
}
