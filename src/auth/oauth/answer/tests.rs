//! Claims about answers, by table.

use proptest::prelude::*;
use serde_json::json;

use super::*;

const NOW: i64 = 1_700_000_000;

fn answer(status: u16, body: &str) -> HttpAnswer {
    HttpAnswer {
        status,
        body: Zeroizing::new(body.as_bytes().to_vec()),
        cut: None,
        retry_after: None,
        date: None,
        correlation_id: Some("sent".to_owned()),
        location: None,
    }
}

fn outcome(status: u16, body: &Value) -> Outcome {
    classify(&answer(status, &body.to_string()), true, &AllowList::default(), NOW)
}

fn grant_of(body: &Value) -> (Grant, Vec<String>) {
    match outcome(200, body) {
        Outcome::Granted(granted) => (granted.grant, granted.warnings),
        other => panic!("not granted: {other:?}"),
    }
}

#[test]
fn a_documented_answer_is_understood_as_numbers_and_as_strings() {
    for (expires_in, refresh_expires_in) in
        [(json!(3600), json!(1_710_000_000)), (json!("3600"), json!("1710000000000"))]
    {
        let (grant, odd) = grant_of(&json!({
            "expires_in": expires_in, "scope": "openid", "token_type": "Bearer",
            "access_token": "a", "refresh_token": "r", "refresh_expires_in": refresh_expires_in,
            "geolocation": "https://US2.api.concursolutions.com/", "id_token": "x"
        }));
        assert_eq!(grant.access_expires_at, Some(NOW + 3600));
        assert_eq!(grant.refresh_expires_at, Some(1_710_000_000));
        assert!(!grant.refresh_expiry_assumed);
        assert_eq!(grant.geolocation.unwrap().as_str(), "https://us2.api.concursolutions.com");
        assert!(odd.is_empty());
    }
}

#[test]
fn what_is_missing_never_costs_the_refresh_token() {
    let (grant, _) = grant_of(&json!({"access_token": "a", "refresh_token": "r"}));
    assert_eq!(grant.refresh_token, Some(Secret::from("r")));
    assert!(grant.refresh_expiry_assumed, "an expiry that nobody told is assumed");
    assert_eq!(grant.geolocation, None);
    let (grant, _) = grant_of(&json!({"refresh_token": "r"}));
    assert_eq!(grant.refresh_token, Some(Secret::from("r")));
}

#[test]
fn a_token_is_what_stands_between_blanks_of_any_kind() {
    for blanks in [" ", "\n", "\u{a0}", "\u{3000} "] {
        let padded = format!("{blanks}r{blanks}");
        let (grant, _) = grant_of(&json!({ "access_token": "a", "refresh_token": padded }));
        assert_eq!(grant.refresh_token, Some(Secret::from("r")), "{blanks:?}");
    }
}

#[test]
fn damage_beside_the_tokens_never_costs_them() {
    let tokens = r#""access_token":"a","refresh_token":"r","expires_in":3600"#;
    let deep = "[".repeat(200);
    let bodies: [Vec<u8>; 14] = [
        format!("\u{feff}{{{tokens}}}").into_bytes(),
        [format!("{{{tokens},\"scope\":\"Z").as_bytes(), b"\xfcrich\"}"].concat(),
        format!(r#"{{{tokens},"scope":"\ud800"}}"#).into_bytes(),
        format!("{{{tokens},\"scope\":\"a\nb\"}}").into_bytes(),
        format!(r#"{{{tokens},"x":1e999}}"#).into_bytes(),
        format!("{{{tokens},\"x\":{deep}").into_bytes(),
        format!("{{{tokens}}}junk").into_bytes(),
        format!("{{{tokens}").into_bytes(),
        format!(r#"{{{tokens},"refresh_token":null}}"#).into_bytes(),
        format!(r#"{{{tokens},"refresh_token":""}}"#).into_bytes(),
        format!(r#"{{"scope":"\ud800",{tokens}}}"#).into_bytes(),
        format!("{{\"scope\":\"a\nb\",{tokens}}}").into_bytes(),
        format!(r#"{{"x":"\q",{tokens}}}"#).into_bytes(),
        format!(r#"{{"expires_in":1e999,{tokens}}}"#).into_bytes(),
    ];
    for body in bodies {
        let shown = String::from_utf8_lossy(&body).into_owned();
        let answer = HttpAnswer { body: Zeroizing::new(body), ..answer(200, "") };
        let Outcome::Granted(granted) = classify(&answer, true, &AllowList::default(), NOW) else {
            panic!("lost: {shown}");
        };
        assert_eq!(granted.grant.refresh_token, Some(Secret::from("r")), "{shown}");
        assert_eq!(granted.grant.access_token, Some(Secret::from("a")), "{shown}");
    }
}

#[test]
fn a_token_that_is_no_text_is_said() {
    let body = json!({"access_token": "a", "refresh_token": 12345, "expires_in": 3600});
    let (grant, odd) = grant_of(&body);
    assert_eq!(grant.refresh_token, None);
    assert!(odd.iter().any(|note| note.contains("refresh token")), "{odd:?}");
}

#[test]
fn a_token_with_a_stray_byte_is_not_one() {
    for body in [
        &b"{\"access_token\":\"a\",\"refresh_token\":\"r\xff\",\"expires_in\":60}"[..],
        br#"{"access_token":"a","refresh_token":"r\u0000x","expires_in":60}"#,
    ] {
        let answer = HttpAnswer { body: Zeroizing::new(body.to_vec()), ..answer(200, "") };
        let Outcome::Granted(granted) = classify(&answer, true, &AllowList::default(), NOW) else {
            panic!("not granted");
        };
        assert_eq!(granted.grant.refresh_token, None, "the one already held is kept");
        assert_eq!(granted.warnings.len(), 1, "and it is said");
    }
}

#[test]
fn blanks_around_a_token_are_not_part_of_it() {
    let (grant, _) = grant_of(&json!({"access_token": "a", "refresh_token": " r\n"}));
    assert_eq!(grant.refresh_token, Some(Secret::from("r")));
}

#[test]
fn absurd_lives_are_not_believed() {
    for bad in [json!(0), json!(-5), json!("abc"), json!(1e300), json!(null), json!([1])] {
        let body = json!({"access_token": "a", "refresh_token": "r", "expires_in": bad});
        let (grant, odd) = grant_of(&body);
        assert_eq!(grant.access_expires_at, None, "{bad}");
        assert_eq!(grant.refresh_token, Some(Secret::from("r")));
        assert_eq!(odd.len(), 1, "{bad} is said");
    }
}

#[test]
fn a_geolocation_that_is_not_allowed_is_not_taken() {
    for bad in [
        "https://evil.example",
        "http://us.api.concursolutions.com",
        "https://user@us.api.concursolutions.com",
        "https://us.api.concursolutions.com:8443",
        "",
        "not a url",
    ] {
        let body = json!({"access_token": "a", "refresh_token": "r", "expires_in": 3600,
                          "geolocation": bad});
        let (grant, odd) = grant_of(&body);
        assert_eq!(grant.geolocation, None, "{bad}");
        assert_eq!(odd.len(), 1, "{bad} is said");
    }
}

#[test]
fn refusals_are_decided_on_the_code() {
    // status, body, (rejected, condemned)
    let table = [
        (400, json!({"code": 108, "error": "invalid_grant"}), Some(true)),
        (403, json!({"code": "108", "error": "invalid_grant"}), Some(true)),
        (400, json!({"error": "invalid_grant"}), Some(true)),
        (400, json!({"code": 5, "error": "invalid_grant"}), Some(false)),
        (401, json!({"code": 61, "error": "invalid_client"}), Some(false)),
        (400, json!({"error": "invalid_scope"}), Some(false)),
        (400, json!({"code": 99999}), Some(false)),
        (400, json!({"code": 134}), None),
        (400, json!({"message": "no error here"}), None),
        (400, json!([1, 2]), None),
        (403, json!("<html>"), None),
        (407, json!({"code": 108}), None),
        (408, json!({"code": 108}), None),
        (429, json!({"code": 108}), None),
        (500, json!({"code": 108, "error": "invalid_grant"}), None),
        (503, json!({}), None),
        (302, json!({}), None),
        (200, json!([]), None),
        (200, json!({}), None),
        (200, json!({"code": 108}), None),
    ];
    for (status, body, expected) in table {
        let found = match outcome(status, &body) {
            Outcome::Failed(Failure::Rejected { condemned, .. }) => Some(condemned),
            Outcome::Failed(Failure::Transient { .. }) => None,
            other => panic!("{status} {body}: {other:?}"),
        };
        assert_eq!(found, expected, "{status} {body}");
    }
}

#[test]
fn only_a_refresh_can_condemn_a_refresh_token() {
    let body = json!({"code": 108, "error": "invalid_grant"}).to_string();
    let outcome = classify(&answer(400, &body), false, &AllowList::default(), NOW);
    assert!(matches!(outcome, Outcome::Failed(Failure::Rejected { condemned: false, .. })));
}

#[test]
fn code_16_leads_to_an_allowed_origin_only() {
    let to = |origin: &str| outcome(400, &json!({"code": 16, "geolocation": origin}));
    assert!(matches!(to("https://eu2.api.concursolutions.com"), Outcome::Moved(Moved::ByCode(..))));
    assert!(matches!(
        to("https://evil.example"),
        Outcome::Failed(Failure::Rejected { condemned: false, .. })
    ));
    let nowhere = outcome(400, &json!({"code": 16}));
    assert!(matches!(nowhere, Outcome::Failed(Failure::Rejected { condemned: false, .. })));
    let bad_token = json!({"code": 108, "geolocation": "https://eu2.api.concursolutions.com"});
    let not_a_redirect = outcome(400, &bad_token);
    assert!(matches!(not_a_redirect, Outcome::Failed(Failure::Rejected { condemned: true, .. })));
}

#[test]
fn absolute_times_of_a_service_whose_clock_is_off_are_converted_to_ours() {
    let body = json!({"access_token": "a", "refresh_token": "r", "expires_in": 3600,
                      "refresh_expires_in": NOW + 3600 + 500});
    for (date, expected) in [
        (None, NOW + 4100),
        (Some(NOW + 3600), NOW + 500),
        (Some(NOW - 3600), NOW + 7700),
        (Some(NOW + 20), NOW + 4100),
    ] {
        let answer = HttpAnswer { date, ..answer(200, &body.to_string()) };
        let Outcome::Granted(granted) = classify(&answer, true, &AllowList::default(), NOW) else {
            panic!("not granted");
        };
        assert_eq!(granted.grant.refresh_expires_at, Some(expected), "{date:?}");
        assert_eq!(
            granted.grant.access_expires_at,
            Some(NOW + 3600),
            "a duration needs no conversion"
        );
    }
}

#[test]
fn six_months_are_months_of_the_calendar() {
    // 2023-11-14T22:13:20Z to 2024-05-14T22:13:20Z
    assert_eq!(assumed_refresh_expiry(NOW), Some(1_715_724_800));
}

proptest! {
    #[test]
    fn no_answer_makes_it_panic(status in 100u16..600, body in proptest::collection::vec(any::<u8>(), 0..300)) {
        let answer = HttpAnswer {
            status,
            body: Zeroizing::new(body),
            cut: None,
            retry_after: None,
            date: None,
            correlation_id: None,
            location: None,
        };
        let _ = classify(&answer, true, &AllowList::default(), NOW);
    }
}

#[test]
fn a_life_is_what_is_told_and_never_longer_than_the_tokens_own() {
    use base64::prelude::{BASE64_URL_SAFE_NO_PAD, Engine as _};
    let token =
        |claims: Value| format!("h.{}.s", BASE64_URL_SAFE_NO_PAD.encode(claims.to_string()));
    // Another year than ours: our clock is not used.
    let there = NOW - 300_000_000;
    let whole = json!({"iat": there, "exp": there + 600});
    // `expires_in`, the token's claims, `Date`; the life.
    for (told, claims, date, life) in [
        (json!(3600), whole.clone(), Some(there), Some(600)),
        (json!(3600), whole.clone(), Some(there + 100), Some(500)),
        (json!(3600), whole.clone(), None, Some(600)),
        (json!(300), whole.clone(), Some(there), Some(300)),
        (json!(3_600_000), whole.clone(), None, Some(600)),
        (json!(0), whole.clone(), None, Some(600)),
        (json!(null), whole.clone(), Some(there), Some(600)),
        (json!(3600), json!({"exp": there + 600}), Some(there), Some(600)),
        (json!(3600), json!({"exp": there + 600}), None, Some(3600)),
        (json!(0), json!({"exp": there + 600}), None, None),
        (json!(0), json!({"exp": NOW + 600}), None, None),
        (json!(3600), json!({"exp": 1, "iat": there}), Some(there), Some(3600)),
        (json!(-1), json!({"exp": 1, "iat": there}), Some(there), None),
        (json!(3600), json!({"exp": i64::MAX, "iat": i64::MIN}), Some(0), Some(3600)),
        (json!(3600), json!({}), Some(there), Some(3600)),
    ] {
        let body = json!({
            "expires_in": told, "access_token": token(claims.clone()), "refresh_token": "r",
        });
        let answer = HttpAnswer { date, ..answer(200, &body.to_string()) };
        let Outcome::Granted(granted) = classify(&answer, true, &AllowList::default(), NOW) else {
            panic!("lost");
        };
        assert_eq!(
            granted.grant.access_expires_at,
            life.map(|life| NOW + life),
            "{told} {claims} {date:?}"
        );
    }
}

#[test]
fn only_the_token_endpoint_of_one_of_concurs_own_is_a_redirect_to_follow() {
    let named = AllowList::with_named(Origin::from_operator("https://gateway.example"));
    let to = |status, location: &str| {
        let answer = HttpAnswer { location: Some(location.to_owned()), ..answer(status, "") };
        match classify(&answer, true, &named, NOW) {
            Outcome::Moved(Moved::ByRedirect(there)) => Some(there.origin().as_str().to_owned()),
            Outcome::Failed(Failure::Transient { .. }) => None,
            other => panic!("{other:?}"),
        }
    };
    let concur = "https://us2.api.concursolutions.com";
    let url = format!("{concur}/oauth2/v0/token");
    for status in [307, 308] {
        assert_eq!(to(status, &url).as_deref(), Some(concur));
        assert_eq!(to(status, &url.replace("us2.api", "US2.API")).as_deref(), Some(concur));
        let port = url.replace(".com/", ".com:443/");
        assert_eq!(to(status, &port).as_deref(), Some(concur));
    }
    for status in [300, 301, 302, 303, 305, 306, 309] {
        assert_eq!(to(status, &url), None, "{status}");
    }
    assert_eq!(to(307, "https://gateway.example/oauth2/v0/token"), None, "named and not Concur's");
}
