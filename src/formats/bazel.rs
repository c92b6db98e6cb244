//! The credential-helper protocol of Bazel and other build tools: one JSON object requests the headers for a
//! URI, another one is the answer ("Credential Helpers Specification" of `EngFlow`, `get`).

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

/// The longest request accepted, in bytes. A URI is shorter.
pub const MAX_REQUEST_BYTES: usize = 64 * 1024;

/// Whether a request has this protocol: its first byte opens an object, which git's requests never do.
pub fn is_object(request: &[u8]) -> bool {
    request.first() == Some(&b'{')
}

/// Whether the bytes contain a complete JSON value, whatever follows it.
pub(super) fn is_whole(bytes: &[u8]) -> bool {
    let mut values = serde_json::Deserializer::from_slice(bytes).into_iter::<IgnoredAny>();
    matches!(values.next(), Some(Ok(_)))
}

/// The origin whose headers are requested.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Request {
    /// `https` or another scheme, lower case.
    pub scheme: String,
    /// The host, lower case, with the port if it is not the scheme's default.
    pub host: String,
}

/// The object on stdin. Unknown keys are ignored; `uri` twice is refused by serde.
#[derive(Deserialize)]
struct Asked {
    uri: String,
}

impl Request {
    /// Parses a request. Never panics, whatever the bytes.
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

/// Parses a URI by RFC 3986. The URL standard reads a backslash as a slash and adds or drops slashes before a
/// host: in `https://a\@b` it finds the host `a`, where other programs connect to `b`.
fn url(uri: &str) -> Option<Url> {
    let (_, rest) = uri.split_once(':')?;
    let has_authority = rest.starts_with("//") && !rest.starts_with("///");
    (has_authority && !uri.contains('\\')).then(|| parse_url(uri)).flatten()
}

/// Why a request was refused; never its text.
#[non_exhaustive]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refusal {
    /// Not one JSON object with a single text `uri`.
    NotAnObject,
    /// `uri` is not a URI with a host.
    NotAUri,
    /// `user@` or `user:password@` in the URI: parsers that differ on it reach different hosts.
    UserInfo,
    /// A host that is not in canonical form: programs read it differently.
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

/// The answer for any other URI.
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

/// The answer with a token. `expires_at` (epoch seconds) is printed as RFC 3339; the caller may keep the
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
    // Writing texts to memory cannot fail.
    serde_json::to_writer(&mut out, &answer)
        .map_err(|_| Unrenderable::NotText { field: "access token" })?;
    out.extend(b"\n");
    Ok(out.into_bytes())
}

#[cfg(test)]
mod tests;
