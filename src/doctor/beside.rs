//! The files beside the store for each record: its reserve file and its lock.

use std::collections::BTreeMap;
use std::path::Path;

use super::Context;
use super::places::entries;
use super::report::{Report, counted, listed};
use crate::model::record::{Record, RecordId};
use crate::store::lock::{self, Holder, Holding};
use crate::store::{Store, reserve};
use crate::sys::files::shell_word;
use crate::sys::paths::Paths;
use crate::ui::times::span;

const LOCK_ENDING: &str = ".lock";

/// A store whose records could be read.
pub(super) struct Known<'a> {
    pub(super) store: &'a Store,
    pub(super) records: &'a [Record],
    pub(super) key_is_right: bool,
}

/// Locks, and reserve files if the records are known.
pub(super) fn examine(context: &Context<'_>, known: Option<&Known<'_>>, report: &mut Report) {
    if let Some(known) = known {
        reserves(context.paths, known, report);
    }
    locks(context, known, report);
}

fn reserves(paths: &Paths, known: &Known<'_>, report: &mut Report) {
    let mut missing = Vec::new();
    let mut whole = 0;
    for record in known.records.iter().filter(|record| record.profile.is_some()) {
        let name = record.profile_name().unwrap_or_default().to_owned();
        if is_whole(paths, record.id) {
            whole += 1;
        } else {
            missing.push(name);
        }
        spill(paths, known, record, report);
    }
    if missing.is_empty() {
        report.ok("reserves", format!("{whole} whole"));
    } else {
        report.warn(
            "reserves",
            format!("missing or too small: {}", listed(&missing)),
            "Run: concur-cred doctor --repair (the next refresh also creates it)",
        );
    }
    let is_known = |path: &Path| {
        let id = path.file_name().and_then(|name| id_of(&name.to_string_lossy()));
        known.records.iter().any(|record| Some(record.id) == id)
    };
    let mut orphans = entries(&paths.reserves_dir());
    orphans.retain(|path| !is_known(path) && !path.to_string_lossy().contains("/.concur-cred-"));
    if !orphans.is_empty() {
        let words: Vec<String> = orphans.iter().map(|path| shell_word(path)).collect();
        report.warn(
            "reserves",
            format!("{} without a stored record", counted(orphans.len(), "file")),
            format!("If no login is running: rm {}", listed(&words).replace(", ", " ")),
        );
    }
}

/// Whether a record's reserve file has its full size.
pub(super) fn is_whole(paths: &Paths, id: RecordId) -> bool {
    let meta = paths.reserve(id).symlink_metadata();
    meta.is_ok_and(|meta| meta.is_file() && meta.len() >= reserve::RESERVE_BYTES as u64)
}

fn spill(paths: &Paths, known: &Known<'_>, record: &Record, report: &mut Report) {
    let name = record.profile_name().unwrap_or_default();
    let Ok(Some(sealed)) = reserve::pending(paths, record.id) else { return };
    if !known.key_is_right {
        return report.warn("pending grant", format!("{name}: not opened without the key"), "");
    }
    match known.store.unseal_pending_grant(record.id, record.generation, &sealed) {
        Ok(Some(_)) => report.warn(
            "pending grant",
            format!("{name}: new tokens are saved in the reserve file but not yet committed"),
            format!("The next use commits them: concur-cred get --profile {name}"),
        ),
        _ => report.warn(
            "pending grant",
            format!(
                "{name}: the reserve file contains tokens that do not belong to the current \
                 record"
            ),
            "No action needed: the next refresh clears it",
        ),
    }
}

/// The record of a lock file or reserve file.
fn id_of(name: &str) -> Option<RecordId> {
    let hex = name.strip_suffix(LOCK_ENDING).unwrap_or(name);
    (hex.len() == 16).then(|| i64::from_str_radix(hex, 16).ok().map(RecordId)).flatten()
}

/// Every record that has a lock file.
pub(super) fn locked_ids(paths: &Paths) -> Vec<RecordId> {
    let files = entries(&paths.locks_dir());
    let names = files.iter().filter_map(|path| path.file_name());
    let names = names.map(|name| name.to_string_lossy().into_owned());
    names.filter(|name| name.ends_with(LOCK_ENDING)).filter_map(|name| id_of(&name)).collect()
}

fn locks(context: &Context<'_>, known: Option<&Known<'_>>, report: &mut Report) {
    let records = known.map_or(&[][..], |known| known.records);
    let names: BTreeMap<RecordId, &str> =
        records.iter().filter_map(|record| Some((record.id, record.profile_name()?))).collect();
    let mut free = 0;
    let mut orphans = 0;
    for id in locked_ids(context.paths) {
        let name = names.get(&id).map_or_else(|| format!("record {id}"), |name| (*name).to_owned());
        match lock::look(context.paths, id) {
            Ok(Holding::Held(who)) => held(context, &name, &who, report),
            Ok(Holding::Left(who)) => report.warn(
                "locks",
                format!("{name}: free; its last holder was killed ({who})"),
                "No action needed: the next refresh clears it",
            ),
            Ok(Holding::Free) => free += 1,
            Err(error) => report.error("locks", error),
        }
        if known.is_some() && !names.contains_key(&id) {
            orphans += 1;
        }
    }
    let of_gone = match orphans {
        0 => String::new(),
        count => format!(", {count} of forgotten profiles (harmless)"),
    };
    report.ok("locks", format!("{free} free{of_gone}"));
}

fn held(context: &Context<'_>, name: &str, who: &Holder, report: &mut Report) {
    let seconds = who.since().map(|since| context.now.saturating_sub(since));
    match seconds {
        Some(seconds) if seconds > context.lock_timeout => report.warn(
            "locks",
            format!("{name}: held for {} by {who}", span(seconds)),
            "Check whether that process is stopped, and end it",
        ),
        _ => report.ok("locks", format!("{name}: held by {who}")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_files_name_tells_its_record() {
        let id = RecordId(0x0123_4567_89ab_cdef);
        assert_eq!(id_of(&id.to_string()), Some(id));
        assert_eq!(id_of(&format!("{id}.lock")), Some(id));
        for other in ["", "note.lock", "0123456789abcdeg", "0123456789abcdef0.lock"] {
            assert_eq!(id_of(other), None, "{other}");
        }
    }
}
