//! `keepalive`: the daily job that keeps every refresh token alive.

mod report;
mod timer;

use std::time::Duration;

use crate::auth::accounts;
use crate::auth::oauth::advice;
use crate::auth::refresh::{Kept, Renewer};
use crate::cli::Keepalive;
use crate::error::{Kind, Result, login_again};
use crate::model::printable::printable_json;
use crate::model::record::Record;
use crate::store::Store;
use crate::sys::{clock, progress, random};
use crate::ui::context::App;
use crate::ui::times::{local_date, span};

use report::Kind::Failed;
use report::Line;

pub(super) fn run(app: &mut App<'_>, args: &Keepalive) -> Result<u8> {
    if let Some(scheduler) = args.install {
        return timer::install(app, args, scheduler);
    }
    if let Some(scheduler) = args.uninstall {
        return timer::uninstall(app, scheduler);
    }
    let after = match args.after {
        Some(after) => after,
        None => app.config.keepalive_after.seconds(&app.env)?,
    };
    let warn_before = app.config.warn_before.seconds(&app.env)?;
    // Before anything is opened or held.
    wait_a_while(app, args.jitter.unwrap_or(0))?;
    let mut store = accounts::store(app)?;
    let records = wanted(app, &store)?;
    if let Some(warning) = store.prove_key()? {
        app.note(warning);
    }
    let width = records.iter().filter_map(Record::profile_name).map(str::len).max().unwrap_or(0);
    let mut lines = Vec::with_capacity(records.len());
    let mut unwritten = None;
    for record in records {
        let line = kept(app, &mut store, record, after);
        if !args.json && unwritten.is_none() {
            let text = format!("{}\n", line.text(width, app.now()));
            // A report that cannot be written (a full disk behind cron) costs no other profile its turn.
            unwritten = app.answer(text.as_bytes()).inspect_err(|error| app.show(error)).err();
        }
        explain(app, &line, warn_before);
        // Whatever becomes of the others, what was done is told.
        app.write_audit_trail();
        lines.push(line);
    }
    store.leave_ticket();
    let code = exit_code(lines.iter().filter_map(Line::failure).chain(&unwritten));
    if args.json {
        app.answer(
            format!("{}\n", printable_json(&report::json(&lines, app.now(), code))).as_bytes(),
        )?;
    }
    Ok(code)
}

fn wanted(app: &App<'_>, store: &Store) -> Result<Vec<Record>> {
    if let Some(name) = &app.global.profile {
        let account = accounts::named(store, name)?;
        return Ok(vec![accounts::record_of(store, &account)?]);
    }
    let records = store.accounts()?;
    if records.is_empty() { Err(accounts::no_profile()) } else { Ok(records) }
}

/// Waits a random time up to `seconds`. The person at a terminal sees it, and can end it.
fn wait_a_while(app: &App<'_>, seconds: i64) -> Result<()> {
    let longest = u64::try_from(seconds).unwrap_or(0).saturating_mul(1000);
    if longest == 0 {
        return Ok(());
    }
    app.show_progress();
    let mut bytes = [0; 8];
    random::fill(&mut bytes)?;
    let wait = Duration::from_millis(u64::from_le_bytes(bytes) % (longest + 1));
    let shown = progress::waiting(&format!("beginning in {} s", wait.as_secs()));
    clock::wait(wait);
    drop(shown);
    Ok(())
}

fn kept(app: &mut App<'_>, store: &mut Store, record: Record, after: i64) -> Line {
    let before = record.clone();
    match Renewer::with(app, |renewer| renewer.keep_alive(store, record, after)) {
        Ok(Kept::Refreshed(record)) => Line { kind: report::Kind::Refreshed, record: *record },
        Ok(Kept::Fresh(record)) => Line { kind: report::Kind::Fresh, record: *record },
        Ok(Kept::Nothing(record)) => Line { kind: report::Kind::Nothing, record: *record },
        Err(error) => Line { kind: Failed(error), record: before },
    }
}

/// What a person is to be told beside the line: what to do about a failure, and that a refresh token is
/// about to end.
fn explain(app: &mut App<'_>, line: &Line, warn_before: i64) {
    if let Some(error) = line.failure() {
        app.show(error);
        if error.kind() == Kind::LoginNeeded {
            return;
        }
    }
    let ends = line.record.refresh_token.as_ref().and(line.record.refresh_expires_at);
    let left = ends.map(|at| at.saturating_sub(app.now()));
    if let (Some(at), Some(left)) = (ends, left)
        && left < warn_before
    {
        let (name, by) = (line.record.profile_name(), line.record.login_by());
        let remedy = advice::log_in_again(by, &login_again(name, by));
        let name = name.unwrap_or_default();
        let (left, on) = (span(left), local_date(at));
        app.note(&format!("{name}: the refresh token ends in {left}, {on}. {remedy}"));
    }
}

/// The exit code of them all: who needs a person comes before what is unusable, and that before what
/// mends itself. A profile that was removed meanwhile is no failure.
fn exit_code<'e>(failures: impl Iterator<Item = &'e crate::error::Error>) -> u8 {
    let worst = [Kind::LoginNeeded, Kind::Unusable, Kind::Temporary, Kind::Other, Kind::Usage];
    let kinds: Vec<Kind> = failures.map(crate::error::Error::kind).collect();
    worst.into_iter().find(|kind| kinds.contains(kind)).map_or(0, Kind::exit_code)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::Error;

    #[test]
    fn who_needs_a_person_decides_the_exit_code() {
        let code = |kinds: &[Kind]| {
            let errors: Vec<Error> = kinds.iter().map(|kind| Error::new(*kind, "", "")).collect();
            exit_code(errors.iter())
        };
        assert_eq!(code(&[]), 0);
        assert_eq!(code(&[Kind::NotFound]), 0);
        assert_eq!(code(&[Kind::Temporary, Kind::NotFound]), 5);
        assert_eq!(code(&[Kind::Temporary, Kind::Unusable]), 6);
        assert_eq!(code(&[Kind::Unusable, Kind::LoginNeeded, Kind::Temporary]), 4);
        assert_eq!(code(&[Kind::Other]), 1);
    }
}
