//! Settings: `config.toml`, overridden by the environment. The only reader of that file.

pub(crate) mod edit;
mod file;
mod meant;
mod shown;

use std::path::Path;
use std::time::Duration;

use crate::error::{Error, Result};
use crate::model::origin::{AllowList, Origin};
use crate::model::policy::DEFAULT_MIN_TTL_SECS;
use crate::model::profile::ProfileName;
use crate::net::HttpSettings;
use crate::store::keys::KeySettings;
use crate::sys::env::{Env, variable};
use crate::sys::paths::Paths;

use file::File;

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
    fn of(key: &'static str, written: Option<u64>, default: u64) -> Self {
        Self { key, written: written.unwrap_or(default) }
    }

    /// Seconds: the variable's, else the file's, else the default.
    pub(crate) fn seconds(&self, env: &Env) -> Result<i64> {
        let name = variable(self.key);
        let text = env.setting(&name)?;
        let seconds = text.map_or(Ok(self.written), |text| seconds(&name, &text))?;
        Ok(i64::try_from(seconds).unwrap_or(i64::MAX))
    }
}

impl Config {
    /// Reads the file (`named` by `--config`, else the default one if it exists) and the environment, which
    /// overrides it.
    pub(crate) fn load(paths: Option<&Paths>, named: Option<&Path>, env: &Env) -> Result<Self> {
        let (file, warning) = match (named, paths) {
            (Some(path), _) => file::read(path, true)?,
            (None, Some(paths)) => file::read(&paths.config_file(), false)?,
            (None, None) => (File::default(), None),
        };
        let mut config = Self::of(file, env)?;
        config.http.warning = warning;
        Ok(config)
    }

    fn of(file: File, env: &Env) -> Result<Self> {
        let now =
            |key: &'static str, written, default| Later::of(key, written, default).seconds(env);
        let min_ttl = now("min_ttl", file.min_ttl, DEFAULT_MIN_TTL_SECS.unsigned_abs())?;
        let lock_timeout = now("lock_timeout", file.lock_timeout, DEFAULT_LOCK_TIMEOUT_SECS)?;
        let http_timeout = now("http_timeout", file.http_timeout, DEFAULT_HTTP_TIMEOUT_SECS)?;
        Ok(Self {
            default_profile: default_profile(env, file.default_profile)?,
            min_ttl,
            lock_timeout: Duration::from_secs(lock_timeout.unsigned_abs()),
            keepalive_after: Later::of(
                "keepalive_after",
                file.keepalive_after,
                DEFAULT_KEEPALIVE_AFTER_SECS,
            ),
            warn_before: Later::of("warn_before", file.warn_before, DEFAULT_WARN_BEFORE_SECS),
            http: HttpSettings {
                timeout: Duration::from_secs(http_timeout.unsigned_abs().max(1)),
                ca_bundle: env.path(&variable("ca_bundle")).or(file.ca_bundle),
                client_cert: file.client_cert,
                proxy: file.proxy,
                env: env.clone(),
                warning: None,
            },
            allowed: AllowList::with_named(allowed_origins(env, file.allowed_origins)?),
            keys: KeySettings::with(env, file.key_source, file.key_command),
        })
    }
}

fn default_profile(env: &Env, written: Option<ProfileName>) -> Result<Option<ProfileName>> {
    let name = variable("default_profile");
    match env.setting(&name)? {
        Some(text) => {
            text.parse().map(Some).map_err(|_| Error::of_setting(&name, file::NO_PROFILE))
        }
        None => Ok(written),
    }
}

fn allowed_origins(env: &Env, written: Option<Vec<Origin>>) -> Result<Vec<Origin>> {
    let name = variable("allowed_origins");
    let Some(text) = env.setting(&name)? else { return Ok(written.unwrap_or_default()) };
    let read = |text| file::origin(text).map_err(|wrong| Error::of_setting(&name, &wrong));
    text.split_whitespace().map(read).collect()
}

/// The settings in the text of a `config.toml`, for `fuzz/` alone.
#[cfg(fuzzing)]
pub(crate) fn parse_text(text: &str) -> Result<Config> {
    Config::of(file::parse(text, Path::new("config.toml"))?, &Env::fixed([]))
}

/// Seconds in the variable of this name.
fn seconds(name: &str, text: &str) -> Result<u64> {
    parse_duration(text).ok_or_else(|| Error::of_setting(name, file::NO_DURATION))
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
