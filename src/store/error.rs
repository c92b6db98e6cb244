//! Errors of the store, and the one place that turns them into an exit code, a problem and a remedy. The
//! library matches on the error, never on its text.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::{fmt, io};

use crate::error::{Error as Shown, Kind, login_command};
use crate::model::origin::BadOrigin;
use crate::store::keys::fault::KeyFault;
use crate::store::sqlite::refusals::Refusal;
use crate::store::sqlite::schema::CURRENT_VERSION;
use crate::sys::files::{self, shell_word};

/// The result of what the store does.
pub(crate) type Result<T, E = Error> = std::result::Result<T, E>;

/// What happened. No text contains a secret.
#[derive(Debug)]
pub(crate) enum Error {
    /// SQLite, or the disk below it, failed.
    Refused(Refusal, Box<rusqlite::Error>),
    /// An older store, of this schema version, cannot be migrated.
    NotUpgraded(i64, Refusal, Box<rusqlite::Error>),
    /// A newer program wrote the store, with this schema version.
    Newer(i64),
    /// A newer program wrote the store, with a key source that this one does not know.
    UnknownKeySource,
    /// The file is another program's database.
    OtherProgram,
    /// A table is missing or is something else.
    OtherSchema,
    /// The file was manipulated so that reading it would not end.
    Endless,
    /// The file was truncated to nothing.
    Emptied(PathBuf),
    /// The journal would make SQLite open another file.
    JournalLeadsElsewhere(PathBuf),
    /// Another process has changed what was read.
    Changed,
    /// The new store was removed while it was created.
    Vanished,
    /// Another process, this one, holds the lock of a record.
    RecordLocked(String),
    /// The lock of a new record, which no other process knows, is held.
    NewRecordLocked,
    /// Another process, this one, changes the store's key.
    KeyLocked(String),
    /// The file system refuses to lock a lock file.
    NotLockable(io::Error),
    /// There is no space in this folder for a reserve file.
    NoReserve(PathBuf, io::Error),
    /// A pending grant is larger than the reserve file.
    TooLargeToReserve,
    /// The key is missing, wrong or invalid.
    Key(Box<KeyFault>),
    /// A cell, that of this text and profile, was edited or damaged.
    CellDoesNotOpen(String, Option<String>),
    /// The links of this profile's record were edited.
    IdentityDoesNotOpen(Option<String>),
    /// Invalid base URL in the store.
    InvalidOrigin(BadOrigin),
    /// The cipher refused to seal.
    NotSealed,
    /// The damaged file is too large for a store.
    DamagedTooLarge(PathBuf),
    /// The damaged store does not name its own identity, which every cell is bound to.
    DamagedUnidentified(PathBuf),
    /// Nothing in the damaged store can be read and opened.
    DamagedBeyondRepair(PathBuf),
    /// The store that a repair has created is damaged itself.
    RepairFailed,
    /// Every name for a second copy of the damaged file is taken.
    NoFreeName,
    /// An error of `sys`: a file, a folder, the environment or the random numbers.
    Machine(Shown),
    /// The same, of this profile.
    OfProfile(String, Box<Error>),
    /// An internal error.
    Internal,
}

impl Error {
    /// SQLite's error for a disk that refuses a write.
    pub(crate) fn unwritable(error: &io::Error) -> Self {
        use rusqlite::ffi::{self, SQLITE_FULL, SQLITE_IOERR_FSYNC};
        let full = error.kind() == io::ErrorKind::StorageFull;
        let code = if full { SQLITE_FULL } else { SQLITE_IOERR_FSYNC };
        rusqlite::Error::SqliteFailure(ffi::Error::new(code), None).into()
    }

    /// The error if an older store cannot be migrated; a busy one is only busy.
    pub(crate) fn not_upgraded(version: i64, error: rusqlite::Error) -> Self {
        match Refusal::of(&error) {
            Refusal::Busy => error.into(),
            refusal => Self::NotUpgraded(version, refusal, Box::new(error)),
        }
    }

    /// Adds the profile.
    pub(crate) fn of_profile(self, profile: Option<&str>) -> Self {
        match profile {
            Some(profile) => Self::OfProfile(profile.to_owned(), Box::new(self)),
            None => self,
        }
    }

    /// Whether another process held a lock, or a key command was too slow: the same call may succeed later, and
    /// the store is sound.
    pub(crate) fn is_temporary(&self) -> bool {
        match self {
            Self::Refused(refusal, _) => *refusal == Refusal::Busy,
            Self::Changed
            | Self::Vanished
            | Self::RecordLocked(_)
            | Self::NewRecordLocked
            | Self::KeyLocked(_)
            | Self::NoFreeName => true,
            Self::Key(fault) => fault.is_temporary(),
            Self::OfProfile(_, error) => error.is_temporary(),
            _ => false,
        }
    }

    /// Whether there is no room for the store.
    pub(crate) fn is_full_disk(&self) -> bool {
        match self {
            Self::Refused(refusal, _) => *refusal == Refusal::DiskFull,
            Self::NoReserve(_, error) => error.kind() == io::ErrorKind::StorageFull,
            Self::OfProfile(_, error) => error.is_full_disk(),
            _ => false,
        }
    }

    /// What to do about it, for a person.
    pub(crate) fn remedy(&self) -> String {
        self.words().1
    }

    fn kind(&self) -> Kind {
        match self {
            Self::Machine(error) => error.kind(),
            Self::OfProfile(_, error) => error.kind(),
            Self::RepairFailed | Self::NotSealed | Self::Internal => Kind::Other,
            _ if self.is_temporary() => Kind::Temporary,
            _ => Kind::Unusable,
        }
    }

    /// What happened, and what to do about it.
    fn words(&self) -> (String, String) {
        match self {
            Self::Refused(..)
            | Self::NotUpgraded(..)
            | Self::Newer(_)
            | Self::UnknownKeySource
            | Self::OtherProgram
            | Self::OtherSchema
            | Self::Endless
            | Self::Emptied(_)
            | Self::JournalLeadsElsewhere(_) => self.words_of_the_file(),
            Self::DamagedTooLarge(_)
            | Self::DamagedUnidentified(_)
            | Self::DamagedBeyondRepair(_)
            | Self::RepairFailed
            | Self::NoFreeName => self.words_of_a_repair(),
            Self::Key(fault) => fault.words(),
            Self::Machine(error) => (error.problem().to_owned(), error.remedy().to_owned()),
            Self::OfProfile(_, error) => error.words(),
            _ => self.words_of_a_record(),
        }
    }

    fn words_of_the_file(&self) -> (String, String) {
        const NEWER: &str = "Install the newer concur-cred that wrote it; nothing was changed.";
        let (problem, remedy) = match self {
            Self::Refused(refusal, error) => {
                let (_, remedy) = refusal.words();
                return (refused(*refusal, error), remedy.to_owned());
            }
            Self::NotUpgraded(version, refusal, error) => {
                let problem = format!(
                    "The store has schema version {version} and cannot be migrated to version \
                     {CURRENT_VERSION}: {}",
                    refused(*refusal, error)
                );
                return (problem, refusal.words().1.to_owned());
            }
            Self::Newer(version) => {
                let problem = format!(
                    "The store has schema version {version}, and this program knows versions up to \
                     {CURRENT_VERSION}"
                );
                return (problem, NEWER.to_owned());
            }
            Self::Emptied(store) => {
                let word = shell_word(store);
                let problem = format!(
                    "{} is empty: the profiles and entries in it are lost",
                    store.display()
                );
                let remedy = format!(
                    "Restore it from a backup; if there is none: mv {word} {word}.empty, and log in again"
                );
                return (problem, remedy);
            }
            Self::JournalLeadsElsewhere(journal) => {
                let problem = format!(
                    "{} is not the store's journal: it is a link to another file",
                    journal.display()
                );
                return (problem, format!("Move it away: mv {0} {0}.moved", shell_word(journal)));
            }
            Self::UnknownKeySource => ("Unknown key source in the store", NEWER),
            Self::OtherProgram => (
                "The store's file is another program's database",
                "Move it away, or set CONCUR_CRED_HOME to a folder of its own.",
            ),
            Self::OtherSchema => {
                ("The store's schema was edited or damaged", Refusal::Damaged.words().1)
            }
            _ => Refusal::Endless.words(),
        };
        (problem.to_owned(), remedy.to_owned())
    }

    fn words_of_a_repair(&self) -> (String, String) {
        match self {
            Self::DamagedTooLarge(file) => (
                format!("{} is too large for a store and was not read", file.display()),
                without_repair(file),
            ),
            Self::DamagedUnidentified(file) => (
                "The damaged store has lost its ID, so that nothing in it can be opened; nothing \
                 was changed"
                    .to_owned(),
                without_repair(file),
            ),
            Self::DamagedBeyondRepair(file) => (
                "Nothing in the damaged store can be read and opened; nothing was changed"
                    .to_owned(),
                without_repair(file),
            ),
            Self::NoFreeName => (
                "There is no free name for the copy of the file".to_owned(),
                "Try again.".to_owned(),
            ),
            _ => (
                "The new store is damaged; nothing was changed".to_owned(),
                "Report this.".to_owned(),
            ),
        }
    }

    fn words_of_a_record(&self) -> (String, String) {
        let (problem, remedy) = match self {
            Self::Changed => {
                ("Another process changed the credential at the same moment", "Run it again.")
            }
            Self::Vanished => ("The store was removed while it was created", "Run it again."),
            Self::NewRecordLocked => ("A new record is locked already", "Run it again."),
            Self::TooLargeToReserve => ("The answer is too large to keep", ""),
            Self::NotSealed => ("A secret could not be sealed", "Report this."),
            Self::RecordLocked(holder) => {
                let problem = format!("Another concur-cred is at work ({holder})");
                return (problem, WHEN_ENDED.to_owned());
            }
            Self::KeyLocked(holder) => {
                let problem = format!("Another process changes the store's key ({holder})");
                return (problem, WHEN_ENDED.to_owned());
            }
            Self::NotLockable(error) => {
                let remedy = "Keep the state folder on a file system with locks (CONCUR_CRED_HOME moves it).";
                let problem = format!("The lock file cannot be locked: {}", files::reason(error));
                return (problem, remedy.to_owned());
            }
            Self::NoReserve(folder, error) => {
                let problem = format!(
                    "There is not enough disk space to store a new token, so no request was \
                     sent: {}",
                    files::reason(error)
                );
                return (problem, format!("Free some disk space for {}.", folder.display()));
            }
            Self::CellDoesNotOpen(what, profile) => {
                let problem = format!(
                    "{what} does not open: the store was edited or damaged, and it is not used"
                );
                return (problem, format!("Log in again: {}", login_command(profile.as_deref())));
            }
            Self::IdentityDoesNotOpen(profile) => {
                let problem = "The identity of the profile does not open: the store was edited or damaged, \
                               and it is not used";
                // Without the origin: an attacker who edited the store chose it.
                let remedy = format!(
                    "Log in again with the base URL that you know: {} --base-url ORIGIN",
                    login_command(profile.as_deref())
                );
                return (problem.to_owned(), remedy);
            }
            Self::InvalidOrigin(bad) => {
                let problem = format!("Invalid base URL in the store ({bad})");
                return (problem, format!("Log in again: {}", login_command(None)));
            }
            _ => ("Internal error", "Report this."),
        };
        (problem.to_owned(), remedy.to_owned())
    }
}

const WHEN_ENDED: &str = "Retry when it has ended.";

/// SQLite's error with its code. Its text is left out: it could quote a value.
fn refused(refusal: Refusal, error: &rusqlite::Error) -> String {
    let (problem, _) = refusal.words();
    match error.sqlite_error() {
        // The place of the interruption has no meaning.
        Some(error) if refusal != Refusal::Endless => {
            format!("{problem} (SQLite {})", error.extended_code)
        }
        _ => problem.to_owned(),
    }
}

/// The remedy for a damaged store that cannot be repaired.
fn without_repair(file: &Path) -> String {
    let word = shell_word(file);
    format!("Restore it from a backup, or put it aside (mv {word} {word}.old) and log in again.")
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.words().0)
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Refused(_, error) | Self::NotUpgraded(_, _, error) => Some(error.as_ref()),
            Self::NotLockable(error) | Self::NoReserve(_, error) => Some(error),
            Self::Key(fault) => fault.source(),
            Self::InvalidOrigin(bad) => Some(bad),
            Self::Machine(error) => error.source(),
            Self::OfProfile(_, error) => error.source(),
            _ => None,
        }
    }
}

impl From<rusqlite::Error> for Error {
    fn from(error: rusqlite::Error) -> Self {
        Self::Refused(Refusal::of(&error), Box::new(error))
    }
}

impl From<KeyFault> for Error {
    fn from(fault: KeyFault) -> Self {
        Self::Key(Box::new(fault))
    }
}

impl From<Shown> for Error {
    fn from(error: Shown) -> Self {
        Self::Machine(error)
    }
}

impl From<Error> for Shown {
    fn from(error: Error) -> Self {
        match error {
            Error::Machine(shown) => shown,
            Error::OfProfile(profile, error) => Self::from(*error).of_profile(Some(&profile)),
            error => {
                let (problem, remedy) = error.words();
                let profile = match &error {
                    Error::IdentityDoesNotOpen(profile) => profile.clone(),
                    _ => None,
                };
                Self::new(error.kind(), problem, remedy)
                    .of_profile(profile.as_deref())
                    .with_source(Arc::new(error))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::error::Error as _;

    use super::*;

    #[test]
    fn what_a_person_reads_keeps_what_it_comes_from() {
        let full = Error::unwritable(&io::ErrorKind::StorageFull.into());
        assert!(!full.is_temporary());
        let shown = Shown::from(full.of_profile(Some("acme")));
        assert!(shown.to_string().starts_with("error: acme: The disk is full (SQLite 13)."));
        assert!(shown.source().unwrap().source().unwrap().is::<rusqlite::Error>());
        assert!(Error::Changed.of_profile(Some("acme")).is_temporary());
    }
}
