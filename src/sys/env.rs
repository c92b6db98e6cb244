//! The only reader of the environment.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::error::{Error, Kind, Result};

/// The variables that this program reads; a test compares the man page with this list.
pub const VARIABLES: [&str; 32] = [
    "CONCUR_CRED_HOME",
    "CONCUR_CRED_CONFIG",
    "CONCUR_CRED_PROFILE",
    "CONCUR_CRED_TRACE",
    "CONCUR_CRED_KEY",
    "CONCUR_CRED_KEY_FILE",
    "CONCUR_CRED_KEY_SOURCE",
    "CONCUR_CRED_IN_KEY_COMMAND",
    "CREDENTIALS_DIRECTORY",
    "CONCUR_CRED_CLIENT_ID",
    "CONCUR_CRED_CLIENT_SECRET",
    "CONCUR_CRED_COMPANY",
    "CONCUR_CRED_REQUEST_TOKEN",
    "CONCUR_CRED_REFRESH_TOKEN",
    "CONCUR_CRED_DEFAULT_PROFILE",
    "CONCUR_CRED_MIN_TTL",
    "CONCUR_CRED_LOCK_TIMEOUT",
    "CONCUR_CRED_HTTP_TIMEOUT",
    "CONCUR_CRED_ALLOWED_ORIGINS",
    "CONCUR_CRED_CA_BUNDLE",
    "CONCUR_CRED_KEEPALIVE_AFTER",
    "CONCUR_CRED_WARN_BEFORE",
    "CONCUR_CRED_CLIENT_CERT",
    "CONCUR_CRED_PROXY",
    "BROWSER",
    "DISPLAY",
    "WAYLAND_DISPLAY",
    "WSL_DISTRO_NAME",
    "SSH_CONNECTION",
    "SUDO_UID",
    "NO_COLOR",
    "COLUMNS",
];

/// The variables whose value is a secret: programs that this one runs do not get them.
pub const SECRET_VARIABLES: [&str; 4] = [
    "CONCUR_CRED_KEY",
    "CONCUR_CRED_CLIENT_SECRET",
    "CONCUR_CRED_REQUEST_TOKEN",
    "CONCUR_CRED_REFRESH_TOKEN",
];

/// May contain a password. Other programs do not get it; the command of `exec` gets it if it has no user
/// information, because it may run this program.
const PROXY: &str = "CONCUR_CRED_PROXY";

/// Removes our secrets from another program's environment.
pub(crate) fn keep_secrets_from(command: &mut Command) {
    for name in SECRET_VARIABLES.into_iter().chain([PROXY]) {
        command.env_remove(name);
    }
}

/// The prefix of our variables, except those that systemd defines.
const PREFIX: &str = "CONCUR_CRED_";

/// The variable that overrides a key of `config.toml`.
pub(crate) fn variable(key: &str) -> String {
    // A hit builds several of these names.
    let mut name = String::with_capacity(PREFIX.len() + key.len());
    name.push_str(PREFIX);
    name.push_str(key);
    name.make_ascii_uppercase();
    name
}

/// The environment: the process's own, or a fixed one in a test.
#[derive(Debug, Clone, Default)]
pub struct Env {
    fixed: Option<BTreeMap<String, OsString>>,
}

impl Env {
    /// The process's environment, read on use.
    pub fn of_process() -> Self {
        Self { fixed: None }
    }

    /// Exactly these variables.
    pub fn fixed<'a>(variables: impl IntoIterator<Item = (&'a str, &'a str)>) -> Self {
        let variables =
            variables.into_iter().map(|(name, value)| (name.to_owned(), value.into())).collect();
        Self { fixed: Some(variables) }
    }

    /// A variable's value; one that is set but blank counts as not set.
    #[expect(clippy::disallowed_methods, reason = "this is the environment edge")]
    pub fn get(&self, name: &str) -> Option<OsString> {
        let value = match &self.fixed {
            Some(variables) => variables.get(name).cloned(),
            None => std::env::var_os(name),
        };
        value.filter(|value| !value.as_encoded_bytes().trim_ascii().is_empty())
    }

    /// The text of a variable that others define (a locale, `TERM`); one that is not UTF-8 counts as not set.
    /// For our settings: [`Env::setting`].
    pub fn text(&self, name: &str) -> Option<String> {
        self.get(name).and_then(|value| value.into_string().ok())
    }

    /// The text of a setting, without the white space around it (CI secrets end in newlines). One that is not
    /// UTF-8 is an error that names the variable: an unreadable value never counts as not set.
    pub fn setting(&self, name: &str) -> Result<Option<String>> {
        let Some(value) = self.get(name) else { return Ok(None) };
        let Ok(mut text) = value.into_string() else { return Err(not_text(name)) };
        text.truncate(text.trim_end().len());
        text.drain(..text.len() - text.trim_start().len());
        Ok(Some(text))
    }

    /// A variable's value as a path, without the white space around it. It need not be UTF-8.
    pub fn path(&self, name: &str) -> Option<PathBuf> {
        let value = self.get(name)?;
        Some(value.to_str().map_or_else(|| PathBuf::from(&value), |text| text.trim().into()))
    }

    /// Whether a variable names a folder. Refuses a relative one, which would depend on the current folder. A
    /// `~` that no shell has expanded is relative, too.
    pub fn check_folder(&self, name: &str) -> Result<bool> {
        let Some(value) = self.get(name) else { return Ok(false) };
        let folder =
            value.to_str().map_or_else(|| Path::new(&value), |text| Path::new(text.trim()));
        if folder.is_absolute() { Ok(true) } else { Err(not_absolute(name)) }
    }

    /// Whether this file is a credential of the systemd service that we run in. systemd grants the service's
    /// user access by an ACL, which shows as group bits: no warning, because the user could not change it.
    pub fn is_credential(&self, file: &Path) -> bool {
        self.path("CREDENTIALS_DIRECTORY").is_some_and(|folder| file.parent() == Some(&*folder))
    }

    /// Whether the variable is set, to nothing.
    #[expect(clippy::disallowed_methods, reason = "this is the environment edge")]
    pub fn is_blank(&self, name: &str) -> bool {
        let is_there = match &self.fixed {
            Some(variables) => variables.contains_key(name),
            None => std::env::var_os(name).is_some(),
        };
        is_there && !self.is_set(name)
    }

    /// Whether the variable is set to something (the rule for NO_COLOR).
    pub fn is_set(&self, name: &str) -> bool {
        self.get(name).is_some()
    }

    /// The variables that currently have a secret as their value, also a proxy's password.
    pub fn secrets(&self) -> impl Iterator<Item = &'static str> {
        let proxy = self.get(PROXY).filter(|url| url.as_encoded_bytes().contains(&b'@'));
        SECRET_VARIABLES.into_iter().chain(proxy.map(|_| PROXY))
    }

    /// Whether the locale uses UTF-8, by the C library's rules.
    pub fn has_utf8_locale(&self) -> bool {
        let locale = ["LC_ALL", "LC_CTYPE", "LANG"].iter().find_map(|name| self.text(name));
        let locale = locale.unwrap_or_default().to_ascii_lowercase();
        locale.contains("utf-8") || locale.contains("utf8")
    }
}

#[cold]
fn not_absolute(name: &str) -> Error {
    Error::new(
        Kind::Unusable,
        format!("The variable {name} is not an absolute path"),
        format!("Set {name} to an absolute path (without ~), or unset it."),
    )
}

#[cold]
fn not_text(name: &str) -> Error {
    Error::new(
        Kind::Unusable,
        format!("The variable {name} is not UTF-8 text"),
        format!("Correct or unset {name}."),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_variable_that_is_named_like_a_secret_is_kept_from_children() {
        let words = ["KEY", "SECRET", "TOKEN", "PASSWORD", "PASSPHRASE", "OTP", "CODE"];
        for name in VARIABLES {
            let last = name.rsplit('_').next().unwrap_or_default();
            let is_listed = SECRET_VARIABLES.contains(&name);
            assert_eq!(is_listed, words.contains(&last), "{name}: decide, and list it or not");
        }
    }

    #[test]
    fn the_first_variable_of_the_locale_that_is_set_decides() {
        let speaks = |variables: &[(&'static str, &'static str)]| {
            Env::fixed(variables.iter().copied()).has_utf8_locale()
        };
        assert!(speaks(&[("LANG", "de_DE.UTF-8")]));
        assert!(speaks(&[("LC_CTYPE", "C.utf8"), ("LANG", "C")]));
        assert!(!speaks(&[("LC_ALL", "C"), ("LC_CTYPE", "C.UTF-8"), ("LANG", "en_GB.UTF-8")]));
        assert!(!speaks(&[("LANG", "de_DE.ISO-8859-1")]));
        assert!(!speaks(&[]));
    }

    #[test]
    fn a_setting_is_trimmed_and_a_blank_one_is_not_set() {
        let env = Env::fixed([("A", " two words \r\n"), ("B", " \n"), ("C", "\t/a b\n")]);
        assert_eq!(env.setting("A").unwrap().unwrap(), "two words");
        assert!(env.setting("B").unwrap().is_none() && !env.is_set("B"));
        assert_eq!(env.path("C").unwrap(), Path::new("/a b"));
    }

    #[cfg(unix)]
    #[test]
    fn a_setting_that_is_not_text_is_an_error_that_names_it_and_a_path_need_not_be_text() {
        use std::os::unix::ffi::OsStringExt;
        let value = OsString::from_vec(b"/s3cr3t\xff".to_vec());
        let env = Env { fixed: Some([("NAME".to_owned(), value.clone())].into()) };
        let error = env.setting("NAME").unwrap_err();
        assert!(error.problem().contains("NAME") && !error.to_string().contains("s3cr3t"));
        assert_eq!(error.kind(), Kind::Unusable);
        assert_eq!(env.path("NAME"), Some(value.into()));
    }

    #[test]
    fn a_folder_that_is_not_absolute_is_refused_by_its_name() {
        let absolute = if cfg!(windows) { "C:\\a" } else { "/a" };
        for (value, is_good) in
            [(absolute, true), ("", true), ("a", false), ("~/a", false), (".", false)]
        {
            let checked = Env::fixed([("NAME", value)]).check_folder("NAME");
            assert_eq!(checked.is_ok(), is_good, "{value}");
            assert!(checked.err().is_none_or(|error| error.problem().contains("NAME")));
        }
    }
}
