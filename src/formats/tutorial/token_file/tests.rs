//! The tutorial's file and what else is found under its name.

#![allow(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]

use proptest::prelude::*;
use serde_json::json;

use super::*;

const TUTORIAL: &str = concat!(
    r#"{"expires_in":3600,"scope":"openid EXPRPT","token_type":"Bearer","access_token":"at","#,
    r#""refresh_token":"rt","refresh_expires_in":1703696549,"#,
    r#""geolocation":"https://us2.api.concursolutions.com","id_token":"it","companyUUID":"cu"}"#,
    "\n"
);

fn parse(text: &str) -> TokenFile {
    TokenFile::parse(text.as_bytes()).unwrap()
}

fn problem(text: &str) -> Problem {
    TokenFile::parse(text.as_bytes()).unwrap_err().problem
}

fn rendered(file: &TokenFile) -> String {
    String::from_utf8(file.render().unwrap().to_vec()).unwrap()
}

#[test]
fn the_tutorials_file_is_read_and_written_byte_for_byte() {
    let file = parse(TUTORIAL);
    let expected = TokenFile {
        access_token: Some(Secret::from("at")),
        refresh_token: Some(Secret::from("rt")),
        id_token: Some(Secret::from("it")),
        expires_in: Some(3600),
        refresh_expires_at: Some(1_703_696_549),
        scope: Some("openid EXPRPT".to_owned()),
        token_type: Some("Bearer".to_owned()),
        geolocation: Some("https://us2.api.concursolutions.com".to_owned()),
        company_uuid: Some("cu".to_owned()),
        ..TokenFile::default()
    };
    assert_eq!(file, expected);
    assert_eq!(rendered(&file), TUTORIAL);
}

#[test]
fn unknown_fields_come_out_last_and_unchanged() {
    let text = r#"{"zeta":[1,2.5,{"a":null}],"refresh_token":"rt","alpha":"s\n\"é","":true}"#;
    assert_eq!(
        rendered(&parse(text)),
        "{\"refresh_token\":\"rt\",\"\":true,\"alpha\":\"s\\n\\\"é\",\"zeta\":[1,2.5,{\"a\":null}]}\n"
    );
}

#[test]
fn one_token_is_enough_and_none_is_not() {
    assert_eq!(rendered(&parse(r#"{"access_token":"at"}"#)), "{\"access_token\":\"at\"}\n");
    assert_eq!(rendered(&parse(r#"{"refresh_token":"rt"}"#)), "{\"refresh_token\":\"rt\"}\n");
    for text in [
        "{}",
        r#"{"refresh_token":"","access_token":" "}"#,
        r#"{"refresh_token":null,"id_token":"it"}"#,
        r#"{"code":108,"error":"invalid_grant","error_description":"bad or expired"}"#,
    ] {
        assert_eq!(problem(text), Problem::NoToken { misspelt: None }, "{text}");
    }
}

#[test]
fn refresh_expiry_is_seconds_however_it_is_written() {
    let rows = [
        ("1703696549", Some(1_703_696_549)),
        ("\"1703696549\"", Some(1_703_696_549)),
        ("1703696549.0", Some(1_703_696_549)),
        ("1.703696549e9", Some(1_703_696_549)),
        ("1703696549123", Some(1_703_696_549)),
        ("\"1703696549123\"", Some(1_703_696_549)),
        ("1703696549123.0", Some(1_703_696_549)),
        ("1703696549123456", Some(1_703_696_549)),
        ("99999999999", Some(99_999_999_999)),
        ("100000000000", Some(100_000_000)),
        ("0", Some(0)),
        ("-1", Some(-1)),
        ("null", None),
        ("\"\"", None),
    ];
    for (value, expected) in rows {
        let file = parse(&format!(r#"{{"refresh_token":"rt","refresh_expires_in":{value}}}"#));
        assert_eq!(file.refresh_expires_at, expected, "{value}");
    }
}

#[test]
fn expires_in_is_a_number_or_a_string() {
    for value in ["3600", "\"3600\"", "3600.0", "\" 3600 \""] {
        let file = parse(&format!(r#"{{"access_token":"at","expires_in":{value}}}"#));
        assert_eq!(file.expires_in, Some(3600), "{value}");
    }
    // Other programs write when that is.
    for value in [
        "1795903200.25",
        "\"1795903200.25\"",
        "\"2026-11-28T22:00:00Z\"",
        "\" 2026-11-29T00:00:00.5+02:00 \"",
        "\"2026-11-28 22:00:00+00:00\"",
    ] {
        let file = parse(&format!(r#"{{"access_token":"at","expires_in":{value}}}"#));
        assert_eq!(file.absolute_expiry(), Some(1_795_903_200), "{value}");
    }
}

#[test]
fn values_of_the_wrong_kind_are_refused_by_name() {
    let number = |key| Problem::NotANumber { key };
    let string = |key| Problem::NotAString { key };
    let rows = [
        (r#"{"expires_in":"soon"}"#, number("expires_in")),
        (r#"{"expires_in":0.5}"#, number("expires_in")),
        (r#"{"expires_in":true}"#, number("expires_in")),
        (r#"{"expires_in":18446744073709551615}"#, number("expires_in")),
        (r#"{"refresh_expires_in":[1]}"#, number("refresh_expires_in")),
        (r#"{"refresh_token":1}"#, string("refresh_token")),
        (r#"{"access_token":{"token":"at"}}"#, string("access_token")),
        (r#"{"scope":["a"]}"#, string("scope")),
        (r#"{"refresh_token":"a\nb"}"#, Problem::ControlCharacter { key: "refresh_token" }),
        (r#"{"refresh_token":"a\u0000"}"#, Problem::ControlCharacter { key: "refresh_token" }),
        (
            r#"{"refresh_token":"a","refresh_token":"b"}"#,
            Problem::Duplicate { key: Some("refresh_token") },
        ),
        (r#"{"x":1,"x":1}"#, Problem::Duplicate { key: None }),
        (r#"["rt"]"#, Problem::NotAnObject),
        (r#"{"refresh_token":"rt""#, Problem::Truncated),
        ("", Problem::Empty),
        ("<html>", Problem::NotJson),
    ];
    for (text, expected) in rows {
        assert_eq!(problem(text), expected, "{text}");
    }
}

#[test]
fn debug_shows_no_secret_and_no_unknown_field() {
    let file = parse(
        r#"{"access_token":"hunter2","refresh_token":"hunter2","id_token":"hunter2","hunter2":"hunter2"}"#,
    );
    let shown = format!("{file:?}");
    assert!(!shown.contains("hunter2"), "{shown}");
}

#[test]
fn unknown_fields_survive_sealing() {
    let file = parse(r#"{"refresh_token":"rt","b":{"deep":["s",1]},"a":"x"}"#);
    let json = file.unknown.to_secret_json().unwrap();
    assert_eq!(UnknownFields::from_secret_json(&json), Some(file.unknown.clone()));
    assert_eq!(UnknownFields::default().to_secret_json(), None);
    assert_eq!(UnknownFields::from_secret_json(&Secret::from("[]")), None);
    let known = Secret::from(r#"{"access_token":"planted"}"#);
    assert!(UnknownFields::from_secret_json(&known).unwrap().is_empty());
}

#[test]
fn wiping_reaches_every_string() {
    let mut value = json!({"a": "s", "b": ["s", {"c": "s"}], "d": 1});
    wipe(&mut value);
    assert_eq!(value, json!({"a": "", "b": ["", {"c": ""}], "d": 1}));
}

#[test]
fn a_token_that_is_not_text_is_refused_and_not_left_out() {
    let file = TokenFile { refresh_token: Some(Secret::new([0xff])), ..TokenFile::default() };
    assert_eq!(file.render(), Err(NotText));
}

/// A string that reading leaves as it is: not blank, no blanks around it, no control characters.
fn kept() -> impl Strategy<Value = String> {
    any::<String>().prop_filter_map("blank", |text| {
        let text: String = text.chars().filter(|c| !c.is_control()).collect();
        let blank = |c: char| c.is_whitespace() || matches!(c, '\u{feff}' | '\u{200b}');
        let text = text.trim_matches(blank).to_owned();
        (!text.is_empty()).then_some(text)
    })
}

fn json_value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<u64>().prop_map(Value::from),
        any::<i16>().prop_map(|quarters| Value::from(f64::from(quarters) / 4.0)),
        any::<String>().prop_map(Value::from),
    ];
    leaf.prop_recursive(3, 12, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::btree_map(any::<String>(), inner, 0..4)
                .prop_map(|fields| Value::Object(fields.into_iter().collect())),
        ]
    })
}

fn token_file() -> impl Strategy<Value = TokenFile> {
    let optional = || prop::option::of(kept());
    let unknown = prop::collection::btree_map(any::<String>(), json_value(), 0..4);
    let tokens = (kept(), optional(), optional());
    let numbers = (any::<Option<i64>>(), prop::option::of(i64::MIN..NOT_SECONDS));
    let texts = (optional(), optional(), optional(), optional());
    (tokens, numbers, texts, unknown).prop_map(|(tokens, numbers, texts, unknown)| {
        let (refresh_token, access_token, id_token) = tokens;
        let (scope, token_type, geolocation, company_uuid) = texts;
        TokenFile {
            access_token: access_token.map(Secret::from),
            refresh_token: Some(Secret::from(refresh_token)),
            id_token: id_token.map(Secret::from),
            expires_in: numbers.0,
            refresh_expires_at: numbers.1,
            scope,
            token_type,
            geolocation,
            company_uuid,
            unknown: UnknownFields(unknown.into_iter().collect()),
            ..TokenFile::default()
        }
    })
}

proptest! {
    #[test]
    fn what_is_written_is_read_back(file in token_file()) {
        let bytes = file.render().unwrap();
        prop_assert_eq!(bytes.iter().position(|byte| *byte == b'\n'), Some(bytes.len() - 1));
        prop_assert_eq!(TokenFile::parse(&bytes), Ok(file));
    }

    #[test]
    fn what_is_read_is_written_and_read_back(epoch: i64, token in "[!-~]{1,20}", cut in 0_usize..200) {
        let token = Value::from(token);
        let text = format!(r#"{{"refresh_token":{token},"refresh_expires_in":"{epoch}","x":[{token}]}}"#);
        let file = parse(&text);
        prop_assert_eq!(TokenFile::parse(&file.render().unwrap()), Ok(file));
        let cut: String = text.chars().take(cut).collect();
        if let Err(error) = TokenFile::parse(cut.as_bytes()) {
            prop_assert!(cut.len() < text.len(), "{}", error);
        }
    }

    #[test]
    fn problems_never_quote_the_file(secret in "[a-z0-9]{12,40}") {
        for text in [
            format!(r#"{{"expires_in":"{secret}"}}"#),
            format!(r#"{{"access_token":["{secret}"]}}"#),
            format!(r#"{{"{secret}":1,"{secret}":2}}"#),
            format!(r#"{{"{secret}":"{secret}"}}"#),
            format!("\"{secret}\""),
            secret.clone(),
        ] {
            let error = TokenFile::parse(text.as_bytes()).unwrap_err();
            let shown = format!("{error} {error:?}");
            prop_assert!(!shown.contains(&secret), "{}", shown);
        }
    }
}

/// Found by fuzzing: without exact reading of fractions every import and export moved them a little.
#[test]
fn numbers_in_unknown_fields_do_not_drift() {
    let text =
        r#"{"refresh_token":"r","f":1.5156,"n":12360708045000000000000000022220000000000000}"#;
    let once = TokenFile::parse(text.as_bytes()).unwrap();
    let twice = TokenFile::parse(&once.render().unwrap()).unwrap();
    assert!(once == twice, "what was read is what was written");
    assert_eq!(*once.render().unwrap(), *twice.render().unwrap());
}
