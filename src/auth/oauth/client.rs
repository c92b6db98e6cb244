//! Sends one POST with a form to an allowed origin, and reads at most 64 KiB of the answer.

use bytes::Bytes;
use reqwest::blocking::Response;
use reqwest::header::{
    ACCEPT, ACCEPT_ENCODING, CONTENT_TYPE, DATE, HeaderMap, HeaderValue, LOCATION, RETRY_AFTER,
};
use zeroize::Zeroizing;

use super::answer::HttpAnswer;
use crate::error::Result;
use crate::model::origin::AllowedOrigin;
use crate::net::encoding::{self, Unknown};
use crate::net::{Broke, CORRELATION_HEADER, Http, HttpSettings, NoAnswer};
use crate::sys::trace;

/// The most that is read of an answer, bytes.
const MAX_BODY_BYTES: usize = 64 * 1024;

/// The token service, over HTTP.
#[derive(Debug, Clone)]
pub(crate) struct TokenService {
    http: Http,
}

impl TokenService {
    /// The service with these settings.
    pub(crate) fn new(settings: &HttpSettings) -> Result<Self> {
        Http::new(settings).map(|http| Self { http })
    }

    /// Warnings about files with secrets.
    pub(crate) fn warnings(&self) -> &[String] {
        self.http.warnings()
    }

    /// The HTTP client.
    pub(crate) fn http(&self) -> &Http {
        &self.http
    }

    /// Sends a form to a path of an origin. `now` (epoch seconds) turns a `Retry-After` date into
    /// seconds.
    pub(crate) fn post_form(
        &self,
        to: &AllowedOrigin,
        path: &str,
        form: Zeroizing<String>,
        correlation_id: &str,
        now: i64,
    ) -> Result<HttpAnswer, NoAnswer> {
        let client = self.http.client(to)?;
        trace::step("request made");
        let response = client
            .post(format!("{}{path}", to.origin()))
            .header(CONTENT_TYPE, "application/x-www-form-urlencoded")
            .header(ACCEPT, "application/json")
            .header(ACCEPT_ENCODING, "identity")
            .header(CORRELATION_HEADER, correlation_id)
            // Moved, not copied: it is wiped after the request.
            .body(Bytes::from_owner(form))
            .send()
            .map_err(|error| self.http.no_answer(error, to))?;
        trace::step("answer begins");
        Ok(read_answer(&self.http, response, correlation_id, to, now))
    }
}

/// The part of an answer that was received, however it ended: it may contain the only valid refresh token.
fn read_answer(
    http: &Http,
    mut response: Response,
    sent_id: &str,
    to: &AllowedOrigin,
    now: i64,
) -> HttpAnswer {
    let host = to.origin().host();
    let status = response.status().as_u16();
    let date = response.headers().get(DATE).and_then(http_date);
    let retry_after = retry_after(response.headers(), date.unwrap_or(now));
    let correlation_id = response
        .headers()
        .get(CORRELATION_HEADER)
        .and_then(|value| value.to_str().ok())
        .unwrap_or(sent_id)
        .to_owned();
    let location = response.headers().get(LOCATION).and_then(|value| value.to_str().ok());
    let location = location.map(str::to_owned);
    let codings = encoding::codings(response.headers());
    let (body, ended) = http.beginning(&mut response, MAX_BODY_BYTES + 1);
    let came = body.len();
    let body = encoding::unpacked(body, MAX_BODY_BYTES + 1);
    let cut = match (ended, codings) {
        (_, Err(Unknown(name))) => {
            Some(format!("it answered in an encoding that was not requested ({name})"))
        }
        (Err(Broke::Off), _) => Some(format!("the answer of {host} broke off")),
        (Err(Broke::Late), _) => Some(format!("the answer of {host} was not complete in time")),
        _ if came.max(body.len()) > MAX_BODY_BYTES => {
            Some(format!("the answer of {host} is larger than 64 KiB"))
        }
        _ => None,
    };
    HttpAnswer {
        status,
        body,
        cut,
        retry_after,
        date,
        correlation_id: Some(correlation_id),
        location,
    }
}

/// `Retry-After`: seconds, or a date (RFC 9110, section 10.2.3) by the service's own clock.
fn retry_after(headers: &HeaderMap, service_now: i64) -> Option<i64> {
    let value = headers.get(RETRY_AFTER)?;
    if let Ok(seconds) = value.to_str().ok()?.trim().parse::<u32>() {
        return Some(i64::from(seconds));
    }
    http_date(value).map(|at| at.saturating_sub(service_now).max(0))
}

/// An HTTP date (RFC 9110, section 5.6.7), epoch seconds.
fn http_date(value: &HeaderValue) -> Option<i64> {
    let at = httpdate::parse_http_date(value.to_str().ok()?.trim()).ok()?;
    i64::try_from(at.duration_since(std::time::UNIX_EPOCH).ok()?.as_secs()).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn retry_after_is_seconds_or_a_date() {
        let read = |text: &'static str, now| {
            let headers = HeaderMap::from_iter([(RETRY_AFTER, HeaderValue::from_static(text))]);
            retry_after(&headers, now)
        };
        assert_eq!(read("7", 0), Some(7));
        assert_eq!(read("Sun, 06 Nov 1994 08:49:37 GMT", 784_111_770), Some(7));
        assert_eq!(read("Sun, 06 Nov 1994 08:49:37 GMT", 784_111_999), Some(0));
        assert_eq!(read("soon", 0), None);
        assert_eq!(read("-1", 0), None);
    }
}
