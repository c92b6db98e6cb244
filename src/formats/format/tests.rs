//! Each format with ordinary and with hostile values, read back by its language's own rules.

#![allow(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]

use proptest::prelude::*;
use serde_json::json;

use super::*;

fn token(secret: &Secret, refresh_token: Option<&Secret>) -> AccessToken {
    AccessToken {
        secret: secret.clone(),
        base_url: "https://us2.api.concursolutions.com".to_owned(),
        expires_at: Some(1_700_000_000),
        principal: "08bcca1e".to_owned(),
        profile: "acme".to_owned(),
        refresh_token: refresh_token.cloned(),
    }
}

fn rendered(format: Format, token: &AccessToken) -> String {
    String::from_utf8(render(format, token).unwrap().to_vec()).unwrap()
}

#[test]
fn formats_have_the_names_they_are_asked_for_by() {
    for (format, name) in Format::ALL.into_iter().zip(Format::NAMES) {
        assert_eq!(format.to_string(), name);
        assert_eq!(name.parse(), Ok(format));
    }
    let unknown = "hunter2".parse::<Format>().unwrap_err().to_string();
    assert!(unknown.contains("powershell") && !unknown.contains("hunter2"));
    assert_eq!("Token".parse::<Format>(), Err(UnknownFormat));
}

#[test]
fn each_format_looks_as_documented() {
    let (access, refresh) = (Secret::from("at"), Secret::from("rt"));
    let with = token(&access, Some(&refresh));
    let rows = [
        (Format::Token, "at\n"),
        (Format::Header, "Authorization: Bearer at\n"),
        (Format::Curl, "header = \"Authorization: Bearer at\"\n"),
        (
            Format::Json,
            "{\"access_token\":\"at\",\"token_type\":\"Bearer\",\
             \"base_url\":\"https://us2.api.concursolutions.com\",\"expires_at\":1700000000,\
             \"expires_at_rfc3339\":\"2023-11-14T22:13:20Z\",\"company_uuid\":\"08bcca1e\",\
             \"profile\":\"acme\",\"refresh_token\":\"rt\"}\n",
        ),
        (
            Format::Env,
            "export CONCUR_ACCESS_TOKEN='at'\n\
             export CONCUR_BASE_URL='https://us2.api.concursolutions.com'\n\
             export CONCUR_COMPANY_UUID='08bcca1e'\n\
             export CONCUR_TOKEN_EXPIRES_AT='1700000000'\n\
             export CONCUR_REFRESH_TOKEN='rt'\n",
        ),
        (
            Format::Powershell,
            "$env:CONCUR_ACCESS_TOKEN = 'at'\n\
             $env:CONCUR_BASE_URL = 'https://us2.api.concursolutions.com'\n\
             $env:CONCUR_COMPANY_UUID = '08bcca1e'\n\
             $env:CONCUR_TOKEN_EXPIRES_AT = '1700000000'\n\
             $env:CONCUR_REFRESH_TOKEN = 'rt'\n",
        ),
        (
            Format::Git,
            "username=08bcca1e\npassword=at\npassword_expiry_utc=1700000000\n\
             oauth_refresh_token=rt\n",
        ),
    ];
    for (format, expected) in rows {
        assert_eq!(rendered(format, &with), expected, "{format}");
    }
}

#[test]
fn the_refresh_token_is_shown_only_when_it_is_given() {
    let access = Secret::from("at");
    for format in Format::ALL {
        let shown = rendered(format, &token(&access, None)).to_lowercase();
        assert!(!shown.contains("refresh"), "{format}");
    }
}

#[test]
fn an_unknown_or_impossible_expiry_is_said_to_be_unknown() {
    let access = Secret::from("at");
    let unknown = AccessToken { expires_at: None, ..token(&access, None) };
    assert!(rendered(Format::Json, &unknown).contains(r#""expires_at":null"#));
    assert!(rendered(Format::Env, &unknown).contains("export CONCUR_TOKEN_EXPIRES_AT=''\n"));
    assert!(rendered(Format::Powershell, &unknown).contains("EXPIRES_AT = ''\n"));
    assert!(!rendered(Format::Git, &unknown).contains("expiry"));
    let absurd = AccessToken { expires_at: Some(i64::MAX), ..token(&access, None) };
    assert!(rendered(Format::Json, &absurd).contains(r#""expires_at_rfc3339":null"#));
}

#[test]
fn line_formats_refuse_line_breaks_in_every_field_they_print() {
    let good = Secret::from("t");
    for bad in ["x\nrm -rf /", "x\ry", "x\0", "\r\n"] {
        let secret = Secret::from(bad);
        for format in Format::ALL.into_iter().filter(|format| *format != Format::Json) {
            assert!(render(format, &token(&secret, None)).is_err(), "{format}");
        }
        for format in [Format::Env, Format::Powershell] {
            let base = AccessToken { base_url: bad.to_owned(), ..token(&good, None) };
            assert!(render(format, &base).is_err());
            assert!(render(format, &token(&good, Some(&secret))).is_err());
        }
        for format in [Format::Env, Format::Powershell, Format::Git] {
            let company = AccessToken { principal: bad.to_owned(), ..token(&good, None) };
            assert!(render(format, &company).is_err());
        }
        let refused = render(Format::Header, &token(&secret, None)).unwrap_err().to_string();
        assert!(refused.contains("access token") && !refused.contains("rm"));
    }
}

#[test]
fn a_token_that_is_not_text_is_given_only_where_bytes_are() {
    let access = Secret::new([0xff, 0x80]);
    for format in Format::ALL {
        let bytes_are_fine = matches!(format, Format::Token | Format::Git);
        assert_eq!(render(format, &token(&access, None)).is_ok(), bytes_are_fine, "{format}");
    }
}

#[test]
fn powershell_output_has_no_quote_that_only_looks_like_one() {
    let access = Secret::from("a\u{2018}\u{2019}\u{201a}\u{201b}'; whoami; '\u{1f642}Ñ");
    let shown = rendered(Format::Powershell, &token(&access, None));
    let first = shown.lines().next().unwrap();
    assert_eq!(
        first,
        "$env:CONCUR_ACCESS_TOKEN = 'a' + [char]0x2018 + '' + [char]0x2019 + '' + [char]0x201a + '' \
         + [char]0x201b + '''; whoami; ''' + [char]0xd83d + '' + [char]0xde42 + '' + [char]0x00d1 + ''"
    );
}

#[test]
fn hostile_values_stay_values_in_the_shell() {
    let access = Secret::from("'; rm -rf / #$(id)`id`\"\\!");
    let shown = rendered(Format::Env, &token(&access, None));
    assert!(shown.starts_with(r#"export CONCUR_ACCESS_TOKEN=''\''; rm -rf / #$(id)`id`"\!'"#));
}

/// What a POSIX shell makes of one word of single-quoted runs and backslash escapes; `None` when
/// anything in it stands unquoted.
fn posix_unquoted(word: &str) -> Option<String> {
    let mut value = String::new();
    let mut characters = word.chars();
    while let Some(character) = characters.next() {
        match character {
            '\'' => loop {
                match characters.next()? {
                    '\'' => break,
                    quoted => value.push(quoted),
                }
            },
            '\\' => value.push(characters.next()?),
            _ => return None,
        }
    }
    Some(value)
}

/// What PowerShell makes of single-quoted strings and `[char]` casts joined by `+`.
fn powershell_evaluated(expression: &str) -> Option<String> {
    let mut units = Vec::new();
    let mut rest = expression;
    loop {
        if let Some(hex) = rest.strip_prefix("[char]0x") {
            units.push(u16::from_str_radix(hex.get(..4)?, 16).ok()?);
            rest = &hex[4..];
        } else {
            rest = rest.strip_prefix('\'')?;
            loop {
                let quote = rest.find('\'')?;
                units.extend(rest[..quote].encode_utf16());
                rest = &rest[quote + 1..];
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

/// What curl makes of a double-quoted config value.
fn curl_unquoted(quoted: &str) -> Option<String> {
    let inside = quoted.strip_prefix('"')?;
    let mut value = String::new();
    let mut characters = inside.chars();
    loop {
        match characters.next()? {
            '"' => return characters.next().is_none().then_some(value),
            '\\' => value.push(characters.next()?),
            character => value.push(character),
        }
    }
}

fn single_line_text() -> impl Strategy<Value = String> {
    prop_oneof!["[^\n\r\0]{0,40}", "['\"\\\\$`;\u{2018}\u{2019}\u{201a}\u{201b}a🙂 ]{0,40}",]
}

proptest! {
    #[test]
    fn every_language_reads_back_the_value(access in single_line_text(), company in single_line_text()) {
        let secret = Secret::from(access.as_str());
        let token = AccessToken { principal: company.clone(), ..token(&secret, None) };

        let shell = rendered(Format::Env, &token);
        let words: Vec<_> =
            shell.split('\n').filter_map(|line| line.split_once('=')).map(|(_, word)| word).collect();
        prop_assert_eq!(words.len(), 4);
        prop_assert_eq!(posix_unquoted(words[0]), Some(access.clone()));
        prop_assert_eq!(posix_unquoted(words[2]), Some(company.clone()));

        let powershell = rendered(Format::Powershell, &token);
        prop_assert!(powershell.is_ascii());
        let values: Vec<_> =
            powershell.split('\n').filter_map(|line| line.split_once(" = ")).map(|(_, v)| v).collect();
        prop_assert_eq!(values.len(), 4);
        prop_assert_eq!(powershell_evaluated(values[0]), Some(access.clone()));
        prop_assert_eq!(powershell_evaluated(values[2]), Some(company.clone()));

        let curl = rendered(Format::Curl, &token);
        let quoted = curl.strip_prefix("header = ").and_then(|rest| rest.strip_suffix('\n')).unwrap();
        prop_assert_eq!(curl_unquoted(quoted), Some(format!("Authorization: Bearer {access}")));
    }

    #[test]
    fn json_reads_back_any_text(access: String, company: String, expires_at: Option<i64>) {
        let secret = Secret::from(access.as_str());
        let token = AccessToken { principal: company.clone(), expires_at, ..token(&secret, Some(&secret)) };
        let shown = rendered(Format::Json, &token);
        prop_assert_eq!(shown.matches('\n').count(), 1);
        let object: serde_json::Value = serde_json::from_str(&shown).unwrap();
        prop_assert_eq!(&object["access_token"], &json!(access));
        prop_assert_eq!(&object["refresh_token"], &json!(access));
        prop_assert_eq!(&object["company_uuid"], &json!(company));
        prop_assert_eq!(&object["expires_at"], &json!(expires_at));
    }
}
