//! `credentials.json` of the tutorial: the application, the company, and the grant.

use serde::de::MapAccess;
use uuid::Uuid;

use super::FileError;
use super::object::{Fields, Values, read};
use crate::model::secret::Secret;
use crate::model::similar::nearest;

/// The tutorial's blank file, a field a line.
const BLANK: &str = r#"{
  "appID": "",
  "clientSecret": "",
  "grantType": "password",
  "companyUUID": "",
  "companyRequestToken": "",
  "credentialType": "authtoken"
}
"#;

/// The content of the file. Blanks around values are removed; a missing key, `null` and a blank string are the
/// same, and unknown keys are ignored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Credentials {
    /// `appID`, the client id of the grant requests.
    pub client_id: String,
    /// `clientSecret`.
    pub client_secret: Secret,
    /// `companyUUID`, the username of the company grant.
    pub company_uuid: String,
    /// `companyRequestToken`, the password of the company grant; valid for 24 hours.
    pub company_request_token: Option<Secret>,
    /// `grantType`; the template's `password` when blank.
    pub grant_type: String,
    /// `refreshToken`: an existing one.
    pub refresh_token: Option<Secret>,
    /// The base URL as written: not checked, not normalised.
    pub base_url: Option<String>,
    /// `credentialType`, sent as `credtype`; the template's `authtoken` when blank.
    pub credential_type: String,
    /// Blank keys for which an unknown one was probably written.
    pub misspelt: Vec<&'static str>,
}

/// The keys that a person fills in.
const FILLED_IN: [&str; 5] =
    ["appID", "clientSecret", "companyUUID", "companyRequestToken", "refreshToken"];

impl Credentials {
    /// Parses the file, also one that is only partly filled in: see [`Credentials::missing`].
    pub fn parse(bytes: &[u8]) -> Result<Self, FileError> {
        let RawCredentials {
            app_id,
            client_secret,
            grant_type,
            company_uuid,
            company_request_token,
            refresh_token,
            geolocation,
            base_url,
            credential_type,
            unknown,
        } = read(bytes, RawCredentials::default())?;
        let is_blank = |key: &&'static str| match *key {
            "appID" => app_id.is_none(),
            "clientSecret" => client_secret.is_none(),
            "companyUUID" => company_uuid.is_none(),
            "companyRequestToken" => company_request_token.is_none(),
            _ => refresh_token.is_none(),
        };
        let blank: Vec<&'static str> = FILLED_IN.into_iter().filter(is_blank).collect();
        let misspelt = unknown.iter().filter_map(|key| nearest(key, &blank)).collect();
        Ok(Self {
            misspelt,
            client_id: app_id.unwrap_or_default(),
            client_secret: client_secret.unwrap_or_else(|| Secret::from("")),
            company_uuid: company_uuid.unwrap_or_default(),
            company_request_token,
            refresh_token,
            base_url: geolocation.or(base_url),
            grant_type: grant_type.unwrap_or_else(|| "password".to_owned()),
            credential_type: credential_type.unwrap_or_else(|| "authtoken".to_owned()),
        })
    }

    /// The JSON keys that the company grant needs and that are still blank, in the file's order.
    pub fn missing(&self) -> Vec<&'static str> {
        let Self {
            client_id,
            client_secret,
            company_uuid,
            company_request_token,
            refresh_token: _,
            base_url: _,
            grant_type: _,
            credential_type: _,
            misspelt: _,
        } = self;
        [
            ("appID", client_id.is_empty()),
            ("clientSecret", client_secret.is_empty()),
            ("companyUUID", company_uuid.is_empty()),
            ("companyRequestToken", company_request_token.as_ref().is_none_or(Secret::is_empty)),
        ]
        .into_iter()
        .filter_map(|(key, blank)| blank.then_some(key))
        .collect()
    }
}

/// The file to fill in, as the tutorial writes it.
pub(crate) fn blank_template() -> String {
    BLANK.to_owned()
}

#[derive(Default)]
struct RawCredentials {
    app_id: Option<String>,
    client_secret: Option<Secret>,
    grant_type: Option<String>,
    company_uuid: Option<String>,
    company_request_token: Option<Secret>,
    refresh_token: Option<Secret>,
    geolocation: Option<String>,
    base_url: Option<String>,
    credential_type: Option<String>,
    /// Other keys, the first of them.
    unknown: Vec<String>,
}

/// How many unknown keys are looked at.
const MOST_UNKNOWN: usize = 20;

impl Fields for RawCredentials {
    const KEYS: &'static [&'static str] = &[
        "appID",
        "clientSecret",
        "grantType",
        "companyUUID",
        "companyRequestToken",
        "credentialType",
        // The names in other programs' files.
        "client_id",
        "clientId",
        "appId",
        "app_id",
        "client_secret",
        "company_uuid",
        "companyUuid",
        "companyId",
        "company_id",
        "company_request_token",
        "refreshToken",
        "refresh_token",
        "geolocation",
        "api_url",
        "apiUrl",
        "base_url",
        "baseUrl",
        "instance_url",
        "instanceUrl",
    ];

    fn take<'de, A: MapAccess<'de>>(
        &mut self,
        key: &'static str,
        values: &mut Values<'_, A>,
    ) -> Result<(), A::Error> {
        let secret = match key {
            "clientSecret" | "client_secret" => &mut self.client_secret,
            "companyRequestToken" | "company_request_token" => &mut self.company_request_token,
            "refreshToken" | "refresh_token" => &mut self.refresh_token,
            // With this name it may be a vendor's own id.
            "companyId" | "company_id" => {
                let said = values.text_if_any()?.filter(|id| Uuid::try_parse(id).is_ok());
                return values.keep(&mut self.company_uuid, said, key);
            }
            "geolocation" => return values.base_url().map(|said| self.geolocation = said),
            "api_url" | "apiUrl" | "base_url" | "baseUrl" | "instance_url" | "instanceUrl" => {
                return values.base_url().map(|said| self.base_url = self.base_url.take().or(said));
            }
            _ => {
                let said = values.text(key)?;
                return values.keep(self.text_named(key), said, key);
            }
        };
        let said = values.secret(key)?;
        values.keep(secret, said, key)
    }

    fn take_unknown<'de, A: MapAccess<'de>>(
        &mut self,
        key: String,
        values: &mut Values<'_, A>,
    ) -> Result<(), A::Error> {
        if self.unknown.len() < MOST_UNKNOWN {
            self.unknown.push(key);
        }
        values.skip()
    }
}

impl RawCredentials {
    /// The field for this name.
    fn text_named(&mut self, key: &str) -> &mut Option<String> {
        match key {
            "appID" | "appId" | "app_id" | "client_id" | "clientId" => &mut self.app_id,
            "grantType" => &mut self.grant_type,
            "companyUUID" | "company_uuid" | "companyUuid" => &mut self.company_uuid,
            _ => &mut self.credential_type,
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]

    use proptest::prelude::*;

    use super::*;
    use crate::formats::tutorial::{MAX_FILE_BYTES, Problem};

    const FILLED: &str = r#"{"appID":"id","clientSecret":"cs","grantType":"password","companyUUID":"cu","companyRequestToken":"rt","credentialType":"authtoken"}"#;

    /// Line, column and problem.
    type Found = (usize, usize, Problem);

    fn problem(bytes: &[u8]) -> Found {
        let FileError { line, column, problem } = Credentials::parse(bytes).unwrap_err();
        (line, column, problem)
    }

    fn filled() -> Credentials {
        Credentials {
            client_id: "id".to_owned(),
            client_secret: Secret::from("cs"),
            company_uuid: "cu".to_owned(),
            company_request_token: Some(Secret::from("rt")),
            refresh_token: None,
            base_url: None,
            grant_type: "password".to_owned(),
            credential_type: "authtoken".to_owned(),
            misspelt: Vec::new(),
        }
    }

    #[test]
    fn the_tutorials_file_is_read() {
        assert_eq!(Credentials::parse(FILLED.as_bytes()), Ok(filled()));
        assert!(filled().missing().is_empty());
    }

    #[test]
    fn a_misspelt_key_is_noticed_where_its_value_is_missing() {
        let misspelt = |text: &str| Credentials::parse(text.as_bytes()).unwrap().misspelt;
        assert_eq!(misspelt(r#"{"appID":"x","secret":"s"}"#), ["clientSecret"]);
        assert_eq!(
            misspelt(r#"{"app-ID":"x","UUID":"s","requestToken":1}"#),
            ["appID", "companyUUID", "companyRequestToken"]
        );
        assert_eq!(misspelt(FILLED.replace('}', r#","secret":"s"}"#).as_str()), [""; 0]);
        assert_eq!(misspelt(r#"{"comment":"x","hunter2":""}"#), [""; 0]);
    }

    #[test]
    fn the_blank_template_is_the_tutorials_and_says_what_to_fill_in() {
        let on_one_line: String = blank_template().split_whitespace().collect();
        assert_eq!(
            on_one_line,
            "{\"appID\":\"\",\"clientSecret\":\"\",\"grantType\":\"password\",\"companyUUID\":\"\",\
             \"companyRequestToken\":\"\",\"credentialType\":\"authtoken\"}"
        );
        let blank = Credentials::parse(blank_template().as_bytes()).unwrap();
        let all = ["appID", "clientSecret", "companyUUID", "companyRequestToken"];
        assert_eq!(blank.missing(), all);
        let nothing = Credentials::parse(b"{}").unwrap();
        assert_eq!(nothing, blank, "absent keys are blank ones");
    }

    #[test]
    fn editors_and_pasting_do_no_harm() {
        let rows = [
            format!("\u{feff}{FILLED}\r\n"),
            FILLED.replace(',', ",\r\n\t"),
            FILLED.replace(r#""rt""#, r#"" \u0072t\n""#).replace(r#""id""#, "\"\u{200b}id\u{a0}\""),
            FILLED.replace('{', r#"{"comment":{"a":[null,1.5]},"comment":2,"#),
        ];
        for text in rows {
            assert_eq!(Credentials::parse(text.as_bytes()), Ok(filled()), "{text}");
        }
    }

    #[test]
    fn null_is_blank() {
        let read = Credentials::parse(br#"{"appID":null,"grantType":null}"#).unwrap();
        assert_eq!((read.client_id.as_str(), read.grant_type.as_str()), ("", "password"));
    }

    #[test]
    fn every_bad_file_has_its_own_clear_problem() {
        let string = |key| Problem::NotAString { key };
        let rows: [(&[u8], Found); 16] = [
            (b"", (0, 0, Problem::Empty)),
            (b" \r\n", (0, 0, Problem::Empty)),
            (b"\xef\xbb\xbf", (0, 0, Problem::Empty)),
            (b"\xff\xfe{\0}\0", (0, 0, Problem::Utf16)),
            (b"{\"appID\":\n \"\xff\"}", (2, 3, Problem::NotText)),
            (b"{\n}\0", (2, 2, Problem::NotText)),
            (b"{\"appID\":\"id\",", (1, 14, Problem::Truncated)),
            (b"{\"appID\":\"i", (1, 11, Problem::Truncated)),
            (b"{appID:\"id\"}", (1, 2, Problem::NotJson)),
            (b"{\"appID\":\"id\"} x", (1, 16, Problem::NotJson)),
            (b"[\"id\"]", (1, 1, Problem::NotAnObject)),
            (b"\"id\"", (1, 4, Problem::NotAnObject)),
            (b"{\"appID\":12}", (1, 11, string("appID"))),
            (b"{\n\"clientSecret\":[\"x\"]}", (2, 16, string("clientSecret"))),
            (b"{\"appID\":\"a\\nb\"}", (1, 16, Problem::ControlCharacter { key: "appID" })),
            (
                b"{\"appID\":\"a\",\"appID\":\"a\"}",
                (1, 20, Problem::Duplicate { key: Some("appID") }),
            ),
        ];
        for (bytes, expected) in rows {
            assert_eq!(problem(bytes), expected, "{}", String::from_utf8_lossy(bytes));
        }
        assert_eq!(problem(&vec![b' '; MAX_FILE_BYTES + 1]).2, Problem::TooLarge);
        let deep = format!(r#"{{"x":{}"#, "[".repeat(100_000));
        assert!(Credentials::parse(deep.as_bytes()).is_err(), "depth costs no stack");
    }

    #[test]
    fn problems_say_where_and_what() {
        let error = Credentials::parse(b"{\n\"appID\":1}").unwrap_err();
        assert_eq!(
            error.to_string(),
            "line 2, column 9: the value of `appID` must be a string in double quotes"
        );
        let error = Credentials::parse(b"").unwrap_err();
        assert_eq!(error.to_string(), "the file is empty; a JSON object is expected");
    }

    #[test]
    fn debug_shows_no_secret() {
        let secret = FILLED.replace(r#""cs""#, r#""hunter2""#).replace(r#""rt""#, r#""hunter2""#);
        let read = Credentials::parse(secret.as_bytes()).unwrap();
        assert!(!format!("{read:?}").contains("hunter2"));
    }

    proptest! {
        #[test]
        fn parsing_never_panics(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
            let _outcome = Credentials::parse(&bytes);
        }

        #[test]
        fn problems_never_quote_the_file(secret in "[a-z0-9]{12,40}", cut in 0_usize..200) {
            let texts = [
                FILLED.replace("\"cs\"", &format!("\"{secret}")),
                FILLED.replace("\"cs\"", &format!("{{\"{secret}\":\"{secret}\"}}")),
                FILLED.replace("\"cs\"", &format!("[\"{secret}\"]")),
                FILLED.replace("clientSecret", &format!("{secret}\":1,\"appID")),
                format!("\"{secret}\""),
                FILLED.replace("\"cs\"", &format!("\"{secret}\"")).chars().take(cut).collect(),
            ];
            for text in texts {
                if let Err(error) = Credentials::parse(text.as_bytes()) {
                    let shown = format!("{error} {error:?}");
                    prop_assert!(!shown.contains(&secret), "{}", shown);
                }
            }
        }
    }
}
