//! For every check an installation in which it fails, and one in which all pass.

use super::support::{doctor, only, put_store, report};
use crate::harness::{BINARY, World, set_mode};

#[test]
fn every_check_passes_on_a_healthy_installation() {
    let world = World::logged_in();
    doctor(&world).is_all_ok();
    world.concur(["store"]).stdin("protocol=https\nhost=h\nusername=u\npassword=p\n\n").ok();
    world.expire("default");
    world.concur(["get"]).ok();
    doctor(&world).is_all_ok();
    world.concur(["logout"]).ok();
    doctor(&world).is_all_ok();
}

#[test]
fn an_empty_home_passes_and_stays_empty() {
    let world = World::new();
    doctor(&world).has("store", "ok", "nothing stored yet").is_all_ok();
    world.concur(["doctor", "--offline", "--repair"]).ok();
    assert_eq!(std::fs::read_dir(world.home()).unwrap().count(), 0, "the check creates nothing");
    std::fs::create_dir_all(world.state_dir()).unwrap();
    set_mode(&world.state_dir(), 0o700);
    put_store(&world, b"");
    doctor(&world).has("store", "ok", "nothing stored yet");
}

#[test]
fn the_report_is_safe_to_paste_and_sends_no_request() {
    let world = World::logged_in();
    let before = world.token_requests();
    let token = world.concur(["get"]).ok().line();
    let app = world.sandbox.app().clone();
    for args in [&["doctor"][..], &["doctor", "--json"], &["doctor", "--repair"]] {
        let output = world.concur(args).arg("--offline").arg("--verbose").ok().silent();
        let text = output.text();
        let company = world.column::<String>("default", "principal");
        for hidden in [&token, &app.client_secret, &app.client_id, &company] {
            assert!(!text.contains(hidden.as_str()), "{output:?}");
        }
        assert!(text.contains(&company[..8]), "{output:?}");
    }
    assert_eq!(world.token_requests(), before);
    let output = world.concur(["doctor", "--offline", "--verbose"]).ok();
    assert!(output.text().lines().all(|line| line.starts_with("ok    ")), "{output:?}");
    let count = output.text().lines().count();
    let passed = format!("{count} checks passed (--verbose lists them)\n");
    assert_eq!(world.concur(["doctor", "--offline"]).ok().text(), passed);
}

#[test]
fn wrong_permissions_are_reported_with_the_chmod_command() {
    let world = World::logged_in();
    world.concur(["log"]).ok();
    let lock = only(&world.state_dir().join("locks"), ".lock");
    for (path, name) in [
        (world.state_dir(), "state folder"),
        (world.config_dir(), "configuration folder"),
        (world.config_dir().join("key"), "key file"),
        (world.store_file(), "store file"),
        (world.state_dir().join("events.db"), "audit log file"),
        (world.state_dir().join("locks"), "locks folder"),
        (lock, "lock files"),
        (world.state_dir().join("reserve"), "reserve folder"),
        (only(&world.state_dir().join("reserve"), ""), "reserve files"),
    ] {
        let right = if path.is_dir() { 0o700 } else { 0o600 };
        for bits in [0o007, 0o070] {
            set_mode(&path, right | bits);
            doctor(&world).has(name, "fail", &format!("chmod {right:o}"));
        }
        set_mode(&path, right & 0o577);
        if path.is_file() && name != "key file" {
            doctor(&world).has(name, "fail", "Its owner cannot use");
        }
        set_mode(&path, right);
    }
    doctor(&world).is_all_ok();
}

#[test]
fn a_symlink_in_place_of_a_file_is_reported() {
    let world = World::logged_in();
    let away = world.work().join("store.db");
    std::fs::rename(world.store_file(), &away).unwrap();
    std::os::unix::fs::symlink(&away, world.store_file()).unwrap();
    doctor(&world).has("store file", "fail", "not a regular file");
}

#[test]
fn settings_that_stop_other_commands_are_reported() {
    let world = World::logged_in();
    std::fs::write(world.config_dir().join("config.toml"), "min_tll = 5\n").unwrap();
    set_mode(&world.config_dir().join("config.toml"), 0o600);
    world.concur(["get"]).fails(6);
    doctor(&world).has("settings", "fail", "line 1").has("sealed cells", "ok", "opened");
}

#[test]
fn a_missing_or_wrong_key_is_reported() {
    let world = World::logged_in();
    let path = world.config_dir().join("key");
    std::fs::write(&path, [7; 32]).unwrap();
    doctor(&world).has("key", "fail", "not the key").has("sealed cells", "warn", "right key");
    std::fs::write(&path, "not a key").unwrap();
    doctor(&world).has("key", "fail", "not a key");
    std::fs::remove_file(&path).unwrap();
    doctor(&world).has("key", "fail", "is missing");
    put_store(&world, b"no database");
    doctor(&world).has("key", "warn", "does not exist");
}

#[test]
fn a_damaged_newer_or_unrecognised_store_is_reported() {
    let world = World::logged_in();
    let whole = std::fs::read(world.store_file()).unwrap();
    put_store(&world, b"no database");
    doctor(&world).has("store", "fail", "doctor --repair");
    put_store(&world, &whole[..whole.len() - 4096]);
    doctor(&world).has("store", "fail", "doctor --repair");
    for (sql, name, says) in [
        ("UPDATE meta SET schema_version = 99", "store", "schema version 99"),
        ("DROP INDEX record_by_profile", "integrity", "record_by_profile is missing"),
        ("DELETE FROM application", "references", "without its application"),
        ("DROP TABLE meta", "store", "another program's"),
    ] {
        put_store(&world, &whole);
        world.database().execute_batch(&format!("PRAGMA foreign_keys = OFF; {sql}")).unwrap();
        doctor(&world).has(name, "fail", says);
    }
}

#[test]
fn a_cell_that_cannot_be_opened_is_named() {
    let world = World::logged_in();
    world
        .concur(["store"])
        .stdin("protocol=https\nhost=h.example\nusername=u\npassword=p\n\n")
        .ok();
    world
        .database()
        .execute("UPDATE record SET access_token = zeroblob(50) WHERE profile IS NULL", [])
        .unwrap();
    doctor(&world).has("sealed cells", "fail", "entry for h.example: access_token");
    world.database().execute("UPDATE application SET client_secret = zeroblob(50)", []).unwrap();
    doctor(&world).has("sealed cells", "fail", "application default: client_secret");
    world.database().execute("UPDATE record SET refresh_token = zeroblob(50)", []).unwrap();
    doctor(&world).has("sealed cells", "fail", "default: refresh_token");
}

#[test]
fn missing_small_orphaned_or_full_reserves_are_reported() {
    let world = World::logged_in();
    let reserve = only(&world.state_dir().join("reserve"), "");
    let whole = std::fs::read(&reserve).unwrap();
    let mut pending = b"CCSPILL1\x04\0\0\0abcd".to_vec();
    pending.resize(whole.len(), 0);
    std::fs::write(&reserve, pending).unwrap();
    doctor(&world).has("pending grant", "warn", "do not belong to the current record");
    std::fs::write(&reserve, &whole[..100]).unwrap();
    doctor(&world).has("reserves", "warn", "default");
    std::fs::remove_file(&reserve).unwrap();
    doctor(&world).has("reserves", "warn", "default");
    let orphan = world.state_dir().join("reserve/00000000000000aa");
    std::fs::write(&orphan, whole).unwrap();
    set_mode(&orphan, 0o600);
    doctor(&world).has("reserves", "warn", "00000000000000aa");
}

#[test]
fn lock_checks_name_the_current_and_the_last_holder() {
    let world = World::logged_in();
    let path = only(&world.state_dir().join("locks"), ".lock");
    let holder = path.with_extension("holder");
    std::fs::write(&holder, "pid 7, since 1000\n").unwrap();
    set_mode(&holder, 0o600);
    doctor(&world).has(
        "locks",
        "warn",
        "default: free; its last holder was killed (pid 7, since 1970-",
    );
    let file = std::fs::File::options().write(true).open(&path).unwrap();
    file.lock().unwrap();
    doctor(&world).has("locks", "warn", "by pid 7, since 1970-01-01 00:16:40");
    std::fs::write(&holder, "").unwrap();
    doctor(&world).has("locks", "ok", "default: held by an unknown process");
    world
        .database()
        .execute("UPDATE record SET attempt_started_at = refreshed_at + 1", [])
        .unwrap();
    doctor(&world).has("attempts", "ok", "1 running");
    // After closing it, a child just started by another thread could still hold it.
    file.unlock().unwrap();
    doctor(&world).has("attempts", "warn", "default");
    world.database().execute("UPDATE record SET attempt_started_at = NULL", []).unwrap();
    world.concur(["logout"]).ok();
    doctor(&world).has("locks", "ok", "1 of forgotten profiles");
}

#[test]
fn a_clock_that_stepped_or_is_before_2024_is_reported() {
    let world = World::logged_in();
    let at = |seconds: i64| {
        report(&world.concur(["doctor", "--offline", "--json"]).at_offset(seconds).output())
    };
    at(-3600).has("clock", "warn", "set back: default");
    at(-100 * 366 * 86_400).has("clock", "fail", "before 2024");
    at(3600).has("clock", "ok", "");
    world
        .database()
        .execute("UPDATE record SET access_expires_at = obtained_at + 200000", [])
        .unwrap();
    doctor(&world).has("clock", "warn", "more than a day: default");
}

#[test]
fn a_leftover_journal_and_unfinished_files_are_reported() {
    let world = World::logged_in();
    let journal = world.state_dir().join("store.db-journal");
    std::fs::write(&journal, [0; 600]).unwrap();
    set_mode(&journal, 0o644);
    doctor(&world).has("store journal", "fail", "chmod 600");
    set_mode(&journal, 0o600);
    doctor(&world).has("journal", "warn", "Run this again");
    std::fs::remove_file(&journal).unwrap();
    std::fs::create_dir(world.state_dir().join(".concur-cred-repair-x")).unwrap();
    doctor(&world).has("unfinished files", "warn", "1 of a repair");
}

#[test]
fn a_damaged_audit_log_is_reported() {
    let world = World::logged_in();
    let events = world.state_dir().join("events.db");
    std::fs::write(&events, "no database").unwrap();
    doctor(&world).has("audit log", "fail", "it contains no tokens");
    std::fs::remove_file(&events).unwrap();
    doctor(&world).has("audit log", "ok", "none yet");
}

#[test]
fn a_home_that_is_not_a_folder_is_reported() {
    let world = World::new();
    let run = world.run(BINARY, ["doctor", "--offline"]).env("CONCUR_CRED_HOME", "/dev/null");
    let output = run.output().code(6).silent();
    assert!(output.text().contains("FAIL  state folder"), "{output:?}");
}

#[test]
fn a_store_that_is_gone_is_missed_until_its_profiles_are_logged_out() {
    let world = World::logged_in();
    let store = world.state_dir().join("store.db");
    let kept = std::fs::read(&store).unwrap();
    std::fs::remove_file(&store).unwrap();
    let report = doctor(&world);
    let report = report.has("store", "fail", "There was a profile default until ");
    report.has("store", "fail", ": the store is gone");
    put_store(&world, &kept);
    world.concur(["logout"]).ok();
    std::fs::remove_file(&store).unwrap();
    doctor(&world).has("store", "ok", "nothing stored yet");
}

#[test]
fn the_space_for_tokens_is_shown() {
    let world = World::logged_in();
    doctor(&world).has("disk", "ok", " MB free for ");
}
