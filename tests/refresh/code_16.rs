//! Code 16 and geolocations: secrets are sent only to allowed origins, whatever an answer names.

use concur_sandbox::{Config, Fault, Rotation, Sandbox};
use serde_json::{Value, json};

use super::each;
use crate::harness::{Run, World};

const ALLOWED: &str = "CONCUR_CRED_ALLOWED_ORIGINS";

/// Another data centre of the same service: it knows the same application.
fn twin(world: &World) -> Sandbox {
    let app = Some(world.sandbox.app().clone());
    Sandbox::start(Config { app, ..Config::default() }).unwrap()
}

fn attacker() -> Sandbox {
    Sandbox::start(Config::default()).unwrap()
}

fn json_body(status: u16, body: &Value) -> Fault {
    let body = body.to_string().into_bytes();
    Fault::RawBody { status, content_type: "application/json".to_owned(), body }
}

/// Code 16, naming `origin`.
fn code_16(origin: &str) -> Fault {
    let description = "user lives elsewhere";
    json_body(
        400,
        &json!({ "code": 16, "error": "invalid_request", "error_description": description,
                 "geolocation": origin }),
    )
}

/// A valid answer of `there`, although the token in the request is unknown there.
fn granted_by(there: &Sandbox) -> Fault {
    json_body(200, &there.issue_token_response(there.app(), 0))
}

fn get_allowing(world: &World, origins: &[&str]) -> Run {
    world.concur(["get"]).env(ALLOWED, origins.join(" "))
}

fn geolocation(world: &World) -> String {
    world.column("default", "geolocation")
}

#[test]
fn code_16_is_followed_once_to_an_allowed_origin_and_remembered() {
    let world = World::logged_in();
    let there = twin(&world);
    world.expire("default");
    world.sandbox.clear_log();
    world.sandbox.push_fault(code_16(there.origin()));
    there.push_fault(granted_by(&there));
    let token = get_allowing(&world, &[there.origin()]).ok().line();
    assert!(there.is_live_access_token(&token));
    assert_eq!((world.token_requests(), there.counters().token_requests), (1, 1));
    assert_eq!(geolocation(&world), there.origin());
    world.expire("default");
    let next = get_allowing(&world, &[there.origin()]).ok().line();
    assert!(there.is_live_access_token(&next));
    assert_eq!(world.token_requests(), 1, "the old origin gets no more requests");
    assert_eq!(there.counters().grants_made_of("refresh_token"), 1);
    assert_eq!(there.violations(), Vec::<String>::new());
}

#[test]
fn tokens_of_a_redirected_answer_without_geolocation_belong_to_the_new_origin() {
    let world = World::logged_in();
    let there = twin(&world);
    world.expire("default");
    world.sandbox.push_fault(code_16(&format!("{}/oauth2/v0/token", there.origin())));
    let mut answer = there.issue_token_response(there.app(), 0);
    answer.as_object_mut().unwrap().remove("geolocation");
    there.push_fault(json_body(200, &answer));
    drop(get_allowing(&world, &[there.origin()]).ok());
    assert_eq!(geolocation(&world), there.origin());
}

#[test]
fn a_redirected_account_answers_git_at_its_new_host() {
    let world = World::logged_in();
    let there = twin(&world);
    world.expire("default");
    world.sandbox.push_fault(code_16(there.origin()));
    there.push_fault(granted_by(&there));
    let token = get_allowing(&world, &[there.origin()]).ok().line();
    let request = format!("{}\n\n", there.origin().replace("http://", "protocol=http\nhost="));
    let answer = world.helper(["get"]).stdin(request).ok().silent();
    assert_eq!(answer.value("password"), Some(token));
    let old = world.helper(["get"]).stdin(world.request("")).ok().silent();
    assert!(old.stdout.is_empty(), "it has left its old host\n{old:?}");
}

#[test]
fn removing_an_origin_from_allowed_origins_stops_every_request_to_it() {
    let world = World::logged_in();
    let there = twin(&world);
    world.expire("default");
    world.sandbox.push_fault(code_16(there.origin()));
    there.push_fault(granted_by(&there));
    drop(get_allowing(&world, &[there.origin()]).ok());
    world.expire("default");
    world.sandbox.clear_log();
    there.clear_log();
    drop(world.concur(["get"]).fails(6).says(there.origin()));
    assert_eq!((world.sandbox.requests().len(), there.requests().len()), (0, 0));
}

#[test]
fn code_16_to_an_origin_that_is_not_allowed_is_refused() {
    let world = World::logged_in();
    let attacker = attacker();
    let host = attacker.origin().trim_start_matches("http://");
    for named in [
        attacker.origin().to_owned(),
        format!("http://user:pw@{host}"),
        format!("http://api.concursolutions.com@{host}/"),
        format!("http://us.api.concursolutions.com:80#@{host}"),
        format!("{}/oauth2/v0/token?x=.api.concursolutions.com", attacker.origin()),
        "http://us.api.concursolutions.com".to_owned(),
        "https://us.api.concursolutions.com.evil.example".to_owned(),
        "https://evil.example".to_owned(),
        String::new(),
        "nonsense".to_owned(),
    ] {
        world.expire("default");
        world.sandbox.push_fault(code_16(&named));
        drop(world.concur(["refresh"]).fails(4).says("code 16"));
        assert_eq!(attacker.requests().len(), 0, "{named}");
        assert_eq!(geolocation(&world), world.sandbox.origin(), "{named}");
    }
    drop(world.concur(["refresh"]).ok());
}

#[test]
fn code_16_without_any_geolocation_is_refused() {
    let world = World::logged_in();
    world.expire("default");
    world.sandbox.push_fault(json_body(400, &json!({ "code": "16", "error": "invalid_request" })));
    drop(world.concur(["get"]).fails(4).says("code 16"));
}

#[test]
fn code_16_twice_in_a_row_is_not_followed_twice() {
    let world = World::logged_in();
    let (second, third) = (twin(&world), twin(&world));
    world.expire("default");
    world.sandbox.clear_log();
    world.sandbox.fault_always(code_16(second.origin()));
    second.fault_always(code_16(third.origin()));
    drop(get_allowing(&world, &[second.origin(), third.origin()]).fails(4));
    assert_eq!((world.token_requests(), second.counters().token_requests), (1, 1));
    assert_eq!(third.requests().len(), 0, "only one redirect is followed");
    assert_eq!(geolocation(&world), world.sandbox.origin());
}

#[test]
fn two_origins_that_redirect_to_each_other_cause_no_loop() {
    let world = World::logged_in();
    let there = twin(&world);
    world.expire("default");
    world.sandbox.clear_log();
    world.sandbox.fault_always(code_16(there.origin()));
    there.fault_always(code_16(world.sandbox.origin()));
    drop(get_allowing(&world, &[there.origin()]).fails(4));
    assert_eq!((world.token_requests(), there.counters().token_requests), (1, 1));
}

#[test]
fn a_geolocation_beside_108_is_not_a_redirect() {
    let world = World::logged_in();
    let there = twin(&world);
    world.expire("default");
    let answer = json!({ "code": 108, "error": "invalid_grant", "geolocation": there.origin() });
    world.sandbox.push_fault(json_body(400, &answer));
    drop(get_allowing(&world, &[there.origin()]).ok());
    assert_eq!(there.requests().len(), 0);
    assert_eq!(geolocation(&world), world.sandbox.origin());
}

#[test]
fn a_hostile_geolocation_in_a_valid_answer_is_ignored_and_loses_nothing() {
    let world =
        World::logged_in_with(Config { rotation: Rotation::NewRevokeFamily, ..Config::default() });
    let attacker = attacker();
    let host = attacker.origin().trim_start_matches("http://");
    for named in [
        attacker.origin().to_owned(),
        format!("http://a:b@{host}"),
        format!("https://us.api.concursolutions.com@{host}"),
        "http://us2.api.concursolutions.com".to_owned(),
        "https://evilapi.concursolutions.com".to_owned(),
        "https://us2.api.concursolutions.com.evil.example".to_owned(),
        "ftp://us2.api.concursolutions.com".to_owned(),
        "javascript:alert(1)".to_owned(),
        "us2".to_owned(),
        String::new(),
        "https://\u{1b}[31m.api.concursolutions.com".to_owned(),
    ] {
        world.expire("default");
        world.sandbox.push_fault(Fault::Geolocation(named.clone()));
        let output = world.concur(["get"]).ok().says("base URL");
        assert!(!output.stderr.contains('\u{1b}'), "{output:?}");
        assert!(world.sandbox.is_live_access_token(&output.line()), "{named}");
        assert_eq!(geolocation(&world), world.sandbox.origin(), "{named}");
    }
    world.expire("default");
    drop(world.concur(["get"]).ok().silent());
    assert_eq!(attacker.requests().len(), 0);
    assert_eq!(world.sandbox.counters().families_revoked_by_reuse, 0, "every rotation was kept");
}

#[test]
fn geolocations_as_seen_in_practice_are_accepted() {
    let world = World::logged_in();
    for odd in ["/", "/oauth2/v0/token", "/?a=b"] {
        world.expire("default");
        let named = format!("{}{odd}", world.sandbox.origin()).replace("http", "HTTP");
        world.sandbox.push_fault(Fault::Geolocation(named));
        drop(world.concur(["get"]).ok().silent());
        assert_eq!(geolocation(&world), world.sandbox.origin(), "{odd}");
    }
}

#[test]
fn a_redirect_of_the_token_endpoint_is_never_followed() {
    each([301, 302, 303, 307, 308], |status| {
        let world = World::logged_in();
        let attacker = attacker();
        world.expire("default");
        let location = format!("{}/oauth2/v0/token", attacker.origin());
        world.sandbox.push_fault(Fault::Redirect { status, location });
        drop(get_allowing(&world, &[attacker.origin()]).ok());
        assert_eq!(attacker.requests().len(), 0, "{status}");
        assert_eq!(world.sandbox.violations(), Vec::<String>::new());
    });
}

#[test]
fn an_edited_store_sends_nothing_to_the_other_origin() {
    let attacker = attacker();
    let host = attacker.origin().trim_start_matches("http://").as_bytes().to_vec();
    for (sql, value) in [
        ("UPDATE record SET geolocation = ?1", attacker.origin().as_bytes().to_vec()),
        ("UPDATE record SET host = ?1", host),
        ("UPDATE application SET origin = ?1", attacker.origin().as_bytes().to_vec()),
    ] {
        let world = World::logged_in();
        world.sandbox.revoke_refresh_tokens();
        world.expire("default");
        world.sandbox.clear_log();
        let value: rusqlite::types::Value = if sql.contains("host") {
            value.into()
        } else {
            String::from_utf8(value).unwrap().into()
        };
        assert_eq!(world.database().execute(sql, [value]).unwrap(), 1, "{sql}");
        // Even if the operator allows that origin, the edited row does not become valid.
        drop(get_allowing(&world, &[attacker.origin()]).fails(6));
        assert_eq!(attacker.requests().len(), 0, "{sql}");
        assert_eq!(world.token_requests(), 0, "{sql}");
    }
}

#[test]
fn a_loopback_origin_is_never_reached_through_a_proxy() {
    let world = World::logged_in();
    let proxy = attacker();
    for name in ["http_proxy", "HTTP_PROXY", "https_proxy", "all_proxy", "ALL_PROXY"] {
        drop(world.concur(["refresh"]).env(name, proxy.origin()).ok());
        assert_eq!(proxy.requests().len(), 0, "{name}");
    }
}
