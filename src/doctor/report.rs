//! Pure: the results of the checks, and their output. They contain no secret: people paste the report into
//! tickets.

use std::fmt::Write as _;

use serde_json::{Value, json};

use crate::error::Error;
use crate::model::printable::printable;
use crate::ui::status::screen::Screen;
use crate::ui::status::view::Urgency;

/// How many characters of an identity are shown.
const SHOWN_CHARS: usize = 8;
/// How many names of one list are shown.
const SHOWN_NAMES: usize = 10;
/// The longest detail or remedy, characters.
const MAX_CHARS: usize = 1200;

/// The result of a check.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum State {
    /// Passed.
    Ok,
    /// A warning.
    Warn,
    /// Something does not work.
    Fail,
}

impl State {
    /// The word at the beginning of a line.
    pub(crate) const fn head(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Warn => "warn",
            Self::Fail => "FAIL",
        }
    }

    const fn urgency(self) -> Urgency {
        match self {
            Self::Ok => Urgency::Good,
            Self::Warn => Urgency::Warning,
            Self::Fail => Urgency::Critical,
        }
    }

    /// The word in JSON.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Warn => "warn",
            Self::Fail => "fail",
        }
    }
}

/// One check.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Check {
    /// The name of the check.
    pub name: &'static str,
    /// Its result.
    pub state: State,
    /// What was found.
    pub detail: String,
    /// The remedy; empty if there is nothing to do.
    pub remedy: String,
}

/// All checks, in the order in which they ran.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Report {
    /// The checks.
    pub checks: Vec<Check>,
}

impl Report {
    /// Passed.
    pub(crate) fn ok(&mut self, name: &'static str, detail: impl AsRef<str>) {
        self.add(name, State::Ok, detail.as_ref(), "");
    }

    /// A warning.
    pub(crate) fn warn(
        &mut self,
        name: &'static str,
        detail: impl AsRef<str>,
        remedy: impl AsRef<str>,
    ) {
        self.add(name, State::Warn, detail.as_ref(), remedy.as_ref());
    }

    /// A failure.
    pub(crate) fn fail(
        &mut self,
        name: &'static str,
        detail: impl AsRef<str>,
        remedy: impl AsRef<str>,
    ) {
        self.add(name, State::Fail, detail.as_ref(), remedy.as_ref());
    }

    /// An error is a check that failed.
    pub(crate) fn error(&mut self, name: &'static str, error: impl Into<Error>) {
        let error = error.into();
        self.fail(name, error.problem(), error.remedy());
    }

    fn add(&mut self, name: &'static str, state: State, detail: &str, remedy: &str) {
        let detail = printable(detail, MAX_CHARS);
        let remedy = printable(remedy.trim_end_matches('.'), MAX_CHARS);
        self.checks.push(Check { name, state, detail, remedy });
    }

    /// Whether this check failed.
    pub(crate) fn has_failed(&self, name: &str) -> bool {
        self.checks.iter().any(|check| check.name == name && check.state == State::Fail)
    }

    /// Whether no check failed.
    pub(crate) fn is_ok(&self) -> bool {
        self.checks.iter().all(|check| check.state != State::Fail)
    }

    /// For people: failures, then warnings, each with its remedy, then the number of passed checks, or their
    /// list.
    pub(crate) fn text(&self, screen: Screen, is_verbose: bool) -> String {
        let of = |state| self.checks.iter().filter(move |check| check.state == state);
        let shown = of(State::Fail).chain(of(State::Warn));
        let shown: Vec<_> = shown.chain(of(State::Ok).filter(|_| is_verbose)).collect();
        let width = shown.iter().map(|check| check.name.len()).max().unwrap_or(0);
        let mut text = String::new();
        for Check { name, state, detail, remedy } in shown {
            let head = screen.coloured(&format!("{:<4}", state.head()), state.urgency());
            let line = format!("{head}  {name:<width$}  {detail}");
            let _ = writeln!(text, "{}", line.trim_end());
            if !remedy.is_empty() {
                let _ = writeln!(text, "      -> {remedy}");
            }
        }
        if !is_verbose {
            let passed = counted(of(State::Ok).count(), "check");
            let _ = writeln!(text, "{passed} passed (--verbose lists them)");
        }
        text
    }

    /// The same for scripts.
    pub(crate) fn json(&self) -> Value {
        let checks: Vec<Value> = self
            .checks
            .iter()
            .map(|Check { name, state, detail, remedy }| {
                json!({
                    "name": name, "state": state.name(), "detail": detail, "remedy": remedy
                })
            })
            .collect();
        json!({ "checks": checks, "ok": self.is_ok() })
    }
}

/// The beginning of an id: enough to distinguish two.
pub(crate) fn redacted(identity: &str) -> String {
    let mut shown: String = identity.chars().take(SHOWN_CHARS).collect();
    if identity.chars().nth(SHOWN_CHARS).is_some() {
        shown.push('…');
    }
    shown
}

/// The first names of a list, and how many more there are.
pub(crate) fn listed(names: &[String]) -> String {
    let shown = names.iter().take(SHOWN_NAMES).cloned().collect::<Vec<_>>().join(", ");
    match names.len().saturating_sub(SHOWN_NAMES) {
        0 => shown,
        more => format!("{shown} and {more} more"),
    }
}

/// `1 file`, `2 files`.
pub(crate) fn counted(count: usize, what: &str) -> String {
    let ending = if count == 1 { "" } else { "s" };
    format!("{count} {what}{ending}")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn report() -> Report {
        let mut report = Report::default();
        report.ok("key", "the key file");
        report.warn("clock", "it stepped back", "Set it.");
        report.ok("reserve files", "");
        report
    }

    #[test]
    fn what_needs_a_person_comes_first_and_what_passed_is_counted_or_listed() {
        let mut report = report();
        report.fail("store", "damaged", "Run: concur-cred doctor --repair");
        let first = "FAIL  store  damaged\n      -> Run: concur-cred doctor --repair\n\
                     warn  clock  it stepped back\n      -> Set it\n";
        let text = report.text(Screen::PLAIN, false);
        assert_eq!(text, format!("{first}2 checks passed (--verbose lists them)\n"));
        assert_eq!(
            report.text(Screen::PLAIN, true),
            "FAIL  store          damaged\n      -> Run: concur-cred doctor --repair\n\
             warn  clock          it stepped back\n      -> Set it\n\
             ok    key            the key file\n\
             ok    reserve files\n"
        );
        let coloured = report.text(Screen { colours: true, ..Screen::PLAIN }, false);
        assert!(coloured.starts_with("\u{1b}[31mFAIL\u{1b}[0m  store  damaged\n"), "{coloured:?}");
    }

    #[test]
    fn a_warning_is_no_failure_and_a_failure_is_one() {
        let mut report = report();
        assert!(report.is_ok());
        report.fail("store", "damaged\u{1b}[2J", "");
        assert!(!report.is_ok());
        assert!(report.text(Screen::PLAIN, false).starts_with("FAIL  store  damaged\\u{1b}[2J\n"));
        let json = report.json();
        assert_eq!(json["ok"], false);
        assert_eq!(json["checks"][3]["state"], "fail");
        assert_eq!(json["checks"][1]["remedy"], "Set it");
    }

    #[test]
    fn an_identity_is_cut_and_a_list_is_bounded() {
        assert_eq!(redacted("8e447612-d4ec"), "8e447612…");
        assert_eq!(redacted("short"), "short");
        let names: Vec<String> = (0..12).map(|n| n.to_string()).collect();
        assert_eq!(listed(&names), "0, 1, 2, 3, 4, 5, 6, 7, 8, 9 and 2 more");
        assert_eq!(listed(&names[..2]), "0, 1");
    }
}
