//! `keepalive`: every refresh token is used in time, one profile's failure does not affect another, and no
//! request is sent whose answer is known.

use concur_sandbox::{Config, Fault, RetryAfter, Rotation, StatusBody};
use serde_json::Value;

use crate::harness::{BINARY, Output, World, cells};

const DAY: i64 = 86_400;

/// These profiles, companies of one application.
fn world_of(profiles: &[&str]) -> World {
    world_with(profiles, Config { rotation: Rotation::NewRevokeFamily, ..Config::default() })
}

fn world_with(profiles: &[&str], config: Config) -> World {
    let world = World::with(config);
    for profile in profiles {
        let company = world.sandbox.add_company();
        world.login(profile, &company);
    }
    world.sandbox.clear_log();
    world
}

/// Makes it look as if the profile had last been refreshed this long ago.
fn idle(world: &World, profile: &str, seconds: i64) {
    let sql = "UPDATE record SET refreshed_at = refreshed_at - ?2 WHERE profile = ?1";
    assert_eq!(world.database().execute(sql, (profile, seconds)).unwrap(), 1);
}

/// Takes away the way back: the company request token.
fn remove_request_tokens(world: &World) {
    world.database().execute("UPDATE record SET request_token = NULL", []).unwrap();
}

/// What the JSON report says was done for each profile.
fn outcomes(output: &Output) -> Vec<(String, String)> {
    let report = output.json();
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let profiles = report["profiles"].as_array().unwrap().iter();
    profiles.map(|one| (text(&one["profile"]), text(&one["outcome"]))).collect()
}

fn pairs(expected: &[(&str, &str)]) -> Vec<(String, String)> {
    expected.iter().map(|(name, what)| ((*name).to_owned(), (*what).to_owned())).collect()
}

#[test]
fn keepalive_refreshes_only_tokens_not_refreshed_for_a_day() {
    let world = world_of(&["acme", "globex-eu"]);
    idle(&world, "acme", DAY + 1);
    idle(&world, "globex-eu", 3 * 3600);
    let output = world.concur(["keepalive"]).ok().silent();
    let lines: Vec<&str> = output.text().lines().collect();
    assert_eq!(lines.len(), 2, "{output:?}");
    assert!(lines[0].starts_with("acme       refreshed, valid until 20"), "{output:?}");
    assert_eq!(lines[1], "globex-eu  fresh, refreshed 3 h ago");
    assert_eq!(world.refreshes(), 1);
    let again = world.concur(["keepalive"]).ok().silent();
    assert_eq!(again.text().lines().next(), Some("acme       fresh, refreshed just now"));
    assert_eq!(world.refreshes(), 1, "once is enough");
    world.concur(["get", "--profile", "acme"]).ok().silent();
    let log = world.concur(["log", "--json"]).ok().text().to_owned();
    assert_eq!(log.matches("\"action\":\"refresh\"").count(), 1, "{log}");
}

#[test]
fn the_interval_can_be_set_by_option_variable_and_file() {
    let world = world_of(&["acme"]);
    idle(&world, "acme", 3600);
    let file = world.write("k.toml", "keepalive_after = \"2h\"\n");
    world.concur(["keepalive", "--config"]).arg(file).ok().silent();
    world.concur(["keepalive"]).env("CONCUR_CRED_KEEPALIVE_AFTER", "2h").ok().silent();
    world.concur(["keepalive", "--after", "90m"]).ok().silent();
    assert_eq!(world.refreshes(), 0);
    world.concur(["keepalive", "--after", "30m"]).ok().silent();
    assert_eq!(world.refreshes(), 1);
    world.concur(["keepalive", "--after", "0s"]).ok().silent();
    assert_eq!(world.refreshes(), 2, "an interval of zero selects every profile");
}

#[test]
fn a_token_that_would_expire_before_the_next_run_is_refreshed() {
    let config = Config { refresh_lifetime_seconds: DAY / 2, ..Config::default() };
    let world = world_with(&["acme"], config);
    let output = world.concur(["keepalive"]).ok().says("acme: the refresh token ends in 12 h");
    assert!(output.line().starts_with("acme  refreshed"), "{output:?}");
}

#[test]
fn a_profile_without_a_request_token_is_not_advised_to_create_one() {
    let config = Config { refresh_lifetime_seconds: DAY / 2, ..Config::default() };
    let world = world_with(&["acme"], config);
    world.concur(["keepalive"]).ok().says("companytokens").says("concur-cred login --profile acme");
    world.database().execute("UPDATE record SET obtained_by = 'browser'", []).unwrap();
    cells::bind(&world);
    let output = world.concur(["keepalive"]).ok();
    assert!(!output.stderr.contains("request token"), "{output:?}");
    drop(output.says("Log in again: concur-cred login --grant browser --profile acme"));
}

#[test]
fn an_unwritable_report_skips_no_profile() {
    let world = world_of(&["acme", "globex", "umbrella"]);
    for profile in ["acme", "globex", "umbrella"] {
        idle(&world, profile, 2 * DAY);
    }
    let output = world.run("sh", ["-c", "exec \"$0\" keepalive >/dev/full", BINARY]).output();
    let output = output.code(1).says("The answer cannot be written");
    assert_eq!(output.stderr.matches("cannot be written").count(), 1, "reported once: {output:?}");
    assert_eq!(world.refreshes(), 3, "the other two would have been delayed by a day");
}

#[test]
fn a_last_use_in_the_future_is_ignored() {
    let world = world_of(&["acme"]);
    idle(&world, "acme", -90 * DAY);
    world.concur(["keepalive"]).ok().silent();
    assert_eq!(world.refreshes(), 1, "otherwise nothing would happen for three months");
}

/// Four profiles: one with an invalid refresh token, one disabled, one throttled, one healthy.
fn trouble() -> World {
    let world = world_of(&["a-dead", "b-disabled", "c-busy", "d-well"]);
    remove_request_tokens(&world);
    for profile in ["a-dead", "b-disabled", "c-busy", "d-well"] {
        idle(&world, profile, 2 * DAY);
    }
    world.sandbox.push_fault(Fault::Code(108));
    world.sandbox.push_fault(Fault::Code(59));
    let retry_after = Some(RetryAfter::Seconds(300));
    world.sandbox.push_fault(Fault::Status { code: 429, body: StatusBody::Empty, retry_after });
    world
}

#[test]
fn one_profiles_failure_stops_no_other_and_is_not_retried() {
    let world = trouble();
    let output = world.concur(["keepalive"]).output().code(4);
    let lines: Vec<&str> = output.text().lines().collect();
    let begins = [
        "a-dead      log in again: Concur refused the refresh token (code 108,",
        "b-disabled  a person is needed: ",
        "c-busy      not now: ",
        "d-well      refreshed, valid until ",
    ];
    assert_eq!(lines.len(), begins.len(), "{output:?}");
    for (line, begin) in lines.iter().zip(begins) {
        assert!(line.starts_with(begin), "{begin}\n{output:?}");
    }
    let output = output.says("concur-cred login --profile a-dead").says("administrator");
    drop(output.says("c-busy: "));
    assert_eq!(world.token_requests(), 4);
    let again = world.concur(["keepalive", "--json"]).output().code(4);
    let expected = [
        ("a-dead", "login_needed"),
        ("b-disabled", "login_needed"),
        ("c-busy", "temporary"),
        ("d-well", "fresh"),
    ];
    assert_eq!(outcomes(&again), pairs(&expected));
    assert_eq!(again.json()["exit_code"], 4);
    assert_eq!(again.json()["profiles"][0]["error"]["code"], 108);
    assert_eq!(world.token_requests(), 4, "no request is sent for a known failure");
}

#[test]
fn the_exit_code_is_that_of_the_most_urgent_profile() {
    let world = trouble();
    drop(world.concur(["keepalive"]).output().code(4));
    let only = |profile: &str, code: i32| {
        drop(world.concur(["keepalive", "--profile", profile]).output().code(code));
    };
    only("a-dead", 4);
    only("c-busy", 5);
    only("d-well", 0);
    let sql = "UPDATE record SET refresh_token = randomblob(80) WHERE profile = ?1";
    world.database().execute(sql, ["d-well"]).unwrap();
    idle(&world, "d-well", 2 * DAY);
    only("d-well", 6);
    world.database().execute("DELETE FROM record WHERE profile < 'c'", []).unwrap();
    let output = world.concur(["keepalive", "--json"]).output().code(6);
    assert_eq!(outcomes(&output), pairs(&[("c-busy", "temporary"), ("d-well", "failed")]));
    world.concur(["keepalive", "--profile", "nobody"]).fails(3).says("c-busy, d-well");
    World::new().concur(["keepalive"]).fails(3).says("concur-cred login");
}

#[test]
fn without_a_refresh_token_there_is_nothing_to_keep_alive() {
    let world = world_with(&["acme"], Config { omit_refresh_token: true, ..Config::default() });
    remove_request_tokens(&world);
    let output = world.concur(["keepalive"]).ok().silent();
    assert_eq!(output.line(), "acme  nothing to keep alive: there is no refresh token");
    world.expire("acme");
    let over = world.concur(["keepalive"]).output().code(4);
    assert!(over.line().starts_with("acme  log in again: "), "{over:?}");
    assert_eq!(world.token_requests(), 0);
}

#[test]
fn a_refresh_token_that_expires_soon_causes_a_warning() {
    let config = Config { refresh_lifetime_seconds: 20 * DAY, ..Config::default() };
    let world = world_with(&["acme"], config);
    let warned = world.concur(["keepalive"]).ok().says("acme: the refresh token ends in 20 d, ");
    drop(warned.says("concur-cred login --profile acme"));
    world.concur(["keepalive", "--quiet"]).ok().silent();
    world.concur(["keepalive"]).env("CONCUR_CRED_WARN_BEFORE", "19d").ok().silent();
    let file = world.write("k.toml", "warn_before = \"19d\"\n");
    world.concur(["keepalive", "--config"]).arg(file).ok().silent();
}

#[test]
fn keepalive_does_not_repeat_another_jobs_refresh() {
    let world = world_of(&["acme"]);
    world.expire("acme");
    idle(&world, "acme", 2 * DAY);
    let gate = world.sandbox.hold_next_token_request();
    let job = world.concur(["get"]).start();
    assert!(gate.wait_until_reached(std::time::Duration::from_secs(20)), "the job sends a request");
    let keepalive = world.concur(["keepalive"]).start();
    let other = world.concur(["keepalive"]).start();
    gate.release();
    drop(job.wait().code(0));
    drop(keepalive.wait().code(0));
    drop(other.wait().code(0));
    assert_eq!(world.refreshes(), 1, "refreshed once, by either process");
    assert_eq!(world.sandbox.counters().families_revoked_by_reuse, 0);
}

#[test]
fn keepalive_commits_a_pending_grant_without_a_request() {
    let world = world_of(&["acme"]);
    let full = "grant-commit=full";
    world.concur(["refresh"]).env("CONCUR_CRED_TEST_FAILPOINT", full).ok().says("reserve");
    idle(&world, "acme", 2 * DAY);
    let output = world.concur(["keepalive", "--json"]).ok();
    assert_eq!(outcomes(&output), pairs(&[("acme", "fresh")]), "it was used a moment ago");
    assert_eq!(world.refreshes(), 1);
    idle(&world, "acme", 2 * DAY);
    world.concur(["keepalive"]).ok().silent();
    assert_eq!(world.sandbox.counters().families_revoked_by_reuse, 0, "no rotation was lost");
}

#[test]
fn keepalive_waits_for_its_jitter_first() {
    let world = world_of(&["acme"]);
    for jitter in ["0s", "1s"] {
        idle(&world, "acme", 2 * DAY);
        world.concur(["keepalive", "--jitter", jitter]).ok().silent();
    }
    assert_eq!(world.refreshes(), 2);
}

#[test]
fn quiet_is_silent_about_an_outage_that_can_wait_until_tomorrow() {
    let world = world_with(&["acme"], Config::default());
    idle(&world, "acme", 2 * DAY);
    world.sandbox.fault_always(Fault::service_unavailable());
    world.concur(["keepalive", "--quiet"]).output().code(5).silent();
    // Not without --quiet, and not when little time is left.
    drop(world.concur(["keepalive"]).output().code(5).says("error: acme: "));
    let soon = world.concur(["keepalive", "--quiet"]).env("CONCUR_CRED_WARN_BEFORE", "365d");
    drop(soon.output().code(5).says("error: acme: "));
}

#[test]
fn a_refresh_that_failed_lately_is_not_fresh() {
    let world = world_of(&["acme"]);
    world.sandbox.push_fault(Fault::Code(64));
    world.concur(["refresh"]).fails(4);
    world.sandbox.fault_always(Fault::Code(64));
    let broken = world.concur(["keepalive"]).output().code(4);
    assert!(!broken.text().contains("fresh,"), "{broken:?}");
    world.sandbox.clear_faults();
    world
        .concur(["set-secret"])
        .env("CONCUR_CRED_CLIENT_SECRET", &world.sandbox.app().client_secret)
        .ok();
    assert!(world.concur(["keepalive"]).ok().line().contains("fresh"), "it is again");
}

#[test]
fn a_profile_that_needs_a_person_decides_the_exit_code_of_refresh_all() {
    let world = world_of(&["acme", "busy"]);
    world.sandbox.push_fault(Fault::Code(59));
    world.sandbox.push_faults(3, Fault::service_unavailable());
    let output = world.concur(["refresh", "--all"]).output().code(4);
    drop(output.says("code 59").says("error: busy: ").says("503"));
}
