//! The options of `key`.

#![allow(clippy::doc_markdown, reason = "these comments are what --help prints")]

use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum};

use crate::store::keys::KeySource;

pub(super) const EXAMPLES: &str = "\
Examples:
  concur-cred key show-source
  concur-cred key rotate
  concur-cred key set-source credential";

/// Options of `key`.
#[derive(Debug, Args)]
pub struct Key {
    /// What is done.
    #[command(subcommand)]
    pub action: KeyAction,
}

/// The commands of `key`.
#[derive(Debug, Subcommand)]
pub enum KeyAction {
    /// Show where the store's key comes from, and whether it is the right one
    ShowSource(KeyShowSource),
    /// Move the store's key to another source
    SetSource(KeySetSource),
    /// Replace the key and seal the store with the new one
    Rotate(KeyRotate),
}

/// Options of `key show-source`.
#[derive(Debug, Args)]
pub struct KeyShowSource {
    /// As JSON, for scripts
    #[arg(long)]
    pub json: bool,
}

/// Options of `key set-source`.
#[derive(Debug, Args)]
pub struct KeySetSource {
    /// The source
    #[arg(value_name = "SOURCE", value_enum)]
    pub source: SourceName,
}

/// Options of `key rotate`.
#[derive(Debug, Args)]
pub struct KeyRotate {
    /// The store's current key, if its source already gives the new one; - for stdin
    #[arg(long, value_name = "FILE")]
    pub old_key_file: Option<PathBuf>,
}

/// A key source.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum SourceName {
    /// The key file, created if missing
    File,
    /// The file that CONCUR_CRED_KEY_FILE names
    NamedFile,
    /// CONCUR_CRED_KEY itself
    Environment,
    /// The credential concur-cred-key of a systemd service
    Credential,
    /// What key_command of config.toml prints
    Command,
}

impl From<SourceName> for KeySource {
    fn from(name: SourceName) -> Self {
        match name {
            SourceName::File => Self::File,
            SourceName::NamedFile => Self::NamedFile,
            SourceName::Environment => Self::Environment,
            SourceName::Credential => Self::Credential,
            SourceName::Command => Self::Command,
        }
    }
}
