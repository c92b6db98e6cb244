//! Checks the content of the store: profiles, cells, attempts and times.

use super::report::{Report, counted, listed, redacted};
use super::{Context, beside};
use crate::error::login_command;
use crate::model::grant::GrantKind;
use crate::model::health::{self, Cells, Severity};
use crate::model::principal::PrincipalType;
use crate::model::record::Record;
use crate::store::Store;
use crate::store::lock::{self, Holding};
use crate::ui::status::words;

/// 2024-01-01: before this date no certificate in use is valid, and this program did not exist.
const EARLIEST_NOW: i64 = 1_704_067_200;
/// The clock tolerance on one machine, seconds.
const CLOCK_TOLERANCE_SECS: i64 = 60;
/// Concur grants an hour; a longer lifetime than this is reported, seconds.
const LONGEST_ACCESS_SECS: i64 = 24 * 3600;

pub(super) fn examine(
    context: &Context<'_>,
    store: &Store,
    key_is_right: bool,
    report: &mut Report,
) {
    let records = match store.every_record() {
        Ok(records) => records,
        Err(error) => {
            let remedy = "Run: concur-cred doctor --repair; else restore it from a backup";
            report.fail("records", format!("not every row can be read: {error}"), remedy);
            clock(context, &[], report);
            return beside::examine(context, None, report);
        }
    };
    let accounts: Vec<Record> =
        records.iter().filter(|record| record.profile.is_some()).cloned().collect();
    profiles(&records, &accounts, report);
    identities(store, &accounts, key_is_right, report);
    cells(store, &records, key_is_right, report);
    tokens(context, store, &accounts, report);
    attempts(context, &accounts, report);
    clock(context, &accounts, report);
    let known = beside::Known { store, records: &records, key_is_right };
    beside::examine(context, Some(&known), report);
}

fn profiles(records: &[Record], accounts: &[Record], report: &mut Report) {
    for record in accounts {
        report.ok(
            "profile",
            format!(
                "{}: {} grant, {} {}, app {}, {}",
                record.profile_name().unwrap_or_default(),
                record.obtained_by.map_or("unknown", GrantKind::name),
                record.principal_type().map_or("company or user", PrincipalType::noun),
                redacted(&record.principal),
                redacted(record.client_id()),
                record.geolocation
            ),
        );
    }
    let others = records.len() - accounts.len();
    if others > 0 || accounts.is_empty() {
        let entries = if others == 1 { "entry" } else { "entries" };
        report.ok("other entries", format!("{others} {entries} that callers stored"));
    }
}

/// Whether the links between profiles, applications and companies are unchanged.
fn identities(store: &Store, accounts: &[Record], key_is_right: bool, report: &mut Report) {
    if !key_is_right || accounts.is_empty() {
        return;
    }
    let edited = accounts.iter().filter(|record| store.prove_identity(record).is_err());
    let edited: Vec<String> =
        edited.filter_map(|record| record.profile_name().map(str::to_owned)).collect();
    if edited.is_empty() {
        let profiles = counted(accounts.len(), "profile");
        return report.ok("identity", format!("{profiles} unchanged"));
    }
    let login = login_command(edited.first().map(String::as_str));
    report.fail(
        "identity",
        format!("edited or damaged and not used: {}", listed(&edited)),
        format!("Log in again with the base URL that you know: {login} --base-url ORIGIN"),
    );
}

fn cells(store: &Store, records: &[Record], key_is_right: bool, report: &mut Report) {
    if !key_is_right {
        return report.warn("sealed cells", "not opened without the right key", "");
    }
    match store.cells(records) {
        Ok(cells) if cells.closed.is_empty() => {
            report.ok("sealed cells", format!("{} opened", counted(cells.opened, "cell")));
        }
        Ok(cells) => report.fail(
            "sealed cells",
            format!(
                "{} edited or damaged and not used: {}; {} opened",
                counted(cells.closed.len(), "cell"),
                listed(&cells.closed),
                cells.opened
            ),
            "Log in again: concur-cred login --replace --profile NAME; erase and store other entries",
        ),
        Err(error) => report.error("sealed cells", error),
    }
}

/// What prevents a profile's token now or soon: the facts of `status`. A wrong key and edited records have
/// separate checks.
fn tokens(context: &Context<'_>, store: &Store, accounts: &[Record], report: &mut Report) {
    let mut well = 0;
    for record in accounts.iter().filter(|record| !store.is_known_to_be_edited(record)) {
        let Some(trouble) = health::trouble(record, Cells::Sound, context.now, context.limits)
        else {
            well += 1;
            continue;
        };
        let name = record.profile_name();
        let words = words::of_trouble(trouble, context.now).full();
        let found = format!("{}: {words}", name.unwrap_or_default());
        let remedy = format!("Run: {}", words::remedy(trouble.fix(record), name));
        match trouble.severity() {
            Severity::Critical => report.fail("tokens", found, remedy),
            Severity::Warning | Severity::Ok => report.warn("tokens", found, remedy),
        }
    }
    if well > 0 {
        report.ok("tokens", format!("{} ok", counted(well, "profile")));
    }
}

fn attempts(context: &Context<'_>, accounts: &[Record], report: &mut Report) {
    let mut without_end = Vec::new();
    let mut running = 0;
    for record in accounts {
        let attempt = &record.attempt;
        let Some(started) = attempt.started_at else { continue };
        // A committed pending grant does not end the attempt, but counts as its end.
        let made_up = record.refreshed_at.is_some_and(|at| at >= started);
        if attempt.ended_at.is_some() || made_up {
            continue;
        }
        if matches!(lock::look(context.paths, record.id), Ok(Holding::Held(_))) {
            running += 1;
        } else {
            without_end.push(record.profile_name().unwrap_or_default().to_owned());
        }
    }
    if without_end.is_empty() {
        return report.ok("attempts", format!("{running} running"));
    }
    report.warn(
        "attempts",
        format!("interrupted because the process was killed: {}", listed(&without_end)),
        "The next get tries again; if Concur then refuses the token, log in again",
    );
}

fn clock(context: &Context<'_>, accounts: &[Record], report: &mut Report) {
    let now = context.now;
    if now < EARLIEST_NOW {
        return report.fail(
            "clock",
            "it is before 2024, and no certificate is valid then",
            "Set the clock of this machine",
        );
    }
    let names = |is_wrong: &dyn Fn(&Record) -> bool| -> Vec<String> {
        let wrong = accounts.iter().filter(|record| is_wrong(record));
        wrong.filter_map(|record| record.profile_name().map(str::to_owned)).collect()
    };
    let future = names(&|record| {
        record.obtained_at > now.saturating_add(CLOCK_TOLERANCE_SECS)
            || record.refreshed_at.is_some_and(|at| at > now.saturating_add(CLOCK_TOLERANCE_SECS))
    });
    let long = names(&|record| {
        let life = record.access_expires_at.map(|at| at.saturating_sub(record.obtained_at));
        record.access_token.is_some() && life.is_some_and(|life| life > LONGEST_ACCESS_SECS)
    });
    if !future.is_empty() {
        report.warn(
            "clock",
            format!(
                "tokens obtained in the future, so the clock was set back: {}",
                listed(&future)
            ),
            "Check the clock of this machine; the next get renews them",
        );
    }
    if !long.is_empty() {
        let login = login_command(long.first().map(String::as_str));
        report.warn(
            "clock",
            format!("access tokens that claim to be valid for more than a day: {}", listed(&long)),
            format!("Run: concur-cred refresh; if this persists, run: {login}"),
        );
    }
    if future.is_empty() && long.is_empty() {
        report.ok("clock", "");
    }
}
