//! What `doctor --repair` fixes, and that it keeps every cell that can be opened.

use super::support::{NAMES, doctor, kept, populated, put_store, repair};
use crate::harness::{World, mode, set_mode};

/// Repairs a world with the damaged store `damaged`: the old file is kept byte for byte, and every remaining
/// profile works. Returns the names of those.
fn repaired(world: &World, damaged: &[u8]) -> Vec<String> {
    put_store(world, damaged);
    let before = world.token_requests();
    let report = repair(world);
    let kept = kept(world);
    assert_eq!(kept.len(), 1, "{kept:?} {report:?}");
    assert_eq!(std::fs::read(&kept[0]).unwrap(), damaged, "it is kept as it was");
    assert_eq!(mode(&kept[0]), 0o600);
    assert_eq!(mode(&world.store_file()), 0o600);
    std::fs::remove_file(&kept[0]).unwrap();
    doctor(world).has("integrity", "ok", "").has("sealed cells", "ok", "opened");
    let status = world.concur(["status", "--json"]).ok().json();
    let profiles = status["profiles"].as_array().unwrap();
    let names: Vec<String> =
        profiles.iter().map(|p| p["profile"].as_str().unwrap().to_owned()).collect();
    for name in &names {
        let token = world.concur(["get", "--cached", "--profile", name]).ok().silent().line();
        assert!(world.sandbox.is_live_access_token(&token), "{name}");
    }
    assert_eq!(world.token_requests(), before, "nothing is asked for");
    names
}

/// All of [`populated`]'s profiles.
fn all() -> Vec<String> {
    let mut names: Vec<String> = NAMES.iter().map(|name| (*name).to_owned()).collect();
    names.push("default".to_owned());
    names.sort();
    names
}

#[test]
fn repair_recovers_everything_after_a_lost_header_or_first_page() {
    let world = populated();
    let whole = std::fs::read(world.store_file()).unwrap();
    for (length, byte) in [(16, 0), (100, 0), (100, 0xff), (4096, 0), (4096, 0x5a)] {
        let mut damaged = whole.clone();
        damaged[..length].fill(byte);
        assert_eq!(repaired(&world, &damaged), all(), "{length} bytes of {byte}");
        let entry = world.concur(["get"]).stdin("protocol=https\nhost=one.example\n\n").ok();
        assert_eq!(entry.value("password").as_deref(), Some("p"));
    }
}

#[test]
fn repair_recreates_a_missing_index() {
    let world = populated();
    world.database().execute_batch("DROP INDEX record_by_key").unwrap();
    let damaged = std::fs::read(world.store_file()).unwrap();
    assert_eq!(repaired(&world, &damaged), all());
}

#[test]
fn repair_saves_the_rows_before_the_end_of_a_truncated_store() {
    let world = populated();
    let whole = std::fs::read(world.store_file()).unwrap();
    let mut saved = Vec::new();
    for pages in [1, 2, 4, 6] {
        let names = repaired(&world, &whole[..whole.len() - pages * 4096]);
        assert!(!names.is_empty(), "{pages} pages less");
        saved.push(names.len());
    }
    assert!(saved.is_sorted_by(|more, fewer| more >= fewer), "{saved:?}");
}

#[test]
fn a_garbage_page_loses_only_its_own_rows() {
    let world = populated();
    let whole = std::fs::read(world.store_file()).unwrap();
    let mut saved = 0;
    let pages = whole.len() / 4096;
    // Page 2 identifies the store, page 3 has the applications, page 4 is the root of the records.
    for page in 4..pages {
        let mut damaged = whole.clone();
        damaged[page * 4096..(page + 1) * 4096].fill(0xa5);
        put_store(&world, &damaged);
        let is_sound = world.concur(["doctor", "--offline"]).output().code == Some(0);
        if is_sound {
            continue;
        }
        let lost_cell_only = doctor_says_sound(&world);
        if lost_cell_only {
            continue;
        }
        let names = repaired(&world, &damaged);
        assert!(names.len() >= all().len() - 3, "page {page}: {names:?}");
        saved += 1;
    }
    assert!(saved > 3, "{saved} pages");
}

/// The file is valid for SQLite: only a cell is corrupt, and that cannot be repaired.
fn doctor_says_sound(world: &World) -> bool {
    let text = world.concur(["doctor", "--offline", "--verbose"]).output();
    text.text().contains("ok    integrity")
}

#[test]
fn a_corrupt_cell_is_reported_and_harms_no_other() {
    let world = populated();
    let cell: Vec<u8> = world.column("c", "access_token");
    let mut bytes = std::fs::read(world.store_file()).unwrap();
    let at = bytes.windows(40).position(|window| window == &cell[..40]).unwrap();
    bytes[at + 35] ^= 1;
    put_store(&world, &bytes);
    repair(&world).has("sealed cells", "fail", "c: access_token");
    assert_eq!(
        std::fs::read(world.store_file()).unwrap(),
        bytes,
        "an edit is not damage to repair"
    );
    for name in ["a", "b", "d", "default"] {
        world.concur(["get", "--profile", name]).ok().silent();
    }
}

#[test]
fn a_cell_that_cannot_be_opened_is_left_out_of_the_new_store_and_reported() {
    let world = populated();
    world
        .database()
        .execute("UPDATE record SET refresh_token = zeroblob(60) WHERE profile = 'c'", [])
        .unwrap();
    world
        .database()
        .execute("UPDATE record SET host = CAST('evil' AS BLOB) WHERE profile = 'd'", [])
        .unwrap();
    world.database().execute_batch("DROP INDEX record_by_key").unwrap();
    let report = repair(&world);
    report.has("repair: store", "warn", "lost: c: refresh_token, d;");
    world.concur(["get", "--profile", "c"]).ok();
    world.concur(["get", "--profile", "d"]).fails(3);
    world.concur(["refresh", "--profile", "a"]).ok();
}

#[test]
fn an_invalid_name_is_reported_with_its_fix_and_costs_only_its_profile() {
    let world = populated();
    let sql = "UPDATE record SET profile = '$(touch x)' WHERE profile = 'c'";
    world.database().execute(sql, []).unwrap();
    world.concur(["status"]).fails(6).says("A row of the store cannot be read").says("--repair");
    let names = world.concur(["completions", "--list", "profiles"]).ok().silent();
    assert_eq!(names.text(), "", "no shell gets a command");
    let damaged = std::fs::read(world.store_file()).unwrap();
    let mut left = all();
    left.retain(|name| name != "c");
    assert_eq!(repaired(&world, &damaged), left);
}

#[test]
fn a_row_without_its_application_is_removed() {
    let world = World::logged_in();
    let other = world.sandbox.app().clone();
    world.login("other", &other);
    world
        .database()
        .execute_batch(
            "PRAGMA foreign_keys = OFF; UPDATE record SET application_id = 1 WHERE profile = 'other'",
        )
        .unwrap();
    let damaged = std::fs::read(world.store_file()).unwrap();
    assert_eq!(repaired(&world, &damaged), ["default"]);
}

#[test]
fn a_damaged_store_is_kept_together_with_its_journal() {
    let world = populated();
    let mut damaged = std::fs::read(world.store_file()).unwrap();
    damaged[..100].fill(0);
    put_store(&world, &damaged);
    let journal = world.state_dir().join("store.db-journal");
    std::fs::write(&journal, [7; 700]).unwrap();
    set_mode(&journal, 0o600);
    repair(&world).has("repair: store", "ok", "nothing was lost");
    let kept = kept(&world);
    assert_eq!(kept.len(), 2, "{kept:?}");
    assert_eq!(std::fs::read(&kept[0]).unwrap(), damaged);
    assert_eq!(std::fs::read(&kept[1]).unwrap(), [7; 700]);
    assert!(kept[1].to_string_lossy().ends_with("-journal") && !journal.exists());
    doctor(&world).is_all_ok();
}

#[test]
fn a_damaged_audit_log_is_set_aside_and_a_new_one_begins() {
    let world = World::logged_in();
    std::fs::write(world.state_dir().join("events.db"), "no database").unwrap();
    repair(&world).has("repair: audit log", "ok", "a new one begins");
    assert_eq!(std::fs::read(&kept(&world)[0]).unwrap(), b"no database");
    world.concur(["refresh"]).ok();
    assert_eq!(world.concur(["log"]).ok().text().lines().count(), 1);
    doctor(&world).is_all_ok();
}

#[test]
fn repair_fixes_permissions_and_reserves_and_changes_nothing_else() {
    let world = World::logged_in();
    let store = std::fs::read(world.store_file()).unwrap();
    let reserve = super::support::only(&world.state_dir().join("reserve"), "");
    std::fs::remove_file(&reserve).unwrap();
    for path in [world.state_dir(), world.config_dir(), world.state_dir().join("locks")] {
        set_mode(&path, 0o755);
    }
    for path in [world.store_file(), world.config_dir().join("key")] {
        set_mode(&path, 0o644);
    }
    world.concur(["get"]).fails(6);
    repair(&world).has("repair: permissions", "ok", "chmod 700").has(
        "repair: reserves",
        "ok",
        "default",
    );
    doctor(&world).is_all_ok();
    assert_eq!(std::fs::metadata(&reserve).unwrap().len(), 128 * 1024);
    assert_eq!(std::fs::read(world.store_file()).unwrap(), store);
    repair(&world).has("repair", "ok", "nothing to fix").is_all_ok();
}

#[cfg(debug_assertions)]
#[test]
fn a_pending_grant_survives_repair_and_the_next_get_commits_it() {
    let world = populated();
    world.expire("default");
    let get = world.concur(["get", "--profile", "default"]);
    let token = get.env("CONCUR_CRED_TEST_FAILPOINT", "grant-commit=full").ok().line();
    doctor(&world).has("pending grant", "warn", "default: new tokens");
    world.database().execute_batch("DROP INDEX record_by_key").unwrap();
    repair(&world).has("repair: store", "ok", "nothing was lost").has(
        "pending grant",
        "warn",
        "default: new tokens",
    );
    let before = world.refreshes();
    assert_eq!(world.concur(["get", "--profile", "default"]).ok().line(), token);
    assert_eq!(world.refreshes(), before, "it was in the reserve");
    doctor(&world).has("sealed cells", "ok", "opened").is_all_ok();
}

#[test]
fn a_killed_writers_journal_is_rolled_back_without_repair() {
    let world = populated();
    let before = std::fs::read(world.store_file()).unwrap();
    let copy = world.work().join("copy.db");
    std::fs::copy(world.store_file(), &copy).unwrap();
    let writer = rusqlite::Connection::open(&copy).unwrap();
    writer
        .execute_batch(
            "PRAGMA cache_size = 2; PRAGMA cache_spill = 1; BEGIN IMMEDIATE; \
             UPDATE record SET access_token = zeroblob(20000), geolocation = 'https://evil.example'; \
             CREATE TABLE filler (x BLOB); \
             WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 50) \
             INSERT INTO filler SELECT randomblob(8000) FROM n;",
        )
        .unwrap();
    let half_written = std::fs::read(&copy).unwrap();
    let its_journal = std::fs::read(world.work().join("copy.db-journal")).unwrap();
    let journal = world.state_dir().join("store.db-journal");
    for repairs in [true, false] {
        std::fs::write(&journal, &its_journal).unwrap();
        set_mode(&journal, 0o600);
        put_store(&world, &half_written);
        if repairs {
            repair(&world).has("repair", "ok", "nothing to fix");
        } else {
            doctor(&world).has("journal", "ok", "rolled back");
        }
        assert_eq!(std::fs::read(world.store_file()).unwrap(), before);
        assert!(!journal.exists() && kept(&world).is_empty());
    }
}
