//! Fixes what is safe to fix: permissions of our own files, missing reserve files, and damaged databases, which
//! are kept. Never a key, and never without every record's lock.

use super::report::{Report, counted, listed};
use super::{Context, beside, key, places};
use crate::model::record::RecordId;
use crate::store::lock::{self, RecordLock};
use crate::store::sqlite::inspect::{self, AuditLog};
use crate::store::sqlite::salvage::{self, Salvaged};
use crate::store::{Error, Result, Store, reserve};

/// Makes all safe fixes. An error means that another process is working; then only permissions were changed.
pub(crate) fn repair(context: &Context<'_>, report: &mut Report) -> Result<()> {
    let mut fixed = permissions(context, report);
    lock::expect_many();
    let mut locks = Locks { context, held: Vec::new() };
    for id in beside::locked_ids(context.paths) {
        match locks.take(id) {
            Ok(()) => {}
            Err(error) if error.is_temporary() => return Err(error),
            // Without the locks nothing more is changed; the checks report the rest.
            Err(error) => {
                report.error("repair: locks", error);
                return Ok(());
            }
        }
    }
    match store(context, &mut locks) {
        Ok(None) => {}
        Ok(Some(salvaged)) => {
            fixed = true;
            report_salvaged(&salvaged, report);
        }
        Err(error) if error.is_temporary() => return Err(error),
        Err(error) => report.error("repair: store", error),
    }
    fixed |= key::repair(context, report);
    // The checks that follow report what is still wrong.
    fixed |= reserves(context, &mut locks, report)?;
    fixed |= trail(context, report)?;
    if !fixed && report.is_ok() {
        report.ok("repair", "nothing to fix");
    }
    Ok(())
}

/// The locks of all records: no refresh runs while the store is replaced.
struct Locks<'p> {
    context: &'p Context<'p>,
    held: Vec<RecordLock>,
}

impl Locks<'_> {
    fn take(&mut self, id: RecordId) -> Result<()> {
        if self.held.iter().any(|lock| lock.record_id() == id) {
            return Ok(());
        }
        let lock = RecordLock::try_take(self.context.paths, id)?
            .ok_or_else(|| Error::RecordLocked(lock::holder(self.context.paths, id)))?;
        self.held.push(lock);
        Ok(())
    }
}

fn permissions(context: &Context<'_>, report: &mut Report) -> bool {
    let mut done = Vec::new();
    for place in places::all(context.paths) {
        match places::fix(&place) {
            None => {}
            Some(Ok(command)) => done.push(command),
            Some(Err(error)) => report.error("repair: permissions", error),
        }
    }
    // The content of a folder that could not be entered is checked now.
    if !done.is_empty() {
        for place in places::all(context.paths) {
            if let Some(Ok(command)) = places::fix(&place) {
                done.push(command);
            }
        }
        report.ok("repair: permissions", listed(&done));
    }
    !done.is_empty()
}

fn store(context: &Context<'_>, locks: &mut Locks<'_>) -> Result<Option<Salvaged>> {
    let Some(damaged) = salvage::examine(context.paths, context.keys)? else { return Ok(None) };
    for id in damaged.managed() {
        locks.take(id)?;
    }
    damaged.replace(&locks.held, context.now).map(Some)
}

fn report_salvaged(salvaged: &Salvaged, report: &mut Report) {
    let Salvaged { kept_as, profiles, entries, lost } = salvaged;
    let saved = match profiles.as_slice() {
        [] => "no profile".to_owned(),
        names => format!("{} ({})", counted(names.len(), "profile"), listed(names)),
    };
    let others = if *entries == 1 { "entry" } else { "entries" };
    let detail = format!(
        "a new store has {saved} and {entries} other {others}; the damaged one is kept as {}",
        kept_as.display()
    );
    if lost.is_empty() {
        return report.ok("repair: store", format!("{detail}; nothing was lost"));
    }
    report.warn(
        "repair: store",
        format!("{detail}; lost: {}", listed(lost)),
        "Log in again where a profile is lost: concur-cred login --profile NAME",
    );
}

fn reserves(context: &Context<'_>, locks: &mut Locks<'_>, report: &mut Report) -> Result<bool> {
    // A store that cannot be read is reported by its own check.
    let accounts = Store::open(context.paths, context.keys)
        .and_then(|store| store.map_or_else(|| Ok(Vec::new()), |store| store.accounts()));
    let mut made = Vec::new();
    for record in accounts.unwrap_or_default() {
        if beside::is_whole(context.paths, record.id) {
            continue;
        }
        locks.take(record.id)?;
        match reserve::ensure(context.paths, record.id) {
            Ok(()) => made.push(record.profile_name().unwrap_or_default().to_owned()),
            Err(error) => report.error("repair: reserves", error),
        }
    }
    if !made.is_empty() {
        report.ok("repair: reserves", format!("made for {}", listed(&made)));
    }
    Ok(!made.is_empty())
}

fn trail(context: &Context<'_>, report: &mut Report) -> Result<bool> {
    match inspect::audit_log(context.paths) {
        Ok(AuditLog::Damaged(_)) => {}
        Err(error) if error.is_temporary() => return Err(error),
        _ => return Ok(false),
    }
    match salvage::move_beside(&context.paths.events(), context.now) {
        Ok(kept) => report.ok(
            "repair: audit log",
            format!("a new one begins; the damaged one is kept as {}", kept.display()),
        ),
        Err(error) => report.error("repair: audit log", error),
    }
    Ok(true)
}
