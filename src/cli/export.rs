//! The options of `export`.

#![allow(clippy::doc_markdown, reason = "these comments are what --help prints")]

use std::path::PathBuf;

use clap::Args;

pub(super) const EXAMPLES: &str = "\
Example:
  concur-cred export --force refreshTokenObjectFile.json";

/// Options of `export`.
#[derive(Debug, Args)]
pub struct Export {
    /// The file to write; - for stdout
    #[arg(value_name = "FILE", default_value = "refreshTokenObjectFile.json")]
    pub file: PathBuf,
    /// Overwrite an existing file
    #[arg(long)]
    pub force: bool,
}
