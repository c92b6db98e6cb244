//! Grants with unusual or invalid fields: the tokens are kept, whatever else the answer says.

use concur_sandbox::{Config, Fault, NumberStyle, Rotation, Sandbox};
use serde_json::{Value, json};

use super::support::{assert_refresh_token_is_not_lost, each, exported, status_of};
use crate::harness::World;

/// A profile whose refresh token becomes invalid as soon as a new one is issued.
fn rotating() -> World {
    World::logged_in_with(Config { rotation: Rotation::NewRevokeFamily, ..Config::default() })
}

fn field(name: &str, value: Value) -> Fault {
    Fault::OverrideField { name: name.to_owned(), value }
}

fn without(names: &[&str]) -> Fault {
    Fault::OmitFields(names.iter().map(|name| (*name).to_owned()).collect())
}

/// A refresh with this unusual answer; the new token must be printed and nothing lost.
fn assert_served_and_kept(world: &World, fault: &Fault) {
    world.sandbox.push_fault(fault.clone());
    world.expire("default");
    let token = world.concur(["get"]).ok().line();
    assert!(world.sandbox.is_live_access_token(&token), "{fault:?}");
    assert_eq!(world.refreshes(), 1, "one request: {fault:?}");
    assert_refresh_token_is_not_lost(world, &format!("{fault:?}"));
    assert_eq!(world.concur(["get"]).ok().silent().line(), token, "from the store: {fault:?}");
}

#[test]
fn an_absurd_access_token_lifetime_is_replaced_by_the_tokens_own_expiry() {
    let values = [
        json!(0),
        json!(-5),
        json!("soon"),
        json!(""),
        json!(null),
        json!([]),
        json!({}),
        json!(true),
        json!(1e300),
        json!(-1e300),
        json!(i64::MAX),
        json!(i64::MIN),
        json!(u64::MAX),
        json!("99999999999999999999"),
        json!(4_000_000_000_u64),
    ];
    let mut faults: Vec<Fault> =
        values.into_iter().map(|value| field("expires_in", value)).collect();
    faults.push(without(&["expires_in"]));
    each(&faults, |fault| {
        let world = rotating();
        assert_served_and_kept(&world, fault);
        let left = status_of(&world, "default")["access_token"]["seconds_left"].as_i64().unwrap();
        assert!((3500..=3600).contains(&left), "the token's own exp: {left} ({fault:?})");
    });
}

#[test]
fn numbers_may_come_as_text() {
    each(&[json!("3600"), json!(3600.0), json!("3600.0"), json!(" 3600 ")], |value| {
        let world = rotating();
        assert_served_and_kept(&world, &field("expires_in", value.clone()));
        let left = status_of(&world, "default")["access_token"]["seconds_left"].as_i64().unwrap();
        assert!((3500..=3600).contains(&left), "{left} ({value})");
    });
    let style = NumberStyle::Text;
    let world = World::logged_in_with(Config { number_style: style, ..Config::default() });
    world.expire("default");
    world.concur(["get"]).ok().silent();
    let file = exported(&world, "default");
    assert!(file["expires_in"].is_i64() && file["refresh_expires_in"].is_i64(), "{file}");
}

#[test]
fn an_absurd_refresh_token_expiry_is_replaced_by_six_months() {
    let values = [
        json!(0),
        json!(-1),
        json!("soon"),
        json!(null),
        json!({}),
        json!(1e300),
        json!(i64::MAX),
        json!(3600),
        json!(1_000_000_000),
        json!(99_999_999_999_i64),
        json!(""),
    ];
    let mut faults: Vec<Fault> =
        values.into_iter().map(|value| field("refresh_expires_in", value)).collect();
    faults.push(without(&["refresh_expires_in"]));
    each(&faults, |fault| {
        let world = rotating();
        assert_served_and_kept(&world, fault);
        let refresh = status_of(&world, "default")["refresh_token"].clone();
        assert_eq!(refresh["expiry_is_assumed"], true, "{fault:?}");
        let days = refresh["seconds_left"].as_i64().unwrap() / 86_400;
        assert!((180..=184).contains(&days), "{days} ({fault:?})");
        let table = world.concur(["status"]).ok().text().to_owned();
        assert!(table.contains('~'), "the table says that it is assumed:\n{table}");
    });
}

#[test]
fn the_refresh_token_expiry_may_be_in_milliseconds() {
    let world = rotating();
    let end = exported(&world, "default")["refresh_expires_in"].as_i64().unwrap();
    for value in [json!(end * 1000), json!((end * 1000).to_string()), json!(end.to_string())] {
        world.sandbox.push_fault(field("refresh_expires_in", value));
        world.concur(["refresh"]).ok();
        assert_eq!(exported(&world, "default")["refresh_expires_in"], end);
    }
}

#[test]
fn every_spelling_of_a_geolocation_is_the_same_origin() {
    each(&["/", "/oauth2/v0/token", "/?x=y", "#top"], |tail| {
        let world = rotating();
        let origin = world.sandbox.origin().to_owned();
        let dressed = format!(" {}{tail} ", origin.replace("http", "HTTP"));
        assert_served_and_kept(&world, &Fault::Geolocation(dressed));
        assert_eq!(status_of(&world, "default")["base_url"], origin.as_str());
        world.expire("default");
        world.concur(["get"]).ok().silent();
    });
}

/// Geolocations that no secret may be sent to. `{}` is another service's host and port.
const HOSTILE: [&str; 16] = [
    "http://{}",
    "https://{}",
    "http://user@{}",
    "http://localhost:1",
    "https://evil.example",
    "http://us2.api.concursolutions.com",
    "https://user:pw@us2.api.concursolutions.com",
    "https://us2.api.concursolutions.com:8443",
    "https://us2.api.concursolutions.com.evil.example",
    "https://evilapi.concursolutions.com",
    "https://us2.api.concursolutions.com@evil.example",
    "ftp://us2.api.concursolutions.com",
    "us2.api.concursolutions.com",
    "",
    "https://",
    "https://us2.api.concursolutions.com\n.evil.example",
];

#[test]
fn a_hostile_geolocation_loses_no_token_and_gets_no_request() {
    each(&HOSTILE, |text| {
        let attacker = Sandbox::start(Config::default()).unwrap();
        let text = text.replace("{}", attacker.origin().trim_start_matches("http://"));
        let world = rotating();
        let origin = world.sandbox.origin().to_owned();
        assert_served_and_kept(&world, &Fault::Geolocation(text.clone()));
        assert_eq!(status_of(&world, "default")["base_url"], origin.as_str(), "{text}");
        world.expire("default");
        world.concur(["get"]).ok().silent();
        assert_eq!(world.refreshes(), 2, "requested at the same origin as before: {text}");
        assert_eq!(attacker.requests().len(), 0, "{text}");
    });
}

#[test]
fn a_missing_or_non_text_geolocation_changes_nothing() {
    let faults = [
        field("geolocation", json!(7)),
        field("geolocation", json!(["https://us2.api.concursolutions.com"])),
        field("geolocation", json!(null)),
        without(&["geolocation"]),
    ];
    each(&faults, |fault| {
        let world = rotating();
        assert_served_and_kept(&world, fault);
        assert_eq!(status_of(&world, "default")["base_url"], world.sandbox.origin());
    });
}

#[test]
fn a_hostile_geolocation_at_login_keeps_the_given_origin() {
    each(&HOSTILE, |text| {
        let attacker = Sandbox::start(Config::default()).unwrap();
        let text = text.replace("{}", attacker.origin().trim_start_matches("http://"));
        let world = World::with(Config { geolocation: Some(text.clone()), ..Config::default() });
        world.login("default", &world.sandbox.app().clone());
        assert_eq!(status_of(&world, "default")["base_url"], world.sandbox.origin(), "{text}");
        world.expire("default");
        world.concur(["get"]).ok();
        assert_eq!(attacker.requests().len(), 0, "{text}");
    });
}

#[test]
fn an_answer_without_geolocation_or_expiry_is_accepted() {
    let world = World::logged_in_with(Config {
        omit_geolocation: true,
        omit_refresh_expires_in: true,
        ..Config::default()
    });
    assert_eq!(status_of(&world, "default")["base_url"], world.sandbox.origin());
    assert_eq!(status_of(&world, "default")["refresh_token"]["expiry_is_assumed"], true);
    world.expire("default");
    world.concur(["get"]).ok().silent();
    world.concur(["export"]).ok();
    let file: Value = serde_json::from_slice(
        &std::fs::read(world.work().join("refreshTokenObjectFile.json")).unwrap(),
    )
    .unwrap();
    assert!(file["refresh_expires_in"].is_i64(), "the tutorial's script needs it: {file}");
}

#[test]
fn a_refresh_answer_without_a_refresh_token_keeps_the_old_one() {
    let world = World::logged_in();
    let before = exported(&world, "default");
    world.sandbox.configure(|config| config.omit_refresh_token = true);
    world.expire("default");
    world.concur(["get"]).ok().silent();
    let after = exported(&world, "default");
    assert_eq!(after["refresh_token"], before["refresh_token"]);
    assert_eq!(after["refresh_expires_in"], before["refresh_expires_in"]);
    assert_refresh_token_is_not_lost(&world, "none was given");
    world.sandbox.configure(|config| config.omit_refresh_token = false);
    world.expire("default");
    world.concur(["get"]).ok().silent();
}

#[test]
fn a_login_without_a_refresh_token_lasts_an_hour_and_then_uses_the_request_token() {
    let world = World::logged_in_with(Config { omit_refresh_token: true, ..Config::default() });
    world.concur(["get"]).ok().silent();
    world.expire("default");
    let token = world.concur(["get"]).ok().line();
    assert!(world.sandbox.is_live_access_token(&token));
    assert_eq!(world.sandbox.counters().token_requests_of("password"), 2);
    world.concur(["get"]).at_offset(2 * 86_400).fails(4).says("no refresh token").says("login");
}

#[test]
fn a_grant_without_a_usable_access_token_keeps_its_refresh_token() {
    let faults = [
        without(&["access_token"]),
        field("access_token", json!(7)),
        field("access_token", json!("")),
        Fault::Together(vec![
            field("access_token", json!("opaque")),
            field("expires_in", json!(0)),
        ]),
        Fault::Together(vec![field("access_token", json!("a.b.c")), without(&["expires_in"])]),
    ];
    each(&faults, |fault| {
        let world = rotating();
        world.sandbox.push_fault(fault.clone());
        world.expire("default");
        world.concur(["get"]).fails(5);
        assert_refresh_token_is_not_lost(&world, &format!("{fault:?}"));
        let token = world.concur(["get"]).at_offset(61).ok().silent().line();
        assert!(world.sandbox.is_live_access_token(&token), "{fault:?}");
        assert_eq!(world.sandbox.counters().families_revoked_by_reuse, 0, "{fault:?}");
    });
}

#[test]
fn a_login_without_a_usable_access_token_keeps_its_refresh_token() {
    let absurd = field("expires_in", json!(-1));
    let faults = [
        without(&["access_token"]),
        without(&["id_token"]),
        field("id_token", json!("no jwt")),
        absurd.clone(),
        Fault::Together(vec![field("access_token", json!("opaque")), absurd]),
    ];
    each(&faults, |fault| {
        let world =
            World::with(Config { rotation: Rotation::NewRevokeFamily, ..Config::default() });
        world.sandbox.push_fault(fault.clone());
        world.login("default", &world.sandbox.app().clone());
        assert_refresh_token_is_not_lost(&world, &format!("{fault:?}"));
        let token = world.concur(["get"]).ok().silent().line();
        assert!(world.sandbox.is_live_access_token(&token), "{fault:?}");
    });
}

#[test]
fn a_token_with_a_line_break_is_not_printed_and_loses_no_refresh_token() {
    each(&["two\nlines", "nul\0byte", "carriage\rreturn"], |text| {
        let world = rotating();
        world.sandbox.push_fault(field("access_token", json!(text)));
        world.expire("default");
        let output = world.concur(["get"]).output();
        assert_ne!(output.code, Some(0), "{output:?}");
        assert!(output.stdout.is_empty(), "{output:?}");
        assert_refresh_token_is_not_lost(&world, text);
    });
}

#[test]
fn a_short_lived_token_is_printed_to_its_requester() {
    let world = World::logged_in_with(Config { access_lifetime_seconds: 30, ..Config::default() });
    let token = world.concur(["get"]).ok().line();
    assert!(
        world.sandbox.was_issued_access_token(&token),
        "less than the minimum lifetime, but new"
    );
}
