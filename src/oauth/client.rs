//! One POST of a form to an origin that was found allowed, never more than 64 KiB read.

use bytes::Bytes;
use reqwest::blocking::Response;
use reqwest::header::{ACCEPT, CONTENT_TYPE, DATE, HeaderMap, HeaderValue, RETRY_AFTER};
use zeroize::Zeroizing;

use super::answer::HttpAnswer;
use crate::error::Result;
use crate::http::{CORRELATION_HEADER, Http, HttpSettings, NoAnswer};
use crate::model::origin::AllowedOrigin;
use crate::trace;

/// The most that is read of an answer, bytes.
const MAX_BODY_BYTES: u64 = 64 * 1024;

/// The token service, asked over HTTP.
#[derive(Debug, Clone)]
pub struct TokenService {
    http: Http,
}

impl TokenService {
    /// The service as these settings reach it.
    pub fn new(settings: &HttpSettings) -> Result<Self> {
        Http::new(settings).map(|http| Self { http })
    }

    /// What a person should know about files with secrets in them.
    pub fn warnings(&self) -> &[String] {
        self.http.warnings()
    }

    /// The way to it.
    pub fn http(&self) -> &Http {
        &self.http
    }

    /// Sends a form to a path of an origin. `now` (epoch seconds) turns a `Retry-After` date into
    /// seconds.
    pub fn post_form(
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
            .header(CORRELATION_HEADER, correlation_id)
            // Handed over, not copied: it is wiped when the request is done.
            .body(Bytes::from_owner(form))
            .send()
            .map_err(|error| self.http.no_answer(error, to))?;
        trace::step("answer begins");
        read_answer(&self.http, response, correlation_id, to, now)
    }
}

fn read_answer(
    http: &Http,
    mut response: Response,
    sent_id: &str,
    to: &AllowedOrigin,
    now: i64,
) -> Result<HttpAnswer, NoAnswer> {
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
    let room = usize::try_from(MAX_BODY_BYTES + 1).unwrap_or(usize::MAX);
    let body = http
        .beginning(&mut response, room)
        .map_err(|_| NoAnswer::Transient(format!("the answer of {host} broke off")))?;
    if body.len() as u64 > MAX_BODY_BYTES {
        return Err(NoAnswer::Transient(format!("the answer of {host} is larger than 64 KiB")));
    }
    Ok(HttpAnswer { status, body, retry_after, date, correlation_id: Some(correlation_id) })
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
