//! The store's key: where it comes from, and how it is made without a race.

use std::io;
use std::path::{Path, PathBuf};

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use sha2::{Digest, Sha256};
use zeroize::Zeroizing;

use crate::env::Env;
use crate::error::{Error, Kind, Result};
use crate::files::{self, Replace, shell_word};
use crate::paths::Paths;

/// Length of a key id, bytes.
pub const KEY_ID_BYTES: usize = 8;
const KEY_BYTES: usize = 32;

/// The 256-bit key that seals the store's cells.
pub struct Key(Zeroizing<[u8; KEY_BYTES]>);

impl std::fmt::Debug for Key {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Key(…)")
    }
}

impl Key {
    /// Takes the bytes over.
    pub fn from_bytes(bytes: [u8; KEY_BYTES]) -> Self {
        Self(Zeroizing::new(bytes))
    }

    /// Names the key without telling anything of it: the first bytes of a labelled SHA-256.
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

    fn parse(bytes: &[u8]) -> Option<Self> {
        if let Ok(raw) = <[u8; KEY_BYTES]>::try_from(bytes) {
            return Some(Self::from_bytes(raw));
        }
        let decoded = Zeroizing::new(BASE64_STANDARD.decode(bytes.trim_ascii()).ok()?);
        <[u8; KEY_BYTES]>::try_from(decoded.as_slice()).ok().map(Self::from_bytes)
    }
}

/// Where a store's key is to be found. Recorded in the store when it is made, never guessed later.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KeySource {
    /// The key file in the configuration folder, made when there is none yet.
    File,
    /// The file that `CONCUR_CRED_KEY_FILE` names.
    NamedFile,
    /// `CONCUR_CRED_KEY`: base64 of 32 bytes.
    Environment,
}

impl KeySource {
    const ALL: [Self; 3] = [Self::File, Self::NamedFile, Self::Environment];

    /// The stored name.
    pub const fn name(self) -> &'static str {
        match self {
            Self::File => "file",
            Self::NamedFile => "named-file",
            Self::Environment => "environment",
        }
    }

    /// The source with this stored name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|source| source.name() == name)
    }

    /// What a new store takes: a source that the caller chose by its environment, else the file.
    pub fn chosen(env: &Env) -> Self {
        if env.is_set("CONCUR_CRED_KEY") {
            Self::Environment
        } else if env.is_set("CONCUR_CRED_KEY_FILE") {
            Self::NamedFile
        } else {
            Self::File
        }
    }

    /// Whether reading the key takes nothing away: a pipe that the caller named gives it once.
    pub(super) fn can_be_read_again(self, env: &Env) -> bool {
        match self {
            Self::File | Self::Environment => true,
            Self::NamedFile => {
                let meta = named_file(env).and_then(|path| std::fs::metadata(path).ok());
                meta.is_some_and(|meta| meta.is_file())
            }
        }
    }

    /// The source as a person reads it.
    pub fn describe(self, paths: &Paths, env: &Env) -> String {
        match self {
            Self::File => format!("the key file {}", paths.key_file().display()),
            Self::NamedFile => match named_file(env) {
                Some(path) => format!("CONCUR_CRED_KEY_FILE ({})", path.display()),
                None => "CONCUR_CRED_KEY_FILE (not set)".to_owned(),
            },
            Self::Environment => "CONCUR_CRED_KEY".to_owned(),
        }
    }
}

fn named_file(env: &Env) -> Option<PathBuf> {
    env.path("CONCUR_CRED_KEY_FILE")
}

/// A key, and what is to be said about the permissions of the file that it came from.
#[derive(Debug)]
pub struct Loaded {
    /// The key.
    pub key: Key,
    /// A warning for a person.
    pub warning: Option<String>,
}

impl From<Key> for Loaded {
    fn from(key: Key) -> Self {
        Self { key, warning: None }
    }
}

/// The key of a store that exists.
pub fn load(source: KeySource, paths: &Paths, env: &Env) -> Result<Loaded> {
    match source {
        KeySource::File => {
            let path = paths.key_file();
            files::check_private_dir(paths.config_dir())?;
            let bytes = files::read_private(&path)?;
            let bytes = bytes.ok_or_else(|| missing(source, paths, env))?;
            parsed(&bytes, &path).map(Loaded::from)
        }
        KeySource::NamedFile => {
            let path = named_file(env).ok_or_else(|| missing(source, paths, env))?;
            let file = files::read_named(&path)?;
            Ok(Loaded { key: parsed(&file.bytes, &path)?, warning: file.warning })
        }
        KeySource::Environment => {
            let text = env.text("CONCUR_CRED_KEY").map(Zeroizing::new);
            let text = text.ok_or_else(|| missing(source, paths, env))?;
            Key::parse(text.as_bytes()).map(Loaded::from).ok_or_else(|| {
                Error::new(
                    Kind::Unusable,
                    "CONCUR_CRED_KEY is not base64 of 32 bytes",
                    "Set it to the value that this store was made with (made by: openssl rand -base64 32).",
                )
            })
        }
    }
}

/// The key for a store that is about to be made; the default key file is made when there is none.
pub fn load_or_create(source: KeySource, paths: &Paths, env: &Env) -> Result<Loaded> {
    let path = paths.key_file();
    if source == KeySource::File {
        files::ensure_private_dir(paths.config_dir())?;
        if !files::check_private_file(&path)? {
            create(&path)?;
        }
    }
    load(source, paths, env)
}

/// Makes the key file. Whoever comes second finds the winner's file and reads that.
fn create(path: &Path) -> Result<()> {
    let mut bytes = Zeroizing::new([0u8; KEY_BYTES]);
    crate::random::fill(&mut *bytes)?;
    match files::write_whole(path, &*bytes, Replace::No) {
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists => {
            Err(files::cannot("make the key file", path, &error))
        }
        _ => Ok(()),
    }
}

fn parsed(bytes: &[u8], path: &Path) -> Result<Key> {
    Key::parse(bytes).ok_or_else(|| {
        Error::new(
            Kind::Unusable,
            format!("{} is not a key: neither 32 bytes nor base64 of 32 bytes", path.display()),
            format!("Restore {} from your backup.", shell_word(path)),
        )
    })
}

fn missing(source: KeySource, paths: &Paths, env: &Env) -> Error {
    Error::new(
        Kind::Unusable,
        format!(
            "The store at {} is sealed with a key from {}, which is not there",
            paths.store().display(),
            source.describe(paths, env)
        ),
        "Put that key back. Without it nothing stored can be read, and nothing else will be tried.",
    )
}

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
