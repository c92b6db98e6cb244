//! `status --check`: one line and an exit code, by the Monitoring Plugins guidelines
//! (<https://www.monitoring-plugins.org/doc/guidelines.html>). The network is not used, and no key command is
//! run.

use std::fmt::Write as _;

use crate::auth::accounts;
use crate::cli::Status;
use crate::config::parse_duration;
use crate::error::{Error, Kind, Result};
use crate::model::health::{Limits, Severity, Trouble};
use crate::model::policy::REFRESH_TOKEN_LIFE_DAYS;
use crate::model::printable::printable;
use crate::sys::{failpoint, hardening};
use crate::ui::context::Context;
use crate::ui::status::{Profile, words};
use crate::ui::times::{DAY, left as in_words};

/// The exit code of UNKNOWN.
pub(in crate::commands) const UNKNOWN: u8 = 3;
/// The line for an internal error.
pub(in crate::commands) const DEFECT: &str =
    "CONCUR UNKNOWN - internal error; standard error says where";
/// The line for wrong usage.
pub(in crate::commands) const MISUSED: &str =
    "CONCUR UNKNOWN - wrong usage; standard error says what";
/// The default of `--crit`, seconds.
const DEFAULT_CRIT_SECS: i64 = 7 * DAY;

/// A profile, for the check.
struct Checked<'r> {
    name: &'r str,
    severity: Severity,
    why: Option<String>,
    /// Seconds left of the refresh token.
    left: Option<i64>,
}

pub(super) fn run(context: &mut Context<'_>, args: &Status) -> u8 {
    let (line, code) = match examined(context, args) {
        Ok(answer) => answer,
        Err(error) => (unknown(&error), UNKNOWN),
    };
    hardening::answering();
    // Monitoring needs the line, not only the code.
    context.answer(format!("{line}\n").as_bytes()).map_or(UNKNOWN, |()| code)
}

/// The line for an error.
pub(in crate::commands) fn unknown(error: &Error) -> String {
    format!("CONCUR UNKNOWN - {}", in_one_line(error))
}

fn examined(context: &mut Context<'_>, args: &Status) -> Result<(String, u8)> {
    failpoint::pass("check-begins");
    if let Some(problem) = context.config_problem.take() {
        return Err(problem);
    }
    let limits = limits(args, context.config.warn_before.seconds(&context.env)?)?;
    let store = accounts::store(context)?;
    let records = super::wanted(context, &store)?;
    let now = context.now();
    let profiles = super::examined(context, &store, &records, limits)?;
    let checked: Vec<Checked<'_>> = profiles.iter().map(|profile| check(profile, now)).collect();
    let worst = checked.iter().map(|one| one.severity).max().unwrap_or(Severity::Ok);
    Ok((line(&checked, worst, limits), exit_code(worst)))
}

fn limits(args: &Status, warn_before: i64) -> Result<Limits> {
    let given = |name: &str, text: &Option<String>| {
        let Some(text) = text else { return Ok(None) };
        let seconds = parse_duration(text).and_then(|seconds| i64::try_from(seconds).ok());
        seconds.map(Some).ok_or_else(|| {
            let problem = format!("{name} is not a time");
            Error::new(Kind::Usage, problem, "Write a number with s, m, h or d, such as 30d.")
        })
    };
    let warn = given("--warn", &args.warn)?.unwrap_or(warn_before);
    let crit = given("--crit", &args.crit)?.unwrap_or(DEFAULT_CRIT_SECS.min(warn));
    if crit > warn {
        return Err(Error::new(
            Kind::Usage,
            "--crit is longer than --warn, so that WARNING would never come",
            "Give --warn the longer time.",
        ));
    }
    Ok(Limits { warn, crit })
}

fn check<'r>(profile: &Profile<'r>, now: i64) -> Checked<'r> {
    let Profile { record, trouble, .. } = *profile;
    let left = record.refresh_token.as_ref().and(record.refresh_expires_at);
    let why = trouble.map(|trouble| {
        let words = words::of_trouble(trouble, now).full();
        match (trouble, record.attempt.why.as_deref()) {
            (Trouble::OtherPrincipal, Some(why)) => format!("{words}: {}", printable(why, 200)),
            _ => words,
        }
    });
    Checked {
        name: record.profile_name().unwrap_or_default(),
        severity: profile.severity(),
        why,
        left: left.map(|at| at.saturating_sub(now).max(0)),
    }
}

/// The worst first, then how many there are and which ends next, then the figures of all.
fn line(checked: &[Checked<'_>], worst: Severity, limits: Limits) -> String {
    let mut line = format!("CONCUR {} - ", name(worst));
    let mut bad: Vec<&Checked<'_>> = checked.iter().filter(|one| one.why.is_some()).collect();
    bad.sort_by_key(|one| std::cmp::Reverse(one.severity));
    for Checked { name, why, .. } in bad {
        let _ = write!(line, "{name}: {}; ", why.as_deref().unwrap_or_default());
    }
    let count = checked.len();
    let _ = write!(line, "{count} profile{}", if count == 1 { "" } else { "s" });
    let next = checked.iter().filter_map(|one| Some((one.left?, one.name))).min();
    if let Some((left, name)) = next {
        let _ = write!(line, ", nearest expiry {name} in {}", in_words(left));
    }
    let mut separator = " |";
    for (name, left) in checked.iter().filter_map(|one| Some((one.name, one.left?))) {
        let (warn, crit) = (in_days(limits.warn), in_days(limits.crit));
        let _ = write!(
            line,
            "{separator} '{name}_refresh_days'={};{warn}:;{crit}:;0;{REFRESH_TOKEN_LIFE_DAYS}",
            left / DAY
        );
        separator = "";
    }
    line
}

/// Days as numbers of the guidelines: with decimals only if there are any.
fn in_days(seconds: i64) -> String {
    let (days, rest) = (seconds / DAY, seconds % DAY);
    let decimals = format!("{:02}", rest * 100 / DAY);
    match decimals.trim_end_matches('0') {
        "" => days.to_string(),
        decimals => format!("{days}.{decimals}"),
    }
}

const fn name(severity: Severity) -> &'static str {
    match severity {
        Severity::Ok => "OK",
        Severity::Warning => "WARNING",
        Severity::Critical => "CRITICAL",
    }
}

/// The guidelines' exit codes.
const fn exit_code(severity: Severity) -> u8 {
    match severity {
        Severity::Ok => 0,
        Severity::Warning => 1,
        Severity::Critical => 2,
    }
}

/// An error in one line; a bar would begin the figures.
fn in_one_line(error: &Error) -> String {
    let text = format!("{}. {}", error.problem(), error.remedy());
    printable(&text.replace(['\n', '\r'], " ").replace('|', "/"), 400)
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIMITS: Limits = Limits { warn: 30 * DAY, crit: 7 * DAY };

    fn one(name: &str, severity: Severity, left: Option<i64>) -> Checked<'_> {
        let why = (severity != Severity::Ok).then(|| "it is so".to_owned());
        Checked { name, severity, why, left }
    }

    #[test]
    fn the_line_has_the_form_of_the_guidelines() {
        let well = [one("acme", Severity::Ok, Some(171 * DAY + 5)), one("app", Severity::Ok, None)];
        assert_eq!(
            line(&well, Severity::Ok, LIMITS),
            "CONCUR OK - 2 profiles, nearest expiry acme in 171 days | \
             'acme_refresh_days'=171;30:;7:;0;182"
        );
        let alone = [one("app", Severity::Ok, None)];
        assert_eq!(line(&alone, Severity::Ok, LIMITS), "CONCUR OK - 1 profile");
    }

    #[test]
    fn the_worst_comes_first() {
        let both = [
            one("a", Severity::Warning, Some(DAY)),
            one("b", Severity::Critical, Some(0)),
            one("c", Severity::Ok, Some(100 * DAY)),
        ];
        assert_eq!(
            line(&both, Severity::Critical, LIMITS),
            "CONCUR CRITICAL - b: it is so; a: it is so; 3 profiles, nearest expiry b in 0 s | \
             'a_refresh_days'=1;30:;7:;0;182 'b_refresh_days'=0;30:;7:;0;182 \
             'c_refresh_days'=100;30:;7:;0;182"
        );
    }

    #[test]
    fn limits_in_hours_are_parts_of_days() {
        for (seconds, text) in
            [(30 * DAY, "30"), (36 * 3600, "1.5"), (DAY / 100, "0.01"), (0, "0"), (90, "0")]
        {
            assert_eq!(in_days(seconds), text);
        }
    }

    #[test]
    fn an_error_cannot_begin_figures_or_lines_of_its_own() {
        let error = Error::new(Kind::Unusable, "/a|b\nc is no file", "Look | at it\u{1b}[2J");
        let text = in_one_line(&error);
        assert!(!text.contains(['|', '\n', '\u{1b}']), "{text}");
    }
}
