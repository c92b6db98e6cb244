//! `key show-source`.

use std::fmt::Write as _;

use serde_json::json;

use crate::cli::KeyShowSource;
use crate::error::Result;
use crate::model::printable::{printable, printable_json};
use crate::store::keys::{self, KeySource};
use crate::store::{self, KeyLook, KeyState};
use crate::ui::context::Context;

/// The longest text that is shown, characters.
const MAX_CHARS: usize = 4096;

/// The shown facts about a store's key.
struct ShownKey {
    /// `None` without a store.
    look: Option<KeyLook>,
    source: KeySource,
    place: String,
    /// The source in the settings, if it is another one.
    asked: Option<(KeySource, &'static str)>,
    is_unfinished: bool,
}

pub(super) fn run(context: &mut Context<'_>, args: &KeyShowSource) -> Result<u8> {
    let paths = context.need_paths()?;
    let keys = &context.config.keys;
    let look = super::store(context)?.map(|store| store.look_into_key()).transpose()?;
    let source = look.as_ref().map_or_else(|| keys.chosen(), |look| Ok(look.source))?;
    let shown = ShownKey {
        source,
        place: source.describe(&paths, keys),
        asked: keys.asked()?.filter(|(asked, _)| look.is_none() || *asked != source),
        is_unfinished: source == KeySource::File && keys::pending(&paths),
        look,
    };
    let answer = if args.json { as_json(&shown) } else { as_text(&shown) };
    context.answer(answer.as_bytes())?;
    Ok(0)
}

fn state(look: Option<&KeyLook>) -> (&'static str, Option<&store::Error>) {
    match look.map(|look| &look.state) {
        None => ("no store", None),
        Some(KeyState::Valid) => ("good", None),
        Some(KeyState::Missing(error)) => ("missing", Some(error)),
        Some(KeyState::Wrong(error)) => ("wrong", Some(error)),
        Some(KeyState::Unreadable(error)) => ("unreadable", Some(error)),
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |text, byte| text + &format!("{byte:02x}"))
}

fn as_text(key: &ShownKey) -> String {
    let ShownKey { look, source, place, asked, is_unfinished } = key;
    let (state, problem) = state(look.as_ref());
    let mut lines = vec![("source", source.name().to_owned()), ("place", place.clone())];
    if let Some(look) = look {
        lines.push(("key id", hex(&look.named)));
    }
    lines.push((
        "state",
        match (problem, look) {
            (Some(problem), _) => format!("{state}: {problem}"),
            (None, None) => "no store yet; the first login uses this source".to_owned(),
            (None, Some(_)) => state.to_owned(),
        },
    ));
    if *is_unfinished {
        lines.push((
            "rest",
            "an interrupted rotation left key.next; run: concur-cred doctor".to_owned(),
        ));
    }
    if let (Some((asked, by)), Some(_)) = (asked, look) {
        lines.push((
            "asked",
            format!("{} by {by}, which applies only to a new store", asked.name()),
        ));
    }
    if let Some(problem) = problem {
        lines.push(("remedy", problem.remedy()));
    }
    lines.iter().fold(String::new(), |mut text, (name, value)| {
        let _ = writeln!(text, "{name:<7} {}", printable(value, MAX_CHARS));
        text
    })
}

fn as_json(key: &ShownKey) -> String {
    let ShownKey { look, source, place, asked, is_unfinished } = key;
    let (state, problem) = state(look.as_ref());
    let shown = json!({
        "store": look.is_some(),
        "source": source.name(),
        "place": place,
        "key_id": look.as_ref().map(|look| hex(&look.named)),
        "state": look.as_ref().map(|_| state),
        "problem": problem.map(ToString::to_string),
        "asked": asked.map(|(asked, _)| asked.name()),
        "asked_by": asked.map(|(_, by)| by),
        "unfinished": is_unfinished,
    });
    format!("{}\n", printable_json(&shown))
}
