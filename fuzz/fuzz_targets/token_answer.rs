//! Answers of the token service, or of any other server in its place.
//!
//! Input: three letters that choose status, circumstances and clocks, then the body.
#![no_main]

use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use concur_cred::fuzzing::{
    AllowList, Failure, Grant, HttpAnswer, Moved, Origin, Outcome, Secret, classify, jwt,
};
use libfuzzer_sys::fuzz_target;
use serde_json::{Map, Value};

const STATUSES: [u16; 13] = [200, 201, 302, 400, 401, 403, 404, 407, 408, 429, 500, 503, 999];

/// The epoch, today, both sides of 2038, the year 9999.
const CLOCKS: [i64; 5] = [0, 1_795_000_000, 2_147_483_647, 2_147_483_648, 253_402_300_799];

const NAMED: &str = "http://127.0.0.1:8080";

fuzz_target!(|data: &[u8]| {
    let Some(([status, circumstances, clock], body)) = data.split_first_chunk() else {
        return;
    };
    let status = STATUSES[usize::from(status.wrapping_sub(b'a')) % STATUSES.len()];
    let (is_refresh, is_named) = (circumstances & 1 == 1, circumstances & 2 == 2);
    let clocks = usize::from(clock.wrapping_sub(b'a'));
    let now = CLOCKS[clocks % CLOCKS.len()];
    let dates = [None, Some(now + 3600), Some(now - 3600), Some(0), CLOCKS.last().copied()];
    let named = is_named.then(|| Origin::from_operator(NAMED).expect("a loopback origin"));
    let allowed = AllowList::with_named(named);
    let answer = HttpAnswer {
        status,
        body: body.to_vec().into(),
        cut: None,
        location: None,
        date: dates[clocks / CLOCKS.len() % dates.len()],
        retry_after: (circumstances & 4 == 4).then_some(i64::from(*clock)),
        correlation_id: (circumstances & 8 == 8)
            .then(|| String::from_utf8_lossy(body).chars().take(40).collect()),
    };
    let object = serde_json::from_slice::<Map<String, Value>>(body).unwrap_or_default();
    let text = |name: &str| {
        let text = object.get(name).and_then(Value::as_str).map(str::trim);
        text.filter(|text| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_graphic()))
    };
    let may_be_sent_a_secret =
        |origin: &Origin| origin.is_concur() || (is_named && origin.as_str() == NAMED);
    match classify(&answer, is_refresh, &allowed, now) {
        Outcome::Granted(granted) => {
            assert!((200..300).contains(&status));
            let Grant {
                access_token,
                access_expires_at,
                refresh_token,
                refresh_expires_at,
                refresh_expiry_assumed,
                geolocation,
                id_token,
                scope: _,
                principal,
            } = granted.grant;
            let kept = |secret: &Option<Secret>, name: &str| {
                let Some(text) = text(name) else { return };
                assert_eq!(secret.as_ref().map(Secret::expose), Some(text.as_bytes()), "{name}");
            };
            kept(&refresh_token, "refresh_token");
            kept(&access_token, "access_token");
            kept(&id_token, "id_token");
            assert!(access_token.is_some() || refresh_token.is_some());
            assert!(access_expires_at.is_none_or(|at| access_token.is_some() && at > now));
            assert!(refresh_expires_at.is_none_or(|at| at > now));
            assert!(!refresh_expiry_assumed || refresh_token.is_some());
            assert!(geolocation.as_ref().is_none_or(may_be_sent_a_secret), "{geolocation:?}");
            assert!(principal.is_none() || id_token.is_some());
        }
        Outcome::Moved(Moved::ByCode(origin, _)) => {
            assert!((400..500).contains(&status));
            assert!(may_be_sent_a_secret(origin.origin()), "{origin:?}");
        }
        Outcome::Moved(Moved::ByRedirect(origin)) => panic!("there is no Location: {origin:?}"),
        Outcome::Failed(Failure::Rejected { condemned, .. }) => {
            assert!((400..500).contains(&status) && ![407, 408, 429].contains(&status));
            assert!(!condemned || is_refresh, "only a refresh spends a refresh token");
        }
        Outcome::Failed(Failure::Transient { .. }) => {
            let has_token = text("access_token").is_some() || text("refresh_token").is_some();
            assert!(!((200..300).contains(&status) && has_token), "tokens thrown away");
        }
        Outcome::Failed(Failure::Unreached(why)) => panic!("there is an answer: {why}"),
    }
    nothing_beside_the_tokens_costs_them(body);
    a_truncated_answer_gives_the_same_refresh_token_or_none(body, usize::from(*clock));
    // The same bytes as the payload of a JWT, which base64 would hide from the fuzzer.
    let payload = BASE64_URL_SAFE_NO_PAD.encode(body);
    if let Some(claims) = jwt::claims(&Secret::from(format!("e30.{payload}.c2ln"))) {
        let subject = object.get("sub").and_then(Value::as_str);
        assert_eq!(claims.subject.as_deref(), subject);
    }
    let _any = jwt::claims(&Secret::new(body));
});

/// The tokens of an answer are kept, whatever surrounds them, unless it contains others.
fn nothing_beside_the_tokens_costs_them(junk: &[u8]) {
    if junk.windows(5).any(|bytes| bytes == b"token") || junk.contains(&b'\\') {
        return;
    }
    are_kept(&[br#"{"access_token":"a","refresh_token":"r","#, junk]);
    if !junk.iter().any(|byte| b"\"\\".contains(byte)) {
        let tokens = br#"","access_token":"a","refresh_token":"r"}"#;
        are_kept(&[br#"{"scope":""#, junk, tokens]);
    }
}

/// A truncated answer gives no other refresh token than the complete one.
fn a_truncated_answer_gives_the_same_refresh_token_or_none(body: &[u8], at: usize) {
    let given = |body: &[u8]| {
        let answer = HttpAnswer {
            status: 200,
            body: body.to_vec().into(),
            cut: None,
            location: None,
            retry_after: None,
            date: None,
            correlation_id: None,
        };
        match classify(&answer, true, &AllowList::default(), 0) {
            Outcome::Granted(granted) => granted.grant.refresh_token,
            _ => None,
        }
    };
    let is_given_once = body.windows(7).filter(|bytes| bytes == b"refresh").count() == 1;
    if is_given_once && !body.contains(&b'\\') {
        let cut = given(&body[..body.len() * at / 256]);
        assert!(cut.is_none() || cut == given(body));
    }
}

fn are_kept(parts: &[&[u8]]) {
    let answer = HttpAnswer {
        status: 200,
        body: parts.concat().into(),
        cut: None,
        location: None,
        retry_after: None,
        date: None,
        correlation_id: None,
    };
    let Outcome::Granted(granted) = classify(&answer, true, &AllowList::default(), 0) else {
        panic!("tokens thrown away");
    };
    assert_eq!(granted.grant.access_token, Some(Secret::from("a")));
    assert_eq!(granted.grant.refresh_token, Some(Secret::from("r")));
}
