//! `config`: the settings, their sources, and all paths.

use std::fmt::Write as _;
use std::path::PathBuf;

use serde_json::{Map, Value, json};

use crate::cli::{Config, ConfigQuestion, ConfigSet, ConfigShow, ConfigUnset};
use crate::config::{Setting, edit, settings};
use crate::error::{Error, Kind, Result};
use crate::model::printable::{printable, printable_json};
use crate::sys::env::variable;
use crate::sys::files::{self, Replace};
use crate::ui::context::Context;

/// The longest path that is shown, characters.
const MAX_CHARS: usize = 4096;

/// The widest column of values, characters; a longer value moves its source to the right.
const WIDEST: usize = 48;

pub(super) fn run(context: &mut Context<'_>, args: &Config) -> Result<u8> {
    match &args.question {
        ConfigQuestion::Show(args) => show(context, args),
        ConfigQuestion::Path => path(context),
        ConfigQuestion::Set(ConfigSet { key, value }) => change(context, key, value),
        ConfigQuestion::Unset(ConfigUnset { key }) => change(context, key, &[]),
    }
}

/// Sets a key, or removes it where there is no value.
fn change(context: &mut Context<'_>, key: &str, values: &[String]) -> Result<u8> {
    if key == "proxy" && values.iter().any(|value| value.contains('@')) {
        return Err(Error::new(
            Kind::Usage,
            "A proxy with a password cannot be an argument, which other programs can read",
            "Write it into the configuration file (concur-cred config path), mode 600.",
        ));
    }
    let path = match context.config_file() {
        Some(path) => path,
        None => context.need_paths()?.config_file(),
    };
    let file = files::read_named_if_there(&path)?;
    let text = file.as_ref().map_or(Ok(""), |file| edit::text_of(&file.bytes, &path))?;
    let text = edit::changed(text, &path, key, values)?;
    if let Some(folder) = path.parent().filter(|folder| !folder.as_os_str().is_empty()) {
        files::make_folders(folder)?;
    }
    // A link stays one: what it leads to is replaced.
    let place = files::followed(&path).unwrap_or_else(|_| path.clone());
    files::write_whole(&place, text.as_bytes(), Replace::Yes)
        .map_err(|error| files::cannot("write", &path, &error))?;
    let done = if values.is_empty() { "removed from" } else { "set in" };
    context.note(&format!("{key} {done} {}", path.display()));
    let variable = variable(key);
    if !values.is_empty() && context.env.is_set(&variable) {
        context.warn(&format!("{variable} is set as well, and wins"));
    }
    Ok(0)
}

fn path(context: &mut Context<'_>) -> Result<u8> {
    let file = match context.config_file() {
        Some(file) => file,
        None => context.need_paths()?.config_file(),
    };
    // Paths need not be UTF-8; a script gets the bytes unchanged.
    let mut line = file.into_os_string().into_encoded_bytes();
    line.push(b'\n');
    context.answer(&line)?;
    Ok(0)
}

fn show(context: &mut Context<'_>, args: &ConfigShow) -> Result<u8> {
    if let Some(problem) = context.config_problem.take() {
        return Err(problem);
    }
    let settings = settings(&context.config, context.config_file().as_deref(), &context.env)?;
    let paths = paths(context);
    let text = if args.json { as_json(&settings, &paths) } else { as_text(&settings, &paths) };
    context.answer(text.as_bytes())?;
    Ok(0)
}

/// All paths, by name.
pub(super) fn paths(context: &Context<'_>) -> Vec<(&'static str, PathBuf)> {
    let mut found: Vec<_> =
        context.config_file().map(|file| ("config", file)).into_iter().collect();
    if let Some(paths) = &context.paths {
        found.extend(context.config.keys.file(paths).map(|file| ("key", file)));
        found.extend([
            ("store", paths.store()),
            ("events", paths.events()),
            ("locks", paths.locks_dir()),
            ("reserve", paths.reserves_dir()),
        ]);
    }
    found
}

/// Two tables: settings, then paths.
pub(super) fn as_text(settings: &[Setting], paths: &[(&'static str, PathBuf)]) -> String {
    let mut text = String::new();
    let shown = |setting: &Setting| setting.value.clone().unwrap_or_else(|| "-".to_owned());
    let width = settings.iter().map(|setting| shown(setting).chars().count()).max().unwrap_or(0);
    let width = width.min(WIDEST);
    for setting in settings {
        let (value, from) = (shown(setting), setting.source.text());
        let _ = writeln!(text, "{:<15}  {value:<width$}  {from}", setting.key);
    }
    let _ = writeln!(text);
    for (name, path) in paths {
        let _ = writeln!(text, "{name:<15}  {}", printable(&path.to_string_lossy(), MAX_CHARS));
    }
    text
}

fn as_json(settings: &[Setting], paths: &[(&'static str, PathBuf)]) -> String {
    let settings: Vec<Value> = settings.iter().map(Setting::json).collect();
    let paths: Map<String, Value> = paths
        .iter()
        .map(|(name, path)| ((*name).to_owned(), path.to_string_lossy().into()))
        .collect();
    format!("{}\n", printable_json(&json!({ "settings": settings, "paths": paths })))
}
