//! `status`: every profile and how long its tokens live.

use anstyle::AnsiColor;
use chrono::{DateTime, Local, SecondsFormat, Utc};
use comfy_table::{ContentArrangement, Table};
use serde_json::{Value, json};

use crate::accounts;
use crate::app::App;
use crate::cli::Status;
use crate::error::Result;
use crate::model::grant::GrantKind;
use crate::model::record::{OutcomeKind, Record};
use crate::policy::{self, Decision, LoginReason};

/// How many characters a bar has.
const BAR_CHARS: i64 = 10;
/// What a full bar stands for, days: the six months of a refresh token.
const FULL_BAR_DAYS: i64 = 182;
const DAY_SECS: i64 = 86_400;
const DEFAULT_WIDTH: u16 = 100;

pub(super) fn run(app: &mut App<'_>, args: &Status) -> Result<u8> {
    let store = app.store()?.ok_or_else(accounts::no_profile)?;
    let mut records = store.accounts()?;
    if let Some(name) = app.global.profile.as_ref() {
        records.retain(|record| record.profile.as_ref() == Some(name));
    }
    if records.is_empty() {
        return Err(accounts::selected(app, &store).err().unwrap_or_else(accounts::no_profile));
    }
    let now = app.now();
    let min_ttl = app.config.min_ttl;
    let text = if args.json {
        let profiles: Vec<Value> =
            records.iter().map(|record| as_json(record, now, min_ttl)).collect();
        format!("{}\n", json!({ "profiles": profiles }))
    } else {
        let used = store.meta()?.used_profile.clone();
        format!("{}\n", table(app, &records, used.as_deref(), now))
    };
    app.answer(text.as_bytes())?;
    Ok(0)
}

fn table(app: &App<'_>, records: &[Record], used: Option<&str>, now: i64) -> String {
    let mut table = Table::new();
    table.load_style(comfy_table::presets::NOTHING);
    table.set_content_arrangement(ContentArrangement::Dynamic);
    table.set_width(width(app));
    table.set_header([
        "PROFILE",
        "COMPANY",
        "BASE URL",
        "ACCESS",
        "REFRESH TOKEN",
        "REFRESHED",
        "STATE",
    ]);
    for record in records {
        let name = record.profile_name().unwrap_or_default();
        let mark = if used == Some(name) { "*" } else { "" };
        table.add_row([
            format!("{name}{mark}"),
            record.principal.clone(),
            record.geolocation.trim_start_matches("https://").to_owned(),
            minutes_left(record, now),
            refresh_left(record, now),
            record.refreshed_at.map_or_else(|| "never".to_owned(), local_time),
            coloured(app.colours(), record, now, app.config.min_ttl),
        ]);
    }
    for column in table.column_iter_mut() {
        column.set_padding((0, 2));
    }
    table.trim_fmt()
}

/// The state, coloured by its urgency.
fn coloured(colours: bool, record: &Record, now: i64, min_ttl: i64) -> String {
    let text = state(record, now, min_ttl);
    if !colours {
        return text.to_owned();
    }
    let colour = match policy::decide(record, now, min_ttl) {
        Decision::Fresh | Decision::Soft | Decision::Stale(_) => AnsiColor::Green,
        Decision::Backoff { .. } => AnsiColor::Yellow,
        Decision::NeedsLogin(_) | Decision::Rejected { .. } => AnsiColor::Red,
    };
    let style = colour.on_default();
    format!("{style}{text}{style:#}")
}

fn width(app: &App<'_>) -> u16 {
    if !(app.out_is_terminal)() {
        // A pipe has no width; lines are long there rather than wrapped.
        return u16::MAX;
    }
    let told = app.env.text("COLUMNS").and_then(|text| text.parse().ok());
    let measured = || terminal_size::terminal_size().map(|(width, _)| width.0);
    told.or_else(measured).unwrap_or(DEFAULT_WIDTH)
}

fn minutes_left(record: &Record, now: i64) -> String {
    match record.access_expires_at {
        Some(at) if at > now => format!("{} min", (at - now) / 60),
        Some(_) => "over".to_owned(),
        None => "none".to_owned(),
    }
}

fn refresh_left(record: &Record, now: i64) -> String {
    if record.refresh_token.is_none() && record.renews_by_itself() {
        return "not needed".to_owned();
    }
    let (Some(_), Some(at)) = (&record.refresh_token, record.refresh_expires_at) else {
        return "none".to_owned();
    };
    // To the nearest day: right after a login it is six months, not a day less.
    let days = (at - now).max(0).saturating_add(DAY_SECS / 2) / DAY_SECS;
    let assumed = if record.refresh_expiry_assumed { "~" } else { "" };
    format!("{} {assumed}{days} d, {}", bar(days), local_date(at))
}

fn bar(days: i64) -> String {
    let full = usize::try_from((days * BAR_CHARS / FULL_BAR_DAYS).clamp(0, BAR_CHARS)).unwrap_or(0);
    let all = usize::try_from(BAR_CHARS).unwrap_or(0);
    format!("[{}{}]", "#".repeat(full), ".".repeat(all - full))
}

fn state(record: &Record, now: i64, min_ttl: i64) -> &'static str {
    match policy::decide(record, now, min_ttl) {
        Decision::Fresh | Decision::Soft => "good",
        Decision::Stale(_) => "refreshed at the next use",
        Decision::NeedsLogin(LoginReason::Condemned) => "log in again: refresh token refused",
        Decision::NeedsLogin(LoginReason::NothingToRenewWith) => "log in again: no refresh token",
        Decision::Rejected { .. } => "refused by Concur; see concur-cred log",
        Decision::Backoff { .. } => "service unavailable; tried again soon",
    }
}

fn as_json(record: &Record, now: i64, min_ttl: i64) -> Value {
    let attempt = &record.attempt;
    let decision = policy::decide(record, now, min_ttl);
    let seconds_left = |at: Option<i64>| at.map(|at| at.saturating_sub(now).max(0));
    json!({
        "profile": record.profile_name(),
        "company_uuid": record.principal,
        "grant": record.obtained_by.map(GrantKind::name),
        "client_id": record.client_id(),
        "application": record.application.as_ref().map(|application| &application.name),
        "base_url": record.geolocation,
        "scope": record.scope,
        "access_token": {
            "present": record.access_token.is_some(),
            "expires_at": record.access_expires_at,
            "expires_at_rfc3339": record.access_expires_at.and_then(rfc3339),
            "seconds_left": seconds_left(record.access_expires_at),
        },
        "refresh_token": {
            "present": record.refresh_token.is_some(),
            "expires_at": record.refresh_expires_at,
            "expires_at_rfc3339": record.refresh_expires_at.and_then(rfc3339),
            "seconds_left": seconds_left(record.refresh_expires_at),
            "expiry_is_assumed": record.refresh_expiry_assumed,
        },
        "refreshed_at": record.refreshed_at,
        "usable": matches!(decision, Decision::Fresh | Decision::Soft | Decision::Stale(_)),
        "needs_login": matches!(decision, Decision::NeedsLogin(_)),
        "state": state(record, now, min_ttl),
        "last_attempt": {
            "number": attempt.number,
            "started_at": attempt.started_at,
            "ended_at": attempt.ended_at,
            "outcome": attempt.outcome.map(OutcomeKind::name),
            "code": attempt.code,
            "correlation_id": attempt.correlation_id,
            "not_before": attempt.not_before,
        },
    })
}

fn rfc3339(at: i64) -> Option<String> {
    let at: DateTime<Utc> = DateTime::from_timestamp(at, 0)?;
    Some(at.to_rfc3339_opts(SecondsFormat::Secs, true))
}

fn local(at: i64, format: &str) -> String {
    match DateTime::from_timestamp(at, 0) {
        Some(time) => time.with_timezone(&Local).format(format).to_string(),
        None => "beyond the calendar".to_owned(),
    }
}

/// A point in time in the local zone, for people.
pub(super) fn local_time(at: i64) -> String {
    local(at, "%Y-%m-%d %H:%M")
}

fn local_date(at: i64) -> String {
    local(at, "%Y-%m-%d")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bar_is_full_at_six_months_and_empty_at_none() {
        assert_eq!(bar(FULL_BAR_DAYS), "[##########]");
        assert_eq!(bar(FULL_BAR_DAYS / 2), "[#####.....]");
        assert_eq!(bar(0), "[..........]");
        assert_eq!(bar(100_000), "[##########]");
        assert_eq!(bar(-3), "[..........]");
    }
}
