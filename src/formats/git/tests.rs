//! The protocol's rules for parsing, and against attacks.

#![allow(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]

use super::*;
use crate::formats::{Gatherer, Progress};
use crate::model::secret::Secret;

fn parse(text: &str) -> Request {
    Request::parse(text.as_bytes()).unwrap()
}

fn refusal(bytes: &[u8]) -> Refusal {
    Request::parse(bytes).unwrap_err()
}

fn bytes(value: &str) -> Vec<u8> {
    value.as_bytes().to_vec()
}

/// The parsed request, received in pieces of `size` bytes.
fn gathered(bytes: &[u8], size: usize) -> (Progress, Result<Request, Refusal>) {
    let mut gatherer = Gatherer::of_git();
    let mut progress = Progress::More;
    for piece in bytes.chunks(size) {
        progress = gatherer.feed(piece);
    }
    (progress, Request::parse(&gatherer.finish()))
}

#[test]
fn every_field_is_read() {
    let request = parse(
        "capability[]=authtype\nprotocol=https\nhost=h.example:8443\npath=a/b\nusername=u\n\
         password=p\ncredential=c\noauth_refresh_token=r\nauthtype=Bearer\n\
         password_expiry_utc=1700000000\nephemeral=1\nwwwauth[]=Basic\n",
    );
    assert_eq!(
        request,
        Request {
            protocol: Some(bytes("https")),
            host: Some(bytes("h.example:8443")),
            path: Some(bytes("a/b")),
            username: Some(bytes("u")),
            password: Some(Secret::from("p")),
            credential: Some(Secret::from("c")),
            oauth_refresh_token: Some(Secret::from("r")),
            authtype: Some(bytes("Bearer")),
            password_expiry_utc: Some(1_700_000_000),
            ephemeral: true,
            capability_authtype: true,
            bearer_is_offered: Some(false),
        }
    );
}

#[test]
fn what_a_server_offers_is_a_list_that_an_empty_value_clears() {
    for (lines, expected) in [
        ("", None),
        ("wwwauth[]=Basic\n", Some(false)),
        ("wwwauth[]=Basic\nwwwauth[]=Bearer\nwwwauth[]=Digest\n", Some(true)),
        ("wwwauth[]=Bearer\nwwwauth[]=\n", None),
        ("wwwauth[]=Bearer\nwwwauth[]=\nwwwauth[]=Basic\n", Some(false)),
    ] {
        assert_eq!(parse(lines).bearer_is_offered, expected, "{lines}");
        let capable = parse(&format!("capability[]=authtype\n{lines}"));
        assert_eq!(capable.takes_bearer(), expected != Some(false), "{lines}");
        assert!(!parse(lines).takes_bearer(), "{lines}");
    }
}

#[test]
fn lines_split_at_the_first_equals_sign() {
    assert_eq!(parse("password=a=b==\n").password, Some(Secret::from("a=b==")));
}

#[test]
fn keys_are_case_sensitive() {
    let request = parse("Protocol=https\nHOST=h\nhost=real\n");
    assert_eq!((request.protocol, request.host), (None, Some(bytes("real"))));
}

#[test]
fn nothing_is_trimmed_or_decoded() {
    let request = parse("username= a b \t\npath=%0ahost=x%3d\n host=no\n");
    assert_eq!(request.username, Some(bytes(" a b \t")));
    assert_eq!(request.path, Some(bytes("%0ahost=x%3d")), "an encoded newline stays encoded");
    assert_eq!(request.host, None, "a key with a leading space is another key");
}

#[test]
fn values_are_bytes() {
    let request = Request::parse(b"username=\xff\xfe\npassword=\x80\n").unwrap();
    assert_eq!(request.username, Some(vec![0xff, 0xfe]));
    assert_eq!(request.password, Some(Secret::new([0x80])));
}

#[test]
fn the_request_ends_at_the_blank_line() {
    for blank in ["\n", "\r\n"] {
        let request = parse(&format!("protocol=https\n{blank}host=h\nnot a pair\n"));
        assert_eq!((request.protocol, request.host), (Some(bytes("https")), None));
        assert_eq!(parse(&format!("{blank}host=h\n")), Request::default());
    }
}

#[test]
fn the_last_newline_is_optional() {
    assert_eq!(parse("protocol=https\nhost=h"), parse("protocol=https\nhost=h\n"));
}

#[test]
fn crlf_line_ends_are_the_same_request() {
    let lf = "protocol=https\nhost=h\nusername=u\n\n";
    assert_eq!(parse(&lf.replace('\n', "\r\n")), parse(lf));
}

#[test]
fn nothing_at_all_is_an_empty_request() {
    assert_eq!(parse(""), Request::default());
    assert!(!parse("").is_specified());
}

#[test]
fn present_and_empty_differs_from_absent() {
    let request = parse("username=\npassword=\n");
    assert_eq!(request.username, Some(Vec::new()));
    assert_eq!(request.password, Some(Secret::from("")));
    assert_eq!(request.path, None);
}

#[test]
fn unknown_keys_are_ignored_however_often_they_come() {
    let request = parse(
        "future=1\nfuture=2\nfuture[]=x\nfuture[]=y\nstate[]=a\n\
         continue=1\nhost=h\n=no key\n",
    );
    assert_eq!(request, Request { host: Some(bytes("h")), ..Request::default() });
}

#[test]
fn an_empty_list_value_clears_the_list() {
    let rows = [
        ("capability[]=authtype\n", true),
        ("capability[]=state\ncapability[]=authtype\n", true),
        ("capability[]=authtype\ncapability[]=state\n", true),
        ("capability[]=authtype\ncapability[]=\n", false),
        ("capability[]=authtype\ncapability[]=\ncapability[]=state\n", false),
        ("capability[]=\ncapability[]=authtype\n", true),
        ("capability=authtype\n", false),
        ("capability[]=authtype \n", false),
    ];
    for (input, expected) in rows {
        assert_eq!(parse(input).capability_authtype, expected, "{input:?}");
    }
}

#[test]
fn a_url_is_never_read() {
    let request = parse("url=https://u:p@evil.example/x\n");
    assert_eq!(request, Request::default());
    let request = parse("url=https://evil.example\nprotocol=https\nhost=h\n");
    assert_eq!(request.host, Some(bytes("h")));
}

#[test]
fn an_expiry_of_zero_or_junk_means_never() {
    let rows = [
        ("1", Some(1)),
        ("1700000000", Some(1_700_000_000)),
        ("007", Some(7)),
        ("9223372036854775807", Some(i64::MAX)),
        ("0", None),
        ("", None),
        ("-1", None),
        ("+1", None),
        (" 1", None),
        ("1 ", None),
        ("1e9", None),
        ("0x10", None),
        ("soon", None),
        ("9223372036854775808", None),
        ("99999999999999999999999999", None),
    ];
    for (value, expected) in rows {
        let request = parse(&format!("password_expiry_utc={value}\n"));
        assert_eq!(request.password_expiry_utc, expected, "{value:?}");
    }
}

#[test]
fn ephemeral_is_true_unless_it_says_false_in_gits_words() {
    for value in ["1", "true", "YES", "on", "2", "junk"] {
        assert!(parse(&format!("ephemeral={value}\n")).ephemeral, "{value:?}");
    }
    for value in ["0", "false", "No", "off", ""] {
        assert!(!parse(&format!("ephemeral={value}\n")).ephemeral, "{value:?}");
    }
    assert!(!parse("").ephemeral);
}

#[test]
fn ambiguous_requests_are_refused_with_their_line() {
    let rows: [(&[u8], Refusal); 14] = [
        (b"protocol\n", Refusal::NoEquals { line: 1 }),
        (b"host=h\nhunter2", Refusal::NoEquals { line: 2 }),
        (b" \n", Refusal::NoEquals { line: 1 }),
        (b"host=a\nhost=b\n", Refusal::Duplicate { line: 2 }),
        (b"host=a\nhost=a\n", Refusal::Duplicate { line: 2 }),
        (b"host=\nx=1\nhost=b\n", Refusal::Duplicate { line: 3 }),
        (b"url=a\nurl=b\n", Refusal::Duplicate { line: 2 }),
        (b"ephemeral=0\nephemeral=1\n", Refusal::Duplicate { line: 2 }),
        (b"host=h\nusername=a\rhost=evil\n", Refusal::LoneCr { line: 2 }),
        (b"username=a\r\r\n", Refusal::LoneCr { line: 1 }),
        (b"username=a\r", Refusal::LoneCr { line: 1 }),
        (b"\r\r\nhost=h\n", Refusal::LoneCr { line: 1 }),
        (b"host=h\nunknown=a\0b\n", Refusal::Nul { line: 2 }),
        (b"host=h\n\0", Refusal::Nul { line: 2 }),
    ];
    for (input, expected) in rows {
        assert_eq!(refusal(input), expected, "{:?}", String::from_utf8_lossy(input));
    }
}

#[test]
fn every_single_valued_key_is_refused_the_second_time() {
    for key in "protocol host path username password credential oauth_refresh_token authtype \
                password_expiry_utc ephemeral continue quit url"
        .split(' ')
    {
        let input = format!("{key}=\n{key}=\n");
        assert_eq!(refusal(input.as_bytes()), Refusal::Duplicate { line: 2 }, "{key}");
    }
}

#[test]
fn lines_are_accepted_up_to_their_limit() {
    let key = "password=";
    let longest = format!("{key}{}", "x".repeat(MAX_LINE_BYTES - key.len()));
    for end in ["", "\n", "\r\n", "\n\n", "\r\n\r\n"] {
        let fits = format!("{longest}{end}");
        assert!(Request::parse(fits.as_bytes()).is_ok(), "{end:?}");
        assert_eq!(gathered(fits.as_bytes(), 4096).1, Request::parse(fits.as_bytes()));
        let over = format!("{longest}x{end}");
        assert_eq!(refusal(over.as_bytes()), Refusal::LineTooLong, "{end:?}");
        let (progress, request) = gathered(over.as_bytes(), 4096);
        assert_eq!((progress, request), (Progress::LineTooLong, Err(Refusal::LineTooLong)));
    }
}

#[test]
fn requests_are_accepted_up_to_their_limit() {
    let line = format!("k={}\n", "x".repeat(1021));
    let full = line.repeat(MAX_REQUEST_BYTES / line.len());
    assert_eq!(full.len(), MAX_REQUEST_BYTES);
    assert!(Request::parse(full.as_bytes()).is_ok());
    assert_eq!(gathered(full.as_bytes(), 1000).0, Progress::More);
    for more in ["\n", "x", "host=h\n"] {
        let over = format!("{full}{more}");
        assert_eq!(refusal(over.as_bytes()), Refusal::TooLarge);
        let (progress, request) = gathered(over.as_bytes(), 1000);
        assert_eq!((progress, request), (Progress::TooLarge, Err(Refusal::TooLarge)));
    }
}

#[test]
fn an_endless_stream_is_never_held() {
    for (piece, limit) in [
        (vec![b'x'; 1 << 16], MAX_LINE_BYTES + 2),
        (b"k=v\n".repeat(1 << 14), MAX_REQUEST_BYTES + 1),
    ] {
        let mut gatherer = Gatherer::of_git();
        for _ in 0..64 {
            gatherer.feed(&piece);
        }
        assert!(gatherer.finish().len() <= limit);
    }
}

#[test]
fn gathering_stops_at_the_blank_line_and_drops_the_rest() {
    let rows: [(&[u8], &[u8]); 6] = [
        (b"a=b\n\nrest", b"a=b\n\n"),
        (b"a=b\r\n\r\nrest", b"a=b\r\n\r\n"),
        (b"a=b\n\r\nrest", b"a=b\n\r\n"),
        (b"a=b\r\n\nrest", b"a=b\r\n\n"),
        (b"\nrest", b"\n"),
        (b"\r\nrest", b"\r\n"),
    ];
    for (input, ours) in rows {
        for size in 1..=input.len() {
            let mut gatherer = Gatherer::of_git();
            let last = input.chunks(size).map(|piece| gatherer.feed(piece)).last();
            assert_eq!(last, Some(Progress::Complete));
            assert!(!gatherer.is_empty());
            assert_eq!(*gatherer.finish(), ours);
        }
    }
}

#[test]
fn only_zero_bytes_are_an_empty_stream() {
    let mut gatherer = Gatherer::of_git();
    assert_eq!(gatherer.feed(b""), Progress::More);
    assert!(gatherer.is_empty());
    gatherer.feed(b"\r");
    assert!(!gatherer.is_empty());
}

#[test]
fn a_request_is_specified_by_protocol_and_host_alone() {
    let rows = [
        ("protocol=https\nhost=h\n", true),
        ("protocol=https\nhost=\n", false),
        ("protocol=\nhost=h\n", false),
        ("host=h\n", false),
        ("protocol=https\n", false),
        ("protocol=https\npath=x\nusername=u\nurl=https://h/\n", false),
    ];
    for (input, expected) in rows {
        assert_eq!(parse(input).is_specified(), expected, "{input:?}");
    }
}

#[test]
fn known_attacks_get_nothing() {
    let rows: [(&str, &[u8]); 6] = [
        // What git would have sent for https://evil.example/%0ahost=us.api.concursolutions.com.
        ("CVE-2020-5260", b"protocol=https\nhost=evil.example\nhost=us.api.concursolutions.com\n"),
        ("CVE-2020-11008, no host", b"protocol=https\n"),
        ("CVE-2020-11008, only a url", b"url=://us.api.concursolutions.com\n"),
        ("CVE-2024-50338", b"protocol=https\nhost=evil\rhost=us.example\n"),
        ("CVE-2024-52006", b"protocol=https\nhost=evil.example\rprotocol=https\n"),
        // A newline in a value can at most end the request early, or repeat a key.
        ("CVE-2024-53263", b"protocol=https\n\nhost=us.example\n"),
    ];
    for (name, input) in rows {
        let answered = Request::parse(input).is_ok_and(|request| request.is_specified());
        assert!(!answered, "{name}");
    }
}

#[test]
fn debug_shows_no_secret() {
    let request = parse("password=hunter2\ncredential=hunter2\noauth_refresh_token=hunter2\n");
    let hidden = format!("{:?}", b"hunter2");
    let shown = format!("{request:?}");
    assert!(!shown.contains("hunter2") && !shown.contains(&hidden), "{shown}");
    let mut gatherer = Gatherer::of_git();
    gatherer.feed(b"password=hunter2\n");
    assert!(!format!("{gatherer:?}").contains("hunter2"));
}
