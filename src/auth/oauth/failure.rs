//! Why the token service granted no tokens. The callers, which know the request, write the messages; `advice`
//! has the meaning of Concur's codes.

use std::fmt;

use crate::error::ServiceWord;
use crate::net::NoAnswer;

/// Why there are no tokens.
#[derive(Debug)]
pub enum Failure {
    /// Refused by Concur itself.
    Rejected {
        /// The refresh token is invalid: code 108, or a bare `invalid_grant` to a refresh.
        condemned: bool,
        /// Concur's message.
        word: ServiceWord,
        /// An explanation if Concur's message alone would mislead.
        why: Option<String>,
    },
    /// A failure that says nothing about the tokens: may succeed later.
    Transient {
        /// What happened.
        why: Unusable,
        /// `Retry-After`, seconds.
        retry_after: Option<i64>,
        /// The service's message.
        word: ServiceWord,
    },
    /// The service could not be reached from here.
    Unreached(Box<NoAnswer>),
}

/// Why an answer says nothing about the tokens.
#[derive(Debug)]
pub enum Unusable {
    /// There is no answer.
    Missing(Box<NoAnswer>),
    /// It has this status, without one of Concur's codes.
    Status(u16),
    /// It is a redirect that is not followed.
    Redirect,
    /// It says that the company is in scheduled maintenance.
    Maintenance,
    /// It has no token.
    NoToken,
    /// It is something else, described by this text.
    Not(&'static str),
    /// It is incomplete, for this reason.
    Cut(String),
}

/// As the middle of a sentence.
impl fmt::Display for Unusable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Missing(none) => none.fmt(f),
            Self::Status(status) => write!(f, "it answered {status}"),
            Self::Redirect => f.write_str("it answered with a redirect that is not followed"),
            Self::Maintenance => {
                f.write_str("it says that the company is in scheduled maintenance")
            }
            Self::NoToken => f.write_str("it answered without a token"),
            Self::Not(what) => write!(f, "it answered with {what}"),
            Self::Cut(how) => f.write_str(how),
        }
    }
}

impl std::error::Error for Unusable {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Missing(none) => Some(none.as_ref()),
            _ => None,
        }
    }
}
