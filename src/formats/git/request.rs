//! The request of a helper's caller.

use std::fmt;

use zeroize::Zeroizing;

use super::challenge::offers_bearer;
use super::{MAX_LINE_BYTES, MAX_REQUEST_BYTES, Unrenderable, push_line};
use crate::model::host;
use crate::model::secret::Secret;
use crate::model::wiping::WipingBuffer;

/// One parsed request: values are bytes, not trimmed, not percent-decoded.
///
/// An absent field (`None`) and an empty one are different: the first matches anything, the second only an
/// empty value.
///
/// `url=` is never read. git sends the parts that it parsed itself; CVE-2020-5260 and CVE-2020-11008 arose from
/// parsing a caller's URL again by other rules. `continue`, `state[]` and unknown keys are ignored too.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Request {
    /// `protocol`, such as `https`.
    pub protocol: Option<Vec<u8>>,
    /// `host`, with the port when there is one.
    pub host: Option<Vec<u8>>,
    /// `path`, sent by git only under `credential.useHttpPath`.
    pub path: Option<Vec<u8>>,
    /// `username`.
    pub username: Option<Vec<u8>>,
    /// `password`.
    pub password: Option<Secret>,
    /// `credential`: the secret that goes with `authtype`, already encoded for its header.
    pub credential: Option<Secret>,
    /// `oauth_refresh_token`.
    pub oauth_refresh_token: Option<Secret>,
    /// `authtype`, such as `Bearer`.
    pub authtype: Option<Vec<u8>>,
    /// `password_expiry_utc` in epoch seconds. `None` if absent, 0, negative or not a number: all of these mean
    /// that it never expires.
    pub password_expiry_utc: Option<i64>,
    /// `ephemeral`: not to be stored. git's words for false (`0`, `false`, `no`, `off`, nothing)
    /// are false; any other value is true, because storing nothing is the safer mistake.
    pub ephemeral: bool,
    /// Whether the caller understands `authtype` (`capability[]=authtype`).
    pub capability_authtype: bool,
    /// Whether the server offers Bearer among its schemes (`wwwauth[]`); `None` if the request does not list
    /// them.
    pub bearer_is_offered: Option<bool>,
}

/// The keys that may occur only once. A second one makes the request ambiguous, even if this program does not
/// use it.
const SINGLE_KEYS: [&[u8]; 13] = [
    b"protocol",
    b"host",
    b"path",
    b"username",
    b"password",
    b"credential",
    b"oauth_refresh_token",
    b"authtype",
    b"password_expiry_utc",
    b"ephemeral",
    b"continue",
    b"quit",
    b"url",
];

impl Request {
    /// Parses a request up to its blank line or the end of `bytes`.
    ///
    /// Line ends are LF or CRLF, the last one optional. Refused: any other CR, NUL, a line without `=`, a
    /// repeated key that can only have one value, and input over the limits. Never panics, whatever the bytes.
    pub fn parse(bytes: &[u8]) -> Result<Self, Refusal> {
        let mut rest = &bytes[..bytes.len().min(MAX_REQUEST_BYTES + 1)];
        let mut request = Self::default();
        let mut seen = [false; SINGLE_KEYS.len()];
        let mut consumed = 0;
        let mut line = 0;
        while !rest.is_empty() {
            line += 1;
            let (content, taken) = split_line(rest);
            consumed += taken;
            rest = &rest[taken..];
            if content.len() > MAX_LINE_BYTES {
                return Err(Refusal::LineTooLong);
            }
            if consumed > MAX_REQUEST_BYTES {
                return Err(Refusal::TooLarge);
            }
            if content.is_empty() {
                break;
            }
            let (key, value) = split_pair(content, line)?;
            if let Some(known) = SINGLE_KEYS.iter().position(|single| *single == key)
                && std::mem::replace(&mut seen[known], true)
            {
                return Err(Refusal::Duplicate { line });
            }
            request.set(key, value);
        }
        Ok(request)
    }

    fn set(&mut self, key: &[u8], value: &[u8]) {
        match key {
            b"protocol" => self.protocol = Some(value.to_vec()),
            b"host" => self.host = Some(value.to_vec()),
            b"path" => self.path = Some(value.to_vec()),
            b"username" => self.username = Some(value.to_vec()),
            b"password" => self.password = Some(Secret::new(value)),
            b"credential" => self.credential = Some(Secret::new(value)),
            b"oauth_refresh_token" => self.oauth_refresh_token = Some(Secret::new(value)),
            b"authtype" => self.authtype = Some(value.to_vec()),
            b"password_expiry_utc" => self.password_expiry_utc = expiry(value),
            b"ephemeral" => self.ephemeral = !is_false(value),
            // An empty list value clears the list.
            b"capability[]" if value.is_empty() => self.capability_authtype = false,
            b"capability[]" => self.capability_authtype |= value == b"authtype",
            b"wwwauth[]" if value.is_empty() => self.bearer_is_offered = None,
            b"wwwauth[]" => {
                let before = self.bearer_is_offered.unwrap_or_default();
                self.bearer_is_offered = Some(before || offers_bearer(value));
            }
            _ => {}
        }
    }

    /// Whether there is a non-empty protocol and a non-empty host. A request without them gets
    /// nothing and changes nothing (CVE-2020-11008).
    pub fn is_specified(&self) -> bool {
        let given = |field: &Option<Vec<u8>>| field.as_ref().is_some_and(|value| !value.is_empty());
        given(&self.protocol) && given(&self.host)
    }

    /// Converts the host to its canonical form, in which it is stored and compared.
    pub fn make_host_canonical(&mut self) {
        if let (Some(protocol), Some(host)) = (&self.protocol, &mut self.host) {
            *host = host::canonical(protocol, host);
        }
    }

    /// Whether the answer may be a Bearer credential: the caller supports it, and the server does not offer
    /// only other schemes.
    pub fn takes_bearer(&self) -> bool {
        self.capability_authtype && self.bearer_is_offered != Some(false)
    }

    /// The request as a caller would send it, without a blank line. [`Request::parse`] reads the
    /// same request from it.
    pub fn render(&self) -> Result<Zeroizing<Vec<u8>>, Unrenderable> {
        let Self {
            protocol,
            host,
            path,
            username,
            password,
            credential,
            oauth_refresh_token,
            authtype,
            password_expiry_utc,
            ephemeral,
            capability_authtype,
            bearer_is_offered,
        } = self;
        let offered = |bearer| if bearer { b"Bearer".as_slice() } else { b"Basic" };
        let expiry = password_expiry_utc.map(|epoch| epoch.to_string());
        let fields = [
            ("capability[]", capability_authtype.then_some(b"authtype".as_slice())),
            ("protocol", protocol.as_deref()),
            ("host", host.as_deref()),
            ("path", path.as_deref()),
            ("username", username.as_deref()),
            ("password", password.as_ref().map(Secret::expose)),
            ("authtype", authtype.as_deref()),
            ("credential", credential.as_ref().map(Secret::expose)),
            ("ephemeral", ephemeral.then_some(b"1".as_slice())),
            ("password_expiry_utc", expiry.as_deref().map(str::as_bytes)),
            ("oauth_refresh_token", oauth_refresh_token.as_ref().map(Secret::expose)),
            ("wwwauth[]", bearer_is_offered.map(offered)),
        ];
        let mut out = WipingBuffer::new();
        for (key, value) in fields {
            if let Some(value) = value {
                push_line(&mut out, key, value)?;
            }
        }
        Ok(out.into_bytes())
    }
}

/// The first line without its line end, and its length with the line end.
fn split_line(bytes: &[u8]) -> (&[u8], usize) {
    let Some(end) = bytes.iter().position(|byte| *byte == b'\n') else {
        return (bytes, bytes.len());
    };
    let content = &bytes[..end];
    (content.strip_suffix(b"\r").unwrap_or(content), end + 1)
}

fn split_pair(content: &[u8], line: usize) -> Result<(&[u8], &[u8]), Refusal> {
    if content.contains(&0) {
        return Err(Refusal::Nul { line });
    }
    if content.contains(&b'\r') {
        return Err(Refusal::LoneCr { line });
    }
    let equals = content.iter().position(|byte| *byte == b'=').ok_or(Refusal::NoEquals { line })?;
    Ok((&content[..equals], &content[equals + 1..]))
}

/// Epoch seconds, or `None` for values that mean "never": 0, junk, a sign, more than 63 bits.
fn expiry(value: &[u8]) -> Option<i64> {
    if !value.iter().all(u8::is_ascii_digit) {
        return None;
    }
    std::str::from_utf8(value).ok()?.parse().ok().filter(|epoch| *epoch > 0)
}

/// git's words for false (`git_config_bool`).
fn is_false(value: &[u8]) -> bool {
    let words: [&[u8]; 5] = [b"", b"0", b"false", b"no", b"off"];
    words.iter().any(|word| value.eq_ignore_ascii_case(word))
}

/// Why a request was refused: the line and the rule, never its text, because a malformed line may be a secret.
#[non_exhaustive]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refusal {
    /// A line that is not `key=value`.
    NoEquals {
        /// Counted from 1.
        line: usize,
    },
    /// A second value for a key that has one.
    Duplicate {
        /// Counted from 1; the second of the two.
        line: usize,
    },
    /// A carriage return that is not half of a CRLF line end (CVE-2024-50338, CVE-2024-52006).
    LoneCr {
        /// Counted from 1.
        line: usize,
    },
    /// A NUL byte.
    Nul {
        /// Counted from 1.
        line: usize,
    },
    /// A line over [`MAX_LINE_BYTES`].
    LineTooLong,
    /// A request over [`MAX_REQUEST_BYTES`].
    TooLarge,
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoEquals { line } => {
                write!(f, "line {line} of the request is not of the form key=value")
            }
            Self::Duplicate { line } => {
                write!(f, "line {line} of the request repeats a key that can be given only once")
            }
            Self::LoneCr { line } => {
                write!(f, "line {line} of the request contains a carriage return inside the line")
            }
            Self::Nul { line } => write!(f, "line {line} of the request contains a NUL byte"),
            Self::LineTooLong => {
                write!(f, "the request has a line longer than {MAX_LINE_BYTES} bytes")
            }
            Self::TooLarge => write!(f, "the request is larger than {MAX_REQUEST_BYTES} bytes"),
        }
    }
}

impl std::error::Error for Refusal {}
