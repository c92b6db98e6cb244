//! Truncated and malformed answers, after the old refresh token became invalid: complete values are kept, and
//! no second request is needed.

use concur_sandbox::{BadEnd, Config, Cut, Fault, Framing, Rotation, Then, Tls};
use serde_json::{Value, json};

use super::support::{assert_refresh_token_is_not_lost, each, stored_refresh_token};
use crate::harness::{Output, World};

fn rotating() -> Config {
    Config { rotation: Rotation::NewRevokeFamily, ..Config::default() }
}

fn field(name: &str, value: Value) -> Fault {
    Fault::OverrideField { name: name.to_owned(), value }
}

fn header(name: String, value: &str) -> Fault {
    Fault::Header { name, value: value.to_owned() }
}

fn after(field: &str) -> Cut {
    Cut::AfterField(field.to_owned())
}

const FRAMINGS: [Framing; 6] = [
    Framing::Length(100),
    Framing::Length(-1),
    Framing::Unended,
    Framing::ShortChunk,
    Framing::BadChunk,
    Framing::UntilClose,
];

/// Endings with this framing after a complete refresh token.
fn ends_of(framing: Framing) -> Vec<BadEnd> {
    let cuts = [Cut::Nowhere, after("refresh_token"), after("geolocation"), Cut::Off(1)];
    let both = |cut: Cut| [Then::Close, Then::Reset].map(|then| (cut.clone(), then));
    let ends = cuts.into_iter().flat_map(both);
    let ends = ends.map(|(cut, then)| BadEnd::new(framing).cut(cut).then(then));
    // The last byte that counts is the closing quote.
    let is_short = |end: &BadEnd| matches!(end.framing, Framing::Length(..0));
    ends.filter(|end| !is_short(end) || end.cut != after("refresh_token")).collect()
}

/// `get` meets this once; then its token is valid, and the new refresh token is sent next.
fn keeps_all(world: &World, fault: &Fault, env: &[(&str, &str)]) -> Output {
    let run = || env.iter().fold(world.concur(["get"]), |run, (name, value)| run.env(name, value));
    world.sandbox.clear_log();
    world.sandbox.push_fault(fault.clone());
    world.expire("default");
    let output = run().ok();
    assert!(world.sandbox.is_live_access_token(&output.line()), "{fault:?}\n{output:?}");
    assert_eq!(world.refreshes(), 1, "one request: {fault:?}");
    assert_refresh_token_is_not_lost(world, &format!("{fault:?}"));
    world.expire("default");
    run().ok();
    let counters = world.sandbox.counters();
    assert_eq!(counters.grants_made_of("refresh_token"), 2, "{fault:?}");
    assert_eq!(counters.families_revoked_by_reuse, 0, "{fault:?}");
    output
}

#[test]
fn an_answer_truncated_after_its_tokens_is_accepted() {
    let framings = [&FRAMINGS[..], &[Framing::Length(-300), Framing::Length(1 << 40)]].concat();
    each(&framings, |framing| {
        let world = World::logged_in_with(rotating());
        for end in ends_of(*framing) {
            // Any shorter, the body would not contain the refresh token.
            if *framing == Framing::Length(-300) && end.cut == after("geolocation") {
                continue;
            }
            keeps_all(&world, &Fault::BadEnd(end), &[]);
        }
    });
}

#[test]
fn a_complete_answer_causes_no_warning() {
    let whole = [Framing::Length(100), Framing::Unended, Framing::BadChunk, Framing::UntilClose];
    each(&whole, |framing| {
        let world = World::logged_in_with(rotating());
        keeps_all(&world, &Fault::BadEnd(BadEnd::new(*framing)), &[]).silent();
    });
}

#[test]
fn an_https_answer_without_close_notify_is_accepted() {
    let ends: Vec<BadEnd> = FRAMINGS
        .into_iter()
        .flat_map(|framing| {
            [BadEnd::new(framing), BadEnd::new(framing).cut(after("refresh_expires_in"))]
        })
        .collect();
    each(&ends, |end| {
        let world = World::with(Config { tls: Some(Tls::default()), ..rotating() });
        let ca = world.write("ca.pem", world.sandbox.ca_pem().unwrap());
        let file = world.write("credentials.json", world.sandbox.credentials_json());
        let login = ["login", "--base-url", world.sandbox.origin(), "--credentials"];
        let ca = ca.to_str().unwrap();
        world.concur(login).arg(file).env("CONCUR_CRED_CA_BUNDLE", ca).ok();
        keeps_all(&world, &Fault::BadEnd(end.clone()), &[("CONCUR_CRED_CA_BUNDLE", ca)]);
    });
}

#[test]
fn a_stalled_answer_is_read_up_to_the_timeout() {
    let ends: Vec<BadEnd> = [
        BadEnd::new(Framing::Length(100)),
        BadEnd::new(Framing::Unended),
        BadEnd::new(Framing::UntilClose),
        BadEnd::new(Framing::Length(900)).cut(after("refresh_token")),
        BadEnd::new(Framing::ShortChunk).cut(after("geolocation")),
    ]
    .map(|end| end.then(Then::Stall))
    .to_vec();
    each(&ends, |end| {
        let world = World::logged_in_with(rotating());
        let fault = Fault::BadEnd(end.clone());
        keeps_all(&world, &fault, &[("CONCUR_CRED_HTTP_TIMEOUT", "1s")]);
    });
}

#[test]
fn many_or_invalid_headers_lose_no_answer() {
    let many = |count| (0..count).map(|at| header(format!("x-{at}"), "x")).collect();
    let large = vec![header("x-large".to_owned(), &"x".repeat(100_000))];
    let cookies = (0..200).map(|_| header("set-cookie".to_owned(), "a=b")).collect();
    let cases: Vec<Vec<Fault>> = vec![many(101), many(150), many(12_000), large, cookies];
    each(&cases, |faults| {
        let world = World::logged_in_with(rotating());
        keeps_all(&world, &Fault::Together(faults.clone()), &[]).silent();
    });
}

#[test]
fn the_tokens_at_the_start_of_an_oversized_body_are_kept() {
    let padding = |length: usize| field("padding", json!("x".repeat(length)));
    let cases = [
        padding(64 * 1024),
        padding(1 << 20),
        Fault::Together(vec![padding(1 << 20), Fault::BadEnd(BadEnd::new(Framing::Unended))]),
        Fault::Together(vec![
            padding(1 << 20),
            Fault::BadEnd(BadEnd::new(Framing::Length(5)).then(Then::Reset)),
        ]),
    ];
    each(&cases, |fault| {
        let world = World::logged_in_with(rotating());
        keeps_all(&world, fault, &[]);
    });
}

#[test]
fn without_a_usable_access_token_the_refresh_token_is_kept_and_the_exit_code_is_5() {
    let without = || Fault::OmitFields(vec!["access_token".to_owned()]);
    let cut = |framing| Fault::BadEnd(BadEnd::new(framing).cut(after("refresh_token")));
    let cases = [
        Fault::Together(vec![without(), cut(Framing::Length(50))]),
        Fault::Together(vec![field("access_token", json!("two\nlines")), cut(Framing::Unended)]),
        Fault::Together(vec![
            field("access_token", json!("opaque")),
            field("expires_in", json!(0)),
            cut(Framing::UntilClose),
        ]),
    ];
    each(&cases, |fault| {
        let world = World::logged_in_with(rotating());
        world.sandbox.push_fault(fault.clone());
        world.expire("default");
        world.concur(["get"]).fails(5);
        assert_eq!(world.refreshes(), 1, "one request: {fault:?}");
        assert_refresh_token_is_not_lost(&world, &format!("{fault:?}"));
        world.concur(["get"]).at_offset(61).ok().silent();
        assert_eq!(world.sandbox.counters().families_revoked_by_reuse, 0, "{fault:?}");
    });
}

#[test]
fn an_invalid_refresh_token_value_leaves_the_stored_one() {
    let cases = [json!(""), json!("  "), json!("r\u{fc}ckw\u{e4}rts"), json!(null), json!(7)];
    each(&cases, |value| {
        let world = World::logged_in();
        let before = stored_refresh_token(&world, "default");
        let end = BadEnd::new(Framing::Length(50)).cut(after("geolocation"));
        world.sandbox.push_fault(Fault::Together(vec![
            field("refresh_token", value.clone()),
            Fault::BadEnd(end),
        ]));
        world.expire("default");
        let token = world.concur(["get"]).ok().line();
        assert!(world.sandbox.is_live_access_token(&token), "{value}");
        assert_eq!((world.refreshes(), stored_refresh_token(&world, "default")), (1, before));
    });
}

#[test]
fn a_doubtful_refresh_token_of_a_truncated_answer_is_ignored() {
    let bodies = [
        r#"{"access_token":"planted","expires_in":3600,"refresh_token":"pla"#,
        r#"{"access_token":"planted","expires_in":3600,"refresh_token":"planted\"#,
        r#"{"access_token":"planted","x":{"refresh_token":"planted"},"y":"#,
        r#"{"access_token":"planted","x":[{"refresh_token":"planted"},"#,
        r#"{"access_token":"planted","x":"\"refresh_token\":\"planted\",","y":"#,
        r#"{"access_token":"planted","x":"{\"refresh_token\":\"planted\"}"#,
        r#"[{"access_token":"planted","refresh_token":"planted"}"#,
    ];
    each(&bodies, |body| {
        let world = World::logged_in();
        let before = stored_refresh_token(&world, "default");
        world.sandbox.push_fault(Fault::RawBody {
            status: 200,
            content_type: "application/json".to_owned(),
            body: body.as_bytes().to_vec(),
        });
        world.expire("default");
        let token = world.concur(["get"]).ok().silent().line();
        assert!(world.sandbox.is_live_access_token(&token), "asked again: {body}");
        assert_eq!(stored_refresh_token(&world, "default"), before, "{body}");
    });
}

#[test]
fn escapes_are_decoded_in_a_truncated_answer() {
    let world = World::logged_in();
    let answer = world.sandbox.issue_token_response(world.sandbox.app(), 0);
    let token = |name: &str| answer[name].as_str().unwrap().to_owned();
    let bytes = token("refresh_token").into_bytes().into_iter();
    let escaped = bytes.map(|byte| format!("\\u{byte:04x}")).collect::<Vec<_>>().concat();
    let body = format!(
        r#"{{"expires_in":3600,"access_token":"{}","refresh\u005ftoken" : "{escaped}","scope":"op"#,
        token("access_token")
    );
    world.sandbox.push_fault(Fault::RawBody {
        status: 200,
        content_type: "application/json".to_owned(),
        body: body.into_bytes(),
    });
    world.expire("default");
    assert_eq!(world.concur(["get"]).ok().line(), token("access_token"));
    assert_eq!(stored_refresh_token(&world, "default"), token("refresh_token"));
}

#[test]
fn a_login_with_a_truncated_answer_succeeds() {
    let ends = [
        BadEnd::new(Framing::Length(100)),
        BadEnd::new(Framing::Unended).cut(after("refresh_token")),
        BadEnd::new(Framing::BadChunk),
        BadEnd::new(Framing::UntilClose).cut(after("geolocation")).then(Then::Reset),
    ];
    each(&ends, |end| {
        let world = World::with(rotating());
        world.sandbox.push_fault(Fault::BadEnd(end.clone()));
        world.login("default", &world.sandbox.app().clone());
        assert_eq!(world.token_requests(), 1, "{end:?}");
        world.concur(["get"]).ok().silent();
        assert_refresh_token_is_not_lost(&world, &format!("{end:?}"));
    });
}

#[test]
fn a_refusal_counts_only_when_it_is_complete() {
    each(&[Framing::Length(100), Framing::Unended, Framing::UntilClose], |framing| {
        let world = World::logged_in();
        let fault = |cut| {
            Fault::Together(vec![Fault::Code(59), Fault::BadEnd(BadEnd::new(*framing).cut(cut))])
        };
        world.expire("default");
        world.sandbox.push_fault(fault(after("code")));
        world.concur(["get"]).ok().silent();
        world.expire("default");
        world.sandbox.push_fault(fault(Cut::Nowhere));
        world.concur(["get"]).fails(4).says("code 59");
    });
}
