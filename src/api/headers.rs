//! Pure: the headers that a caller may add.

use std::fmt;

use reqwest::header::{
    ACCEPT, ACCEPT_ENCODING, AUTHORIZATION, CONNECTION, CONTENT_LENGTH, CONTENT_TYPE, EXPECT, HOST,
    HeaderMap, HeaderName, HeaderValue, PROXY_AUTHORIZATION, TE, TRAILER, TRANSFER_ENCODING,
    UPGRADE,
};
use uuid::Uuid;

use crate::net::CORRELATION_HEADER;

/// Headers that the program or the connection sets: another token, host or length would make an unintended
/// request.
const RESERVED: [HeaderName; 10] = [
    AUTHORIZATION,
    PROXY_AUTHORIZATION,
    HOST,
    CONTENT_LENGTH,
    TRANSFER_ENCODING,
    CONNECTION,
    UPGRADE,
    TE,
    TRAILER,
    EXPECT,
];

/// The `Accept-Encoding` that requests no encoding.
pub(crate) const IDENTITY: &str = "identity";

/// Why a header is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum BadHeader {
    /// Not `Name: value`, or with characters that a header cannot contain.
    NotAHeader,
    /// One that a caller may not set.
    Reserved,
    /// A correlation id that is not a UUID.
    CorrelationId,
}

impl fmt::Display for BadHeader {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NotAHeader => "A header is not NAME: VALUE on one line",
            Self::Reserved => {
                "A header cannot be set by hand (Authorization, Host, lengths, the connection)"
            }
            Self::CorrelationId => "The concur-correlationid is not a UUID",
        })
    }
}

impl std::error::Error for BadHeader {}

/// The headers of a request: `Accept: application/json`, `Accept-Encoding: identity`, a correlation id and,
/// with a body, its `Content-Type`, unless the caller sets them; and the caller's.
pub(crate) fn of_request(
    given: &[String],
    has_body: bool,
    correlation_id: &str,
) -> Result<HeaderMap, BadHeader> {
    let mut headers = HeaderMap::new();
    for text in given {
        let (name, value) = parse(text)?;
        headers.append(name, value);
    }
    let json = || HeaderValue::from_static("application/json");
    headers.entry(ACCEPT).or_insert_with(json);
    headers.entry(ACCEPT_ENCODING).or_insert_with(|| HeaderValue::from_static(IDENTITY));
    if has_body {
        headers.entry(CONTENT_TYPE).or_insert_with(json);
    }
    if let Some(given) = headers.get(CORRELATION_HEADER) {
        let is_id = given.to_str().is_ok_and(|id| Uuid::try_parse(id).is_ok());
        return if is_id { Ok(headers) } else { Err(BadHeader::CorrelationId) };
    }
    let id = HeaderValue::from_str(correlation_id).map_err(|_| BadHeader::CorrelationId)?;
    headers.insert(HeaderName::from_static(CORRELATION_HEADER), id);
    Ok(headers)
}

fn parse(text: &str) -> Result<(HeaderName, HeaderValue), BadHeader> {
    let (name, value) = text.split_once(':').ok_or(BadHeader::NotAHeader)?;
    let name = HeaderName::try_from(name).map_err(|_| BadHeader::NotAHeader)?;
    // Refuses line breaks and other control characters.
    let value = HeaderValue::try_from(value.trim_matches([' ', '\t']));
    let value = value.map_err(|_| BadHeader::NotAHeader)?;
    if RESERVED.contains(&name) || name.as_str().starts_with("proxy-") || name == "keep-alive" {
        return Err(BadHeader::Reserved);
    }
    Ok((name, value))
}

#[cfg(test)]
mod tests {
    use super::*;

    const ID: &str = "2803b8f8-a42b-4c64-9739-5b2a0d4b6ab5";

    fn headers(given: &[&str], has_body: bool) -> Result<Vec<String>, BadHeader> {
        let given: Vec<String> = given.iter().map(|text| (*text).to_owned()).collect();
        let headers = of_request(&given, has_body, ID)?;
        let shown = |(name, value): (&HeaderName, &HeaderValue)| {
            format!("{name}: {}", String::from_utf8_lossy(value.as_bytes()))
        };
        let mut lines: Vec<String> = headers.iter().map(shown).collect();
        lines.sort();
        Ok(lines)
    }

    #[test]
    fn what_is_not_given_has_its_default() {
        let id = format!("concur-correlationid: {ID}");
        let accept = "accept: application/json".to_owned();
        let encoding = "accept-encoding: identity".to_owned();
        let none = vec![encoding.clone(), accept.clone(), id.clone()];
        assert_eq!(headers(&[], false), Ok(none));
        let content_type = "content-type: application/json".to_owned();
        assert_eq!(headers(&[], true), Ok(vec![encoding, accept, id, content_type]));
    }

    #[test]
    fn what_is_given_takes_the_place_of_a_default_and_may_be_repeated() {
        let own = "concur-correlationid: 00000000-0000-4000-8000-000000000000";
        let zip = "accept-encoding: gzip";
        let given =
            ["Accept: text/csv", "X-A:  1 ", "x-a:2", "X-Empty:", own, "content-TYPE: a/b", zip];
        let expected =
            [zip, "accept: text/csv", own, "content-type: a/b", "x-a: 1", "x-a: 2", "x-empty: "];
        assert_eq!(headers(&given, true), Ok(expected.map(str::to_owned).to_vec()));
    }

    #[test]
    fn what_would_make_another_request_is_refused() {
        for text in [
            "Authorization: Bearer x",
            "AUTHORIZATION:x",
            "host: evil.example",
            "Content-Length: 0",
            "Transfer-Encoding: chunked",
            "Connection: close",
            "Proxy-Authorization: Basic x",
            "Proxy-Connection: close",
            "Expect: 100-continue",
        ] {
            assert_eq!(headers(&[text], false), Err(BadHeader::Reserved), "{text}");
        }
        for text in [
            "x",
            "",
            ": x",
            "a b: c",
            "a\r\nb: c",
            "a: b\r\nAuthorization: x",
            "a: b\nc",
            "a: b\0",
            " Authorization: x",
            "Authorization : x",
        ] {
            assert_eq!(headers(&[text], false), Err(BadHeader::NotAHeader), "{text:?}");
        }
        let no_id = headers(&["concur-correlationid: mine"], false);
        assert_eq!(no_id, Err(BadHeader::CorrelationId));
    }
}
