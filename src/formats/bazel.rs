//! The credential-helper protocol of Bazel and other build tools: one JSON object asks for the headers
//! of a URI, one answers ("Credential Helpers Specification" of `EngFlow`, `get`).

use std::fmt;

use serde::de::IgnoredAny;
use serde::{Deserialize, Serialize};
use url::Url;
use zeroize::Zeroizing;

use super::Unrenderable;
use super::unrenderable::{rfc3339, text_line};
use crate::model::host;
use crate::model::origin::parse_url;
use crate::model::secret::Secret;
use crate::model::wiping::WipingBuffer;

/// The longest request accepted, in bytes. A URI is not longer.
pub const MAX_REQUEST_BYTES: usize = 64 * 1024;

/// Whether a request is one of this protocol: its first byte opens an object. No request of git's does.
pub fn is_object(request: &[u8]) -> bool {
    request.first() == Some(&b'{')
}

/// Whether the bytes hold a whole JSON value, whatever follows it.
pub(super) fn is_whole(bytes: &[u8]) -> bool {
    let mut values = serde_json::Deserializer::from_slice(bytes).into_iter::<IgnoredAny>();
    matches!(values.next(), Some(Ok(_)))
}

/// Whose headers are asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Request {
    /// `https` or another scheme, lower case.
    pub scheme: String,
    /// The host, lower case, with the port when it is not the scheme's own.
    pub host: String,
}

/// The object on stdin. Unknown keys are ignored; `uri` twice is refused by serde.
#[derive(Deserialize)]
struct Asked {
    uri: String,
}

impl Request {
    /// Reads a request. Never panics, whatever the bytes.
    pub fn parse(bytes: &[u8]) -> Result<Self, Refusal> {
        if bytes.len() > MAX_REQUEST_BYTES {
            return Err(Refusal::TooLarge);
        }
        let asked: Asked = serde_json::from_slice(bytes).map_err(|_| Refusal::NotAnObject)?;
        let url = url(&asked.uri).ok_or(Refusal::NotAUri)?;
        if !url.username().is_empty() || url.password().is_some() {
            return Err(Refusal::UserInfo);
        }
        if !host::is_canonical_in(&asked.uri, &url) {
            return Err(Refusal::HostSpelling);
        }
        let name = url.host_str().filter(|name| !name.is_empty()).ok_or(Refusal::NotAUri)?;
        let host = match url.port() {
            Some(port) => format!("{name}:{port}"),
            None => name.to_owned(),
        };
        Ok(Self { scheme: url.scheme().to_owned(), host })
    }
}

/// Reads a URI as RFC 3986 has it. The URL standard takes a backslash for a slash and adds or drops slashes
/// before a host: of `https://a\@b` it makes the host `a`, where other callers talk to `b`.
fn url(uri: &str) -> Option<Url> {
    let (_, rest) = uri.split_once(':')?;
    let has_authority = rest.starts_with("//") && !rest.starts_with("///");
    (has_authority && !uri.contains('\\')).then(|| parse_url(uri)).flatten()
}

/// Why a request was refused; never what stood there.
#[non_exhaustive]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refusal {
    /// Not one JSON object with a single text `uri`.
    NotAnObject,
    /// `uri` is not a URI with a host.
    NotAUri,
    /// `user@` or `user:password@` in the URI: parsers that differ on it reach different hosts.
    UserInfo,
    /// A host that is not written in its canonical form: readers differ on it.
    HostSpelling,
    /// A request over [`MAX_REQUEST_BYTES`].
    TooLarge,
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NotAnObject => "it is not one JSON object with a uri",
            Self::NotAUri => "its uri has no host",
            Self::UserInfo => "its uri contains user information",
            Self::HostSpelling => "the host of its uri is not in canonical form",
            Self::TooLarge => "it is longer than 64 KiB",
        })
    }
}

impl std::error::Error for Refusal {}

/// The answer for a URI that is not ours.
pub const NOTHING: &[u8] = b"{}\n";

#[derive(Serialize)]
struct Answer<'a> {
    headers: Headers<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    expires: Option<String>,
}

#[derive(Serialize)]
struct Headers<'a> {
    #[serde(rename = "Authorization")]
    authorization: [&'a str; 1],
}

/// The answer with a token. `expires_at` (epoch seconds) goes out as RFC 3339; the caller may keep the
/// headers until then.
pub fn answer(token: &Secret, expires_at: Option<i64>) -> Result<Zeroizing<Vec<u8>>, Unrenderable> {
    let mut header = WipingBuffer::new();
    header.extend(b"Bearer ");
    header.extend(text_line("access token", token)?.as_bytes());
    let header = header.into_secret();
    let authorization = [header.expose_utf8().unwrap_or_default()];
    let answer =
        Answer { headers: Headers { authorization }, expires: expires_at.and_then(rfc3339) };
    let mut out = WipingBuffer::new();
    // Texts into memory: there is nothing left that could fail.
    serde_json::to_writer(&mut out, &answer)
        .map_err(|_| Unrenderable::NotText { field: "access token" })?;
    out.extend(b"\n");
    Ok(out.into_bytes())
}

#[cfg(test)]
mod tests;
