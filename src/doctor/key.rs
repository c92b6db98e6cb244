//! Checks the store's key: whether it exists, is the right one, and which unused keys are left.

use super::Context;
use super::report::Report;
use crate::store::Store;
use crate::store::keys::{self, KeySource};
use crate::store::lock::KeyLock;
use crate::sys::files::shell_word;

/// Whether the key exists and is the store's.
pub(super) fn examine(context: &Context<'_>, store: &Store, report: &mut Report) -> bool {
    let is_right = match store.prove_key() {
        Err(error) => {
            report.error("key", error);
            false
        }
        Ok(Some(warning)) => {
            report.warn("key", warning, "");
            true
        }
        Ok(None) => {
            let source =
                store.meta().map(|meta| meta.key_source.describe(context.paths, context.keys));
            report.ok("key", source.unwrap_or_default());
            true
        }
    };
    if is_right && store.key_is_guessable() {
        report.warn(
            "key strength",
            "the store's key is not random and can be guessed",
            "Replace it: concur-cred key rotate",
        );
    }
    if let Ok(recorded) = store.meta().map(|meta| meta.key_source) {
        asked(context, recorded, report);
        left_over(context, store, recorded, report);
    }
    is_right
}

/// The settings for the source apply only to a new store: a person who changed them may not know that.
fn asked(context: &Context<'_>, recorded: KeySource, report: &mut Report) {
    match context.keys.asked() {
        Ok(Some((asked, by))) if asked != recorded => report.warn(
            "key source",
            format!(
                "{by} names {}, but the store's key comes from {}",
                asked.name(),
                recorded.name()
            ),
            format!(
                "No action needed; to move it there: concur-cred key set-source {}",
                asked.name()
            ),
        ),
        Ok(_) => {}
        Err(error) => report.error("key source", error),
    }
}

fn left_over(context: &Context<'_>, store: &Store, recorded: KeySource, report: &mut Report) {
    let (file, next) = (context.paths.key_file(), context.paths.next_key_file());
    if recorded != KeySource::File && file.symlink_metadata().is_ok() {
        report.warn(
            "key file",
            format!("{} is not this store's key any more", file.display()),
            format!("If no backup of the store needs it: rm {}", shell_word(&file)),
        );
    }
    if !keys::pending(context.paths) {
        return;
    }
    // An unreadable next key may be the only one that opens the store: do not advise to remove it.
    let is_its = if recorded == KeySource::File { store.next_key_is_its() } else { Ok(false) };
    match is_its {
        Ok(true) => report.warn(
            "key rotation",
            format!("not finished: the store's key is still in {}", next.display()),
            "Run: concur-cred doctor --repair (the next refresh also finishes it)",
        ),
        Ok(false) => report.warn(
            "key rotation",
            format!(
                "one was interrupted before it changed anything; {} is not needed",
                next.display()
            ),
            format!("If no concur-cred key rotate is running: rm {}", shell_word(&next)),
        ),
        Err(error) => report.error("key rotation", error),
    }
}

/// Finishes a rotation that was interrupted before its last step.
pub(super) fn repair(context: &Context<'_>, report: &mut Report) -> bool {
    if !keys::pending(context.paths) {
        return false;
    }
    // A process that is changing the key finishes the rotation itself; an unreadable store has its own check.
    let Ok(Some(lock)) = KeyLock::try_take(context.paths) else { return false };
    let Ok(Some(mut store)) = Store::open(context.paths, context.keys) else { return false };
    match store.finish_rotation(&lock) {
        Ok(true) => {
            report
                .ok("repair: key", "finished a rotation that was interrupted before its last step");
            true
        }
        Ok(false) => false,
        Err(error) => {
            report.error("repair: key", error);
            false
        }
    }
}

/// Without a readable store, a key can only exist or be missing; whether it is the right one is unknown.
pub(super) fn without_store(context: &Context<'_>, report: &mut Report) {
    let source = match context.keys.chosen() {
        Ok(source) => source,
        Err(error) => return report.error("key", error),
    };
    let name = source.describe(context.paths, context.keys);
    if source == KeySource::File && !context.paths.key_file().exists() {
        let store_is_there = context.paths.store().metadata().is_ok_and(|meta| meta.len() > 0);
        if store_is_there {
            report.warn(
                "key",
                format!(
                    "{name} does not exist, and the store, which knows its key source, cannot be \
                     read"
                ),
                "If the store's key was a file, restore it",
            );
        } else {
            report.ok("key", "none yet; the first login creates one");
        }
        return;
    }
    match keys::load(source, context.paths, context.keys) {
        Ok(_) => report.ok("key", format!("{name}; there is no store to compare it with")),
        Err(error) => report.error("key", error),
    }
}
