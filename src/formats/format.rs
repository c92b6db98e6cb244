//! The output formats of a token: `get --format …`.
//!
//! Each format quotes for the language that will read it, so that no stored value can end its string and
//! continue as code.

use std::fmt::{self, Write as _};
use std::str::FromStr;

use serde::Serialize;
use zeroize::Zeroizing;

pub use super::Unrenderable;
use super::git::Answer;
use super::unrenderable::{rfc3339, single_line, text, text_line};
use crate::model::printable::write_printable_json;
use crate::model::secret::Secret;
use crate::model::wiping::WipingBuffer;

/// An output format.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Format {
    /// The bare access token and a newline.
    Token,
    /// `Authorization: Bearer …`.
    Header,
    /// One JSON object on one line.
    Json,
    /// POSIX `export` lines, for `eval`.
    Env,
    /// `$env:` lines, for `Invoke-Expression`.
    Powershell,
    /// A curl config file, for `curl -K -`, which keeps the token out of the process list.
    Curl,
    /// The git protocol's answer.
    Git,
}

impl Format {
    /// Every format, in the order in which they are documented.
    pub const ALL: [Self; 7] =
        [Self::Token, Self::Header, Self::Json, Self::Env, Self::Powershell, Self::Curl, Self::Git];

    /// The names of [`Format::ALL`], in the same order.
    pub const NAMES: [&'static str; 7] =
        ["token", "header", "json", "env", "powershell", "curl", "git"];

    /// The name that [`FromStr`] reads.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Token => "token",
            Self::Header => "header",
            Self::Json => "json",
            Self::Env => "env",
            Self::Powershell => "powershell",
            Self::Curl => "curl",
            Self::Git => "git",
        }
    }
}

impl fmt::Display for Format {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// A name that is not one of [`Format::NAMES`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct UnknownFormat;

impl fmt::Display for UnknownFormat {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "no such format; choose one of {}", Format::NAMES.join(", "))
    }
}

impl std::error::Error for UnknownFormat {}

impl FromStr for Format {
    type Err = UnknownFormat;

    fn from_str(name: &str) -> Result<Self, UnknownFormat> {
        Self::ALL.into_iter().find(|format| format.name() == name).ok_or(UnknownFormat)
    }
}

/// An access token to print.
#[derive(Debug)]
pub struct AccessToken {
    /// The token itself.
    pub secret: Secret,
    /// The origin that the token is for.
    pub base_url: String,
    /// When it expires, epoch seconds, if that is known.
    pub expires_at: Option<i64>,
    /// The company's or user's UUID.
    pub principal: String,
    /// The profile's name.
    pub profile: String,
    /// Only if it was requested; `token`, `header` and `curl` have no place for it.
    pub refresh_token: Option<Secret>,
}

/// Upper bound for what a one-line format adds to a token, bytes.
const AROUND_A_TOKEN: usize = 64;

/// The whole output for stdout, with its last newline.
///
/// Every format but `json` is made of lines and refuses a value with LF, CR or NUL; every format but
/// `token` and `git` is text and refuses a token that is not UTF-8.
pub fn render(format: Format, token: &AccessToken) -> Result<Zeroizing<Vec<u8>>, Unrenderable> {
    let mut out = WipingBuffer::with_capacity(token.secret.len() + AROUND_A_TOKEN);
    match format {
        Format::Token => {
            out.extend(single_line("access token", token.secret.expose())?);
        }
        Format::Header => {
            out.extend(b"Authorization: Bearer ");
            out.extend(text_line("access token", &token.secret)?.as_bytes());
        }
        Format::Json => json(&mut out, token)?,
        Format::Env => return variables(token, posix_line),
        Format::Powershell => return variables(token, powershell_line),
        Format::Curl => {
            out.extend(b"header = \"Authorization: Bearer ");
            escape_curl(&mut out, text_line("access token", &token.secret)?);
            out.extend(b"\"");
        }
        Format::Git => return git_answer(token).render(),
    }
    out.extend(b"\n");
    Ok(out.into_bytes())
}

fn git_answer(token: &AccessToken) -> Answer {
    Answer::Password {
        username: token.principal.as_bytes().to_vec(),
        password: token.secret.clone(),
        password_expiry_utc: token.expires_at,
        oauth_refresh_token: token.refresh_token.clone(),
    }
}

/// The JSON object; its names and types are stable. An unknown expiry is `null`, so that the names are always
/// the same; `refresh_token` is there only if it was requested.
#[derive(Serialize)]
struct JsonToken<'a> {
    access_token: &'a str,
    token_type: &'static str,
    base_url: &'a str,
    expires_at: Option<i64>,
    expires_at_rfc3339: Option<String>,
    company_uuid: &'a str,
    profile: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    refresh_token: Option<&'a str>,
}

fn json(out: &mut WipingBuffer, token: &AccessToken) -> Result<(), Unrenderable> {
    let AccessToken { secret, base_url, expires_at, principal, profile, refresh_token } = token;
    let object = JsonToken {
        access_token: text("access token", secret)?,
        token_type: "Bearer",
        base_url,
        expires_at: *expires_at,
        expires_at_rfc3339: expires_at.and_then(rfc3339),
        company_uuid: principal,
        profile,
        refresh_token: refresh_token
            .as_ref()
            .map(|secret| text("refresh token", secret))
            .transpose()?,
    };
    // Writing texts and numbers to memory cannot fail.
    write_printable_json(out, &object).map_err(|_| Unrenderable::NotText { field: "token" })
}

/// The variables of `env` and `powershell`, each passed to `set`, for a command's environment. An unknown
/// expiry is set to an empty value, so that the one of an earlier token does not remain.
pub fn environment(
    token: &AccessToken,
    mut set: impl FnMut(&'static str, &str),
) -> Result<(), Unrenderable> {
    let expires_at = token.expires_at.map(|epoch| epoch.to_string()).unwrap_or_default();
    single_line("base URL", token.base_url.as_bytes())?;
    single_line("company UUID", token.principal.as_bytes())?;
    set("CONCUR_ACCESS_TOKEN", text_line("access token", &token.secret)?);
    set("CONCUR_BASE_URL", &token.base_url);
    set("CONCUR_COMPANY_UUID", &token.principal);
    set("CONCUR_TOKEN_EXPIRES_AT", &expires_at);
    if let Some(refresh_token) = &token.refresh_token {
        set("CONCUR_REFRESH_TOKEN", text_line("refresh token", refresh_token)?);
    }
    Ok(())
}

type VariableLine = fn(&mut WipingBuffer, &'static str, &str);

/// One line per variable.
fn variables(token: &AccessToken, line: VariableLine) -> Result<Zeroizing<Vec<u8>>, Unrenderable> {
    let mut out = WipingBuffer::new();
    environment(token, |name, value| line(&mut out, name, value))?;
    Ok(out.into_bytes())
}

/// POSIX shell, XCU 2.2.2: inside single quotes nothing is special but the single quote itself.
fn posix_line(out: &mut WipingBuffer, name: &'static str, value: &str) {
    out.extend(b"export ");
    out.extend(name.as_bytes());
    out.extend(b"='");
    for (index, piece) in value.split('\'').enumerate() {
        if index > 0 {
            out.extend(br"'\''");
        }
        out.extend(piece.as_bytes());
    }
    out.extend(b"'\n");
}

/// PowerShell, `about_Quoting_Rules`: inside single quotes only a single quote is special, and it is written
/// twice. PowerShell takes four curly quotes for single quotes as well, and reads a program's output in a code
/// page in which other characters' bytes may look like them. So the output is ASCII, and all other characters
/// are written as `[char]0x2019`.
fn powershell_line(out: &mut WipingBuffer, name: &'static str, value: &str) {
    out.extend(b"$env:");
    out.extend(name.as_bytes());
    out.extend(b" = '");
    for character in value.chars() {
        let mut bytes = [0; 4];
        let utf8 = character.encode_utf8(&mut bytes);
        if character == '\'' {
            out.extend(b"''");
        } else if character.is_ascii() {
            out.extend(utf8.as_bytes());
        } else {
            let mut units = [0; 2];
            for unit in character.encode_utf16(&mut units) {
                let mut splice = String::with_capacity(24);
                let _infallible = write!(splice, "' + [char]0x{unit:04x} + '");
                out.extend(splice.as_bytes());
            }
        }
    }
    out.extend(b"'\n");
}

/// curl(1), `-K`: inside double quotes the backslash escapes; the quote and itself need it.
fn escape_curl(out: &mut WipingBuffer, value: &str) {
    for piece in value.split_inclusive(['"', '\\']) {
        let plain = piece.trim_end_matches(['"', '\\']);
        out.extend(plain.as_bytes());
        if plain.len() < piece.len() {
            out.extend(b"\\");
            out.extend(&piece.as_bytes()[plain.len()..]);
        }
    }
}

#[cfg(test)]
mod tests;
