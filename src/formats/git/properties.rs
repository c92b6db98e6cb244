//! Properties of the parser for any bytes in pieces of any size.

#![allow(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]

use proptest::prelude::*;

use super::*;
use crate::formats::Gatherer;

/// Bytes that resemble requests: real keys, unusual separators and anything else.
fn request_like() -> impl Strategy<Value = Vec<u8>> {
    let key = prop_oneof![
        prop::sample::select(vec![
            "protocol",
            "host",
            "path",
            "username",
            "password",
            "credential",
            "oauth_refresh_token",
            "authtype",
            "password_expiry_utc",
            "ephemeral",
            "capability[]",
            "wwwauth[]",
            "url",
        ])
        .prop_map(|key| key.as_bytes().to_vec()),
        prop::collection::vec(any::<u8>(), 0..8),
    ];
    let value = prop_oneof![
        prop::collection::vec(any::<u8>().prop_filter("line", |b| !b"\n\r\0".contains(b)), 0..40),
        prop::sample::select(vec!["authtype", "1", "0", "1700000000", "Basic", "Bearer x", ""])
            .prop_map(|value| value.as_bytes().to_vec()),
    ];
    let separator = prop_oneof![9 => Just(&b"="[..]), 1 => Just(&b""[..])];
    let end = prop_oneof![6 => Just(&b"\n"[..]), 3 => Just(&b"\r\n"[..]), 1 => Just(&b"\n\n"[..])];
    prop::collection::vec((key, separator, value, end), 0..8).prop_map(|lines| {
        lines.into_iter().flat_map(|(k, s, v, e)| [&k[..], s, &v[..], e].concat()).collect()
    })
}

fn anything() -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![prop::collection::vec(any::<u8>(), 0..300), request_like()]
}

proptest! {
    #[test]
    fn parsing_never_panics_and_reads_back_what_it_rendered(input in anything()) {
        if let Ok(request) = Request::parse(&input) {
            let rendered = request.render().unwrap();
            prop_assert_eq!(Request::parse(&rendered), Ok(request));
        }
    }

    #[test]
    fn however_the_stream_is_cut_the_request_is_the_same(
        input in anything(),
        sizes in prop::collection::vec(0_usize..20, 1..40),
    ) {
        let mut gatherer = Gatherer::of_git();
        let mut rest = input.as_slice();
        for size in sizes {
            let (piece, later) = rest.split_at(size.min(rest.len()));
            gatherer.feed(piece);
            rest = later;
        }
        let progress = gatherer.feed(rest);
        let mut whole = Gatherer::of_git();
        prop_assert_eq!(progress, whole.feed(&input));
        let gathered = gatherer.finish();
        prop_assert_eq!(&gathered, &whole.finish());
        prop_assert_eq!(Request::parse(&gathered), Request::parse(&input));
    }

    #[test]
    fn a_refusal_never_quotes_the_request(secret in "[a-z0-9]{12,40}") {
        for input in [
            secret.clone(),
            format!("password={secret}\npassword={secret}\n"),
            format!("{secret}={secret}\r{secret}\n"),
            format!("{secret}\0"),
            format!("{secret}={}", secret.repeat(MAX_LINE_BYTES / 12 + 1)),
        ] {
            let refusal = Request::parse(input.as_bytes()).unwrap_err();
            let shown = format!("{refusal} {refusal:?}");
            prop_assert!(!shown.contains(&secret), "{}", shown);
        }
    }
}
