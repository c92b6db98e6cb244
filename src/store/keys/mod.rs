//! The store's key: where it comes from, and how it is read.

pub(crate) mod client_secret;
mod command;
pub(crate) mod fault;
mod guessable;
pub(crate) mod keyed;
mod made;
pub(crate) mod opening;
mod printed;
pub(crate) mod rotation;
pub(crate) mod seal;
mod settings;

use std::path::Path;

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use sha2::{Digest, Sha256};
use zeroize::Zeroizing;

use crate::store::error::Result;
use crate::sys::files;
use crate::sys::paths::Paths;

pub(crate) use command::KeyCommand;
use fault::{KeyFault, KeyPlace};
pub(super) use made::{discard_next, make_next, next, promote, promote_if_free, write_next};
pub(crate) use made::{ensure_file, pending};
pub(crate) use settings::{CREDENTIAL, KeySettings};

/// Length of a key id, bytes.
pub(crate) const KEY_ID_BYTES: usize = 8;
const KEY_BYTES: usize = 32;

/// The 256-bit key that seals the store's cells.
pub struct Key(Zeroizing<[u8; KEY_BYTES]>);

impl std::fmt::Debug for Key {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Key(…)")
    }
}

impl Key {
    /// Takes ownership of the bytes.
    pub fn from_bytes(bytes: [u8; KEY_BYTES]) -> Self {
        Self(Zeroizing::new(bytes))
    }

    /// Identifies the key without revealing it: the first bytes of a labelled SHA-256.
    pub fn id(&self) -> [u8; KEY_ID_BYTES] {
        let digest = Sha256::new().chain_update(b"concur-cred key id\0").chain_update(*self.0);
        let digest: [u8; 32] = digest.finalize().into();
        let mut id = [0; KEY_ID_BYTES];
        id.copy_from_slice(&digest[..KEY_ID_BYTES]);
        id
    }

    /// The key itself, for the cipher.
    pub(super) fn expose(&self) -> &[u8; KEY_BYTES] {
        &self.0
    }

    /// A copy, also wiped; for a source that can be read only once.
    pub(super) fn copied(&self) -> Self {
        Self(self.0.clone())
    }

    fn parse(bytes: &[u8]) -> Option<Self> {
        if let Ok(raw) = <[u8; KEY_BYTES]>::try_from(bytes) {
            return Some(Self::from_bytes(raw));
        }
        let decoded = Zeroizing::new(BASE64_STANDARD.decode(bytes.trim_ascii()).ok()?);
        <[u8; KEY_BYTES]>::try_from(decoded.as_slice()).ok().map(Self::from_bytes)
    }

    /// The key in the contents of the operator's file, or of the key file.
    pub(crate) fn of_file(bytes: &[u8], path: &Path) -> Result<Self> {
        Self::given(bytes, path, KeyPlace::Key)
    }

    /// The key in the content of this file.
    pub(crate) fn given(bytes: &[u8], place: &Path, whose: KeyPlace) -> Result<Self> {
        let key = Self::parse(bytes);
        key.ok_or_else(|| KeyFault::NotAKey(place.to_owned(), whose).into())
    }
}

/// Where a store's key comes from. Recorded in the store when it is created, never guessed later.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum KeySource {
    /// The key file in the configuration folder, created if missing.
    File,
    /// The file that `CONCUR_CRED_KEY_FILE` names.
    NamedFile,
    /// `CONCUR_CRED_KEY`: base64 of 32 bytes.
    Environment,
    /// The file `concur-cred-key` in systemd's `$CREDENTIALS_DIRECTORY`.
    Credential,
    /// The output of the setting `key_command`, which no variable overrides: an attacker who can write the
    /// database or set a variable must not be able to run a program.
    Command,
}

impl KeySource {
    const ALL: [Self; 5] =
        [Self::File, Self::NamedFile, Self::Environment, Self::Credential, Self::Command];

    /// The stored name.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::File => "file",
            Self::NamedFile => "named-file",
            Self::Environment => "environment",
            Self::Credential => "credential",
            Self::Command => "command",
        }
    }

    /// What is wrong with a name that no source has.
    pub(crate) fn unknown() -> String {
        format!("not one of {}", Self::ALL.map(Self::name).join(", "))
    }

    /// The source with this stored name.
    pub(crate) fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|source| source.name() == name)
    }

    /// Whether the key can be read again: a pipe can be read only once, and a command runs once.
    pub(super) fn can_be_read_again(self, keys: &KeySettings) -> bool {
        match self {
            Self::File | Self::Environment | Self::Credential => true,
            Self::NamedFile => {
                let meta = keys.named_file().and_then(|path| std::fs::metadata(path).ok());
                meta.is_some_and(|meta| meta.is_file())
            }
            Self::Command => false,
        }
    }

    /// The source, for messages.
    pub(crate) fn describe(self, paths: &Paths, keys: &KeySettings) -> String {
        let or_unset = |name: &str, value: Option<String>| match value {
            Some(value) => format!("{name} ({value})"),
            None => format!("{name} (not set)"),
        };
        match self {
            Self::File => format!("the key file {}", paths.key_file().display()),
            Self::NamedFile => or_unset(
                "CONCUR_CRED_KEY_FILE",
                keys.named_file().map(|path| path.display().to_string()),
            ),
            Self::Environment => "CONCUR_CRED_KEY".to_owned(),
            Self::Credential => match keys.credential() {
                Some(path) => format!("the systemd credential {}", path.display()),
                None => {
                    format!(
                        "the systemd credential {CREDENTIAL} (CREDENTIALS_DIRECTORY is not set)"
                    )
                }
            },
            Self::Command => or_unset("key_command", keys.command().map(KeyCommand::shown)),
        }
    }

    /// How to provide a key in this source.
    fn how_to_give(self, keys: &KeySettings) -> &'static str {
        match self {
            Self::Environment => "Set it to one",
            Self::NamedFile if keys.named_file().is_none() => "Set it to a file with a key",
            Self::Credential if keys.credential().is_none() => {
                "Run it in a systemd service with LoadCredential=concur-cred-key:FILE"
            }
            Self::Command if keys.command().is_none() => {
                "Set it in config.toml to a list of a program that prints a key, and its \
                 arguments"
            }
            Self::File | Self::NamedFile | Self::Credential | Self::Command => "Put one there",
        }
    }
}

/// A key, and a warning about the permissions of its file.
#[derive(Debug)]
pub(crate) struct Loaded {
    /// The key.
    pub key: Key,
    /// The warning.
    pub warning: Option<String>,
    /// It is still the next key file: the rotation that created it was interrupted before its last step.
    pub(super) is_next: bool,
}

impl From<Key> for Loaded {
    fn from(key: Key) -> Self {
        Self { key, warning: None, is_next: false }
    }
}

/// The key of an existing store.
pub(crate) fn load(source: KeySource, paths: &Paths, keys: &KeySettings) -> Result<Loaded> {
    find(source, paths, keys)?.ok_or_else(|| missing(source, paths, keys).into())
}

/// The key of a source; `None` if it has none.
pub(crate) fn find(source: KeySource, paths: &Paths, keys: &KeySettings) -> Result<Option<Loaded>> {
    match source {
        KeySource::File => {
            let path = paths.key_file();
            files::check_private_dir(paths.config_dir())?;
            let bytes = files::read_private(&path)?;
            bytes.map(|bytes| Key::of_file(&bytes, &path).map(Loaded::from)).transpose()
        }
        KeySource::NamedFile => named(keys.named_file().as_deref()),
        KeySource::Credential => {
            keys.env().check_folder("CREDENTIALS_DIRECTORY")?;
            let found = named(keys.credential().as_deref())?;
            // systemd grants the service's user access by an ACL, which shows as group bits.
            Ok(found.map(|loaded| Loaded { warning: None, ..loaded }))
        }
        KeySource::Environment => {
            let text = keys.env().setting("CONCUR_CRED_KEY")?.map(Zeroizing::new);
            text.map(|text| {
                Key::parse(text.as_bytes())
                    .map(Loaded::from)
                    .ok_or_else(|| KeyFault::NotBase64.into())
            })
            .transpose()
        }
        KeySource::Command => {
            let key = keys.command().map(|command| command.key(keys.is_quiet()));
            key.map(|key| key.map(Loaded::from)).transpose()
        }
    }
}

/// [`load`] for a store that names its key: between a rotation's commit and its last step, the store names the
/// next key file. It is the same source with exactly the named key, so this is not a fallback.
pub(super) fn load_for(
    id: &[u8],
    source: KeySource,
    paths: &Paths,
    keys: &KeySettings,
) -> Result<Loaded> {
    let loaded = load(source, paths, keys);
    if source == KeySource::File
        && !loaded.as_ref().is_ok_and(|loaded| loaded.key.id() == id)
        && let Ok(Some(key)) = next(paths)
        && key.id() == id
    {
        return Ok(Loaded { is_next: true, ..Loaded::from(key) });
    }
    loaded
}

/// The key to seal a new store with, or an existing one again; the default key file is created if missing.
pub(crate) fn load_or_create(
    source: KeySource,
    paths: &Paths,
    keys: &KeySettings,
) -> Result<Loaded> {
    if source == KeySource::File {
        ensure_file(paths)?;
    }
    let loaded = find(source, paths, keys)?.ok_or_else(|| {
        let from = source.describe(paths, keys);
        KeyFault::NoneToSealWith { from, how: source.how_to_give(keys) }
    })?;
    refuse_guessable(&loaded.key, source, paths, keys).map(|()| loaded)
}

/// Refuses to seal a store with a key that can be guessed.
pub(super) fn refuse_guessable(
    key: &Key,
    source: KeySource,
    paths: &Paths,
    keys: &KeySettings,
) -> Result<()> {
    let Some(what) = key.guessable() else { return Ok(()) };
    Err(KeyFault::Guessable { from: source.describe(paths, keys), what }.into())
}

/// A key file of the operator or systemd: links are followed, it must belong to us or root, and no other user
/// may write it.
fn named(path: Option<&Path>) -> Result<Option<Loaded>> {
    let Some(path) = path else { return Ok(None) };
    let Some(file) = files::find_named(path)? else { return Ok(None) };
    let key = Key::of_file(&file.bytes, path)?;
    Ok(Some(Loaded { warning: file.warning, ..Loaded::from(key) }))
}

fn missing(source: KeySource, paths: &Paths, keys: &KeySettings) -> KeyFault {
    KeyFault::Missing {
        store: paths.store(),
        from: source.describe(paths, keys),
        instead_of: keys.instead_of(source),
    }
}

/// The error for a key that the store does not name.
pub(super) fn wrong(source: KeySource, paths: &Paths, keys: &KeySettings) -> KeyFault {
    KeyFault::Wrong { from: source.describe(paths, keys), instead_of: keys.instead_of(source) }
}

/// How to make a new key.
const A_NEW_ONE: &str = "to make a new key: openssl rand -base64 32";
/// The command that moves the key to another source.
const SET_SOURCE: &str = "concur-cred key set-source SOURCE";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_raw_or_base64_and_nothing_else() {
        let raw = [9u8; 32];
        let text = format!("{}\n", BASE64_STANDARD.encode(raw));
        assert_eq!(Key::parse(&raw).unwrap().id(), Key::parse(text.as_bytes()).unwrap().id());
        for bad in [&b""[..], b"short", &[1; 31], &[1; 33], b"!!!!"] {
            assert!(Key::parse(bad).is_none());
        }
    }

    #[test]
    fn a_key_is_never_shown() {
        assert_eq!(format!("{:?}", Key::from_bytes([1; 32])), "Key(…)");
    }

    #[test]
    fn source_names_come_back() {
        for source in KeySource::ALL {
            assert_eq!(KeySource::from_name(source.name()), Some(source));
        }
    }
}
