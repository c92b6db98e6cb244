//! Every setting with its value and where it comes from, for people and for scripts.

use std::path::{Path, PathBuf};

use serde_json::{Value, json};
use toml::de::DeTable;

use super::meant::KEYS;
use super::{Config, Later};
use crate::error::Result;
use crate::model::origin::Origin;
use crate::model::printable::printable;
use crate::net::proxy;
use crate::store::keys::KeyCommand;
use crate::sys::env::{Env, variable};
use crate::sys::files;

/// The longest value that is shown, characters.
const MAX_CHARS: usize = 1000;

/// Where a value comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Source {
    /// The default.
    Default,
    /// A line of the configuration file.
    File {
        /// The file.
        file: PathBuf,
        /// Its line, from 1.
        line: usize,
    },
    /// A variable.
    Variable(String),
}

/// A setting in effect. The value never contains a secret.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Setting {
    /// The key in `config.toml`.
    pub key: &'static str,
    /// The value in effect; `None` without value and default.
    pub value: Option<String>,
    /// Where it comes from.
    pub source: Source,
}

/// Every setting of this configuration, which was read from `file` (if it exists) and `env`.
pub(crate) fn settings(config: &Config, file: Option<&Path>, env: &Env) -> Result<Vec<Setting>> {
    let read = file.map(files::read_named_if_there).transpose()?.flatten();
    let text = match (&read, file) {
        (Some(read), Some(path)) => super::file::text_of(&read.bytes, path)?,
        _ => "",
    };
    let lines = lines(text);
    let line_of = |key: &str| lines.iter().find(|(name, _)| name == key).map(|(_, line)| *line);
    KEYS.into_iter()
        .map(|key| {
            let name = variable(key);
            // The key command is only in the file.
            let is_set = key != "key_command" && env.is_set(&name);
            let mut source = match (is_set, line_of(key), file) {
                (true, ..) => Source::Variable(name),
                (false, Some(line), Some(file)) => Source::File { file: file.to_owned(), line },
                _ => Source::Default,
            };
            let mut value = value(config, key, env)?;
            if let ("proxy", Source::Default) = (key, &source)
                && let Some((name, shown)) = proxy::of_the_environment(env)
            {
                (value, source) = (Some(shown), Source::Variable(name.to_owned()));
            }
            Ok(Setting { key, value: value.map(|text| printable(&text, MAX_CHARS)), source })
        })
        .collect()
}

/// The keys in a valid text, and their lines.
fn lines(text: &str) -> Vec<(String, usize)> {
    let Ok(table) = DeTable::parse(text) else { return Vec::new() };
    let line = |at: usize| text.bytes().take(at).filter(|byte| *byte == b'\n').count() + 1;
    let keys = table.get_ref().keys();
    keys.map(|key| (key.get_ref().to_string(), line(key.span().start))).collect()
}

fn value(config: &Config, key: &str, env: &Env) -> Result<Option<String>> {
    let later = |later: &Later| later.seconds(env).map(|s| Some(duration(s.unsigned_abs())));
    let path = |path: PathBuf| path.display().to_string();
    Ok(match key {
        "default_profile" => config.default_profile.as_ref().map(ToString::to_string),
        "min_ttl" => Some(duration(config.min_ttl.unsigned_abs())),
        "lock_timeout" => Some(duration(config.lock_timeout.as_secs())),
        "http_timeout" => Some(duration(config.http.timeout.as_secs())),
        "proxy" => config.http.proxy_shown()?,
        "ca_bundle" => config.http.ca_bundle.clone().map(path),
        "client_cert" => config.http.client_cert().map(path),
        "allowed_origins" => {
            let named: Vec<&str> = config.allowed.named().map(Origin::as_str).collect();
            (!named.is_empty()).then(|| named.join(" "))
        }
        "keepalive_after" => later(&config.keepalive_after)?,
        "warn_before" => later(&config.warn_before)?,
        "key_source" => config.keys.source()?.map(|source| source.name().to_owned()),
        // Its arguments may be secrets.
        "key_command" => config.keys.command().map(KeyCommand::shown),
        _ => None,
    })
}

/// Seconds as a person would write them: in the largest unit that divides them; defaults stay in seconds, as
/// documented.
fn duration(seconds: u64) -> String {
    let units = [(86_400, 'd'), (3600, 'h'), (60, 'm')];
    let whole = |(size, _): &(u64, char)| seconds > 90 && seconds.is_multiple_of(*size);
    match units.into_iter().find(whole) {
        Some((size, unit)) => format!("{}{unit}", seconds / size),
        None => format!("{seconds}s"),
    }
}

impl Source {
    /// For messages, with only the name of the file.
    pub(crate) fn text(&self) -> String {
        match self {
            Self::Default => "default".to_owned(),
            Self::File { file, line } => {
                let name = file.file_name().unwrap_or(file.as_os_str()).to_string_lossy();
                format!("{}, line {line}", printable(&name, 200))
            }
            Self::Variable(name) => name.clone(),
        }
    }
}

impl Setting {
    /// For scripts.
    pub(crate) fn json(&self) -> Value {
        let Self { key, value, source } = self;
        match source {
            Source::Default => json!({ "key": key, "value": value, "source": "default" }),
            Source::File { file, line } => json!({
                "key": key, "value": value, "source": "file",
                "file": file.to_string_lossy(), "line": line
            }),
            Source::Variable(name) => {
                json!({ "key": key, "value": value, "source": "environment", "variable": name })
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::parse_duration;

    #[test]
    fn a_duration_is_written_as_it_can_be_read() {
        for (seconds, text) in
            [(0, "0s"), (60, "60s"), (90, "90s"), (300, "5m"), (301, "301s"), (7200, "2h")]
        {
            assert_eq!(duration(seconds), text);
            assert_eq!(parse_duration(text), Some(seconds));
        }
        assert_eq!(duration(30 * 86_400), "30d");
    }

    #[test]
    fn a_key_has_its_line_however_it_is_written() {
        let text = "# first\nmin_ttl = 5\n\n\"proxy\" = 'direct'\nallowed_origins = [\n]\n";
        let expected = [("allowed_origins", 5), ("min_ttl", 2), ("proxy", 4)];
        let mut found = lines(text);
        found.sort();
        let found: Vec<_> = found.iter().map(|(key, line)| (key.as_str(), *line)).collect();
        assert_eq!(found, expected);
    }
}
