use proptest::prelude::*;

use super::*;
use crate::formats::{Gatherer, Progress};

fn parsed(uri: &str) -> Result<(String, String), Refusal> {
    let bytes = serde_json::json!({ "uri": uri }).to_string();
    Request::parse(bytes.as_bytes()).map(|Request { scheme, host }| (scheme, host))
}

#[test]
fn a_uri_is_read_for_its_scheme_host_and_port() {
    for (uri, scheme, host) in [
        ("https://us2.api.concursolutions.com", "https", "us2.api.concursolutions.com"),
        ("https://us2.api.concursolutions.com/a/b?c#d", "https", "us2.api.concursolutions.com"),
        ("HTTPS://US2.API.concursolutions.com:443/", "https", "us2.api.concursolutions.com"),
        ("https://host:8443/x", "https", "host:8443"),
        ("http://127.0.0.1:80/", "http", "127.0.0.1"),
        ("http://[::1]:8080/", "http", "[::1]:8080"),
        ("grpcs://host/x", "grpcs", "host"),
        ("https://us2.api.concursolutions.com./", "https", "us2.api.concursolutions.com."),
    ] {
        assert_eq!(parsed(uri), Ok((scheme.to_owned(), host.to_owned())), "{uri}");
    }
}

#[test]
fn what_is_no_request_is_refused() {
    for (bytes, refusal) in [
        ("", Refusal::NotAnObject),
        ("{", Refusal::NotAnObject),
        ("{}", Refusal::NotAnObject),
        ("[]", Refusal::NotAnObject),
        (r#"{"uri":7}"#, Refusal::NotAnObject),
        (r#"{"uri":null}"#, Refusal::NotAnObject),
        (r#"{"URI":"https://h/"}"#, Refusal::NotAnObject),
        (r#"{"uri":"https://a/","uri":"https://b/"}"#, Refusal::NotAnObject),
        (r#"{"uri":"https://a/"}x"#, Refusal::NotAnObject),
        (r#"{"uri":""}"#, Refusal::NotAUri),
        (r#"{"uri":"us2.api.concursolutions.com"}"#, Refusal::NotAUri),
        (r#"{"uri":"/a/b"}"#, Refusal::NotAUri),
        // A URI is ASCII (RFC 3986), and a host is not what it could be translated into.
        (r#"{"uri":"https://bücher.example/"}"#, Refusal::NotAUri),
        (r#"{"uri":"https://ｕs2.api.concursolutions.com/"}"#, Refusal::NotAUri),
        (r#"{"uri":"mailto:someone"}"#, Refusal::NotAUri),
        (r#"{"uri":"file:///etc/passwd"}"#, Refusal::NotAUri),
        // Callers differ about where these lead.
        (r#"{"uri":"https://us2.api.concursolutions.com\\@a.example/"}"#, Refusal::NotAUri),
        (r#"{"uri":"https://a.example\\@us2.api.concursolutions.com/"}"#, Refusal::NotAUri),
        (r#"{"uri":"https:\\\\us2.api.concursolutions.com/"}"#, Refusal::NotAUri),
        (r#"{"uri":"https:us2.api.concursolutions.com/"}"#, Refusal::NotAUri),
        (r#"{"uri":"https:/us2.api.concursolutions.com/"}"#, Refusal::NotAUri),
        (r#"{"uri":"https:///us2.api.concursolutions.com/"}"#, Refusal::NotAUri),
        (r#"{"uri":"https://u@h/"}"#, Refusal::UserInfo),
        (r#"{"uri":"https://u:p@h/"}"#, Refusal::UserInfo),
        (r#"{"uri":"https://:p@h/"}"#, Refusal::UserInfo),
        (r#"{"uri":"https://10.1/"}"#, Refusal::HostSpelling),
        (r#"{"uri":"https://012.0.0.1:8443/"}"#, Refusal::HostSpelling),
        (r#"{"uri":"https://[::127.0.0.1]/"}"#, Refusal::HostSpelling),
        (r#"{"uri":"https://us2.api.concursolutions%2ecom/"}"#, Refusal::NotAUri),
    ] {
        assert_eq!(Request::parse(bytes.as_bytes()), Err(refusal), "{bytes}");
    }
    let long = format!(r#"{{"uri":"https://h/{}"}}"#, "a".repeat(MAX_REQUEST_BYTES));
    assert_eq!(Request::parse(long.as_bytes()), Err(Refusal::TooLarge));
    assert!(parsed("https://h/").is_ok());
}

#[test]
fn the_answer_is_one_object_on_one_line() {
    let token = Secret::from("a\"b\\c");
    let answer = answer(&token, Some(1_795_000_000)).unwrap();
    assert_eq!(
        std::str::from_utf8(&answer).unwrap(),
        "{\"headers\":{\"Authorization\":[\"Bearer a\\\"b\\\\c\"]},\"expires\":\"2026-11-18T11:06:40Z\"}\n"
    );
    let forever = super::answer(&token, None).unwrap();
    assert!(!std::str::from_utf8(&forever).unwrap().contains("expires"));
}

#[test]
fn a_token_that_would_break_its_header_is_refused() {
    for token in [&b"a\nb"[..], b"a\rb", b"a\0b", b"\xff"] {
        assert!(answer(&Secret::new(token), None).is_err(), "{token:?}");
    }
}

#[test]
fn an_object_is_complete_where_it_ends_however_it_is_cut() {
    let request = "{\n\n \"x\": {\"}\": [\"\\\"}\"]},\r\n\"uri\": \"https://h/}\" }";
    for size in 1..=request.len() {
        let mut gatherer = Gatherer::of_either();
        let pieces: Vec<_> = request.as_bytes().chunks(size).map(|p| gatherer.feed(p)).collect();
        assert_eq!(pieces.last(), Some(&Progress::Complete), "{size}");
        assert!(pieces[..pieces.len() - 1].iter().all(|p| *p == Progress::More), "{size}");
        assert_eq!(Request::parse(&gatherer.finish()).unwrap().host, "h");
    }
}

#[test]
fn an_object_without_end_is_cut_past_the_limit_and_refused() {
    let mut gatherer = Gatherer::of_either();
    let piece = [b'{'; 1000];
    while gatherer.feed(&piece) == Progress::More {}
    let held = gatherer.finish();
    assert_eq!(held.len(), MAX_REQUEST_BYTES + 1);
    assert_eq!(Request::parse(&held), Err(Refusal::TooLarge));
}

proptest! {
    #[test]
    fn nothing_panics_and_no_refusal_quotes(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        if let Err(refusal) = Request::parse(&bytes) {
            prop_assert!(refusal.to_string().len() < 60);
        }
    }

    #[test]
    fn an_answer_reads_back(token in "[^\\r\\n\\x00]{1,80}", at in proptest::option::of(0..4_000_000_000_i64)) {
        let answer = answer(&Secret::from(token.clone()), at).unwrap();
        let object: serde_json::Value = serde_json::from_slice(&answer).unwrap();
        prop_assert_eq!(&object["headers"]["Authorization"][0], &format!("Bearer {token}"));
        let expires = object.get("expires").map(|text| {
            chrono::DateTime::parse_from_rfc3339(text.as_str().unwrap()).unwrap().timestamp()
        });
        prop_assert_eq!(expires, at);
    }
}
