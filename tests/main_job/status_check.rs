//! `status --check`: the exit codes and the line of the Monitoring Plugins' guidelines.

use crate::harness::{Output, World};

const DAY: i64 = 86_400;

fn check(world: &World, args: &[&str], code: i32) -> Output {
    let output =
        world.concur(["status", "--check"].iter().chain(args)).output().code(code).silent();
    let state = ["OK", "WARNING", "CRITICAL", "UNKNOWN"][usize::try_from(code).unwrap()];
    assert!(output.line().starts_with(&format!("CONCUR {state} - ")), "{output:?}");
    output
}

fn set(world: &World, what: &str) {
    world.database().execute(&format!("UPDATE record SET {what}"), []).unwrap();
}

/// Sets the remaining lifetime of the refresh token.
fn leave(world: &World, seconds: i64) {
    let now: i64 = world.column("default", "obtained_at");
    // A minute more: the test takes some of it.
    set(world, &format!("refresh_expires_at = {}", now + seconds + 60));
}

#[test]
fn a_healthy_profile_is_ok_with_performance_data() {
    let world = World::logged_in();
    leave(&world, 181 * DAY);
    assert_eq!(
        check(&world, &[], 0).line(),
        "CONCUR OK - 1 profile, nearest expiry default in 181 days | \
         'default_refresh_days'=181;30:;7:;0;182"
    );
    world.expire("default");
    check(&world, &[], 0);
    assert_eq!(world.token_requests(), 1, "a check sends no request");
}

#[test]
fn the_remaining_lifetime_of_the_refresh_token_decides() {
    let world = World::logged_in();
    leave(&world, 20 * DAY);
    let line = check(&world, &[], 1).line();
    assert!(line.contains(" - default: 20 days left; 1 profile, "), "{line}");
    assert!(line.ends_with("'default_refresh_days'=20;30:;7:;0;182"), "{line}");
    check(&world, &["--warn", "20d"], 0);
    check(&world, &["--warn", "90d", "--crit", "21d"], 2);
    let output = world.concur(["status", "--check"]).env("CONCUR_CRED_WARN_BEFORE", "10d").ok();
    assert!(output.line().ends_with("=20;10:;7:;0;182"), "{output:?}");
    leave(&world, 6 * DAY);
    check(&world, &[], 2);
    // The shorter of the two defaults, so that one option is enough.
    check(&world, &["--warn", "5d"], 0);
    leave(&world, -90);
    for args in [&[][..], &["--warn", "0d"]] {
        let line = check(&world, args, 2).line();
        assert!(line.contains(" - default: log in again: refresh token expired on "), "{line}");
    }
}

#[test]
fn a_profile_that_needs_a_login_is_critical_while_its_access_token_is_valid() {
    let world = World::logged_in();
    set(&world, "attempt_outcome = 'condemned', attempt_ended_at = 1");
    let line = check(&world, &[], 2).line();
    assert!(line.contains("default: log in again: refresh token refused; "), "{line}");
    set(&world, "attempt_outcome = 'rejected'");
    let line = check(&world, &[], 2).line();
    assert!(line.contains("refused by Concur"), "until it was asked again: {line}");
    set(&world, "attempt_outcome = 'granted', refresh_token = NULL, request_token = NULL");
    let line = check(&world, &[], 2).line();
    assert!(line.contains("no refresh token") && !line.contains('|'), "{line}");
}

#[test]
fn an_outage_is_critical_until_an_attempt_succeeds() {
    let world = World::logged_in();
    let now: i64 = world.column("default", "obtained_at");
    set(
        &world,
        &format!(
            "attempt_outcome = 'transient', attempt_started_at = {now}, attempt_ended_at = {now}, attempt_not_before = {}",
            now + 600
        ),
    );
    let line = check(&world, &[], 2).line();
    assert!(line.contains("default: service unavailable since "), "{line}");
    drop(world.concur(["status", "--check"]).at_offset(700).output().code(2));
    world.concur(["refresh"]).ok();
    check(&world, &[], 0);
}

#[test]
fn the_worst_profile_decides_and_one_profile_can_be_selected() {
    let world = World::logged_in();
    let other = world.sandbox.add_company();
    world.login("beta", &other);
    leave(&world, 20 * DAY);
    set(&world, "refresh_expires_at = refresh_expires_at + 100 * 86400 WHERE profile = 'beta'");
    let line = check(&world, &[], 1).line();
    assert!(line.contains("2 profiles, nearest expiry default in 20 days | "), "{line}");
    assert_eq!(line.matches("_refresh_days'=").count(), 2, "{line}");
    check(&world, &["--profile", "beta"], 0);
}

#[test]
fn an_undeterminable_state_is_unknown() {
    let world = World::logged_in();
    for args in [
        &["--warn", "7d", "--crit", "30d"][..],
        &["--warn", "soon"],
        &["--crit", ""],
        &["--profile", "nobody"],
    ] {
        check(&world, args, 3);
    }
    let wrong = world.concur(["status", "--check", "--no-such-option"]).output().code(3);
    assert!(wrong.stderr.contains("--no-such-option"), "{wrong:?}");
    let broken = world.write("config.toml", "no_such_key = 1\n");
    let output = world.concur(["status", "--check", "--config"]).arg(broken).output().code(3);
    assert!(output.line().starts_with("CONCUR UNKNOWN - "), "{output:?}");
    std::fs::write(world.store_file(), "this is no database, whatever it may be instead").unwrap();
    check(&world, &[], 3);
    check(&World::new(), &[], 3);
}

#[test]
fn a_key_that_is_not_there_is_critical() {
    let world = World::logged_in();
    std::fs::remove_file(world.config_dir().join("key")).unwrap();
    let line = check(&world, &[], 2).line();
    assert!(line.contains("default: store key missing or wrong; 1 profile"), "{line}");
    assert!(line.contains("_refresh_days'="), "the figures go on: {line}");
}
