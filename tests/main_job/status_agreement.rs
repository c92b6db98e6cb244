//! A state is the same for `status`, `status --json`, `status --check` and `doctor`, and each names what fixes it.

use concur_sandbox::{Fault, StatusBody};

use crate::harness::World;

const DAY: i64 = 86_400;

/// How bad a state is: as `status`, the check and `doctor` say it.
#[derive(Debug, Clone, Copy)]
struct Level {
    mark: &'static str,
    exit_code: i32,
    word: &'static str,
    doctor: &'static str,
}

const CRITICAL: Level = Level { mark: "x ", exit_code: 2, word: "CRITICAL", doctor: "fail" };
const WARNING: Level = Level { mark: "! ", exit_code: 1, word: "WARNING", doctor: "warn" };
const OK: Level = Level { mark: "ok", exit_code: 0, word: "OK", doctor: "ok" };

/// What is said of the profile `default`, and which command is named for it.
#[derive(Debug, Clone, Copy)]
struct Said {
    level: Level,
    words: &'static str,
    command: &'static str,
    needs_login: bool,
    /// The check of `doctor` that it is.
    check: &'static str,
}

const LOG_IN: &str = "concur-cred login --profile default";
const REFRESH: &str = "concur-cred refresh --profile default";

fn critical(words: &'static str, command: &'static str) -> Said {
    let needs_login = command.contains(" login ");
    Said { level: CRITICAL, words, command, needs_login, check: "tokens" }
}

/// Every command says this of the world.
fn assert_agreed(world: &World, said: Said) {
    let Said { level, words, command, needs_login, check } = said;
    let glance = world.concur(["status"]).ok().silent();
    let mut lines = glance.text().lines();
    let headline = match level.word {
        "CRITICAL" => "1 profile, 1 needs you",
        "WARNING" => "1 profile, 1 warning",
        _ => "1 profile, ok",
    };
    assert!(lines.next().unwrap().starts_with(headline), "{words}: {glance:?}");
    let row = lines.find(|line| line.contains("default")).unwrap();
    assert!(row.starts_with(level.mark) && row.contains(words), "{words}: {row}");
    let arrow = lines.next().map(str::trim);
    if command.is_empty() {
        assert_eq!(arrow, None, "{words}: {glance:?}");
    } else {
        let arrow = arrow.unwrap_or_default();
        assert!(arrow.starts_with(&format!("-> {command}")), "{words}: {glance:?}");
    }
    let table = world.concur(["status", "--long"]).ok().silent();
    let state = if command.is_empty() { "ok" } else { words };
    assert!(table.text().contains(state), "{words}: {table:?}");
    let json = world.concur(["status", "--json"]).ok().json();
    let profile = &json["profiles"][0];
    assert!(profile["state"].as_str().unwrap().contains(state), "{words}: {profile}");
    assert_eq!(profile["needs_login"], needs_login, "{words}: {profile}");
    let output = world.concur(["status", "--check"]).output().code(level.exit_code);
    let line = output.line();
    assert!(line.starts_with(&format!("CONCUR {} - ", level.word)), "{words}: {line}");
    assert!(command.is_empty() || line.contains(words), "{words}: {line}");
    let doctor = world.concur(["doctor", "--offline", "--json"]).output();
    assert_eq!(doctor.code, Some(if level.word == "CRITICAL" { 6 } else { 0 }), "{doctor:?}");
    let report = doctor.json();
    let checks = report["checks"].as_array().unwrap();
    let is_it =
        |found: &&serde_json::Value| found["name"] == check && found["state"] == level.doctor;
    let found = checks.iter().find(is_it).unwrap_or_else(|| panic!("{words}: {doctor:?}"));
    if check == "tokens" && !command.is_empty() {
        assert!(found["detail"].as_str().unwrap().contains(words), "{words}: {found}");
        let remedy = found["remedy"].as_str().unwrap();
        assert!(remedy.starts_with(&format!("Run: {command}")), "{words}: {found}");
    }
    assert_eq!(world.sandbox.violations(), Vec::<String>::new());
}

/// A refresh that ends so.
fn refused(world: &World, fault: Fault) {
    world.sandbox.fault_always(fault);
    assert_ne!(world.concur(["refresh"]).output().code, Some(0));
    world.sandbox.clear_faults();
}

fn leave(world: &World, seconds: i64, refreshed_ago: i64) {
    let now = crate::harness::moment::now();
    // A minute more: the test takes some of it.
    let sql = "UPDATE record SET refresh_expires_at = ?1, refreshed_at = ?2";
    world.database().execute(sql, (now + seconds + 60, now - refreshed_ago)).unwrap();
}

#[test]
fn a_profile_without_trouble() {
    let world = World::logged_in();
    let said =
        Said { level: OK, words: "valid until ", command: "", needs_login: false, check: "tokens" };
    assert_agreed(&world, said);
    world.expire("default");
    assert_agreed(&world, said);
}

#[test]
fn a_refused_refresh_token_though_the_access_token_is_still_valid() {
    let world = World::logged_in();
    world.database().execute("UPDATE record SET request_token = NULL", []).unwrap();
    refused(&world, Fault::Code(108));
    let said = critical("log in again: refresh token refused (code 108)", LOG_IN);
    assert_agreed(&world, said);
    world.concur(["token"]).ok();
    world.expire("default");
    world.concur(["token"]).fails(4);
    assert_agreed(&world, said);
}

#[test]
fn a_client_secret_that_was_replaced_at_concur() {
    let words = "App ID or client secret not known since ";
    for (code, words) in [(61, words), (64, "wrong client secret since ")] {
        let world = World::logged_in();
        refused(&world, Fault::Code(code));
        let command = "concur-cred set-secret --profile default";
        assert_agreed(&world, critical(words, command));
        world.concur(["refresh"]).ok();
        assert_agreed(
            &world,
            Said {
                level: OK,
                words: "valid until ",
                command: "",
                needs_login: false,
                check: "tokens",
            },
        );
    }
}

#[test]
fn another_refusal_stands_until_concur_was_asked_again() {
    let world = World::logged_in();
    refused(&world, Fault::Code(59));
    assert_agreed(&world, critical("refused by Concur since ", REFRESH));
}

#[test]
fn a_service_that_was_down_or_not_reached() {
    let world = World::logged_in();
    refused(&world, Fault::Status { code: 503, body: StatusBody::Html, retry_after: None });
    assert_agreed(&world, critical("service unavailable since ", REFRESH));
    world.database().execute("UPDATE record SET attempt_outcome = 'local'", []).unwrap();
    assert_agreed(&world, critical("service unreachable since ", REFRESH));
}

#[test]
fn a_key_that_is_not_there_or_another_one() {
    let world = World::logged_in();
    let key = world.config_dir().join("key");
    let said = Said {
        check: "key",
        needs_login: false,
        ..critical("store key missing or wrong", "concur-cred doctor")
    };
    std::fs::write(&key, [7; 32]).unwrap();
    assert_agreed(&world, said);
    std::fs::remove_file(&key).unwrap();
    assert_agreed(&world, said);
    let json = world.concur(["status", "--json"]).ok().json();
    assert_eq!(json["profiles"][0]["usable"], false, "{json}");
}

#[test]
fn a_profile_that_was_edited() {
    let world = World::logged_in();
    world.database().execute("UPDATE record SET principal = 'x'", []).unwrap();
    let said = critical("edited or damaged", "concur-cred login --profile default --base-url");
    assert_agreed(&world, Said { check: "identity", ..said });
}

#[test]
fn a_refresh_token_that_expired_or_soon_will() {
    let world = World::logged_in();
    leave(&world, -2 * 60, 200 * DAY);
    assert_agreed(&world, critical("log in again: refresh token expired on ", LOG_IN));
    leave(&world, 5 * DAY, 170 * DAY);
    assert_agreed(&world, critical("5 days left, not refreshed since ", REFRESH));
    leave(&world, 7 * 3600, 170 * DAY);
    assert_agreed(&world, critical("7 h left, not refreshed since ", REFRESH));
    leave(&world, 21 * DAY, 160 * DAY);
    let command = match std::env::consts::OS {
        "linux" => "concur-cred keepalive --install systemd",
        _ => "concur-cred keepalive --install cron",
    };
    let soon = critical("21 days left, not refreshed since ", command);
    assert_agreed(&world, Said { level: WARNING, ..soon });
    leave(&world, 21 * DAY, 3600);
    let kept = critical("21 days left", REFRESH);
    assert_agreed(&world, Said { level: WARNING, ..kept });
}

#[test]
fn no_refresh_token_at_all() {
    let world = World::logged_in();
    let sql = "UPDATE record SET refresh_token = NULL, request_token = NULL";
    world.database().execute(sql, []).unwrap();
    assert_agreed(&world, critical("log in again: no refresh token", LOG_IN));
}

#[test]
fn an_application_that_logged_in_for_itself() {
    let world = World::new();
    let app = world.sandbox.app().clone();
    world
        .concur(["login", "--grant", "app", "--base-url", world.sandbox.origin()])
        .env("CONCUR_CRED_CLIENT_ID", &app.client_id)
        .env("CONCUR_CRED_CLIENT_SECRET", &app.client_secret)
        .ok();
    let said = Said {
        level: OK,
        words: "application login",
        command: "",
        needs_login: false,
        check: "tokens",
    };
    assert_agreed(&world, said);
    refused(&world, Fault::Code(64));
    assert_agreed(
        &world,
        critical("wrong client secret since ", "concur-cred set-secret --profile default"),
    );
}

#[test]
fn the_setting_of_the_warning_is_one_for_all() {
    let world = World::logged_in();
    leave(&world, 21 * DAY, 160 * DAY);
    for (warn_before, level) in [("10d", OK), ("30d", WARNING)] {
        let run = |args: &[&str]| world.concur(args).env("CONCUR_CRED_WARN_BEFORE", warn_before);
        let glance = run(&["status"]).ok();
        let row = glance.text().lines().nth(2).unwrap().to_owned();
        assert!(row.starts_with(level.mark), "{warn_before}: {row}");
        drop(run(&["status", "--check"]).output().code(level.exit_code));
        let report = run(&["doctor", "--offline", "--json"]).ok().json();
        let tokens = report["checks"].as_array().unwrap().iter().find(|c| c["name"] == "tokens");
        assert_eq!(tokens.unwrap()["state"], level.doctor, "{warn_before}");
    }
}
