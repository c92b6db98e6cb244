//! A store that is damaged, newer or another program's is reported and left unchanged.
#![cfg(unix)]

use rusqlite::Connection;

use crate::harness::{World, set_mode};

const REQUEST: &str = "protocol=https\nhost=h.example\nusername=u\npassword=p\n\n";

/// A logged-in world whose store is replaced by these bytes.
fn with_store(bytes: &[u8]) -> World {
    let world = World::logged_in();
    std::fs::write(world.store_file(), bytes).unwrap();
    set_mode(&world.store_file(), 0o600);
    world.write("credentials.json", world.sandbox.credentials_json());
    let app = world.sandbox.app().clone();
    world.write("refreshTokenObjectFile.json", world.sandbox.refresh_token_object_file(&app, 0));
    world
}

/// Whatever is asked of it, it says so with exit code 6, sends nothing and changes nothing.
fn assert_refused_untouched(world: &World, says: &str) {
    let before = std::fs::read(world.store_file()).unwrap();
    let origin = world.sandbox.origin();
    for args in [
        &["get"][..],
        &["token"],
        &["status"],
        &["refresh"],
        &["logout"],
        &["export", "-"],
        &["use", "default"],
        &["login", "--base-url", origin],
        &["import", "--base-url", origin],
        &["login", "--base-url", origin, "--profile", "new"],
    ] {
        world.concur(args).fails(6).says(says);
    }
    for operation in ["get", "store", "erase"] {
        world.helper([operation]).stdin(REQUEST).fails(6).says(says);
    }
    assert_eq!(std::fs::read(world.store_file()).unwrap(), before, "it is as it was");
    assert!(!world.state_dir().join("store.db-journal").exists());
    assert_eq!(world.token_requests(), 1, "nothing is sent");
}

#[test]
fn a_file_that_is_no_database_is_refused_untouched() {
    for bytes in [&b"xy"[..], b"hello, this is somebody's file", &[0; 8192], &[0xff; 8192]] {
        assert_refused_untouched(&with_store(bytes), "not a database");
    }
}

#[test]
fn a_truncated_store_is_refused_untouched() {
    let whole = std::fs::read(World::logged_in().store_file()).unwrap();
    for length in [16, 100, 512, 4096, whole.len() / 2, whole.len() - 4096] {
        assert_refused_untouched(&with_store(&whole[..length]), "damaged");
    }
}

#[test]
fn another_programs_database_is_refused_untouched() {
    for sql in [
        "CREATE TABLE moz_places (id INTEGER PRIMARY KEY, url TEXT)",
        "CREATE TABLE meta (key TEXT, value TEXT); INSERT INTO meta VALUES ('version', '1')",
        "CREATE TABLE meta (schema_version TEXT); INSERT INTO meta VALUES ('one')",
        "CREATE TABLE record (id INTEGER PRIMARY KEY)",
    ] {
        let world = with_store(b"");
        world.database().execute_batch(sql).unwrap();
        assert_refused_untouched(&world, "another program's database");
    }
}

#[test]
fn a_newer_schema_is_refused_untouched() {
    let whole = std::fs::read(World::logged_in().store_file()).unwrap();
    for more in [
        "",
        "ALTER TABLE record RENAME TO credential",
        "ALTER TABLE record DROP COLUMN attempt_why",
        "DROP TABLE application",
        "ALTER TABLE meta DROP COLUMN key_source",
    ] {
        let world = with_store(&whole);
        let sql = format!("PRAGMA foreign_keys = OFF; UPDATE meta SET schema_version = 99; {more}");
        world.database().execute_batch(&sql).unwrap();
        assert_refused_untouched(&world, "schema version 99");
    }
}

#[test]
fn an_unknown_key_source_is_not_guessed() {
    let world = World::logged_in();
    world.database().execute("UPDATE meta SET key_source = 'keyring'", []).unwrap();
    world.concur(["get"]).fails(6).says("key source");
    world.concur(["refresh"]).fails(6).says("key source");
    assert_eq!(world.refreshes(), 0);
}

#[test]
fn a_damaged_store_never_panics_and_never_prints_a_wrong_value() {
    let world = World::logged_in();
    let token = format!("{}\n", world.concur(["get"]).ok().line());
    let whole = std::fs::read(world.store_file()).unwrap();
    let step = whole.len() / 97;
    for at in (0..whole.len() - 8).step_by(step) {
        let mut bytes = whole.clone();
        bytes[at..at + 8].iter_mut().for_each(|byte| *byte ^= 0x5a);
        std::fs::write(world.store_file(), bytes).unwrap();
        let output = world.concur(["get", "--cached"]).output();
        let right = output.code == Some(0) && output.text() == token;
        let refused = output.stdout.is_empty()
            && output.code.is_some_and(|code| (1..=6).contains(&code))
            && output.stderr.starts_with("error: ");
        assert!(right || refused, "byte {at} of {}\n{output:?}", whole.len());
    }
}

/// The store in the middle of a transaction that outgrew the cache, and its journal: what a killed
/// writer leaves behind.
fn half_written(world: &World) -> (Vec<u8>, Vec<u8>) {
    let copy = world.work().join("copy.db");
    std::fs::copy(world.store_file(), &copy).unwrap();
    let writer = Connection::open(&copy).unwrap();
    writer
        .execute_batch(
            "PRAGMA journal_mode = DELETE; PRAGMA cache_size = 2; PRAGMA cache_spill = 1; \
             BEGIN IMMEDIATE; \
             UPDATE record SET access_token = zeroblob(20000), geolocation = 'https://evil.example'; \
             UPDATE meta SET store_id = zeroblob(16), used_profile = 'nobody'; \
             CREATE TABLE filler (x BLOB); \
             WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 50) \
             INSERT INTO filler SELECT randomblob(8000) FROM n;",
        )
        .unwrap();
    let journal = std::fs::read(world.work().join("copy.db-journal")).unwrap();
    let bytes = std::fs::read(&copy).unwrap();
    writer.execute_batch("ROLLBACK").unwrap();
    (bytes, journal)
}

#[test]
fn a_hit_rolls_back_what_a_killed_writer_left_behind() {
    let world = World::logged_in();
    let token = world.concur(["get"]).ok().line();
    let before = std::fs::read(world.store_file()).unwrap();
    let (bytes, journal) = half_written(&world);
    assert_ne!(bytes, before, "the file has pages of the open transaction");

    let hot = world.state_dir().join("store.db-journal");
    std::fs::write(world.store_file(), bytes).unwrap();
    std::fs::write(&hot, journal).unwrap();
    set_mode(&hot, 0o600);
    assert_eq!(world.concur(["get", "--cached"]).ok().silent().line(), token);
    assert!(!hot.exists(), "the journal is gone");
    assert_eq!(std::fs::read(world.store_file()).unwrap(), before, "nothing of it is left");
    world.expire("default");
    world.concur(["get"]).ok().silent();
}

#[test]
fn a_hundred_thousand_stored_credentials_slow_no_hit() {
    let world = World::logged_in();
    let token = world.concur(["get"]).ok().line();
    let credential = "protocol=https\nhost=one.example\nusername=u\npassword=p\n\n";
    world.concur(["store"]).stdin(credential).ok();
    let columns: Vec<String> = {
        let database = world.database();
        let mut names = database.prepare("SELECT name FROM pragma_table_info('record')").unwrap();
        names.query_map([], |row| row.get(0)).unwrap().map(Result::unwrap).collect()
    };
    let all = columns.join(", ");
    let copied = all.replacen("id,", "id + i,", 1);
    let copied = copied.replacen(" host,", " CAST('h' || i || '.example' AS BLOB),", 1);
    let sql = format!(
        "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 100000) \
         INSERT INTO record ({all}) SELECT {copied} FROM n, record \
         WHERE record.host = CAST('one.example' AS BLOB)"
    );
    assert_eq!(world.database().execute(&sql, []).unwrap(), 100_000);

    assert_eq!(world.concur(["get"]).ok().silent().line(), token);
    let status = world.concur(["status", "--json"]).ok().json();
    assert_eq!(status["profiles"].as_array().map(Vec::len), Some(1));
    let got = world.concur(["get"]).stdin("protocol=https\nhost=one.example\n\n").ok().silent();
    assert_eq!(got.value("password").as_deref(), Some("p"));
    world.expire("default");
    world.concur(["get"]).ok().silent();
    let last = "protocol=https\nhost=h99999.example\n\n";
    // A copied cell belongs to another place: it does not open, and says so.
    world.concur(["get"]).stdin(last).fails(6);
    world.concur(["erase"]).stdin(last).ok().silent();
    world.concur(["get"]).stdin(last).ok().silent();
}
