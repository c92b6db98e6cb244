//! The store's key: is it there, is it the right one, and what is left of others.

use super::Patient;
use super::report::Report;
use crate::store::Store;
use crate::store::keys::{self, KeySource};
use crate::store::lock::KeyLock;
use crate::sys::files::shell_word;

/// Whether the key is there and is the store's.
pub(super) fn examine(patient: &Patient<'_>, store: &Store, report: &mut Report) -> bool {
    let is_right = match store.prove_key() {
        Err(error) => {
            report.error("key", &error);
            false
        }
        Ok(Some(warning)) => {
            report.warn("key", warning, "");
            true
        }
        Ok(None) => {
            let source =
                store.meta().map(|meta| meta.key_source.describe(patient.paths, patient.keys));
            report.ok("key", source.unwrap_or_default());
            true
        }
    };
    if is_right && store.key_is_guessable() {
        report.warn(
            "key strength",
            "the store's key is no random one, and can be guessed",
            "Make another one: concur-cred key rotate",
        );
    }
    if let Ok(recorded) = store.meta().map(|meta| meta.key_source) {
        asked(patient, recorded, report);
        left_over(patient, store, recorded, report);
    }
    is_right
}

/// What the settings say of the source holds for a new store; who changed them may not know.
fn asked(patient: &Patient<'_>, recorded: KeySource, report: &mut Report) {
    match patient.keys.asked() {
        Ok(Some((asked, by))) if asked != recorded => report.warn(
            "key source",
            format!(
                "{by} asks for {}, and the store has its key from {}",
                asked.name(),
                recorded.name()
            ),
            format!(
                "None is needed; to have it from there: concur-cred key set-source {}",
                asked.name()
            ),
        ),
        Ok(_) => {}
        Err(error) => report.error("key source", &error),
    }
}

fn left_over(patient: &Patient<'_>, store: &Store, recorded: KeySource, report: &mut Report) {
    let (file, next) = (patient.paths.key_file(), patient.paths.next_key_file());
    if recorded != KeySource::File && file.symlink_metadata().is_ok() {
        report.warn(
            "key file",
            format!("{} is not this store's key any more", file.display()),
            format!("If no backup of the store needs it: rm {}", shell_word(&file)),
        );
    }
    if !keys::pending(patient.paths) {
        return;
    }
    // One that cannot be looked into may be the only one that opens the store: no word of removing it.
    let is_its = if recorded == KeySource::File { store.next_key_is_its() } else { Ok(false) };
    match is_its {
        Ok(true) => report.warn(
            "key rotation",
            format!("not finished: the store's key still waits in {}", next.display()),
            "Run: concur-cred doctor --repair; the next refresh does it as well",
        ),
        Ok(false) => report.warn(
            "key rotation",
            format!("one was ended before it changed anything; {} is of no use", next.display()),
            format!("If no concur-cred key rotate runs: rm {}", shell_word(&next)),
        ),
        Err(error) => report.error("key rotation", &error),
    }
}

/// Finishes a rotation that was ended before its last step.
pub(super) fn repair(patient: &Patient<'_>, report: &mut Report) -> bool {
    if !keys::pending(patient.paths) {
        return false;
    }
    // Whoever is at work on the key does it itself; a store that cannot be asked has its own check.
    let Ok(Some(lock)) = KeyLock::try_take(patient.paths) else { return false };
    let Ok(Some(mut store)) = Store::open(patient.paths, patient.keys) else { return false };
    match store.finish_rotation(&lock) {
        Ok(true) => {
            report.ok("repair: key", "a rotation that was ended before its last step is finished");
            true
        }
        Ok(false) => false,
        Err(error) => {
            report.error("repair: key", &error);
            false
        }
    }
}

/// Without a store that can be asked, a key can be there or not, but not the right one or another.
pub(super) fn without_store(patient: &Patient<'_>, report: &mut Report) {
    let source = match patient.keys.chosen() {
        Ok(source) => source,
        Err(error) => return report.error("key", &error),
    };
    let name = source.describe(patient.paths, patient.keys);
    if source == KeySource::File && !patient.paths.key_file().exists() {
        let store_is_there = patient.paths.store().metadata().is_ok_and(|meta| meta.len() > 0);
        if store_is_there {
            report.warn(
                "key",
                format!("{name} is not there, and the store cannot be asked for its key"),
                "Put the store's key back, if it was a file",
            );
        } else {
            report.ok("key", "none yet; the first login makes one");
        }
        return;
    }
    match keys::load(source, patient.paths, patient.keys) {
        Ok(_) => report.ok("key", format!("{name}; there is no store to compare it with")),
        Err(error) => report.error("key", &error),
    }
}
