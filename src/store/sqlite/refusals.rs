//! SQLite's errors, by their meaning for the store.

use rusqlite::{Error, ErrorCode as Code};

/// The remedy for a damaged file.
const REPAIR_OR_RESTORE: &str =
    "Run: concur-cred doctor --repair (it keeps the damaged file), or restore it from a backup.";

/// The meaning of an error of SQLite.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Refusal {
    /// Another process holds the file.
    Busy,
    /// The file is damaged, or not a database.
    Damaged,
    /// The disk is full.
    DiskFull,
    /// The file is read-only, or may not be opened.
    NotPermitted,
    /// The disk failed.
    Io,
    /// It would not end.
    Endless,
    /// A value has another type than its column: it was edited.
    Value,
    /// A table or column of our statement is missing or is something else.
    Schema,
    /// Anything else.
    Other,
}

impl Refusal {
    pub(crate) fn of(error: &Error) -> Self {
        match error.sqlite_error_code() {
            Some(Code::DatabaseBusy | Code::DatabaseLocked) => Self::Busy,
            Some(Code::NotADatabase | Code::DatabaseCorrupt) => Self::Damaged,
            Some(Code::DiskFull) => Self::DiskFull,
            Some(Code::ReadOnly | Code::PermissionDenied | Code::CannotOpen) => Self::NotPermitted,
            Some(Code::SystemIoFailure) => Self::Io,
            Some(Code::OperationInterrupted | Code::TooBig) => Self::Endless,
            None if is_about_a_value(error) => Self::Value,
            _ if is_about_the_schema(error) => Self::Schema,
            _ => Self::Other,
        }
    }

    /// What happened, and what to do about it.
    pub(in crate::store) const fn words(self) -> (&'static str, &'static str) {
        match self {
            Self::Busy => (
                "The store is busy: another process has held it for too long",
                "Retry; if this persists, look for a stopped concur-cred process.",
            ),
            Self::Damaged => ("The store's file is damaged or not a database", REPAIR_OR_RESTORE),
            Self::DiskFull => {
                ("The disk is full", "Free some space on it and run this again; nothing was lost.")
            }
            Self::NotPermitted => (
                "The store cannot be opened or written",
                "Check the permissions of its folder, and that the file system is not read-only.",
            ),
            Self::Io => (
                "Reading or writing the store failed",
                "Check the disk and the file system; nothing was partly written.",
            ),
            Self::Endless => {
                ("The store was edited or damaged: reading it would not end", REPAIR_OR_RESTORE)
            }
            Self::Value => ("A row of the store cannot be read", REPAIR_OR_RESTORE),
            Self::Schema => ("A database's schema was edited or damaged", REPAIR_OR_RESTORE),
            Self::Other => ("The store could not be used", "Report this."),
        }
    }
}

/// Whether a table or column of our statement is missing or is something else.
fn is_about_the_schema(error: &Error) -> bool {
    error.sqlite_error().is_some_and(|error| error.extended_code == rusqlite::ffi::SQLITE_ERROR)
}

/// Whether a value has another type than its column.
fn is_about_a_value(error: &Error) -> bool {
    matches!(
        error,
        Error::FromSqlConversionFailure(..)
            | Error::InvalidColumnType(..)
            | Error::IntegralValueOutOfRange(..)
            | Error::Utf8Error(..)
    )
}
