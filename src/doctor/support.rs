//! Pure: the report for support, which is sent to other people. Settings, checks and events contain no secret;
//! here ids are shortened and the home folder becomes a tilde.

use std::fmt::Write as _;
use std::path::Path;

use uuid::Uuid;

use super::report::{Report, redacted};
use crate::model::printable::printable;
use crate::store::audit::Event;
use crate::ui::status::screen::Screen;

/// How many of the newest events are in it.
pub(crate) const EVENTS: u32 = 50;
const UUID_CHARS: usize = 36;

/// The parts of the report.
#[derive(Debug)]
pub(crate) struct Findings<'a> {
    /// Epoch seconds.
    pub now: i64,
    /// The version of this program.
    pub version: &'a str,
    /// The version of SQLite.
    pub sqlite: &'a str,
    /// Settings and paths, or their error; as text.
    pub settings: &'a str,
    /// Every check.
    pub checks: &'a Report,
    /// The newest events, the oldest first.
    pub events: &'a [Event],
    /// Client ids, companies and users: shortened everywhere.
    pub identities: &'a [String],
    /// The home folder: a tilde everywhere.
    pub home: Option<&'a Path>,
}

/// The report, as text.
pub(crate) fn render(findings: &Findings<'_>) -> String {
    let Findings { now, version, sqlite, settings, checks, events, identities, home } = findings;
    let mut text = String::new();
    let _ = writeln!(text, "concur-cred {version}, SQLite {sqlite}");
    let built = if cfg!(target_feature = "crt-static") { ", static" } else { "" };
    let (os, arch) = (std::env::consts::OS, std::env::consts::ARCH);
    let _ = writeln!(text, "{os} {arch}{built}, {}", utc(*now));
    let _ = writeln!(text, "\n== settings and paths\n{}", settings.trim_end());
    let _ = writeln!(text, "\n== checks\n{}", checks.text(Screen::PLAIN, true).trim_end());
    let mut text = cut(text, identities);
    let _ = writeln!(text, "\n== newest events");
    for event in *events {
        let _ = writeln!(text, "{}", line(event, identities));
    }
    match home.map(Path::to_string_lossy) {
        Some(home) if home.len() > 1 => text.replace(&*home, "~"),
        _ => text,
    }
}

/// The longest line of an event, characters, without its correlation id.
const MAX_CHARS: usize = 500;

/// One event. Support needs the whole correlation id.
fn line(event: &Event, identities: &[String]) -> String {
    let Event { at, profile, action, outcome, code, correlation_id, duration_ms, detail } = event;
    let profile = profile.as_deref().unwrap_or("-");
    let mut line = format!("{}  {profile}  {action} {outcome}", utc(*at));
    if let Some(code) = code {
        let _ = write!(line, ", code {code}");
    }
    if let Some(duration) = duration_ms {
        let _ = write!(line, ", {duration} ms");
    }
    if let Some(detail) = detail {
        let _ = write!(line, ", {}", printable(detail, 300));
    }
    // Anyone who can write the audit log's file chose all of it.
    let mut line = printable(&cut(line, identities), MAX_CHARS);
    // The service chose its text: only an id is shown.
    match correlation_id.as_deref().map(|id| (id, Uuid::try_parse(id))) {
        Some((id, Ok(_))) => {
            let _ = write!(line, ", correlation {id}");
        }
        Some((_, Err(_))) => line.push_str(", correlation ID in an unknown form"),
        None => {}
    }
    line
}

fn utc(at: i64) -> String {
    let time = chrono::DateTime::from_timestamp(at, 0);
    time.map_or_else(|| at.to_string(), |time| time.format("%Y-%m-%d %H:%M:%SZ").to_string())
}

/// The text with the known ids, and all other UUIDs, cut to their beginnings.
fn cut(mut text: String, identities: &[String]) -> String {
    for identity in identities.iter().filter(|identity| !identity.is_empty()) {
        text = text.replace(identity.as_str(), &redacted(identity));
    }
    let mut shown = String::with_capacity(text.len());
    let mut rest = text.as_str();
    while let Some(next) = rest.chars().next() {
        if let Some(uuid) = rest.get(..UUID_CHARS).filter(|head| Uuid::try_parse(head).is_ok()) {
            shown.push_str(&redacted(uuid));
            rest = &rest[UUID_CHARS..];
        } else {
            shown.push(next);
            rest = &rest[next.len_utf8()..];
        }
    }
    shown
}

#[cfg(test)]
mod tests {
    use super::*;

    const COMPANY: &str = "8e447612-d4ec-4a5f-9d6a-5b8f3f3f0001";
    const CORRELATION: &str = "2803b8f8-1c0b-4c5c-9d6a-5b8f3f3f0002";

    #[test]
    fn identities_and_the_home_are_cut_and_a_correlation_id_is_whole() {
        let mut checks = Report::default();
        checks.ok("profile", format!("company {COMPANY}, app my-own-client-id"));
        let event = Event {
            at: 1_700_000_000,
            profile: Some("acme".to_owned()),
            action: "refresh".to_owned(),
            outcome: "rejected".to_owned(),
            code: Some(108),
            correlation_id: Some(CORRELATION.to_owned()),
            detail: Some(format!("{COMPANY} in /home/erika/x")),
            ..Event::default()
        };
        let odd = Event { correlation_id: Some("tok".to_owned()), ..Event::default() };
        let text = render(&Findings {
            now: 1_700_000_000,
            version: "1.2.3",
            sqlite: "3.50.0",
            settings: "config  /home/erika/.config/concur-cred/config.toml\n",
            checks: &checks,
            events: &[event, odd],
            identities: &["my-own-client-id".to_owned()],
            home: Some(Path::new("/home/erika")),
        });
        assert!(text.contains("company 8e447612…, app my-own-c…"), "{text}");
        assert!(text.contains("config  ~/.config/"), "{text}");
        let events = text.split("== newest events\n").nth(1).unwrap();
        let first = format!(
            "2023-11-14 22:13:20Z  acme  refresh rejected, code 108, 8e447612… in ~/x, \
             correlation {CORRELATION}"
        );
        assert_eq!(events.lines().next(), Some(first.as_str()));
        assert!(events.contains("correlation ID in an unknown form"), "{text}");
        assert!(!text.contains("erika") && !text.contains("tok"), "{text}");
    }
}
