//! What a request carries: headers, the query, the bearer token, the body.

use http_body_util::{BodyExt as _, Limited};
use hyper::body::{Bytes, Incoming};
use hyper::header::{AUTHORIZATION, HeaderMap, HeaderName};
use hyper::http::request::Parts;

/// A header's value, if it is there and visible ASCII.
pub(crate) fn header<'a>(headers: &'a HeaderMap, name: &HeaderName) -> Option<&'a str> {
    headers.get(name).and_then(|value| value.to_str().ok())
}

/// The names of the fields of the URL's query, fit for the log.
pub(crate) fn query_fields(parts: &Parts) -> Vec<String> {
    let query = parts.uri.query().unwrap_or_default();
    form_urlencoded::parse(query.as_bytes()).map(|(name, _)| shown(&name).to_owned()).collect()
}

/// A client's field name, fit for a message: one that is a value in disguise is not repeated.
pub(crate) fn shown(name: &str) -> &str {
    let is_plain = name.len() <= 32 && name.chars().all(|c| c.is_ascii_lowercase() || c == '_');
    if is_plain { name } else { "(withheld)" }
}

/// The token of `Authorization: Bearer …` (RFC 6750 §2.1).
pub(crate) fn bearer(parts: &Parts) -> Option<&str> {
    let (scheme, token) = header(&parts.headers, &AUTHORIZATION)?.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then_some(token.trim())
}

/// The whole body; `None` if the client hung up or sends more than `limit_bytes`.
pub(crate) async fn read(body: Incoming, limit_bytes: usize) -> Option<Bytes> {
    let collected = Limited::new(body, limit_bytes).collect().await.ok()?;
    Some(collected.to_bytes())
}
