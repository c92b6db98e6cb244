//! `credentials.json`, as people write it by hand.
#![no_main]

use concur_cred::exchange::{Credentials, FileError};
use concur_cred::model::secret::Secret;
use libfuzzer_sys::fuzz_target;
use serde_json::{Value, json};

fuzz_target!(|data: &[u8]| {
    match Credentials::parse(data) {
        Ok(credentials) => {
            is_what_stood_there(&credentials, data);
            reads_back(&credentials);
        }
        Err(FileError { line, column, .. }) => {
            assert_eq!(line == 0, column == 0);
            assert!(line <= data.split(|byte| *byte == b'\n').count());
            assert!(column <= data.len() + 1);
        }
    }
});

fn text(secret: &Secret) -> &str {
    secret.expose_utf8().expect("from text")
}

/// Every value is the file's own, but for blanks around it.
fn is_what_stood_there(credentials: &Credentials, data: &[u8]) {
    let data = data.strip_prefix("\u{feff}".as_bytes()).unwrap_or(data);
    // A number out of range in an unknown field is skipped by the one reader and refused by the other.
    let Ok(file) = serde_json::from_slice::<Value>(data) else { return };
    let written = |key: &str, default: &str| {
        let blank = |c: char| c.is_whitespace() || matches!(c, '\u{feff}' | '\u{200b}');
        let value = file.get(key).and_then(Value::as_str).unwrap_or_default();
        let value = value.trim_matches(blank);
        if value.is_empty() { default.to_owned() } else { value.to_owned() }
    };
    let Credentials {
        client_id,
        client_secret,
        company_uuid,
        company_request_token,
        grant_type,
        credential_type,
    } = credentials;
    assert_eq!(client_id, &written("appID", ""));
    assert_eq!(text(client_secret), written("clientSecret", ""));
    assert_eq!(company_uuid, &written("companyUUID", ""));
    let token = company_request_token.as_ref().map(text).unwrap_or_default();
    assert_eq!(token, written("companyRequestToken", ""));
    assert_eq!(grant_type, &written("grantType", "password"));
    assert_eq!(credential_type, &written("credentialType", "authtoken"));
}

fn reads_back(credentials: &Credentials) {
    let file = json!({
        "appID": credentials.client_id,
        "clientSecret": text(&credentials.client_secret),
        "companyUUID": credentials.company_uuid,
        "companyRequestToken": credentials.company_request_token.as_ref().map(text),
        "grantType": credentials.grant_type,
        "credentialType": credentials.credential_type,
    });
    let again = Credentials::parse(file.to_string().as_bytes()).expect("the same, written plainly");
    assert!(again == *credentials);
    assert_eq!(again.missing(), credentials.missing());
    assert_eq!(credentials.missing().contains(&"appID"), credentials.client_id.is_empty());
}
