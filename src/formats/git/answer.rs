//! The helper's answer to `get`.

use zeroize::Zeroizing;

use super::{Unrenderable, push_line};
use crate::model::secret::Secret;
use crate::model::wiping::WipingBuffer;

/// The whole answer to a `get`, composed before a byte of it is written: git uses everything that was printed,
/// whatever the exit status. "Nothing found" is an empty answer.
///
/// It contains no protocol and no host, with which a helper could redirect git.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Answer {
    /// A username and a password, also printed if empty.
    Password {
        /// `username`.
        username: Vec<u8>,
        /// `password`.
        password: Secret,
        /// `password_expiry_utc`, epoch seconds.
        password_expiry_utc: Option<i64>,
        /// `oauth_refresh_token`.
        oauth_refresh_token: Option<Secret>,
    },
    /// A ready header value such as `Bearer …`, only for a caller that sent
    /// `capability[]=authtype`.
    AuthType {
        /// `authtype`, such as `Bearer`.
        authtype: Vec<u8>,
        /// `credential`.
        credential: Secret,
        /// `ephemeral=1`: other helpers in the chain must not store it.
        ephemeral: bool,
        /// `password_expiry_utc`, epoch seconds.
        password_expiry_utc: Option<i64>,
        /// `oauth_refresh_token`.
        oauth_refresh_token: Option<Secret>,
        /// `username`, if the stored credential has one.
        username: Option<Vec<u8>>,
    },
    /// A stored credential whose password has expired, without the password: the next helper can refresh it.
    RefreshToken {
        /// `username`, if the stored credential has one.
        username: Option<Vec<u8>>,
        /// `oauth_refresh_token`.
        oauth_refresh_token: Secret,
    },
    /// Only `quit=1`: git asks no other helper and no person.
    Quit,
}

/// The usual size of an answer without its secret, bytes.
const BESIDE_THE_SECRET: usize = 192;

impl Answer {
    /// Enough room for the usual answer, bytes.
    fn usual_length(&self) -> usize {
        let secret = match self {
            Self::Password { password: secret, .. }
            | Self::AuthType { credential: secret, .. }
            | Self::RefreshToken { oauth_refresh_token: secret, .. } => secret.len(),
            Self::Quit => 0,
        };
        secret + BESIDE_THE_SECRET
    }

    /// The lines for stdout. Fails on a value with LF, CR or NUL in it: a stored value must never become a
    /// separate line.
    pub fn render(&self) -> Result<Zeroizing<Vec<u8>>, Unrenderable> {
        let mut out = WipingBuffer::with_capacity(self.usual_length());
        match self {
            Self::Password { username, password, password_expiry_utc, oauth_refresh_token } => {
                push_line(&mut out, "username", username)?;
                push_line(&mut out, "password", password.expose())?;
                push_tail(&mut out, *password_expiry_utc, oauth_refresh_token.as_ref())?;
            }
            Self::AuthType {
                authtype,
                credential,
                ephemeral,
                password_expiry_utc,
                oauth_refresh_token,
                username,
            } => {
                // git reads authtype and credential only after the capability.
                push_line(&mut out, "capability[]", b"authtype")?;
                push_line(&mut out, "authtype", authtype)?;
                push_line(&mut out, "credential", credential.expose())?;
                if *ephemeral {
                    push_line(&mut out, "ephemeral", b"1")?;
                }
                if let Some(username) = username {
                    push_line(&mut out, "username", username)?;
                }
                push_tail(&mut out, *password_expiry_utc, oauth_refresh_token.as_ref())?;
            }
            Self::RefreshToken { username, oauth_refresh_token } => {
                if let Some(username) = username {
                    push_line(&mut out, "username", username)?;
                }
                push_tail(&mut out, None, Some(oauth_refresh_token))?;
            }
            Self::Quit => push_line(&mut out, "quit", b"1")?,
        }
        Ok(out.into_bytes())
    }
}

fn push_tail(
    out: &mut WipingBuffer,
    expiry: Option<i64>,
    refresh_token: Option<&Secret>,
) -> Result<(), Unrenderable> {
    if let Some(epoch) = expiry {
        push_line(out, "password_expiry_utc", epoch.to_string().as_bytes())?;
    }
    if let Some(refresh_token) = refresh_token {
        push_line(out, "oauth_refresh_token", refresh_token.expose())?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]

    use super::*;
    use crate::formats::git::CAPABILITIES;

    fn password_answer(username: &[u8], password: &[u8], refresh: Option<&[u8]>) -> Answer {
        Answer::Password {
            username: username.to_vec(),
            password: Secret::new(password),
            password_expiry_utc: Some(1_700_000_000),
            oauth_refresh_token: refresh.map(Secret::new),
        }
    }

    fn bearer_answer(authtype: &[u8], credential: &[u8], username: Option<&[u8]>) -> Answer {
        Answer::AuthType {
            authtype: authtype.to_vec(),
            credential: Secret::new(credential),
            ephemeral: true,
            password_expiry_utc: Some(1_700_000_000),
            oauth_refresh_token: None,
            username: username.map(<[u8]>::to_vec),
        }
    }

    #[test]
    fn answers_are_gits_lines_without_protocol_or_host() {
        let rows = [
            (
                password_answer(b"u", b"p", Some(b"r")),
                "username=u\npassword=p\npassword_expiry_utc=1700000000\noauth_refresh_token=r\n",
            ),
            (
                Answer::Password {
                    username: Vec::new(),
                    password: Secret::from(""),
                    password_expiry_utc: None,
                    oauth_refresh_token: None,
                },
                "username=\npassword=\n",
            ),
            (
                bearer_answer(b"Bearer", b"t", None),
                "capability[]=authtype\nauthtype=Bearer\ncredential=t\nephemeral=1\n\
             password_expiry_utc=1700000000\n",
            ),
            (Answer::Quit, "quit=1\n"),
        ];
        for (answer, expected) in rows {
            assert_eq!(answer.render().unwrap().as_slice(), expected.as_bytes());
        }
        assert_eq!(CAPABILITIES, "version 0\ncapability authtype\n");
    }

    #[test]
    fn a_stored_value_never_becomes_a_line() {
        for bad in ["x\nhost=evil", "x\rhost=evil", "x\0", "\n", "x\r\n"] {
            let bad = bad.as_bytes();
            let answers = [
                (password_answer(bad, b"p", None), "username"),
                (password_answer(b"u", bad, None), "password"),
                (password_answer(b"u", b"p", Some(bad)), "oauth_refresh_token"),
                (bearer_answer(bad, b"c", None), "authtype"),
                (bearer_answer(b"Bearer", bad, None), "credential"),
                (bearer_answer(b"Bearer", b"c", Some(bad)), "username"),
            ];
            for (answer, field) in answers {
                let refused = answer.render().unwrap_err();
                assert_eq!(refused, Unrenderable::LineBreak { field });
                assert!(!refused.to_string().contains("evil"));
            }
        }
    }
}
