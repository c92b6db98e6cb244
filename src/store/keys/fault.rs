//! What can be wrong with the store's key.

use std::io;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use super::{A_NEW_ONE, SET_SOURCE};
use crate::model::span::span;
use crate::sys::clock;
use crate::sys::files::{self, shell_word};

/// A key command that takes longer is ended.
pub(super) const TIME_LIMIT: Duration = Duration::from_secs(60);

/// Why there is no key, or not the right one. `from` is the description of the source, and `instead_of` the
/// source in the settings, if that is another one.
#[derive(Debug)]
pub(crate) enum KeyFault {
    /// The key that the store at this path is sealed with is missing.
    Missing { store: PathBuf, from: String, instead_of: String },
    /// The key is not the one that the store is sealed with.
    Wrong { from: String, instead_of: String },
    /// There is no key to seal a store with; `how` to provide one.
    NoneToSealWith { from: String, how: &'static str },
    /// The key to seal a store with can be guessed.
    Guessable { from: String, what: &'static str },
    /// The content of a file, or of stdin, is not a key.
    NotAKey(PathBuf, KeyPlace),
    /// `CONCUR_CRED_KEY` is not a key.
    NotBase64,
    /// The key command, this program, gave no key.
    Command(String, CommandFault),
}

/// The role of a file that should contain a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum KeyPlace {
    /// The operator's, or the key file.
    Key,
    /// The file that a rotation left beside the key file.
    Next,
    /// The stdin of a rotation, for the old key.
    OldOnStdin,
}

/// Why a key command gave no key. Remembered for the whole process.
#[derive(Debug, Clone)]
pub(crate) enum CommandFault {
    /// It cannot be run.
    NotRun(Arc<io::Error>),
    /// It runs a program that needs the key.
    NeedsItself,
    /// It ended without a key; how, as the end of a sentence.
    Failed(String),
    /// It did not end in time.
    TooSlow,
}

impl KeyFault {
    pub(in crate::store) fn is_temporary(&self) -> bool {
        matches!(self, Self::Command(_, CommandFault::TooSlow))
    }

    pub(in crate::store) fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Command(_, CommandFault::NotRun(error)) => Some(error.as_ref()),
            _ => None,
        }
    }

    /// What happened, and what to do about it.
    pub(in crate::store) fn words(&self) -> (String, String) {
        match self {
            Self::Missing { store, from, instead_of } => (
                format!(
                    "The store at {} is sealed with a key from {from}, which is \
                     missing{instead_of}",
                    store.display()
                ),
                format!(
                    "Restore that key; no other source is tried. If it is in another source, \
                     run: {SET_SOURCE}. If it is lost, so are the tokens: mv {store} \
                     {store}.lost, and log in again",
                    store = shell_word(store)
                ),
            ),
            Self::Wrong { from, instead_of } => (
                format!(
                    "The key from {from} is not the key that this store is sealed with{instead_of}"
                ),
                format!(
                    "Restore the right key: without it the store cannot be read. If it is in \
                     another source, run: {SET_SOURCE}. If this is the new key, run: concur-cred \
                     key rotate --old-key-file FILE"
                ),
            ),
            Self::NoneToSealWith { from, how } => (
                format!("There is no key in {from}; nothing was changed"),
                format!("{how}, or choose another source; {A_NEW_ONE}."),
            ),
            Self::Guessable { from, what } => (
                format!("The key from {from} {what}; nothing was changed"),
                format!("Put a random key there; {A_NEW_ONE}."),
            ),
            Self::NotAKey(place, whose) => (
                format!(
                    "{} is not a key: neither 32 bytes nor base64 of 32 bytes",
                    place.display()
                ),
                match whose {
                    KeyPlace::Key => {
                        format!("Restore {} from your backup; {A_NEW_ONE}.", shell_word(place))
                    }
                    KeyPlace::Next => {
                        format!(
                            "If the store's key is the right one, this file is not needed: rm {}",
                            shell_word(place)
                        )
                    }
                    KeyPlace::OldOnStdin => {
                        "Send the old key there; nothing was changed.".to_owned()
                    }
                },
            ),
            Self::NotBase64 => (
                "CONCUR_CRED_KEY is not base64 of 32 bytes".to_owned(),
                format!("Set it to the store's key; {A_NEW_ONE}."),
            ),
            Self::Command(program, fault) => fault.words(program),
        }
    }
}

impl CommandFault {
    fn words(&self, program: &str) -> (String, String) {
        const SEE_WHY: &str = "Run it by hand to see why: it is key_command in config.toml.";
        let (problem, remedy) = match self {
            Self::NotRun(error) => (
                format!("Cannot run the key command {program}: {}", files::reason(error)),
                "Check key_command in config.toml, PATH, and that you may run the program.",
            ),
            Self::NeedsItself => (
                format!("The key command {program} runs a concur-cred that needs the key itself"),
                "Change key_command in config.toml so that it gets the key in another way.",
            ),
            Self::Failed(how) => (format!("The key command {program} {how}"), SEE_WHY),
            Self::TooSlow => (
                format!(
                    "The key command {program} did not end within {}, and was ended",
                    span(clock::limit(TIME_LIMIT).as_secs())
                ),
                SEE_WHY,
            ),
        };
        (problem, remedy.to_owned())
    }
}
