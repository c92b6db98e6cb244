//! The audit log: every attempt with the correlation id of its last request; it fails no command.

use concur_sandbox::{Config, Fault};
use serde_json::Value;

use super::each;
use crate::harness::{World, set_mode};

/// The events of `log --json`, the oldest first.
fn events(world: &World) -> Vec<Value> {
    let output = world.concur(["log", "--json", "-n", "1000"]).ok().silent();
    output.text().lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

fn last(world: &World) -> Value {
    events(world).pop().unwrap()
}

/// The correlation id of the last request in the sandbox's own log.
fn of_the_service(world: &World) -> String {
    let request = world.sandbox.requests().pop().unwrap();
    assert!(request.correlation_id_was_sent, "a request carries its id");
    request.correlation_id
}

#[test]
fn every_attempt_is_logged_with_the_services_correlation_id() {
    let world = World::logged_in();
    let login = last(&world);
    assert_eq!(
        (login["action"].as_str(), login["profile"].as_str()),
        (Some("login"), Some("default"))
    );
    assert_eq!(login["correlation_id"].as_str().unwrap(), of_the_service(&world));
    world.expire("default");
    drop(world.concur(["get"]).ok().silent());
    let refresh = last(&world);
    assert_eq!(
        (refresh["action"].as_str(), refresh["outcome"].as_str()),
        (Some("refresh"), Some("granted"))
    );
    assert_eq!(refresh["correlation_id"].as_str().unwrap(), of_the_service(&world));
    assert!(refresh["duration_ms"].as_i64().unwrap() >= 0);
    assert!(refresh["at"].as_i64().unwrap() >= login["at"].as_i64().unwrap());
}

#[test]
fn a_refusal_is_logged_with_its_code() {
    let world = World::logged_in_with(Config { request_token_uses: Some(1), ..Config::default() });
    world.expire("default");
    world.sandbox.push_fault(Fault::Code(60));
    drop(world.concur(["get"]).fails(4));
    let event = last(&world);
    assert_eq!((event["outcome"].as_str(), event["code"].as_i64()), (Some("rejected"), Some(60)));
    assert_eq!(event["correlation_id"].as_str().unwrap(), of_the_service(&world));
    world.sandbox.push_fault(Fault::Code(108));
    drop(world.concur(["refresh"]).fails(4));
    let event = last(&world);
    assert_eq!((event["outcome"].as_str(), event["code"].as_i64()), (Some("condemned"), Some(108)));
}

#[test]
fn a_transient_failure_is_logged_with_a_correlation_id() {
    each([Fault::too_many_requests(600), Fault::DropBefore], |fault| {
        let world = World::logged_in();
        world.expire("default");
        world.sandbox.fault_always(fault.clone());
        drop(world.concur(["get"]).fails(5));
        let event = last(&world);
        assert_eq!(event["outcome"].as_str(), Some("transient"), "{fault:?}");
        assert_eq!(event["correlation_id"].as_str().unwrap(), of_the_service(&world), "{fault:?}");
    });
}

#[test]
fn a_hit_is_not_logged() {
    let world = World::logged_in();
    let before = events(&world).len();
    for _ in 0..3 {
        drop(world.concur(["get"]).ok().silent());
        drop(world.helper(["get"]).stdin(world.request("")).ok().silent());
    }
    assert_eq!(events(&world).len(), before);
}

#[test]
fn the_company_grant_is_logged_as_such() {
    let world = World::logged_in();
    world.sandbox.revoke_refresh_tokens();
    world.expire("default");
    drop(world.concur(["get"]).ok());
    let event = last(&world);
    assert_eq!(
        (event["action"].as_str(), event["outcome"].as_str()),
        (Some("company"), Some("granted"))
    );
    assert_eq!(event["correlation_id"].as_str().unwrap(), of_the_service(&world));
}

#[test]
fn the_audit_log_contains_no_secret() {
    let world = World::logged_in();
    world.expire("default");
    let token = world.concur(["get"]).ok().line();
    let run = world.helper(["get", "--with-refresh-token"]).stdin(world.request(""));
    let refresh_token = run.ok().value("oauth_refresh_token").unwrap();
    let app = world.sandbox.app().clone();
    let bytes = std::fs::read(world.state_dir().join("events.db")).unwrap();
    for secret in [&token, &refresh_token, &app.client_secret, &app.request_token] {
        let found = bytes.windows(secret.len()).any(|window| window == secret.as_bytes());
        assert!(!found, "a secret is in events.db");
    }
}

#[test]
fn an_audit_log_that_cannot_be_written_fails_no_command() {
    type Damage = fn(&World);
    let damages: [(&str, Damage); 5] = [
        ("not a database", |world| {
            std::fs::write(world.state_dir().join("events.db"), "no database at all").unwrap();
        }),
        ("truncated", |world| {
            let path = world.state_dir().join("events.db");
            let bytes = std::fs::read(&path).unwrap();
            std::fs::write(path, &bytes[..bytes.len() / 2]).unwrap();
        }),
        ("readable by others", |world| set_mode(&world.state_dir().join("events.db"), 0o644)),
        ("a folder", |world| {
            let path = world.state_dir().join("events.db");
            std::fs::remove_file(&path).unwrap();
            std::fs::create_dir(path).unwrap();
        }),
        ("another table", |world| {
            let path = world.state_dir().join("events.db");
            let database = rusqlite::Connection::open(path).unwrap();
            database.execute_batch("DROP TABLE event").unwrap();
        }),
    ];
    for (name, damage) in damages {
        let world = World::logged_in();
        damage(&world);
        world.expire("default");
        let token = world.concur(["get"]).output();
        assert_eq!(token.code, Some(0), "{name}\n{token:?}");
        assert!(world.sandbox.is_live_access_token(&token.line()), "{name}");
        assert_eq!(world.concur(["get"]).ok().silent().line(), token.line(), "{name}");
    }
}

#[test]
fn a_lost_audit_log_is_created_again() {
    let world = World::logged_in();
    std::fs::remove_file(world.state_dir().join("events.db")).unwrap();
    assert_eq!(events(&world), Vec::<Value>::new(), "a missing audit log is an empty one");
    drop(world.concur(["refresh"]).ok());
    assert_eq!(events(&world).len(), 1);
}

#[test]
fn control_characters_in_an_edited_audit_log_are_escaped() {
    let world = World::logged_in();
    let file = rusqlite::Connection::open(world.state_dir().join("events.db")).unwrap();
    file.execute("UPDATE event SET action = 'x\u{1b}[2J', profile = '\u{202e}default'", [])
        .unwrap();
    let shown = world.concur(["log"]).ok();
    assert!(shown.text().contains(r"x\u{1b}[2J") && shown.text().contains(r"\u{202e}default"));
    assert!(!shown.text().contains('\u{1b}') && !shown.text().contains('\u{202e}'), "{shown:?}");
}

#[test]
fn the_audit_log_is_bounded() {
    let world = World::logged_in();
    let database = rusqlite::Connection::open(world.state_dir().join("events.db")).unwrap();
    database
        .execute_batch(
            "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 3000) \
             INSERT INTO event (at, profile, action, outcome) \
             SELECT i, 'default', 'refresh', 'granted' FROM n",
        )
        .unwrap();
    drop(database);
    drop(world.concur(["refresh"]).ok());
    let kept = world.concur(["log", "--json", "-n", "100000"]).ok().text().lines().count();
    assert!((1..=1000).contains(&kept), "{kept} events of one profile are kept");
    let newest = last(&world);
    assert!(newest["correlation_id"].is_string(), "the newest stays: {newest}");
}
