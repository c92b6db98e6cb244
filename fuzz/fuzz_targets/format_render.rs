//! Tokens with hostile values in every format, read back by each format's own rules.
#![no_main]

use arbitrary::Arbitrary;
use concur_cred::fuzzing::{Unrenderable, Secret};
use concur_cred::fuzzing::format::{AccessToken, Format, render};
use concur_cred::fuzzing::git::{Answer, Request};
use libfuzzer_sys::fuzz_target;
use serde_json::{Value, json};

#[derive(Arbitrary, Debug)]
struct Input<'a> {
    access_token: &'a [u8],
    refresh_token: Option<&'a [u8]>,
    expires_at: Option<i64>,
    base_url: &'a str,
    company_uuid: &'a str,
    profile: &'a str,
}

fuzz_target!(|input: Input<'_>| {
    let token = AccessToken {
        secret: Secret::new(input.access_token),
        base_url: input.base_url.to_owned(),
        expires_at: input.expires_at,
        principal: input.company_uuid.to_owned(),
        profile: input.profile.to_owned(),
        refresh_token: input.refresh_token.map(Secret::new),
    };
    for format in Format::ALL {
        match render(format, &token) {
            Ok(out) => reads_back(format, &input, &out),
            Err(refused) => deserved_it(format, &input, refused),
        }
    }
    answers_are_whole_lines(&input);
});

fn reads_back(format: Format, input: &Input<'_>, out: &[u8]) {
    let body = out.strip_suffix(b"\n").expect("a last newline");
    if !matches!(format, Format::Env | Format::Powershell | Format::Git) {
        assert!(!body.iter().any(|byte| b"\n\r\0".contains(byte)), "{format}: more than a line");
    }
    match format {
        Format::Token => assert_eq!(body, input.access_token),
        Format::Header => {
            assert_eq!(body.strip_prefix(b"Authorization: Bearer "), Some(input.access_token));
        }
        Format::Curl => {
            let quoted = body.strip_prefix(b"header = ").expect("one setting");
            let expected = [b"Authorization: Bearer ", input.access_token].concat();
            assert_eq!(curl_string(quoted), Some(expected));
        }
        Format::Json => is_the_object(input, body),
        Format::Env => are_the_variables(input, out, "export ", "=", posix_string),
        Format::Powershell => {
            assert!(out.is_ascii());
            are_the_variables(input, out, "$env:", " = ", powershell_string);
        }
        Format::Git => is_the_answer(input, out),
    }
}

fn is_the_object(input: &Input<'_>, body: &[u8]) {
    let object: Value = serde_json::from_slice(body).expect("JSON");
    assert_eq!(object["access_token"].as_str().map(str::as_bytes), Some(input.access_token));
    assert_eq!(object["base_url"], input.base_url);
    assert_eq!(object["company_uuid"], input.company_uuid);
    assert_eq!(object["profile"], input.profile);
    assert_eq!(object["expires_at"], json!(input.expires_at));
    assert_eq!(object["refresh_token"].as_str().map(str::as_bytes), input.refresh_token);
    let fields = 7 + usize::from(input.refresh_token.is_some());
    assert_eq!(object.as_object().map(serde_json::Map::len), Some(fields));
}

fn are_the_variables(
    input: &Input<'_>,
    out: &[u8],
    before: &str,
    between: &str,
    string: fn(&str) -> Option<String>,
) {
    let out = std::str::from_utf8(out).expect("text");
    let text = |bytes| std::str::from_utf8(bytes).expect("checked").to_owned();
    let mut expected = vec![
        ("CONCUR_ACCESS_TOKEN", text(input.access_token)),
        ("CONCUR_BASE_URL", input.base_url.to_owned()),
        ("CONCUR_COMPANY_UUID", input.company_uuid.to_owned()),
        ("CONCUR_TOKEN_EXPIRES_AT", input.expires_at.map(|at| at.to_string()).unwrap_or_default()),
    ];
    expected.extend(input.refresh_token.map(|token| ("CONCUR_REFRESH_TOKEN", text(token))));
    assert_eq!(out.split_terminator('\n').count(), expected.len());
    assert!(!out.contains(['\r', '\0']));
    for (line, (name, value)) in out.split_terminator('\n').zip(expected) {
        let quoted = line
            .strip_prefix(before)
            .and_then(|rest| rest.strip_prefix(name))
            .and_then(|rest| rest.strip_prefix(between));
        assert_eq!(quoted.and_then(string), Some(value), "{name}");
    }
}

fn is_the_answer(input: &Input<'_>, out: &[u8]) {
    let read = Request::parse(out).expect("lines");
    assert_eq!(read.username.as_deref(), Some(input.company_uuid.as_bytes()));
    assert_eq!(read.password.as_ref().map(Secret::expose), Some(input.access_token));
    assert_eq!(read.oauth_refresh_token.as_ref().map(Secret::expose), input.refresh_token);
    assert_eq!(read.password_expiry_utc, input.expires_at.filter(|at| *at > 0));
    assert_eq!((read.protocol, read.host, read.path), (None, None, None));
    let lines =
        2 + usize::from(input.expires_at.is_some()) + usize::from(input.refresh_token.is_some());
    assert_eq!(out.split(|byte| *byte == b'\n').count(), lines + 1);
}

/// A refusal has a reason in the field it names.
fn deserved_it(format: Format, input: &Input<'_>, refused: Unrenderable) {
    let (field, is_line_break) = match refused {
        Unrenderable::LineBreak { field } => (field, true),
        Unrenderable::NotText { field } => (field, false),
        _ => panic!("{format}: {refused}"),
    };
    let value = match field {
        "access token" | "password" => input.access_token,
        "refresh token" | "oauth_refresh_token" => input.refresh_token.unwrap_or_default(),
        "base URL" => input.base_url.as_bytes(),
        "company UUID" | "username" => input.company_uuid.as_bytes(),
        other => panic!("{format}: {other}"),
    };
    if is_line_break {
        assert!(value.iter().any(|byte| b"\n\r\0".contains(byte)), "{format}: {refused}");
        assert_ne!(format, Format::Json);
    } else {
        assert!(std::str::from_utf8(value).is_err(), "{format}: {refused}");
        assert!(!matches!(format, Format::Token | Format::Git));
    }
}

/// The other kind of git answer, from the same values.
fn answers_are_whole_lines(input: &Input<'_>) {
    let answer = Answer::AuthType {
        authtype: input.profile.as_bytes().to_vec(),
        credential: Secret::new(input.access_token),
        ephemeral: input.base_url.len().is_multiple_of(2),
        password_expiry_utc: input.expires_at,
        oauth_refresh_token: input.refresh_token.map(Secret::new),
        username: (!input.company_uuid.is_empty()).then(|| input.company_uuid.into()),
    };
    if let Ok(out) = answer.render() {
        let read = Request::parse(&out).expect("lines");
        assert_eq!(read.authtype.as_deref(), Some(input.profile.as_bytes()));
        assert_eq!(read.credential.as_ref().map(Secret::expose), Some(input.access_token));
        assert_eq!(read.oauth_refresh_token.as_ref().map(Secret::expose), input.refresh_token);
        assert_eq!((read.protocol, read.host, read.password), (None, None, None));
        assert!(read.capability_authtype);
    }
}

/// One word of a POSIX shell made of single-quoted pieces and `\'`.
fn posix_string(text: &str) -> Option<String> {
    let mut value = String::new();
    let mut rest = text;
    while !rest.is_empty() {
        if let Some(later) = rest.strip_prefix(r"\'") {
            value.push('\'');
            rest = later;
        } else {
            let (piece, later) = rest.strip_prefix('\'')?.split_once('\'')?;
            value.push_str(piece);
            rest = later;
        }
    }
    Some(value)
}

/// Single-quoted strings and `[char]0x…`, joined by `+`.
fn powershell_string(text: &str) -> Option<String> {
    let mut units = Vec::new();
    let mut rest = text;
    loop {
        if let Some(splice) = rest.strip_prefix("[char]0x") {
            units.push(u16::from_str_radix(splice.get(..4)?, 16).ok()?);
            rest = &splice[4..];
        } else {
            rest = rest.strip_prefix('\'')?;
            loop {
                let (piece, later) = rest.split_once('\'')?;
                units.extend(piece.encode_utf16());
                rest = later;
                let Some(doubled) = rest.strip_prefix('\'') else { break };
                units.push(u16::from(b'\''));
                rest = doubled;
            }
        }
        if rest.is_empty() {
            return String::from_utf16(&units).ok();
        }
        rest = rest.strip_prefix(" + ")?;
    }
}

/// A double-quoted string as curl(1) reads it: `\t`, `\n`, `\r` and `\v` are one character each, any
/// other escaped character is itself.
fn curl_string(text: &[u8]) -> Option<Vec<u8>> {
    let mut value = Vec::new();
    let mut bytes = text.strip_prefix(b"\"")?.iter();
    loop {
        match bytes.next()? {
            b'"' => return bytes.as_slice().is_empty().then_some(value),
            b'\\' => match bytes.next()? {
                b't' | b'n' | b'r' | b'v' => return None,
                byte => value.push(*byte),
            },
            byte => value.push(*byte),
        }
    }
}
