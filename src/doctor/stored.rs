//! The store.

use super::report::{Report, counted, listed};
use super::{Context, beside, key, records};
use crate::error::login_command;
use crate::store::sqlite::inspect::Schema;
use crate::store::{Store, audit};
use crate::sys::paths::journal_of;
use crate::ui::times::moment;

const REPAIR: &str = "Run: concur-cred doctor --repair (it keeps the damaged file)";

pub(super) fn examine(context: &Context<'_>, report: &mut Report) {
    let journal = journal_of(&context.paths.store());
    let had_journal = journal.exists();
    let store = match Store::open(context.paths, context.keys) {
        Ok(Some(store)) => store,
        Ok(None) => {
            key::without_store(context, report);
            without_store(context, "nothing stored yet", report);
            return beside::examine(context, None, report);
        }
        Err(error) if report.has_failed("repair: store") => {
            // The repair that its remedy names has just failed, and said what is left to do.
            report.fail("store", error.to_string(), "");
            return beside::examine(context, None, report);
        }
        Err(error) => {
            report.error("store", error);
            return beside::examine(context, None, report);
        }
    };
    match store.schema() {
        Ok(Schema::Blank) => {
            key::without_store(context, report);
            without_store(context, "an empty file; nothing stored yet", report);
            return beside::examine(context, None, report);
        }
        Ok(Schema::Current(version)) => report.ok("store", format!("schema version {version}")),
        Ok(Schema::Older(version)) => {
            if !older(&store, version, report) {
                return beside::examine(context, None, report);
            }
        }
        Err(error) => {
            report.error("store", error);
            key::without_store(context, report);
            return beside::examine(context, None, report);
        }
    }
    if had_journal {
        journal_left(journal.exists(), report);
    }
    integrity(&store, report);
    let key_is_right = key::examine(context, &store, report);
    records::examine(context, &store, key_is_right, report);
}

/// A store that is not there: none was made yet, or it is gone, as the audit log knows.
fn without_store(context: &Context<'_>, otherwise: &str, report: &mut Report) {
    let past = audit::last_seen(context.paths).unwrap_or_default();
    let Some((last, at)) = past.last() else { return report.ok("store", otherwise) };
    let names: Vec<&str> = past.iter().map(|(name, _)| name.as_str()).collect();
    let which = match names.as_slice() {
        [name] => format!("There was a profile {name}"),
        names => format!("There were profiles {}", names.join(", ")),
    };
    report.fail(
        "store",
        format!("{which} until {}: the store is gone", moment(*at, context.now)),
        format!(
            "Restore {} from a backup, with its key, or run: {}",
            context.paths.store().display(),
            login_command(Some(last))
        ),
    );
}

/// Migrates an older store, if it is sound; returns whether it has the current schema.
fn older(store: &Store, version: i64, report: &mut Report) -> bool {
    if !store.faults().is_ok_and(|faults| faults.is_empty()) {
        integrity(store, report);
        return false;
    }
    match store.bring_up_to_date() {
        Ok(now) => {
            report.ok("store", format!("schema version {version} was migrated to {now}"));
            true
        }
        Err(error) => {
            report.error("store", error);
            false
        }
    }
}

fn journal_left(is_there: bool, report: &mut Report) {
    if is_there {
        report.warn(
            "journal",
            "a process is writing, or SQLite does not need this journal",
            "Run this again when no concur-cred is running",
        );
    } else {
        report.ok("journal", "the incomplete write of a killed process was rolled back");
    }
}

fn integrity(store: &Store, report: &mut Report) {
    match store.faults() {
        Ok(faults) if faults.is_empty() => report.ok("integrity", ""),
        Ok(faults) => report.fail("integrity", listed(&faults), REPAIR),
        Err(error) if error.is_temporary() => report.error("integrity", error),
        Err(error) => report.fail("integrity", error.to_string(), REPAIR),
    }
    match store.broken_references() {
        Ok(0) => report.ok("references", ""),
        Ok(count) => report.fail(
            "references",
            format!("{} without its application", counted(count, "row")),
            REPAIR,
        ),
        Err(error) => report.error("references", error),
    }
}
