//! Pure: classifies the status of an answer, and finds the message in the body of a failure.

use serde_json::Value;

use super::messages;
use crate::error::{Error, Kind, ServiceWord};
use crate::model::lenient::whole_number;
use crate::model::origin::Origin;
use crate::model::printable::printable;
use crate::model::redact;
use crate::model::secret::Secret;
use crate::model::span::span;

/// What a status means for the caller.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// The body is the answer.
    Done,
    /// 401 or 403: the token or its scopes.
    Refused,
    /// A redirect: never followed with a token.
    Redirect,
    /// Throttled, down, or a gateway's failure: may succeed later.
    Temporary,
    /// The request itself.
    Failed,
}

impl Verdict {
    pub(crate) fn of(status: u16) -> Self {
        match status {
            // 304 answers a conditional request of the caller.
            200..=299 | 304 => Self::Done,
            300..=399 => Self::Redirect,
            401 | 403 => Self::Refused,
            // 407 and 408 come from a proxy or gateway, as for the token service.
            407 | 408 | 429 | 500..=599 => Self::Temporary,
            _ => Self::Failed,
        }
    }

    /// The kind of failure.
    pub(crate) const fn kind(self) -> Kind {
        match self {
            Self::Temporary => Kind::Temporary,
            Self::Done | Self::Refused | Self::Redirect | Self::Failed => Kind::Other,
        }
    }
}

/// A failed answer.
#[derive(Debug)]
pub(crate) struct Failure<'a> {
    /// The status.
    pub status: u16,
    /// The service's message.
    pub word: ServiceWord,
    /// `Location`, as received.
    pub location: Option<&'a str>,
    /// `Retry-After`, in seconds.
    pub retry_after: Option<u64>,
    /// The scope that the token was granted.
    pub scope: Option<&'a str>,
    /// The token that was sent.
    pub token: &'a Secret,
}

impl Failure<'_> {
    /// The error to show.
    pub(crate) fn error(self) -> Error {
        let verdict = Verdict::of(self.status);
        let problem = match verdict {
            Verdict::Redirect => format!(
                "Concur answered {} and named {}; redirects are not followed",
                self.status,
                self.location.map_or_else(|| "no place".to_owned(), |at| shown(at, self.token))
            ),
            _ => format!("Concur answered {}", self.status),
        };
        let remedy = match (verdict, self.retry_after) {
            (Verdict::Temporary, Some(seconds)) => format!("Try again in {}.", span(seconds)),
            (Verdict::Temporary, None) => "Try again.".to_owned(),
            (Verdict::Refused, _) => self.refused(),
            (Verdict::Redirect, _) => "Correct the path.".to_owned(),
            _ => "Correct the request; api --include shows the whole answer.".to_owned(),
        };
        Error::new(verdict.kind(), problem, remedy).with_service(self.word)
    }

    /// A scope is blamed only where Concur names one. A 401 is about the token whatever the body says (RFC 6750,
    /// section 3.1).
    fn refused(&self) -> String {
        let said = self.word.description.as_deref().unwrap_or_default().to_ascii_lowercase();
        if said.contains("scope") {
            let granted = match self.scope {
                Some(scope) if !scope.is_empty() => {
                    format!(" (granted: {})", printable(scope, 400))
                }
                _ => String::new(),
            };
            format!(
                "The application lacks a scope for this path{granted}. Add it at Concur, then log in again."
            )
        } else if self.status == 401 || said.contains("token") {
            "The token has not expired: it was revoked, or a refresh elsewhere replaced it. Run: \
             concur-cred refresh; if that is refused, log in again."
                .to_owned()
        } else {
            "The token is valid, but its user or application may not do this: check the path, and the \
             permissions at Concur."
                .to_owned()
        }
    }
}

/// The origin of a `Location`, unless it repeats the token.
fn shown(location: &str, token: &Secret) -> String {
    let origin = origin_of(location);
    if repeats(&origin, token) { "another place".to_owned() } else { printable(&origin, 200) }
}

/// The origin of a `Location`: the rest may contain something confidential.
fn origin_of(location: &str) -> String {
    match url::Url::parse(location) {
        Ok(url) if url.has_host() => Origin::from_geolocation(location).map_or_else(
            |_| format!("{}://{}", url.scheme(), url.host_str().unwrap_or_default()),
            |o| o.to_string(),
        ),
        Ok(_) => "an invalid host".to_owned(),
        Err(url::ParseError::RelativeUrlWithoutBase) if !location.starts_with("//") => {
            "another path of the same host".to_owned()
        }
        Err(_) => "another place".to_owned(),
    }
}

/// The message in the body of a failure, without parts that repeat the token.
pub(crate) fn word_in(body: &[u8], token: &Secret) -> ServiceWord {
    let json: Value = serde_json::from_slice(body).unwrap_or_default();
    let said = messages::in_body(body);
    // Searched before it is cut: the cut could be within the token.
    let may_be_shown = !said.is_empty() && !repeats(&said.join("; "), token);
    ServiceWord {
        code: json.get("code").and_then(whole_number),
        description: may_be_shown.then(|| messages::joined(&said)),
        correlation_id: None,
    }
}

/// The correlation id of an answer, unless it repeats the token.
pub(crate) fn correlation_id<'a>(answered: Option<&'a str>, token: &Secret) -> Option<&'a str> {
    answered.filter(|id| !repeats(id, token))
}

/// Whether a text of the service repeats the token.
fn repeats(text: &str, token: &Secret) -> bool {
    redact::repeats(text, &[token])
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_status_has_the_documented_exit_code() {
        for (status, code) in [
            (301, 1),
            (307, 1),
            (400, 1),
            (401, 1),
            (403, 1),
            (404, 1),
            (407, 5),
            (408, 5),
            (409, 1),
            (422, 1),
            (429, 5),
            (500, 5),
            (503, 5),
        ] {
            assert_eq!(Verdict::of(status).kind().exit_code(), code, "{status}");
        }
        for status in [200, 201, 204, 206, 304] {
            assert_eq!(Verdict::of(status), Verdict::Done, "{status}");
        }
    }

    fn said(body: &str) -> Option<String> {
        word_in(body.as_bytes(), &Secret::from("t0ken-t0ken")).description
    }

    #[test]
    fn concurs_words_are_found_in_the_shapes_of_its_apis() {
        for (body, expected) in [
            (r#"{"message":"no such report"}"#, Some("no such report")),
            (r#"{"Message":"Invalid","Id":1}"#, Some("Invalid")),
            (r#"{"error":"invalid_grant","error_description":"bad"}"#, Some("bad")),
            (r#"{"error":"forbidden"}"#, Some("forbidden")),
            (r#"{"error":{"code":"x","message":"inner"}}"#, Some("inner")),
            (r#"{"errors":[{"errorCode":"e","errorMessage":"first"},{}]}"#, Some("first")),
            (r#"{"Error":{"Message":"v3"}}"#, Some("v3")),
            (r#"{"schemas":["urn:…:Error"],"status":"403","detail":"scim"}"#, Some("scim")),
            (
                r#"{"errorMessage":"bad","validationErrors":[{"message":"a"},{"message":"b"},{}]}"#,
                Some("bad; a; b"),
            ),
            (r#"{"message":"echo t0ken-t0ken"}"#, None),
            ("<Message>echo t0ken&#45;t0ken</Message>", None),
            (r#"{"message":7}"#, None),
            ("<html>Service Unavailable</html>", None),
            ("[]", None),
            ("", None),
        ] {
            assert_eq!(said(body).as_deref(), expected, "{body}");
        }
        assert_eq!(word_in(br#"{"code":"134"}"#, &Secret::from("")).code, Some(134));
    }

    #[test]
    fn a_correlation_id_that_repeats_the_token_is_none() {
        let token = Secret::from("t0ken-t0ken");
        assert_eq!(correlation_id(Some("2803b8f8"), &token), Some("2803b8f8"));
        assert_eq!(correlation_id(Some("id t0ken-t0ken"), &token), None);
        assert_eq!(correlation_id(None, &token), None);
    }

    #[test]
    fn of_a_redirect_only_the_origin_is_shown() {
        for (location, shown) in [
            ("https://evil.example:8443/a?secret", "https://evil.example:8443"),
            ("http://evil.example/a?secret", "http://evil.example"),
            ("https://user:secret@evil.example/", "https://evil.example"),
            ("/login?secret", "another path of the same host"),
            ("//evil.example/secret", "another place"),
            ("mailto:secret", "an invalid host"),
            // A host is shown in lower case.
            ("https://eyJhbGciOi.t0ken-T0ken.evil.example/", "another place"),
            (&format!("https://{}.example/", "a".repeat(9000)), "https://aaa"),
        ] {
            let word = ServiceWord::default();
            let failure = Failure {
                status: 302,
                word,
                location: Some(location),
                retry_after: None,
                scope: None,
                token: &Secret::from("eyJhbGciOi.t0ken-T0ken"),
            };
            let error = failure.error();
            assert!(error.problem().contains(shown), "{error}");
            assert!(error.problem().len() < 400, "{error}");
            assert!(!error.to_string().contains("secret"), "{error}");
        }
    }

    proptest! {
        #[test]
        fn any_body_can_be_read(body in proptest::collection::vec(any::<u8>(), 0..200)) {
            word_in(&body, &Secret::from("x"));
        }
    }
}
