//! Values that a format cannot contain.

use std::fmt;

use chrono::{DateTime, SecondsFormat};

use crate::model::secret::Secret;

/// A value that the requested format cannot contain. Nothing was written; the caller reports it and leaves
/// stdout empty.
///
/// It names the field and never contains the value.
#[non_exhaustive]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unrenderable {
    /// The value contains LF, CR or NUL. In a line format it would end its line and start one that an attacker
    /// chose (as in CVE-2020-5260), so it is refused, not cleaned.
    LineBreak {
        /// The field as the format names it.
        field: &'static str,
    },
    /// The value is not UTF-8, and the format is text.
    NotText {
        /// The field as the format names it.
        field: &'static str,
    },
}

impl fmt::Display for Unrenderable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::LineBreak { field } => {
                write!(
                    f,
                    "the stored {field} contains a line break or NUL and cannot be printed safely"
                )
            }
            Self::NotText { field } => {
                write!(
                    f,
                    "the stored {field} is not UTF-8 text and cannot be printed in this format"
                )
            }
        }
    }
}

impl std::error::Error for Unrenderable {}

/// `value` itself when no line format can be broken by it.
pub(super) fn single_line<'a>(
    field: &'static str,
    value: &'a [u8],
) -> Result<&'a [u8], Unrenderable> {
    if value.iter().any(|byte| matches!(byte, b'\n' | b'\r' | 0)) {
        return Err(Unrenderable::LineBreak { field });
    }
    Ok(value)
}

/// A secret as text.
pub(super) fn text<'a>(field: &'static str, secret: &'a Secret) -> Result<&'a str, Unrenderable> {
    secret.expose_utf8().ok_or(Unrenderable::NotText { field })
}

/// A secret as text that stays on its line.
pub(super) fn text_line<'a>(
    field: &'static str,
    secret: &'a Secret,
) -> Result<&'a str, Unrenderable> {
    single_line(field, secret.expose())?;
    text(field, secret)
}

/// Epoch seconds as RFC 3339 in UTC, or `None` for a time beyond the calendar.
pub(super) fn rfc3339(epoch: i64) -> Option<String> {
    let time = DateTime::from_timestamp(epoch, 0)?;
    Some(time.to_rfc3339_opts(SecondsFormat::Secs, true))
}
