//! `keepalive`: the daily job that keeps every refresh token valid.

mod report;
mod timer;

use std::time::Duration;

use crate::auth::accounts;
use crate::auth::no_profile::no_profile;
use crate::auth::oauth::advice;
use crate::auth::refresh::{Kept, Refresher};
use crate::cli::Keepalive;
use crate::error::{Kind, Result, login_again, worst_exit_code};
use crate::model::printable::printable_json;
use crate::model::record::Record;
use crate::store::Store;
use crate::sys::{clock, progress, random};
use crate::ui::context::Context;
use crate::ui::times::{local_date, span};

use report::Kind::Failed;
use report::Line;

pub(super) fn run(context: &mut Context<'_>, args: &Keepalive) -> Result<u8> {
    if let Some(scheduler) = args.install {
        return timer::install(context, args, scheduler);
    }
    if let Some(scheduler) = args.uninstall {
        return timer::uninstall(context, scheduler);
    }
    let after = match args.after {
        Some(after) => after,
        None => context.config.keepalive_after.seconds(&context.env)?,
    };
    let warn_before = context.config.warn_before.seconds(&context.env)?;
    // Before anything is opened or held.
    wait_a_while(context, args.jitter.unwrap_or(0))?;
    let mut store = accounts::store(context)?;
    let records = wanted(context, &store)?;
    if let Some(warning) = store.prove_key()? {
        context.warn(warning);
    }
    let width = records.iter().filter_map(Record::profile_name).map(str::len).max().unwrap_or(0);
    let mut lines = Vec::with_capacity(records.len());
    let mut unwritten = None;
    for record in records {
        let line = kept(context, &mut store, record, after);
        if !args.json && unwritten.is_none() {
            let text = format!("{}\n", line.text(width, context.now()));
            // A report that cannot be written (a full disk behind cron) costs no other profile its turn.
            unwritten =
                context.answer(text.as_bytes()).inspect_err(|error| context.show(error)).err();
        }
        explain(context, &line, warn_before);
        // Written now, whatever happens to the other profiles.
        context.write_audit_log();
        lines.push(line);
    }
    store.leave_cache();
    let code = worst_exit_code(lines.iter().filter_map(Line::failure).chain(&unwritten));
    if args.json {
        context.answer(
            format!("{}\n", printable_json(&report::json(&lines, context.now(), code))).as_bytes(),
        )?;
    }
    Ok(code)
}

fn wanted(context: &Context<'_>, store: &Store) -> Result<Vec<Record>> {
    if let Some(name) = &context.global.profile {
        let account = accounts::named(store, name)?;
        return Ok(vec![accounts::record_of(store, &account)?]);
    }
    let records = store.accounts()?;
    if records.is_empty() { Err(no_profile(context)) } else { Ok(records) }
}

/// Waits a random time up to `seconds`. The person at a terminal sees it, and can end it.
fn wait_a_while(context: &Context<'_>, seconds: i64) -> Result<()> {
    let longest = u64::try_from(seconds).unwrap_or(0).saturating_mul(1000);
    if longest == 0 {
        return Ok(());
    }
    context.show_progress();
    let mut bytes = [0; 8];
    random::fill(&mut bytes)?;
    let wait = Duration::from_millis(u64::from_le_bytes(bytes) % (longest + 1));
    let shown = progress::waiting(&format!("beginning in {} s", wait.as_secs()));
    clock::wait(wait);
    drop(shown);
    Ok(())
}

fn kept(context: &mut Context<'_>, store: &mut Store, record: Record, after: i64) -> Line {
    let before = record.clone();
    match Refresher::with(context, |refresher| refresher.keep_alive(store, record, after)) {
        Ok(Kept::Refreshed(record)) => Line { kind: report::Kind::Refreshed, record: *record },
        Ok(Kept::Fresh(record)) => Line { kind: report::Kind::Fresh, record: *record },
        Ok(Kept::Nothing(record)) => Line { kind: report::Kind::Nothing, record: *record },
        Err(error) => Line { kind: Failed(error), record: before },
    }
}

/// Notes beside the line: the remedy of a failure, and that a refresh token expires soon. With `--quiet` nothing
/// is written about an outage while tomorrow's run is early enough, because cron mails all output.
fn explain(context: &mut Context<'_>, line: &Line, warn_before: i64) {
    let ends = line.record.refresh_token.as_ref().and(line.record.refresh_expires_at);
    let left = ends.map(|at| at.saturating_sub(context.now()));
    if let Some(error) = line.failure() {
        let can_wait =
            error.kind() == Kind::Temporary && left.is_some_and(|left| left >= warn_before);
        if !(context.global.quiet && can_wait) {
            context.show(error);
        }
        if error.kind() == Kind::LoginNeeded {
            return;
        }
    }
    if let (Some(at), Some(left)) = (ends, left)
        && left < warn_before
    {
        let (name, by) = (line.record.profile_name(), line.record.login_by());
        let remedy = advice::log_in_again(by, &login_again(name, by));
        let name = name.unwrap_or_default();
        let (left, on) = (span(left), local_date(at));
        context.warn(&format!("{name}: the refresh token ends in {left}, {on}. {remedy}"));
    }
}
