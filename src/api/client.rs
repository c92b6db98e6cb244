//! One request with the token, to an allowed origin. The answer's body is not read here: it may be of any size.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use reqwest::Method;
use reqwest::blocking::Response;
use reqwest::header::{
    ACCEPT_ENCODING, AUTHORIZATION, HeaderMap, HeaderValue, LOCATION, RETRY_AFTER,
};
use zeroize::Zeroizing;

use super::answer::{self, Failure, word_in};
use super::headers::IDENTITY;
use super::input::Input;
use super::target::Target;
use crate::error::{Error, Kind, Result, ServiceWord};
use crate::model::origin::AllowedOrigin;
use crate::model::secret::Secret;
use crate::net::{CORRELATION_HEADER, Http, NoAnswer, encoding};
use crate::sys::trace;

/// The most that is read of a failure's body, bytes.
const MAX_FAILURE_BYTES: usize = 64 * 1024;
/// Some services refuse a body of this size before they have read all of it, bytes.
const LARGE_BODY_BYTES: u64 = 1 << 20;
/// The slowest accepted upload, bytes per second: the upload adds to the time that the headers of the answer
/// may take.
const SLOWEST_UPLOAD_BYTES_PER_SEC: u64 = 32 * 1024;

/// A request.
#[derive(Debug)]
pub(crate) struct Call {
    /// The method.
    pub method: Method,
    /// Path and query.
    pub target: Target,
    /// The headers, without `Authorization`.
    pub headers: HeaderMap,
    /// The body.
    pub input: Input,
}

/// An answer whose body is not read yet.
#[derive(Debug)]
pub(crate) struct Answer {
    /// The answer.
    pub response: Response,
    correlation_id: Option<String>,
}

impl Call {
    /// Sends it, and waits for the headers of the answer up to the setting `http_timeout`, and longer for a
    /// large body. The body of the answer may take any time, as long as some of it comes within that time.
    pub(crate) fn send(&self, http: &Http, to: &AllowedOrigin, token: &Secret) -> Result<Answer> {
        let url = self.target.at(to.origin()).ok_or_else(|| {
            let problem = "The path leads away from the base URL";
            Error::new(Kind::Usage, problem, "Write it as in Concur's documentation.")
        })?;
        http.via(to)?;
        let upload = Duration::from_secs(self.input.len() / SLOWEST_UPLOAD_BYTES_PER_SEC);
        let client = http.client_waiting(to, upload).map_err(|none| self.lost(none))?;
        let mut headers = self.headers.clone();
        headers.insert(AUTHORIZATION, bearer(token)?);
        let mut request = client.request(self.method.clone(), url).headers(headers);
        if let Some(body) = self.input.body()? {
            request = request.body(body);
        }
        trace::step("request made");
        let response = request.send().map_err(|error| self.lost(http.no_answer(error, to)))?;
        trace::step("answer begins");
        let answered = answer::correlation_id(text(response.headers(), CORRELATION_HEADER), token);
        let correlation_id = answered.or_else(|| self.correlation_id()).map(str::to_owned);
        Ok(Answer { response, correlation_id })
    }

    /// Whether the caller asked for an encoding of the answer's body.
    pub(crate) fn asks_for_encoding(&self) -> bool {
        let asked = self.headers.get(ACCEPT_ENCODING);
        asked.is_some_and(|value| value.as_bytes() != IDENTITY.as_bytes())
    }

    fn correlation_id(&self) -> Option<&str> {
        text(&self.headers, CORRELATION_HEADER)
    }

    /// The error for a missing answer.
    fn lost(&self, none: NoAnswer) -> Error {
        let (problem, remedy) = if none.is_local() {
            (
                format!("The service cannot be reached: {none}"),
                "Check network, name resolution, proxy and certificates, and run it again.",
            )
        } else {
            (format!("There is no answer: {none}"), self.again())
        };
        let id = self.correlation_id().map(str::to_owned);
        Error::new(Kind::Temporary, problem, remedy)
            .with_service(ServiceWord { correlation_id: id, ..ServiceWord::default() })
            .with_source(Arc::new(none))
    }

    /// The remedy for a lost answer.
    fn again(&self) -> &'static str {
        if self.input.len() >= LARGE_BODY_BYTES {
            "Concur may have refused the body for its size or its token before reading it. Run \
             concur-cred refresh, check whether the request was carried out, and retry."
        } else if super::method::is_idempotent(&self.method) {
            "Run it again."
        } else {
            "The request may have been carried out: check before you retry."
        }
    }
}

impl Answer {
    /// The status.
    pub(crate) fn status(&self) -> u16 {
        self.response.status().as_u16()
    }

    /// The correlation id of the service, else the one that was sent.
    pub(crate) fn correlation_id(&self) -> Option<&str> {
        self.correlation_id.as_deref()
    }

    /// The failure that the status shows, without the body's message.
    pub(crate) fn failure_by_status(&self, token: &Secret, scope: Option<&str>) -> Error {
        self.failed(ServiceWord::default(), token, scope)
    }

    /// Reads the message of a failure.
    pub(crate) fn failure(mut self, http: &Http, token: &Secret, scope: Option<&str>) -> Error {
        // An unreadable body has no message.
        let (body, _) = http.beginning(&mut self.response, MAX_FAILURE_BYTES);
        let body = encoding::unpacked(body, MAX_FAILURE_BYTES);
        self.failed(word_in(&body, token), token, scope)
    }

    fn failed(&self, word: ServiceWord, token: &Secret, scope: Option<&str>) -> Error {
        let headers = self.response.headers();
        let location = headers.get(LOCATION).map(|value| value.to_str().unwrap_or_default());
        let failure = Failure {
            status: self.status(),
            word: ServiceWord { correlation_id: self.correlation_id.clone(), ..word },
            location,
            retry_after: text(headers, RETRY_AFTER.as_str())
                .and_then(|wait| wait.trim().parse().ok()),
            scope,
            token,
        };
        failure.error()
    }
}

fn text<'h>(headers: &'h HeaderMap, name: &str) -> Option<&'h str> {
    headers.get(name).and_then(|value| value.to_str().ok())
}

/// `Authorization: Bearer …`, wiped after the request.
fn bearer(token: &Secret) -> Result<HeaderValue> {
    let mut header = Zeroizing::new(Vec::with_capacity("Bearer ".len() + token.len()));
    header.extend_from_slice(b"Bearer ");
    header.extend_from_slice(token.expose());
    let value = HeaderValue::from_maybe_shared(Bytes::from_owner(header));
    let mut value = value.map_err(|_| {
        Error::new(
            Kind::Unusable,
            "The stored access token contains characters that a header cannot contain",
            "Run: concur-cred refresh",
        )
    })?;
    value.set_sensitive(true);
    Ok(value)
}
