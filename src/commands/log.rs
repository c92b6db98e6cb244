//! `log`: the audit log.

use std::fmt::Write as _;

use serde_json::json;

use crate::cli::Log;
use crate::error::Result;
use crate::model::printable::{printable, printable_json};
use crate::store::audit::{self, Event};
use crate::ui::context::Context;
use crate::ui::times::local_time;

/// The longest line that is shown, characters.
const MAX_CHARS: usize = 500;

pub(super) fn run(context: &mut Context<'_>, args: &Log) -> Result<u8> {
    let profile = context.global.profile.as_ref().map(ToString::to_string);
    let events = audit::newest(&context.need_paths()?, profile.as_deref(), args.count)?;
    let names = events.iter().map(|event| event.profile.as_ref().map_or(1, String::len));
    let widest = names.max().unwrap_or_default();
    let mut text = String::new();
    for event in &events {
        let line = if args.json { as_json(event) } else { as_line(event, widest) };
        let _ = writeln!(text, "{line}");
    }
    context.answer(text.as_bytes())?;
    Ok(0)
}

fn as_json(event: &Event) -> String {
    let Event { at, profile, action, outcome, code, correlation_id, duration_ms, detail } = event;
    printable_json(&json!({
        "at": at, "profile": profile, "action": action, "outcome": outcome, "code": code,
        "correlation_id": correlation_id, "duration_ms": duration_ms, "detail": detail
    }))
}

fn as_line(event: &Event, widest: usize) -> String {
    let Event { at, profile, action, outcome, code, correlation_id, duration_ms, detail } = event;
    let profile = profile.as_deref().unwrap_or("-");
    let mut line =
        format!("{}  {profile:<widest$}  {}", local_time(*at), in_words(action, outcome));
    let code = code.map(|code| format!("code {code}"));
    let duration = duration_ms.map(|duration| format!("{duration} ms"));
    let id = correlation_id.as_ref().map(|id| format!("correlation {id}"));
    let more: Vec<String> = [code, duration, id].into_iter().flatten().collect();
    if !more.is_empty() {
        let _ = write!(line, " ({})", more.join(", "));
    }
    if let Some(detail) = detail {
        let _ = write!(line, ": {detail}");
    }
    // Otherwise a user who can write the audit log's file could control the terminal.
    printable(line.trim_end(), MAX_CHARS)
}

/// What was done, as people say it; what an event is called in JSON stays.
fn in_words(action: &str, outcome: &str) -> String {
    let words = match (action, outcome) {
        ("login", "granted") => "logged in",
        ("login", "rejected") => "login refused by Concur",
        ("login", "transient") => "login failed, service unavailable",
        ("login", "local") => "login failed, service not reached",
        ("refresh", "granted") => "refreshed",
        ("company", "granted") => "refreshed with the request token",
        ("app", "granted") => "refreshed as the application",
        (_, "condemned") => "refresh token is invalid",
        (_, "rejected") => "refresh refused by Concur",
        (_, "transient") => "not refreshed, service unavailable",
        (_, "local") => "not refreshed, service not reached",
        (_, "other-principal") => "not refreshed, tokens of another company or user",
        ("logout", _) => "logged out on this machine",
        ("revoke", "revoked") => "tokens revoked at Concur",
        ("revoke", _) => "tokens not revoked",
        ("set-secret", "replaced") => "client secret replaced",
        ("set-secret", _) => "client secret not replaced",
        ("export", _) => "exported",
        ("import", _) => "imported",
        ("store", _) => "tokens stored by a caller",
        ("rename", was) => return format!("renamed, {was}"),
        _ => return format!("{action}, {outcome}"),
    };
    words.to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::record::OutcomeKind;

    #[test]
    fn every_outcome_of_a_refresh_and_of_a_login_has_words() {
        for outcome in OutcomeKind::ALL.map(OutcomeKind::name) {
            for action in ["login", "refresh", "company", "app"] {
                let words = in_words(action, outcome);
                assert!(!words.contains(&format!("{action}, ")), "{words}");
            }
        }
        assert_eq!(in_words("rename", "was acme"), "renamed, was acme");
        assert_eq!(in_words("key rotate", "new key"), "key rotate, new key");
    }

    #[test]
    fn an_event_is_one_line_with_what_support_asks_for_in_brackets() {
        let event = Event {
            profile: Some("acme".to_owned()),
            action: "refresh".to_owned(),
            outcome: "condemned".to_owned(),
            code: Some(108),
            correlation_id: Some("2803b8f8".to_owned()),
            duration_ms: Some(350),
            ..Event::default()
        };
        let line = as_line(&event, 6);
        let shown = "  acme    refresh token is invalid (code 108, 350 ms, correlation 2803b8f8)";
        assert!(line.ends_with(shown), "{line}");
    }
}
