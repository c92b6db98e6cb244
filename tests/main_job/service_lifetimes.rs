//! How long an access token is valid: as the answer says, and never longer than the token itself does.

use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use concur_sandbox::{Config, Fault, Rotation};
use serde_json::{Value, json};

use super::support::{assert_refresh_token_is_not_lost, each, status_of};
use crate::harness::World;

fn field(name: &str, value: Value) -> Fault {
    Fault::OverrideField { name: name.to_owned(), value }
}

fn date(epoch: i64) -> Fault {
    let at = chrono::DateTime::from_timestamp(epoch, 0).unwrap();
    let value = at.format("%a, %d %b %Y %H:%M:%S GMT").to_string();
    Fault::Header { name: "date".to_owned(), value }
}

fn token(claims: &Value) -> Fault {
    let part = |value: &Value| BASE64_URL_SAFE_NO_PAD.encode(value.to_string());
    let text = format!("{}.{}.c2ln", part(&json!({"alg": "RS256"})), part(claims));
    field("access_token", json!(text))
}

/// A time of the service's own, far from ours.
const THERE: i64 = 1_600_000_000;

fn seconds_left(world: &World) -> i64 {
    status_of(world, "default")["access_token"]["seconds_left"].as_i64().unwrap()
}

#[test]
fn the_tokens_own_expiry_limits_its_lifetime() {
    let claims = |iat: i64, exp: i64| token(&json!({"iat": iat, "exp": exp}));
    let cases = [
        // The stated lifetime, the token, the service's time; the resulting lifetime.
        (json!(3_600_000), claims(THERE, THERE + 3600), date(THERE), 3600),
        (json!(3600), claims(THERE, THERE + 600), date(THERE), 600),
        (json!("3600"), claims(THERE, THERE + 600), date(THERE), 600),
        (json!(600), claims(THERE, THERE + 3600), date(THERE), 600),
        // Issued a while ago: what is left of it.
        (json!(3600), claims(THERE - 3000, THERE + 600), date(THERE), 600),
        (json!(3600), token(&json!({"exp": THERE + 600})), date(THERE), 600),
        (json!(0), claims(THERE, THERE + 600), date(THERE), 600),
        (json!(-1), claims(THERE, THERE + 600), date(THERE), 600),
        (json!(THERE), claims(THERE, THERE + 600), date(THERE), 600),
        // An impossible expiry is ignored.
        (json!(3600), token(&json!({"exp": 1})), date(THERE), 3600),
        (json!(3600), token(&json!({"exp": THERE + 4_000_000_000_i64})), date(THERE), 3600),
        (json!(3600), token(&json!({"exp": "soon", "iat": THERE})), date(THERE), 3600),
        // A token without an expiry.
        (json!(1800), field("access_token", json!("opaque")), date(THERE), 1800),
    ];
    each(&cases, |(stated, token, date, life)| {
        let world = World::logged_in();
        world.sandbox.push_fault(Fault::Together(vec![
            field("expires_in", stated.clone()),
            token.clone(),
            date.clone(),
        ]));
        world.expire("default");
        world.concur(["get"]).ok();
        let left = seconds_left(&world);
        assert!((life - 60..=*life).contains(&left), "{left} of {life}: {stated} {token:?}");
    });
}

#[test]
fn our_own_clock_does_not_affect_the_lifetime() {
    each(&[-86_400 * 400, -7200, 7200, 86_400 * 100], |offset| {
        let world = World::logged_in();
        world.sandbox.push_fault(field("expires_in", json!(3_600_000)));
        world.concur(["refresh"]).at_offset(*offset).ok();
        let status = world.concur(["status", "--json"]).at_offset(*offset).ok().json();
        let left = status["profiles"][0]["access_token"]["seconds_left"].as_i64().unwrap();
        assert!((3500..=3600).contains(&left), "{left} at {offset}");
    });
}

#[test]
fn a_token_of_unknown_lifetime_is_kept_and_not_printed() {
    let config = Config { rotation: Rotation::NewRevokeFamily, ..Config::default() };
    let world = World::logged_in_with(config);
    world.sandbox.push_fault(Fault::Together(vec![
        field("expires_in", json!(0)),
        token(&json!({"exp": THERE - 1, "iat": THERE})),
        date(THERE),
    ]));
    world.expire("default");
    world.concur(["get"]).fails(5);
    assert_refresh_token_is_not_lost(&world, "a token without a plausible expiry");
}
