//! Why the token service gave no tokens. What a person reads of it is made where it is known what was asked for;
//! what Concur's codes mean stands in `advice`.

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
        /// What Concur said.
        word: ServiceWord,
        /// What is to be said when Concur's word alone would mislead.
        why: Option<String>,
    },
    /// Says nothing about the tokens: worth another try.
    Transient {
        /// What happened.
        why: Unusable,
        /// Seconds, when the service said so.
        retry_after: Option<i64>,
        /// What the service said.
        word: ServiceWord,
    },
    /// The service could not be reached from here.
    Unreached(Box<NoAnswer>),
}

/// Why an answer says nothing about the tokens.
#[derive(Debug)]
pub enum Unusable {
    /// There is none.
    Missing(Box<NoAnswer>),
    /// It has this status, and no refusal of Concur's.
    Status(u16),
    /// It is a redirect that is not followed.
    Redirect,
    /// It says that the company is in scheduled maintenance.
    Maintenance,
    /// It has no token.
    NoToken,
    /// It is not what it must be, but this.
    Not(&'static str),
    /// It ended before its end, as this says.
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
