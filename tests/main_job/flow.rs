//! init → login → get → export → import → status.

use std::process::Command;

use serde_json::Value;

use super::support::{exported, status_of};
use crate::harness::moment::now;
use crate::harness::{Output, World, skipped};

#[test]
fn a_token_is_served_from_the_store_and_refreshed_when_expired() {
    let world = World::logged_in();
    let first = world.concur(["get"]).ok().silent().line();
    let again = world.concur(["token"]).ok().silent().line();
    assert_eq!(first, again, "a valid token comes from the store");
    assert_eq!(world.refreshes(), 0);
    world.expire("default");
    let renewed = world.concur(["get"]).ok().silent().line();
    assert_ne!(first, renewed);
    assert!(world.sandbox.is_live_access_token(&renewed));
    assert_eq!(world.refreshes(), 1);
    assert_eq!(world.sandbox.violations(), Vec::<String>::new());
}

#[test]
fn the_tutorials_path_leads_from_a_blank_file_to_a_status() {
    let world = World::new();
    let origin = world.sandbox.origin().to_owned();
    world.concur(["init"]).ok().says("credentials.json").says("companytokens");
    let login = ["login", "--base-url", origin.as_str()];
    world.concur(login).fails(2).says("appID, clientSecret, companyUUID, companyRequestToken");
    assert_eq!(world.token_requests(), 0, "a blank file is not sent");

    world.write("credentials.json", world.sandbox.credentials_json());
    assert!(world.concur(login).ok().text().is_empty(), "login prints nothing on stdout");
    let token = world.concur(["get"]).ok().silent().line();
    assert!(world.sandbox.is_live_access_token(&token));
    assert_eq!(world.token_requests(), 1, "the login alone");

    world.concur(["export"]).ok();
    assert_valid_for_the_tutorials_script(&world, "refreshTokenObjectFile.json");
    let status = status_of(&world, "default");
    assert_eq!(status["usable"], true);
    assert_eq!(status["company_uuid"], world.sandbox.app().company_uuid.as_str());
    assert_eq!(world.sandbox.violations(), Vec::<String>::new());
}

/// What the tutorial's script does with its file, by the tutorial's own engine.
fn assert_valid_for_the_tutorials_script(world: &World, name: &str) {
    let script = "const o = JSON.parse(require('fs').readFileSync(process.argv[1], 'utf8'));\
        const now = Number(process.argv[2]) * 1000;\
        const valid = new Date(o.refresh_expires_in * 1000) > new Date(now);\
        const days = (o.refresh_expires_in * 1000 - now) / 86400000;\
        const numbers = Number.isInteger(o.expires_in) && Number.isInteger(o.refresh_expires_in);\
        console.log(JSON.stringify({valid, days, numbers, life: o.expires_in,\
          uuid: o.companyUUID, type: o.token_type}));";
    if Command::new("node").arg("--version").output().is_err() {
        skipped("there is no node to run the tutorial's check with");
        return;
    }
    let checked = world.run("node", ["-e", script, name, &now().to_string()]).ok().json();
    assert_eq!(checked["valid"], true, "{checked}");
    assert_eq!(checked["numbers"], true, "{checked}");
    assert_eq!(checked["type"], "Bearer", "{checked}");
    assert_eq!(checked["uuid"], world.sandbox.app().company_uuid.as_str(), "{checked}");
    let days = checked["days"].as_f64().unwrap();
    assert!((180.0..=184.5).contains(&days), "six months: {checked}");
    let life = checked["life"].as_i64().unwrap();
    assert!((3500..=3600).contains(&life), "what is left of an hour: {checked}");
}

#[test]
fn an_export_can_be_imported_and_refreshed_in_another_home() {
    let world = World::logged_in();
    let token = world.concur(["get"]).ok().line();
    world.concur(["export"]).ok();
    let origin = world.sandbox.origin().to_owned();
    let other_home = world.work().join("another home");
    std::fs::create_dir(&other_home).unwrap();
    world.write("credentials.json", world.sandbox.credentials_json());
    let there = |args: &[&str]| world.concur(args).env("HOME", &other_home);

    there(&["import", "--base-url", &origin]).ok().says("credentials.json");
    assert_eq!(there(&["get"]).ok().silent().line(), token, "the imported token serves");
    assert_eq!(world.token_requests(), 1, "import sends no request");
    let renewed = there(&["get"]).at_offset(3700).ok().silent().line();
    assert_ne!(renewed, token);
    assert!(world.sandbox.is_live_access_token(&renewed));
    assert_eq!(world.refreshes(), 1);
}

#[test]
fn an_export_contains_the_remaining_lifetime() {
    let world = World::logged_in();
    let file = world.concur(["export", "-"]).at_offset(1800).ok().json();
    let life = file["expires_in"].as_i64().unwrap();
    assert!((1750..=1800).contains(&life), "half of the hour is gone: {life}");
    let over = world.concur(["export", "-"]).at_offset(7200).ok().json();
    assert_eq!(over["expires_in"], 0, "never negative");
}

#[test]
fn an_exported_file_holds_the_tutorials_fields_in_its_order() {
    let world = World::logged_in();
    let output = world.concur(["export", "-"]).ok();
    let line = output.line();
    let fields = [
        "expires_in",
        "scope",
        "token_type",
        "access_token",
        "refresh_token",
        "refresh_expires_in",
        "geolocation",
        "id_token",
        "companyUUID",
    ];
    let places: Vec<usize> =
        fields.iter().map(|name| line.find(&format!("\"{name}\":")).unwrap()).collect();
    assert!(places.is_sorted(), "the order of the tutorial: {places:?}");
    let file = exported(&world, "default");
    assert_eq!(file["geolocation"], world.sandbox.origin());
    assert_eq!(file.as_object().map(serde_json::Map::len), Some(fields.len()));
}

#[test]
fn a_status_table_shows_what_a_person_needs() {
    let world = World::logged_in();
    let table = world.concur(["status", "--long"]).ok().silent().text().to_owned();
    let company = world.sandbox.app().company_uuid.as_str();
    for expected in ["default", company, world.host(), " min", "[#########", " d, "] {
        assert!(table.contains(expected), "the table shows {expected:?}:\n{table}");
    }
    world.expire("default");
    let table = world.concur(["status", "--long"]).ok().silent().text().to_owned();
    assert!(table.contains("expired"), "the access token has expired:\n{table}");
    assert_eq!(world.token_requests(), 1, "status sends no request");
}

#[test]
fn json_status_contains_what_the_table_shows() {
    let world = World::logged_in();
    let status = status_of(&world, "default");
    assert_eq!(status["base_url"], world.sandbox.origin());
    assert_eq!(status["client_id"], world.sandbox.app().client_id.as_str());
    assert_eq!(status["needs_login"], false);
    let left = status["access_token"]["seconds_left"].as_i64().unwrap();
    assert!((3500..=3600).contains(&left), "{status}");
    let days = status["refresh_token"]["seconds_left"].as_i64().unwrap() / 86_400;
    assert!((180..=184).contains(&days), "{status}");
    assert_eq!(status["refresh_token"]["expiry_is_assumed"], false);
    let at = status["access_token"]["expires_at_rfc3339"].as_str().unwrap();
    assert!(at.ends_with('Z') && at.len() == 20, "RFC 3339 in UTC: {at}");
}

#[test]
fn the_log_names_each_call_by_concurs_correlation_id() {
    let world = World::logged_in();
    world.expire("default");
    world.concur(["get"]).ok();
    let events = events(&world.concur(["log", "--json"]).ok());
    let actions: Vec<&str> = events.iter().filter_map(|event| event["action"].as_str()).collect();
    assert_eq!(actions, ["login", "refresh"]);
    let ids: Vec<String> = world.sandbox.requests().into_iter().map(|r| r.correlation_id).collect();
    for (event, id) in events.iter().zip(&ids) {
        assert_eq!(event["outcome"], "granted");
        assert_eq!(event["profile"], "default");
        assert_eq!(event["correlation_id"], id.as_str(), "support asks for it");
        assert!(event["duration_ms"].is_i64(), "{event}");
    }
    let text = world.concur(["log"]).ok().silent().text().to_owned();
    assert!(ids.iter().all(|id| text.contains(id)), "{text}");
}

/// The lines of `log --json`.
fn events(output: &Output) -> Vec<Value> {
    output.text().lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

#[test]
fn a_refused_refresh_is_logged_with_its_code() {
    let world = World::logged_in();
    world.sandbox.push_fault(concur_sandbox::Fault::Code(59));
    world.expire("default");
    world.concur(["get"]).fails(4);
    let events = events(&world.concur(["log", "--json", "-n", "1"]).ok());
    assert_eq!(events.len(), 1, "-n 1 is the newest alone");
    assert_eq!((&events[0]["action"], &events[0]["code"]), (&"refresh".into(), &59.into()));
    assert_eq!(events[0]["outcome"], "rejected");
}
