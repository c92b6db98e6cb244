//! `config.toml` as it is written: a wrong key or value is an error with its line.

use std::path::{Path, PathBuf};

use serde::de::{Deserialize, Deserializer};

use super::meant::{self, KEYS, UNKNOWN};
use super::parse_duration;
use crate::error::{Error, Kind, Result};
use crate::model::origin::{BadOrigin, Origin};
use crate::model::profile::ProfileName;
use crate::model::secret::Secret;
use crate::store::keys::{KeyCommand, KeySource};
use crate::sys::files;

/// What is wrong with a duration.
pub(super) const NO_DURATION: &str = "not a duration such as 60, 90s or 5m";
/// What is wrong with the name of a profile.
pub(super) const NO_PROFILE: &str = "not a profile name";
/// In front of what we say in the parser's messages: all else in these may quote the file.
const OURS: &str = "concur-cred: ";

/// What is written. Unknown keys are errors.
#[derive(Debug, Default, serde::Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct File {
    #[serde(deserialize_with = "profile")]
    pub default_profile: Option<ProfileName>,
    #[serde(deserialize_with = "duration")]
    pub min_ttl: Option<u64>,
    #[serde(deserialize_with = "duration")]
    pub lock_timeout: Option<u64>,
    #[serde(deserialize_with = "duration")]
    pub http_timeout: Option<u64>,
    #[serde(deserialize_with = "origins")]
    pub allowed_origins: Option<Vec<Origin>>,
    pub ca_bundle: Option<PathBuf>,
    #[serde(deserialize_with = "duration")]
    pub keepalive_after: Option<u64>,
    #[serde(deserialize_with = "duration")]
    pub warn_before: Option<u64>,
    pub client_cert: Option<PathBuf>,
    #[serde(deserialize_with = "hidden")]
    pub proxy: Option<Secret>,
    #[serde(deserialize_with = "key_source")]
    pub key_source: Option<KeySource>,
    #[serde(deserialize_with = "key_command")]
    pub key_command: Option<KeyCommand>,
}

/// A value that can hold a password: taken over as a secret, without a copy.
fn hidden<'de, D: Deserializer<'de>>(from: D) -> Result<Option<Secret>, D::Error> {
    Ok(Some(Secret::from(String::deserialize(from)?)))
}

/// A duration as text (`5m`) or as a number of seconds; the same limits hold.
fn duration<'de, D: Deserializer<'de>>(from: D) -> Result<Option<u64>, D::Error> {
    #[derive(serde::Deserialize)]
    #[serde(untagged)]
    enum Written {
        Seconds(u32),
        Text(String),
    }
    let text = match Written::deserialize(from) {
        Ok(Written::Text(text)) => text,
        Ok(Written::Seconds(seconds)) => seconds.to_string(),
        Err(_) => String::new(),
    };
    parse_duration(&text).map(Some).ok_or_else(|| ours(NO_DURATION))
}

fn profile<'de, D: Deserializer<'de>>(from: D) -> Result<Option<ProfileName>, D::Error> {
    String::deserialize(from)?.parse().map(Some).map_err(|_| ours(NO_PROFILE))
}

fn origins<'de, D: Deserializer<'de>>(from: D) -> Result<Option<Vec<Origin>>, D::Error> {
    let texts = Vec::<String>::deserialize(from)?;
    let read = |text: &String| origin(text).map_err(|wrong| ours(&wrong));
    texts.iter().map(read).collect::<Result<_, _>>().map(Some)
}

fn key_source<'de, D: Deserializer<'de>>(from: D) -> Result<Option<KeySource>, D::Error> {
    let source = KeySource::from_name(&String::deserialize(from)?);
    source.map(Some).ok_or_else(|| ours(&KeySource::unknown()))
}

fn key_command<'de, D: Deserializer<'de>>(from: D) -> Result<Option<KeyCommand>, D::Error> {
    let mut words = Vec::<String>::deserialize(from)?.into_iter();
    match words.next().filter(|program| !program.is_empty()) {
        Some(program) => Ok(Some(KeyCommand::new(program.into(), words.collect()))),
        None => Err(ours("not a list of a program and its arguments")),
    }
}

fn ours<E: serde::de::Error>(wrong: &str) -> E {
    E::custom(format_args!("{OURS}{wrong}"))
}

/// An allowed origin, or what is wrong with it.
pub(super) fn origin(text: &str) -> Result<Origin, String> {
    Origin::from_person(text).map_err(|bad| match bad {
        BadOrigin::Legacy(instead) => {
            format!("a legacy host of Concur, which issues no OAuth2 tokens; use {instead} instead")
        }
        _ => "not a list of origins such as https://host:8443".to_owned(),
    })
}

/// Reads the file; others must not be able to write it, because it lists allowed origins. Also returns a
/// warning about its permissions, if it contains a secret.
pub(super) fn read(path: &Path, must_exist: bool) -> Result<(File, Option<String>)> {
    let file =
        if must_exist { Some(files::read_named(path)?) } else { files::read_named_if_there(path)? };
    let Some(file) = file else { return Ok((File::default(), None)) };
    let mut settings = parse(text_of(&file.bytes, path)?, path)?;
    // Paths in the file are relative to it, not to the current folder.
    let folder = path.parent().unwrap_or_else(|| Path::new(""));
    for named in [&mut settings.ca_bundle, &mut settings.client_cert].into_iter().flatten() {
        *named = folder.join(&*named);
    }
    if let Some(command) = &mut settings.key_command {
        command.stand_in(folder);
    }
    let has_secret = settings.proxy.as_ref().is_some_and(|proxy| proxy.expose().contains(&b'@'));
    Ok((settings, file.warning.filter(|_| has_secret)))
}

pub(crate) fn text_of<'b>(bytes: &'b [u8], path: &Path) -> Result<&'b str> {
    std::str::from_utf8(bytes).map_err(|_| {
        let problem = format!("{} is not text", path.display());
        Error::new(Kind::Unusable, problem, "Save it as UTF-8 text; concur-cred(1) lists the keys.")
    })
}

pub(super) fn parse(text: &str, path: &Path) -> Result<File> {
    toml::from_str(text).map_err(|error| {
        let breaks = |at: usize| text.bytes().take(at).filter(|byte| *byte == b'\n').count();
        let line = error.span().map(|span| breaks(span.start) + 1);
        let place = line.map_or_else(String::new, |line| format!(", line {line}"));
        let key = line.and_then(|line| key_of(text.lines().nth(line - 1)?));
        let what = match unquoted(error.message()) {
            UNKNOWN => meant::unknown(error.span().and_then(|span| text.get(span))),
            what => match key.filter(|_| error.message().starts_with(OURS)) {
                Some(key) => format!("{key} is {what}"),
                None => what.to_owned(),
            },
        };
        Error::new(
            Kind::Unusable,
            format!("{}{place}: {what}", path.display()),
            "Correct that line; concur-cred(1) lists the keys.",
        )
    })
}

/// The key whose value begins in this line.
fn key_of(line: &str) -> Option<&'static str> {
    let (key, _) = line.split_once('=')?;
    KEYS.into_iter().find(|known| *known == key.trim())
}

/// What the parser found wrong, without what it found: a value may be a secret in the wrong place.
fn unquoted(message: &str) -> &str {
    if let Some(wrong) = message.strip_prefix(OURS) {
        wrong
    } else if message.starts_with("unknown field") {
        UNKNOWN
    } else if message.starts_with("invalid type") || message.starts_with("invalid value") {
        "a value of the wrong kind"
    } else if message.starts_with("duplicate key") {
        "a repeated key"
    } else {
        "not valid TOML"
    }
}
