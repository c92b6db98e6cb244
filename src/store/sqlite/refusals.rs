//! SQLite's refusals, and a disk's, as errors for a person.

use std::path::Path;

use crate::error::{Error, Kind};
use crate::sys::files::shell_word;

/// What is left to do about a damaged file.
const REPAIR_OR_RESTORE: &str =
    "Run: concur-cred doctor --repair (it keeps the damaged file), or restore it from a backup.";

/// The error when a row is not what was read.
pub(crate) fn changed_meanwhile() -> Error {
    Error::new(
        Kind::Temporary,
        "Another process changed the credential at the same moment",
        "Run it again.",
    )
}

/// The error for a file that was made larger, or slower to read, than any of ours.
pub(crate) fn endless() -> Error {
    Error::new(
        Kind::Unusable,
        "The store was edited or damaged: reading it would not come to an end",
        REPAIR_OR_RESTORE,
    )
}

/// The error for a file that was cut off to nothing.
pub(crate) fn emptied(store: &Path) -> Error {
    let word = shell_word(store);
    Error::new(
        Kind::Unusable,
        format!("{} is empty: the profiles and entries that it held are lost", store.display()),
        format!(
            "Restore it from a backup; if there is none: mv {word} {word}.empty, and log in again"
        ),
    )
}

/// The error for a file in which something else stands in the place of a table of ours.
pub(crate) fn another_schema() -> Error {
    Error::new(Kind::Unusable, "The store's schema was edited or damaged", REPAIR_OR_RESTORE)
}

/// What SQLite would say of a disk that refuses a write.
pub(crate) fn unwritable(error: &std::io::Error) -> Error {
    let full = error.kind() == std::io::ErrorKind::StorageFull;
    let code = if full { rusqlite::ffi::SQLITE_FULL } else { rusqlite::ffi::SQLITE_IOERR_FSYNC };
    failed(&rusqlite::Error::SqliteFailure(rusqlite::ffi::Error::new(code), None))
}

/// Whether a statement of ours has no meaning there: a table or a column is missing, or is something else.
fn is_about_the_schema(error: &rusqlite::Error) -> bool {
    error.sqlite_error().is_some_and(|error| error.extended_code == rusqlite::ffi::SQLITE_ERROR)
}

/// Whether a value was read and is not of its column's kind.
fn is_about_a_value(error: &rusqlite::Error) -> bool {
    use rusqlite::Error;
    matches!(
        error,
        Error::FromSqlConversionFailure(..)
            | Error::InvalidColumnType(..)
            | Error::IntegralValueOutOfRange(..)
            | Error::Utf8Error(..)
    )
}

/// SQLite's refusal as an error for a person. Its text is left out where it could quote a value.
pub(crate) fn failed(error: &rusqlite::Error) -> Error {
    use rusqlite::ErrorCode as Code;
    let code = error.sqlite_error_code();
    let (kind, problem, remedy) = match code {
        Some(Code::DatabaseBusy | Code::DatabaseLocked) => (
            Kind::Temporary,
            "The store is busy: another process has held it for too long",
            "Try again; if it stays so, look for a stopped concur-cred process.",
        ),
        Some(Code::NotADatabase | Code::DatabaseCorrupt) => {
            (Kind::Unusable, "The store's file is damaged or not a database", REPAIR_OR_RESTORE)
        }
        Some(Code::DiskFull) => (
            Kind::Unusable,
            "The disk is full",
            "Free some space and run it again; nothing was lost.",
        ),
        Some(Code::ReadOnly | Code::PermissionDenied | Code::CannotOpen) => (
            Kind::Unusable,
            "The store cannot be opened or written",
            "Check the permissions of its folder, and that the file system is not read-only.",
        ),
        Some(Code::SystemIoFailure) => (
            Kind::Unusable,
            "Reading or writing the store failed",
            "Check the disk and the file system; nothing was half-written.",
        ),
        Some(Code::OperationInterrupted | Code::TooBig) => return endless(),
        // A value of another type than the column: it was edited.
        None if is_about_a_value(error) => {
            (Kind::Unusable, "A row of the store cannot be read", REPAIR_OR_RESTORE)
        }
        _ if is_about_the_schema(error) => {
            (Kind::Unusable, "A database's schema was edited or damaged", REPAIR_OR_RESTORE)
        }
        _ => (Kind::Unusable, "The store could not be used", "Report this."),
    };
    let detail = error.sqlite_error().map(|e| format!(" (SQLite {})", e.extended_code));
    Error::new(kind, format!("{problem}{}", detail.unwrap_or_default()), remedy)
}
