//! The options of `init`.

#![allow(clippy::doc_markdown, reason = "these comments are what --help prints")]

use std::path::PathBuf;

use clap::Args;

pub(super) const EXAMPLES: &str = "\
Example:
  concur-cred init && \"${EDITOR:-vi}\" credentials.json && concur-cred login";

/// Options of `init`.
#[derive(Debug, Args)]
pub struct Init {
    /// Where to write it
    #[arg(value_name = "FILE", default_value = "credentials.json")]
    pub file: PathBuf,
}
