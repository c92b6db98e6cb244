//! `credentials.json`, as people write it by hand.
#![no_main]

use concur_cred::fuzzing::{Credentials, FileError, Secret};
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

/// What files call the base URL.
const BASE_URLS: [&str; 7] =
    ["geolocation", "api_url", "apiUrl", "base_url", "baseUrl", "instance_url", "instanceUrl"];

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
    // By any of its names: two that differ are refused.
    let named = |keys: &[&str]| {
        let values = keys.iter().map(|key| written(key, ""));
        values.into_iter().find(|value| !value.is_empty()).unwrap_or_default()
    };
    let Credentials {
        client_id,
        client_secret,
        company_uuid,
        company_request_token,
        refresh_token,
        base_url,
        grant_type,
        credential_type,
        misspelt,
    } = credentials;
    assert!(misspelt.iter().all(|key| written(key, "").is_empty()), "only a blank one is missed");
    assert_eq!(client_id, &named(&["appID", "appId", "app_id", "client_id", "clientId"]));
    assert_eq!(text(client_secret), named(&["clientSecret", "client_secret"]));
    let company = named(&["companyUUID", "company_uuid", "companyUuid"]);
    let is_id = ["companyId", "company_id"].into_iter().any(|key| {
        file.get(key).and_then(Value::as_str).is_some_and(|text| text.contains(company_uuid))
    });
    assert!(company_uuid == &company || (company.is_empty() && is_id));
    let token = company_request_token.as_ref().map(text).unwrap_or_default();
    assert_eq!(token, named(&["companyRequestToken", "company_request_token"]));
    let token = refresh_token.as_ref().map(text).unwrap_or_default();
    assert_eq!(token, named(&["refreshToken", "refresh_token"]));
    assert!(base_url.is_none() || BASE_URLS.iter().any(|key| file.get(key).is_some()));
    assert_eq!(grant_type, &written("grantType", "password"));
    assert_eq!(credential_type, &written("credentialType", "authtoken"));
}

fn reads_back(credentials: &Credentials) {
    let file = json!({
        "appID": credentials.client_id,
        "clientSecret": text(&credentials.client_secret),
        "companyUUID": credentials.company_uuid,
        "companyRequestToken": credentials.company_request_token.as_ref().map(text),
        "refreshToken": credentials.refresh_token.as_ref().map(text),
        "geolocation": credentials.base_url,
        "grantType": credentials.grant_type,
        "credentialType": credentials.credential_type,
    });
    let again = Credentials::parse(file.to_string().as_bytes()).expect("the same, written plainly");
    assert!(again == Credentials { misspelt: Vec::new(), ..credentials.clone() });
    assert_eq!(again.missing(), credentials.missing());
    assert_eq!(credentials.missing().contains(&"appID"), credentials.client_id.is_empty());
}
