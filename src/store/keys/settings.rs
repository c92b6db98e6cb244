//! The operator's settings for keys: two settings and the environment.

use std::path::PathBuf;
use std::sync::Arc;

use super::{KeyCommand, KeySource};
use crate::error::{Error, Result};
use crate::sys::env::{Env, variable};
use crate::sys::paths::Paths;

/// The name of systemd's credential with the key.
pub(crate) const CREDENTIAL: &str = "concur-cred-key";
/// The key of `config.toml`.
const SETTING: &str = "key_source";

/// The key sources, and which one a new store uses. An existing store uses its recorded source.
#[derive(Debug, Clone, Default)]
pub(crate) struct KeySettings {
    env: Env,
    written: Option<KeySource>,
    command: Option<Arc<KeyCommand>>,
    is_quiet: bool,
}

impl KeySettings {
    /// The environment's alone.
    pub(crate) fn of(env: &Env) -> Self {
        Self { env: env.clone(), ..Self::default() }
    }

    /// Adds the configuration file's settings.
    pub(crate) fn with(env: &Env, written: Option<KeySource>, command: Option<KeyCommand>) -> Self {
        Self { written, command: command.map(Arc::new), ..Self::of(env) }
    }

    /// Prints only errors.
    pub(crate) fn be_quiet(&mut self) {
        self.is_quiet = true;
    }

    pub(super) fn is_quiet(&self) -> bool {
        self.is_quiet
    }

    pub(super) fn env(&self) -> &Env {
        &self.env
    }

    /// The setting `key_source`: the variable's, else the file's.
    pub(crate) fn source(&self) -> Result<Option<KeySource>> {
        let name = variable(SETTING);
        let text = self.env.setting(&name)?;
        let unknown = || Error::of_setting(&name, &KeySource::unknown());
        text.map_or(Ok(self.written), |text| {
            KeySource::from_name(&text).map(Some).ok_or_else(unknown)
        })
    }

    /// The setting `key_command`.
    pub(crate) fn command(&self) -> Option<&KeyCommand> {
        self.command.as_deref()
    }

    pub(super) fn named_file(&self) -> Option<PathBuf> {
        self.env.path("CONCUR_CRED_KEY_FILE")
    }

    /// Where systemd puts the key, if it started us with credentials.
    pub(super) fn credential(&self) -> Option<PathBuf> {
        self.env.path("CREDENTIALS_DIRECTORY").map(|folder| folder.join(CREDENTIAL))
    }

    /// The configured source, and the setting or variable that names it; `None` without either.
    pub(crate) fn asked(&self) -> Result<Option<(KeySource, &'static str)>> {
        if let Some(source) = self.source()? {
            return Ok(Some((source, "key_source")));
        }
        // A CI secret that is missing: a key file beside the store would be no protection there.
        for name in ["CONCUR_CRED_KEY", "CONCUR_CRED_KEY_FILE"] {
            if self.env.is_blank(name) {
                return Err(Error::of_setting(name, "set, and empty"));
            }
        }
        Ok(if self.env.is_set("CONCUR_CRED_KEY") {
            Some((KeySource::Environment, "CONCUR_CRED_KEY"))
        } else if self.env.is_set("CONCUR_CRED_KEY_FILE") {
            Some((KeySource::NamedFile, "CONCUR_CRED_KEY_FILE"))
        } else if self
            .env
            .check_folder("CREDENTIALS_DIRECTORY")
            .map(|_| self.credential())?
            .is_some_and(|path| path.exists())
        {
            Some((KeySource::Credential, "CREDENTIALS_DIRECTORY"))
        } else {
            None
        })
    }

    /// The source for a new store.
    pub(crate) fn chosen(&self) -> Result<KeySource> {
        Ok(self.asked()?.map_or(KeySource::File, |(source, _)| source))
    }

    /// The file with the key for a new store; `None` if its source is not a file.
    pub(crate) fn file(&self, paths: &Paths) -> Option<PathBuf> {
        match self.chosen().ok()? {
            KeySource::File => Some(paths.key_file()),
            KeySource::NamedFile => self.named_file(),
            KeySource::Credential => self.credential(),
            KeySource::Environment | KeySource::Command => None,
        }
    }

    /// The configured source, if the store has another one, as the end of a sentence.
    pub(super) fn instead_of(&self, recorded: KeySource) -> String {
        match self.asked() {
            Ok(Some((asked, by))) if asked != recorded => {
                format!(" ({by} names {} here, which applies only to a new store)", asked.name())
            }
            _ => String::new(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_new_store_takes_what_is_asked_for_in_this_order() {
        let folder = tempfile::tempdir().unwrap();
        let there = folder.path().to_str().unwrap();
        let empty = folder.path().join("empty");
        std::fs::create_dir(&empty).unwrap();
        std::fs::write(folder.path().join(CREDENTIAL), [1; 32]).unwrap();
        let all = [
            ("CONCUR_CRED_KEY_SOURCE", "file"),
            ("CONCUR_CRED_KEY", "x"),
            ("CONCUR_CRED_KEY_FILE", "/x"),
            ("CREDENTIALS_DIRECTORY", there),
        ];
        let chosen = |variables: &[(&'static str, &str)], written: Option<KeySource>| {
            let env = Env::fixed(variables.iter().copied());
            KeySettings::with(&env, written, None).chosen().unwrap()
        };
        assert_eq!(chosen(&all, Some(KeySource::Command)), KeySource::File);
        assert_eq!(chosen(&all[1..], Some(KeySource::Command)), KeySource::Command);
        assert_eq!(chosen(&all[1..], None), KeySource::Environment);
        assert_eq!(chosen(&all[2..], None), KeySource::NamedFile);
        assert_eq!(chosen(&all[3..], None), KeySource::Credential);
        let nothing = [("CREDENTIALS_DIRECTORY", empty.to_str().unwrap())];
        assert_eq!(chosen(&nothing, None), KeySource::File);
        assert_eq!(chosen(&[], None), KeySource::File);
    }

    #[test]
    fn an_empty_key_is_not_a_missing_one() {
        for name in ["CONCUR_CRED_KEY", "CONCUR_CRED_KEY_FILE"] {
            let settings = KeySettings::of(&Env::fixed([(name, "")]));
            assert!(settings.chosen().is_err(), "{name}: no key file is made instead");
        }
    }

    #[test]
    fn an_unknown_source_is_an_error() {
        let env = Env::fixed([("CONCUR_CRED_KEY_SOURCE", "keyring")]);
        let settings = KeySettings::with(&env, Some(KeySource::File), None);
        assert!(settings.chosen().is_err(), "and no other one is taken");
    }

    #[test]
    fn what_is_asked_for_is_named_only_where_it_is_another() {
        let settings = KeySettings::of(&Env::fixed([("CONCUR_CRED_KEY", "x")]));
        assert_eq!(settings.instead_of(KeySource::Environment), "");
        assert!(settings.instead_of(KeySource::File).contains("CONCUR_CRED_KEY names environment"));
        assert_eq!(KeySettings::default().instead_of(KeySource::Command), "");
    }
}
