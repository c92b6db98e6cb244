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
    let mut text = String::new();
    for event in &events {
        let line = if args.json { as_json(event) } else { as_line(event) };
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

fn as_line(event: &Event) -> String {
    let Event { at, profile, action, outcome, code, correlation_id, duration_ms, detail } = event;
    let mut line = format!("{}  {:<12}", local_time(*at), profile.as_deref().unwrap_or("-"));
    let _ = write!(line, "  {action:<8} {outcome:<10}");
    if let Some(code) = code {
        let _ = write!(line, " code {code}");
    }
    if let Some(duration) = duration_ms {
        let _ = write!(line, " {duration} ms");
    }
    if let Some(id) = correlation_id {
        let _ = write!(line, " correlation {id}");
    }
    if let Some(detail) = detail {
        let _ = write!(line, " {detail}");
    }
    // Otherwise a user who can write the audit log's file could control the terminal.
    printable(line.trim_end(), MAX_CHARS)
}
