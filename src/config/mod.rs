//! Settings: `config.toml`, overridden by the environment. The only reader of that file.

mod meant;
mod shown;

use std::path::{Path, PathBuf};
use std::time::Duration;

use serde::Deserialize;

use crate::error::{Error, Kind, Result};
use crate::model::origin::{AllowList, BadOrigin, Origin};
use crate::model::policy::DEFAULT_MIN_TTL_SECS;
use crate::model::profile::ProfileName;
use crate::model::secret::Secret;
use crate::net::HttpSettings;
use crate::store::keys::{KeyCommand, KeySettings};
use crate::sys::env::{Env, variable};
use crate::sys::files;
use crate::sys::paths::Paths;

pub(crate) use shown::{Setting, settings};

const DEFAULT_LOCK_TIMEOUT_SECS: u64 = 90;
const DEFAULT_HTTP_TIMEOUT_SECS: u64 = 60;
const DEFAULT_KEEPALIVE_AFTER_SECS: u64 = 86_400;
pub(crate) const DEFAULT_WARN_BEFORE_SECS: u64 = 30 * 86_400;

/// The settings, with defaults.
#[derive(Debug, Clone)]
pub(crate) struct Config {
    /// The default profile, if the configuration names one.
    pub default_profile: Option<ProfileName>,
    /// The minimum remaining lifetime, seconds.
    pub min_ttl: i64,
    /// How long to wait for another process that refreshes the same profile.
    pub lock_timeout: Duration,
    /// `keepalive` refreshes what was not refreshed for this long.
    pub keepalive_after: Later,
    /// Commands warn this long before a refresh token expires.
    pub warn_before: Later,
    /// How requests are made.
    pub http: HttpSettings,
    /// Allowed origins besides Concur's own.
    pub allowed: AllowList,
    /// The settings for the store's key.
    pub keys: KeySettings,
}

/// A duration that a hit does not need: its variable is read on use.
#[derive(Debug, Clone)]
pub(crate) struct Later {
    key: &'static str,
    written: u64,
}

impl Later {
    fn of(key: &'static str, written: Option<Text>, default: u64) -> Result<Self> {
        let written = written.map_or(Ok(default), |text| text.seconds(key))?;
        Ok(Self { key, written })
    }

    /// Seconds: the variable's, else the file's, else the default.
    pub(crate) fn seconds(&self, env: &Env) -> Result<i64> {
        let name = variable(self.key);
        let text = env.setting(&name)?.map(Text::Text);
        let seconds = text.map_or(Ok(self.written), |text| text.seconds(&name))?;
        Ok(i64::try_from(seconds).unwrap_or(i64::MAX))
    }
}

/// `config.toml` as it is written. Unknown keys are errors.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    default_profile: Option<String>,
    min_ttl: Option<Text>,
    lock_timeout: Option<Text>,
    http_timeout: Option<Text>,
    allowed_origins: Option<Vec<String>>,
    ca_bundle: Option<PathBuf>,
    keepalive_after: Option<Text>,
    warn_before: Option<Text>,
    client_cert: Option<PathBuf>,
    #[serde(default, deserialize_with = "hidden")]
    proxy: Option<Secret>,
    key_source: Option<String>,
    key_command: Option<Vec<String>>,
}

/// A value that can contain a password: deserialised as a secret, without a copy.
fn hidden<'de, D: serde::Deserializer<'de>>(from: D) -> Result<Option<Secret>, D::Error> {
    Ok(Some(Secret::from(String::deserialize(from)?)))
}

/// A duration as text (`5m`) or as a number of seconds.
#[derive(Debug, Deserialize)]
#[serde(untagged)]
enum Text {
    Seconds(u32),
    Text(String),
}

impl Text {
    /// Both forms have the same limits.
    fn seconds(self, of: &str) -> Result<u64> {
        let text = match self {
            Self::Text(text) => text,
            Self::Seconds(seconds) => seconds.to_string(),
        };
        parse_duration(&text)
            .ok_or_else(|| Error::of_setting(of, "a duration such as 60, 90s or 5m"))
    }
}

impl Config {
    /// Reads the file (`named` by `--config`, else the default one if it exists) and the environment, which
    /// overrides it.
    pub(crate) fn load(paths: Option<&Paths>, named: Option<&Path>, env: &Env) -> Result<Self> {
        let (file, warning) = match (named, paths) {
            (Some(path), _) => read(path, true)?,
            (None, Some(paths)) => read(&paths.config_file(), false)?,
            (None, None) => (File::default(), None),
        };
        let mut config = Self::of(file, env)?;
        config.http.warning = warning;
        Ok(config)
    }

    fn of(file: File, env: &Env) -> Result<Self> {
        let seconds = |name: &str, written: Option<Text>, default: u64| match (
            env.setting(&variable(name))?,
            written,
        ) {
            (Some(text), _) => Text::Text(text).seconds(&variable(name)),
            (None, Some(written)) => written.seconds(name),
            (None, None) => Ok(default),
        };
        let min_ttl = seconds("min_ttl", file.min_ttl, DEFAULT_MIN_TTL_SECS.unsigned_abs())?;
        let lock_timeout = seconds("lock_timeout", file.lock_timeout, DEFAULT_LOCK_TIMEOUT_SECS)?;
        let http_timeout = seconds("http_timeout", file.http_timeout, DEFAULT_HTTP_TIMEOUT_SECS)?;
        Ok(Self {
            default_profile: default_profile(env, file.default_profile)?,
            min_ttl: i64::try_from(min_ttl).unwrap_or(i64::MAX),
            lock_timeout: Duration::from_secs(lock_timeout),
            keepalive_after: Later::of(
                "keepalive_after",
                file.keepalive_after,
                DEFAULT_KEEPALIVE_AFTER_SECS,
            )?,
            warn_before: Later::of("warn_before", file.warn_before, DEFAULT_WARN_BEFORE_SECS)?,
            http: HttpSettings {
                timeout: Duration::from_secs(http_timeout.max(1)),
                ca_bundle: env.path(&variable("ca_bundle")).or(file.ca_bundle),
                client_cert: file.client_cert,
                proxy: file.proxy,
                env: env.clone(),
                warning: None,
            },
            allowed: AllowList::with_named(allowed_origins(env, file.allowed_origins)?),
            keys: KeySettings::with(
                env,
                file.key_source.as_deref(),
                file.key_command.map(key_command).transpose()?,
            )?,
        })
    }
}

/// From the file only: no variable overrides it.
fn key_command(words: Vec<String>) -> Result<KeyCommand> {
    let mut words = words.into_iter();
    match words.next().filter(|program| !program.is_empty()) {
        Some(program) => Ok(KeyCommand::new(program.into(), words.collect())),
        None => Err(Error::of_setting("key_command", "a list of a program and its arguments")),
    }
}

fn default_profile(env: &Env, written: Option<String>) -> Result<Option<ProfileName>> {
    let name = variable("default_profile");
    let (key, text) = match env.setting(&name)? {
        Some(text) => (&*name, Some(text)),
        None => ("default_profile", written),
    };
    let parsed = text.map(|text| text.parse()).transpose();
    parsed.map_err(|_| Error::of_setting(key, "a profile name"))
}

fn allowed_origins(env: &Env, written: Option<Vec<String>>) -> Result<Vec<Origin>> {
    let name = variable("allowed_origins");
    let (key, texts) = match env.setting(&name)? {
        Some(text) => (&*name, text.split_whitespace().map(str::to_owned).collect()),
        None => ("allowed_origins", written.unwrap_or_default()),
    };
    let read = texts.iter().map(|text| Origin::from_person(text)).collect::<Result<_, _>>();
    read.map_err(|bad| match bad {
        BadOrigin::Legacy(instead) => Error::new(
            Kind::Unusable,
            format!(
                "The setting {key} names a legacy host of Concur, which issues no OAuth2 tokens"
            ),
            format!("Use {instead} instead."),
        ),
        _ => Error::of_setting(key, "a list of origins such as https://host:8443"),
    })
}

/// Reads the file; others must not be able to write it, because it lists allowed origins. Also returns a
/// warning about its permissions, if it contains a secret.
fn read(path: &Path, must_exist: bool) -> Result<(File, Option<String>)> {
    let file =
        if must_exist { Some(files::read_named(path)?) } else { files::read_named_if_there(path)? };
    let Some(file) = file else { return Ok((File::default(), None)) };
    let mut settings = parse(text_of(&file.bytes, path)?, path)?;
    // Paths in the file are relative to it, not to the current folder.
    let folder = path.parent().unwrap_or_else(|| Path::new(""));
    for named in [&mut settings.ca_bundle, &mut settings.client_cert].into_iter().flatten() {
        *named = folder.join(&*named);
    }
    if let Some(program) = settings.key_command.as_mut().and_then(|words| words.first_mut())
        // A name without a slash is looked up in PATH.
        && Path::new(program).components().count() > 1
    {
        *program = folder.join(&*program).to_string_lossy().into_owned();
    }
    let has_secret = settings.proxy.as_ref().is_some_and(|proxy| proxy.expose().contains(&b'@'));
    Ok((settings, file.warning.filter(|_| has_secret)))
}

fn text_of<'b>(bytes: &'b [u8], path: &Path) -> Result<&'b str> {
    std::str::from_utf8(bytes).map_err(|_| {
        let problem = format!("{} is not text", path.display());
        Error::new(Kind::Unusable, problem, "Save it as UTF-8 text; concur-cred(1) lists the keys.")
    })
}

fn parse(text: &str, path: &Path) -> Result<File> {
    toml::from_str(text).map_err(|error| {
        let breaks = |at: usize| text.bytes().take(at).filter(|byte| *byte == b'\n').count();
        let line = error.span().map(|span| breaks(span.start) + 1);
        let place = line.map_or_else(String::new, |line| format!(", line {line}"));
        let what = match unquoted(error.message()) {
            UNKNOWN => meant::unknown(error.span().and_then(|span| text.get(span))),
            what => what.to_owned(),
        };
        Error::new(
            Kind::Unusable,
            format!("{}{place}: {what}", path.display()),
            "Correct that line; concur-cred(1) lists the keys.",
        )
    })
}

/// The settings in the text of a `config.toml`, for `fuzz/` alone.
#[cfg(fuzzing)]
pub(crate) fn parse_text(text: &str) -> Result<Config> {
    Config::of(parse(text, Path::new("config.toml"))?, &Env::fixed([]))
}

const UNKNOWN: &str = "an unknown key";

/// The parser's error without the text that it found: a value may be a secret in the wrong place.
fn unquoted(message: &str) -> &'static str {
    if message.starts_with("unknown field") {
        UNKNOWN
    } else if message.starts_with("invalid type") || message.starts_with("invalid value") {
        "a value of the wrong kind"
    } else if message.starts_with("data did not match") {
        "not a duration such as 60, 90s or 5m"
    } else if message.starts_with("duplicate key") {
        "a repeated key"
    } else {
        "not valid TOML"
    }
}

/// `60`, `60s`, `5m`, `2h` or `7d`, as seconds.
pub(crate) fn parse_duration(text: &str) -> Option<u64> {
    let text = text.trim();
    let (number, unit) = match text.char_indices().next_back()? {
        (_, digit) if digit.is_ascii_digit() => (text, 1),
        (at, 's') => (&text[..at], 1),
        (at, 'm') => (&text[..at], 60),
        (at, 'h') => (&text[..at], 3600),
        (at, 'd') => (&text[..at], 86_400),
        _ => return None,
    };
    let digits_only = !number.is_empty() && number.bytes().all(|b| b.is_ascii_digit());
    let number: u64 = digits_only.then(|| number.parse().ok()).flatten()?;
    // At most a century, so that sums cannot overflow.
    number.checked_mul(unit).filter(|seconds| *seconds <= 100 * 366 * 86_400)
}

#[cfg(test)]
mod tests;
