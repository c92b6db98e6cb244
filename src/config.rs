//! Settings: `config.toml`, and the environment in front of it. The only reader of that file.

use std::path::{Path, PathBuf};
use std::time::Duration;

use serde::Deserialize;

use crate::env::Env;
use crate::error::{Error, Kind, Result};
use crate::files;
use crate::http::HttpSettings;
use crate::model::origin::{AllowList, Origin};
use crate::model::profile::ProfileName;
use crate::paths::Paths;
use crate::policy::DEFAULT_MIN_TTL_SECS;

const DEFAULT_LOCK_TIMEOUT_SECS: u64 = 90;
const DEFAULT_HTTP_TIMEOUT_SECS: u64 = 60;
const DEFAULT_KEEPALIVE_AFTER_SECS: u64 = 86_400;
const DEFAULT_WARN_BEFORE_SECS: u64 = 30 * 86_400;

/// What a caller can set, with its defaults filled in.
#[derive(Debug, Clone)]
pub struct Config {
    /// The profile that is meant when none is named.
    pub default_profile: Option<ProfileName>,
    /// A token with less left is not handed out, seconds.
    pub min_ttl: i64,
    /// How long a caller waits for another one that is refreshing.
    pub lock_timeout: Duration,
    /// `keepalive` refreshes what was not refreshed for this long.
    pub keepalive_after: Later,
    /// A refresh token with less left is warned about.
    pub warn_before: Later,
    /// How requests are made.
    pub http: HttpSettings,
    /// Origins besides Concur's own that may be sent a secret.
    pub allowed: AllowList,
}

/// A duration that no hit needs: its variable is read by whoever asks for it.
#[derive(Debug, Clone)]
pub struct Later {
    key: &'static str,
    written: u64,
}

impl Later {
    fn of(key: &'static str, written: Option<Text>, default: u64) -> Result<Self> {
        let written = written.map_or(Ok(default), |text| text.seconds(key))?;
        Ok(Self { key, written })
    }

    /// Seconds: the variable's, else the file's, else the default.
    pub fn seconds(&self, env: &Env) -> Result<i64> {
        let name = variable(self.key);
        let text = env.text(&name).map(Text::Text);
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
}

/// A duration as text (`5m`) or as a number of seconds.
#[derive(Debug, Deserialize)]
#[serde(untagged)]
enum Text {
    Seconds(u32),
    Text(String),
}

impl Text {
    /// The same limits hold, however it is written.
    fn seconds(self, of: &str) -> Result<u64> {
        let text = match self {
            Self::Text(text) => text,
            Self::Seconds(seconds) => seconds.to_string(),
        };
        parse_duration(&text).ok_or_else(|| wrong(of, "a duration such as 60, 90s or 5m"))
    }
}

impl Config {
    /// Reads the file (`named` by `--config`, else the default one when it is there) and the
    /// environment, which wins.
    pub fn load(paths: Option<&Paths>, named: Option<&Path>, env: &Env) -> Result<Self> {
        let file = match (named, paths) {
            (Some(path), _) => read(path, true)?,
            (None, Some(paths)) => read(&paths.config_file(), false)?,
            (None, None) => File::default(),
        };
        Self::of(file, env)
    }

    fn of(file: File, env: &Env) -> Result<Self> {
        let seconds = |name: &str, written: Option<Text>, default: u64| match (
            env.text(&variable(name)),
            written,
        ) {
            (Some(text), _) => Text::Text(text).seconds(&variable(name)),
            (None, Some(written)) => written.seconds(name),
            (None, None) => Ok(default),
        };
        let min_ttl = seconds("min_ttl", file.min_ttl, DEFAULT_MIN_TTL_SECS.unsigned_abs())?;
        let lock_timeout = seconds("lock_timeout", file.lock_timeout, DEFAULT_LOCK_TIMEOUT_SECS)?;
        let http_timeout = seconds("http_timeout", file.http_timeout, DEFAULT_HTTP_TIMEOUT_SECS)?;
        let default_profile = env.text(&variable("default_profile")).or(file.default_profile);
        let origins = match env.text(&variable("allowed_origins")) {
            Some(text) => text.split_whitespace().map(str::to_owned).collect(),
            None => file.allowed_origins.unwrap_or_default(),
        };
        Ok(Self {
            default_profile: default_profile
                .map(|name| name.parse().map_err(|_| wrong("default_profile", "a profile name")))
                .transpose()?,
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
            },
            allowed: AllowList::with_named(parse_origins(&origins)?),
        })
    }
}

fn variable(key: &str) -> String {
    format!("CONCUR_CRED_{}", key.to_uppercase())
}

fn parse_origins(texts: &[String]) -> Result<Vec<Origin>> {
    texts
        .iter()
        .map(|text| {
            Origin::from_operator(text).map_err(|_| {
                wrong("allowed_origins", "a list of origins such as https://host:8443")
            })
        })
        .collect()
}

fn wrong(key: &str, expected: &str) -> Error {
    Error::new(
        Kind::Unusable,
        format!("The setting {key} is not {expected}"),
        "Correct it in config.toml or in the environment.",
    )
}

/// Reads the file; others must not be able to write it, because it names where secrets may go.
fn read(path: &Path, must_exist: bool) -> Result<File> {
    let file =
        if must_exist { Some(files::read_named(path)?) } else { files::read_named_if_there(path)? };
    let Some(file) = file else { return Ok(File::default()) };
    let text = std::str::from_utf8(&file.bytes).map_err(|_| {
        let problem = format!("{} is not text", path.display());
        Error::new(Kind::Unusable, problem, "Write it anew; concur-cred(1) lists the keys.")
    })?;
    let mut settings = parse(text, path)?;
    // A file means its neighbours: whoever runs the program may stand anywhere.
    let folder = path.parent().unwrap_or_else(|| Path::new(""));
    settings.ca_bundle = settings.ca_bundle.map(|named| folder.join(named));
    Ok(settings)
}

fn parse(text: &str, path: &Path) -> Result<File> {
    toml::from_str(text).map_err(|error| {
        let breaks = |at: usize| text.bytes().take(at).filter(|byte| *byte == b'\n').count();
        let line = error.span().map(|span| breaks(span.start) + 1);
        let place = line.map_or_else(String::new, |line| format!(", line {line}"));
        Error::new(
            Kind::Unusable,
            format!("{}{place}: {}", path.display(), unquoted(error.message())),
            "Correct that line; concur-cred(1) lists the keys.",
        )
    })
}

/// The settings in the text of a `config.toml`, for `fuzz/` alone.
#[cfg(fuzzing)]
pub fn parse_text(text: &str) -> Result<Config> {
    Config::of(parse(text, Path::new("config.toml"))?, &Env::fixed([]))
}

/// What the parser found wrong, without what it found: a value may be a secret in the wrong place.
fn unquoted(message: &str) -> &'static str {
    if message.starts_with("unknown field") {
        "an unknown key"
    } else if message.starts_with("invalid type") || message.starts_with("invalid value") {
        "a value of the wrong kind"
    } else if message.starts_with("data did not match") {
        "not a duration such as 60, 90s or 5m"
    } else {
        "not valid TOML"
    }
}

/// `60`, `60s`, `5m`, `2h` or `7d`, as seconds.
pub fn parse_duration(text: &str) -> Option<u64> {
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
    // A century is enough, and keeps sums far from overflow.
    number.checked_mul(unit).filter(|seconds| *seconds <= 100 * 366 * 86_400)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn load(text: &str, env: &Env) -> Result<Config> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("config.toml");
        std::fs::write(&path, text).unwrap();
        Config::load(None, Some(&path), env)
    }

    #[test]
    fn durations_are_numbers_with_a_unit() {
        for (text, seconds) in [
            ("0", Some(0)),
            ("60", Some(60)),
            ("90s", Some(90)),
            ("5m", Some(300)),
            ("2h", Some(7200)),
            ("7d", Some(604_800)),
            ("", None),
            ("m", None),
            ("-5", None),
            ("+5", None),
            ("5 m", None),
            ("5w", None),
            ("99999999999999999999", None),
            ("é", None),
        ] {
            assert_eq!(parse_duration(text), seconds, "{text:?}");
        }
    }

    #[test]
    fn the_environment_wins_over_the_file() {
        let env = Env::fixed([("CONCUR_CRED_MIN_TTL", "2m")]);
        let config = load("min_ttl = 5\nlock_timeout = \"7s\"\n", &env).unwrap();
        assert_eq!(config.min_ttl, 120);
        assert_eq!(config.lock_timeout, Duration::from_secs(7));
        assert_eq!(config.http.timeout, Duration::from_secs(DEFAULT_HTTP_TIMEOUT_SECS));
    }

    #[test]
    fn a_relative_ca_bundle_is_beside_the_file_or_where_the_caller_stands() {
        let in_file = |text: &str, env: &Env| load(text, env).unwrap().http.ca_bundle.unwrap();
        let beside = in_file("ca_bundle = \"roots/ca.pem\"", &Env::fixed([]));
        assert!(beside.is_absolute() && beside.ends_with("roots/ca.pem"), "{}", beside.display());
        let absolute = in_file("ca_bundle = \"/etc/ca.pem\"", &Env::fixed([]));
        assert_eq!(absolute, Path::new("/etc/ca.pem"));
        let env = Env::fixed([("CONCUR_CRED_CA_BUNDLE", "ca.pem")]);
        assert_eq!(in_file("ca_bundle = \"x.pem\"", &env), Path::new("ca.pem"));
    }

    #[test]
    fn an_unknown_key_is_an_error_with_its_line() {
        let error = load("min_ttl = 5\nmin_tll = 5\n", &Env::fixed([])).unwrap_err();
        assert_eq!(error.kind(), Kind::Unusable);
        assert!(error.problem().contains("line 2"), "{error}");
    }

    #[test]
    fn an_error_never_quotes_the_file() {
        for text in [
            "allowed_origins = \"s3cr3t\"",
            "default_profile = [\"s3cr3t\"]",
            "s3cr3t = 1",
            "\"min_ttl = s3cr3t\" = 1",
            "\"a, expected s3cr3t\\n\" = 1",
            "min_ttl = s3cr3t",
            "[s3cr3t",
            "min_ttl = { s3cr3t = 1 }",
            "ca_bundle = [\"s3cr3t\"]",
        ] {
            let error = load(text, &Env::fixed([])).unwrap_err().to_string();
            assert!(!error.contains("s3cr3t"), "{error}");
        }
    }

    #[test]
    fn a_value_that_cannot_be_is_an_error() {
        for text in [
            "min_ttl = \"soon\"",
            "min_ttl = -1",
            "min_ttl = 3162300000",
            "allowed_origins = [\"http://example.org\"]",
            "default_profile = \"No Good\"",
            "x",
        ] {
            assert_eq!(load(text, &Env::fixed([])).unwrap_err().kind(), Kind::Unusable, "{text}");
        }
    }

    /// Lines that look like settings, and any others.
    fn settings_like() -> impl Strategy<Value = String> {
        let key = prop::sample::select(vec![
            "default_profile",
            "min_ttl",
            "lock_timeout",
            "http_timeout",
            "allowed_origins",
            "ca_bundle",
            "other",
        ]);
        let value = prop_oneof![
            "-?[0-9]{0,20}",
            "\"[0-9]{0,20}[smhd]?\"",
            "\\[\"https?://[a-z.0-9:]{0,12}\"\\]",
            "\"[a-z ]{0,8}\"",
            ".{0,12}",
        ];
        let line = (key, value).prop_map(|(key, value)| format!("{key} = {value}\n"));
        proptest::collection::vec(line, 0..4).prop_map(|lines| lines.concat())
    }

    proptest! {
        #[test]
        fn settings_are_in_their_ranges_or_refused_in_one_line(text in settings_like()) {
            let century = 100 * 366 * 86_400;
            match parse(&text, Path::new("c")).and_then(|file| Config::of(file, &Env::fixed([]))) {
                Ok(config) => {
                    prop_assert!((0..=century).contains(&config.min_ttl));
                    let timeouts = [config.lock_timeout, config.http.timeout];
                    prop_assert!(timeouts.iter().all(|t| t.as_secs() <= century.unsigned_abs()));
                    prop_assert!(config.http.timeout >= Duration::from_secs(1));
                }
                Err(error) => {
                    prop_assert_eq!(error.kind(), Kind::Unusable);
                    prop_assert!(!error.problem().contains(char::is_control));
                }
            }
        }
    }
}
