//! `logout --revoke`: it revokes at Concur first; if that fails, nothing is removed.

use std::time::Duration;

use concur_sandbox::{Config, Fault, Rotation, Sandbox, StatusBody};

use super::support::{api_requests, current_token};
use crate::harness::{Output, Run, World, leaving};
#[cfg(target_os = "linux")]
use crate::harness::{skipped, terminal::Terminal};

fn revoke(world: &World) -> Run {
    world.concur(["logout", "--revoke", "--yes"])
}

fn profiles(world: &World) -> usize {
    let sql = "SELECT count(*) FROM record WHERE profile IS NOT NULL";
    let count: i64 = world.database().query_row(sql, [], |row| row.get(0)).unwrap();
    usize::try_from(count).unwrap()
}

/// Asserts that nothing is removed and that the message suggests plain `logout`.
fn removes_nothing(world: &World, code: i32) -> Output {
    let output = revoke(world).output().code(code);
    assert!(output.stdout.is_empty());
    assert_eq!(profiles(world), 1, "nothing is removed\n{output:?}");
    output.says("concur-cred logout --profile default")
}

#[test]
fn revoke_invalidates_the_tokens_at_concur_and_removes_them_here() {
    let world = World::logged_in();
    let token = current_token(&world);
    let file = world.concur(["export", "-"]).ok().json();
    let output = revoke(&world).ok();
    assert!(output.stdout.is_empty());
    let output = output.says("every token of this application").says("revoked at Concur");
    assert!(output.stderr.contains(&world.sandbox.app().company_uuid), "{output:?}");
    assert!(!world.sandbox.is_live_access_token(&token));
    assert!(!world.sandbox.is_current_refresh_token(file["refresh_token"].as_str().unwrap()));
    assert_eq!((profiles(&world), world.refreshes()), (0, 0));
    let request = api_requests(&world).pop().unwrap();
    assert_eq!(
        (request.method.as_str(), request.path.as_str()),
        ("DELETE", "/app-mgmt/v0/connections")
    );
    assert!(request.correlation_id_was_sent);
    assert_eq!(world.sandbox.violations(), Vec::<String>::new());
    let log = world.concur(["log", "--json"]).ok();
    let events: Vec<&str> = log.text().lines().collect();
    let event: serde_json::Value = serde_json::from_str(events[events.len() - 2]).unwrap();
    assert_eq!((&event["action"], &event["outcome"]), (&"revoke".into(), &"revoked".into()));
    assert_eq!(event["correlation_id"], request.correlation_id);
}

#[test]
fn revoke_announces_itself_before_it_acts() {
    let world = World::logged_in();
    world.sandbox.push_faults_at("/app-mgmt/", 1, Fault::Silence);
    let mut command = revoke(&world).into_command();
    let mut child = command.stderr(std::process::Stdio::piped()).spawn().unwrap();
    let mut said = String::new();
    let mut stderr = std::io::BufReader::new(child.stderr.take().unwrap());
    std::io::BufRead::read_line(&mut stderr, &mut said).unwrap();
    assert!(said.contains("revoking every token of this application"), "{said}");
    assert!(child.try_wait().unwrap().is_none(), "it still waits for Concur");
    child.kill().unwrap();
    child.wait().unwrap();
    assert_eq!(profiles(&world), 1);
}

#[test]
fn another_profile_of_the_same_application_and_company_is_named() {
    let world = World::logged_in();
    world.login("copy", &world.sandbox.app().clone());
    world.login("stranger", &world.sandbox.add_company());
    let output = world.concur(["logout", "--revoke", "--yes", "--profile", "copy"]).ok();
    let output = output.says("profile default as well");
    assert!(!output.stderr.contains("stranger"), "{output:?}");
    let stranger = world.concur(["token", "--profile", "stranger"]).ok().line();
    assert!(world.sandbox.is_live_access_token(&stranger));
}

#[test]
fn revoke_refreshes_an_expired_token_first() {
    let world =
        World::logged_in_with(Config { rotation: Rotation::NewRevokeFamily, ..Config::default() });
    world.expire("default");
    let _ = revoke(&world).ok();
    assert_eq!((world.refreshes(), world.sandbox.counters().disconnections), (1, 1));
    assert_eq!(profiles(&world), 0);
}

#[test]
fn revoke_replaces_a_token_that_concur_refuses_first() {
    for forbidden_status in [401, 403] {
        let world = World::logged_in_with(Config { forbidden_status, ..Config::default() });
        world.sandbox.expire_access_tokens();
        world.age_access_token("default", 600);
        let _ = revoke(&world).ok();
        assert_eq!((world.refreshes(), world.sandbox.counters().disconnections), (1, 1));
        assert_eq!(profiles(&world), 0);
    }
}

#[test]
fn a_refused_or_failed_revocation_removes_nothing() {
    let world = World::logged_in();
    for code in [400, 401, 403, 404, 429, 500, 503] {
        let fault = Fault::Status { code, body: StatusBody::Json, retry_after: None };
        world.sandbox.push_faults_at("/app-mgmt/", 1, fault);
        let output = removes_nothing(&world, 5).says(&format!("Concur answered {code}"));
        let id = api_requests(&world).pop().unwrap().correlation_id;
        let _ = output.says("nothing was forgotten").says(&format!("correlation {id}"));
    }
    let log = world.concur(["log", "--json", "-n", "1"]).ok().json();
    assert_eq!((&log["action"], &log["outcome"]), (&"revoke".into(), &"failed".into()));
    assert_eq!(world.sandbox.counters().disconnections, 0);
    assert!(world.sandbox.is_live_access_token(&current_token(&world)));
    let _ = revoke(&world).ok();
}

#[test]
fn a_lost_answer_removes_nothing() {
    let world = World::logged_in();
    world.sandbox.push_faults_at("/app-mgmt/", 1, Fault::DropBefore);
    let _ = removes_nothing(&world, 5).says("there is no answer").says("correlation ");
    let redirect = Fault::Redirect { status: 307, location: "https://evil.example/".to_owned() };
    world.sandbox.push_faults_at("/app-mgmt/", 1, redirect);
    let _ = removes_nothing(&world, 5).says("https://evil.example");
}

#[test]
fn without_a_network_nothing_is_removed() {
    let mut world = World::logged_in_with(leaving());
    drop(std::mem::replace(&mut world.sandbox, Sandbox::start(Config::default()).unwrap()));
    let _ = removes_nothing(&world, 5).says("cannot be reached");
    world.expire("default");
    let output = revoke(&world).output().code(5).says("cannot be reached");
    assert_eq!(profiles(&world), 1, "{output:?}");
}

#[test]
fn plain_logout_removes_an_invalid_refresh_token() {
    let world = World::logged_in_with(Config { request_token_uses: Some(1), ..Config::default() });
    world.sandbox.revoke_refresh_tokens();
    world.expire("default");
    let _ = removes_nothing(&world, 4).says("code 108").says("Nothing was revoked or forgotten");
    assert_eq!(world.sandbox.counters().disconnections, 0);
    let _ = world.concur(["logout", "--profile", "default"]).ok();
    assert_eq!(profiles(&world), 0);
}

#[test]
fn after_a_lost_revocation_answer_plain_logout_works() {
    let world = World::logged_in_with(Config { request_token_uses: Some(1), ..Config::default() });
    world.age_access_token("default", 600);
    world.sandbox.push_faults_at("/app-mgmt/", 1, Fault::DropAfter);
    let _ = removes_nothing(&world, 5);
    assert_eq!(world.sandbox.counters().disconnections, 1, "Concur has revoked the tokens");
    let _ = removes_nothing(&world, 4).says("code 108");
    let _ = world.concur(["logout"]).ok();
}

#[test]
fn no_caller_refreshes_during_a_revocation() {
    let world = World::logged_in();
    world.expire("default");
    let gate = world.sandbox.hold_next_token_request();
    let revoking = revoke(&world).start();
    assert!(gate.wait_until_reached(Duration::from_secs(20)));
    let waiting = world.concur(["refresh"]).start();
    gate.release();
    let _ = revoking.wait().code(0);
    let output = waiting.wait();
    assert!([Some(0), Some(3)].contains(&output.code), "{output:?}");
    assert_eq!(world.sandbox.counters().max_simultaneous_token_requests, 1);
    assert_eq!((profiles(&world), world.sandbox.counters().disconnections), (0, 1));
}

#[test]
fn quiet_revokes_without_output() {
    let world = World::logged_in();
    let _ = world.concur(["--quiet", "logout", "--revoke", "--yes"]).ok().silent();
    assert_eq!(world.sandbox.counters().disconnections, 1);
    let blank = World::new();
    let _ = revoke(&blank).fails(3);
}

#[cfg(target_os = "linux")]
#[test]
fn a_person_types_the_profiles_name_before_everything_is_revoked() {
    let world = World::logged_in();
    let unasked = world.concur(["logout", "--revoke"]).fails(2);
    drop(
        unasked
            .says("it ends every token of this application")
            .says("logout --profile default --revoke --yes"),
    );
    let Some(mut terminal) = Terminal::start(&world, 300, "logout --revoke", &[]) else {
        return skipped("there is no script(1) to make a terminal with");
    };
    let said = terminal.wait_for("Type the profile's name to revoke them: ");
    assert!(
        said.contains("default, 127.0.0.1")
            && said.contains("this ends every token of this application"),
        "{said}"
    );
    terminal.answer("defualt");
    let (code, shown) = terminal.end();
    assert!(code == Some(2) && shown.contains("nothing was revoked or forgotten"), "{shown}");
    assert_eq!((profiles(&world), api_requests(&world).len()), (1, 0));
    let mut terminal = Terminal::start(&world, 300, "logout --revoke --quiet", &[]).unwrap();
    terminal.wait_for("Type the profile's name to revoke them: ");
    terminal.answer("default");
    let (code, shown) = terminal.end();
    assert_eq!((code, profiles(&world), api_requests(&world).len()), (Some(0), 0, 1), "{shown}");
}
