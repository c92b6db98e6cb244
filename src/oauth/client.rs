//! The HTTP edge: one POST to an origin that was found allowed, never a redirect followed, never
//! more than 64 KiB read. Built when the first request is made, so that a hit never pays for it.

use std::io::Read;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use reqwest::blocking::{Client, Response};
use reqwest::header::{ACCEPT, CONTENT_TYPE, DATE, HeaderMap, HeaderValue, RETRY_AFTER};
use rustls::RootCertStore;
use zeroize::Zeroizing;

use super::answer::HttpAnswer;
use super::form::TOKEN_PATH;
use super::{resolver, tls};
use crate::error::Result;
use crate::files;
use crate::model::origin::AllowedOrigin;
use crate::model::printable::printable;
use crate::trace;

const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);
/// The most that is read of an answer, bytes.
const MAX_BODY_BYTES: u64 = 64 * 1024;
/// Concur's header for the id that SAP support asks for; sent, and echoed.
const CORRELATION_HEADER: &str = "concur-correlationid";
const USER_AGENT: &str = concat!("concur-cred/", env!("CARGO_PKG_VERSION"));

/// Why there is no answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NoAnswer {
    /// This caller could not reach the service: name resolution, connect, TLS, proxy. Nothing was
    /// sent.
    Local(String),
    /// The service was reached and did not answer whole: the request may have been carried out.
    Transient(String),
}

/// The token service, asked over HTTP.
#[derive(Debug, Clone)]
pub struct TokenService {
    request_timeout: Duration,
    roots: Arc<RootCertStore>,
}

impl TokenService {
    /// `request_timeout` bounds one request whole. Hanging up early can lose a rotated token, so it
    /// is generous by default (60 s). `ca_bundle` names a file of roots to trust besides the bundled
    /// ones; it is read here, so that a bad one is found before anything is spent.
    pub fn new(request_timeout: Duration, ca_bundle: Option<&Path>) -> Result<Self> {
        Ok(Self { request_timeout, roots: tls::roots(ca_bundle)? })
    }

    /// Sends a grant's form. `now` (epoch seconds) turns a `Retry-After` date into seconds.
    pub fn post_form(
        &self,
        to: &AllowedOrigin,
        form: Zeroizing<String>,
        correlation_id: &str,
        now: i64,
    ) -> Result<HttpAnswer, NoAnswer> {
        let client = self.client(to)?;
        trace::step("request made");
        let response = client
            .post(format!("{}{TOKEN_PATH}", to.origin()))
            .header(CONTENT_TYPE, "application/x-www-form-urlencoded")
            .header(ACCEPT, "application/json")
            .header(CORRELATION_HEADER, correlation_id)
            // Handed over, not copied: it is wiped when the request is done.
            .body(Bytes::from_owner(form))
            .send()
            .map_err(|error| no_answer(error, to))?;
        trace::step("answer begins");
        read_answer(response, correlation_id, to, now)
    }

    fn client(&self, to: &AllowedOrigin) -> Result<Client, NoAnswer> {
        let tls_config =
            tls::client_config(&self.roots).map_err(|error| NoAnswer::Local(error.to_string()))?;
        let mut builder = Client::builder()
            .user_agent(USER_AGENT)
            .redirect(reqwest::redirect::Policy::none())
            .referer(false)
            .connect_timeout(CONNECT_TIMEOUT)
            .timeout(self.request_timeout)
            .pool_max_idle_per_host(0)
            .tls_backend_preconfigured(tls_config);
        if to.origin().is_loopback() {
            // http is only ever spoken to loopback, and then never through a proxy.
            builder = builder.no_proxy();
        }
        resolver::set(builder)
            .build()
            .map_err(|error| NoAnswer::Local(root_cause(&error.without_url())))
    }
}

fn no_answer(error: reqwest::Error, to: &AllowedOrigin) -> NoAnswer {
    // The URL holds no secret, but errors are shown with the host alone.
    let error = error.without_url();
    let host = to.origin().host();
    if error.is_connect() {
        let refusal = tls::refusal(&error, host).map(|why| printable(&why, 300));
        NoAnswer::Local(
            refusal
                .unwrap_or_else(|| format!("could not connect to {host}: {}", root_cause(&error))),
        )
    } else if error.is_timeout() {
        NoAnswer::Transient(format!("{host} did not answer in time"))
    } else {
        NoAnswer::Transient(format!("{host} hung up without an answer: {}", root_cause(&error)))
    }
}

fn read_answer(
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
    let mut body = Zeroizing::new(Vec::with_capacity(room));
    response
        .by_ref()
        .take(MAX_BODY_BYTES + 1)
        .read_to_end(&mut body)
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

/// The innermost reason, which names neither a URL nor a header.
fn root_cause(error: &reqwest::Error) -> String {
    let mut cause: &dyn std::error::Error = error;
    while let Some(inner) = cause.source() {
        cause = inner;
    }
    printable(files::without_number(&cause.to_string()), 200)
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
