//! The options of `import`.

#![allow(clippy::doc_markdown, reason = "these comments are what --help prints")]

use std::path::PathBuf;

use clap::Args;

pub(super) const EXAMPLES: &str = "\
Examples:
  concur-cred import --dry-run && concur-cred import
  sops -d concur.enc.json | concur-cred import --base-url us2 -";

/// Options of `import`.
#[derive(Debug, Args)]
pub struct Import {
    /// The file to import, any JSON object with a refresh token; - for stdin
    #[arg(value_name = "FILE", default_value = "refreshTokenObjectFile.json")]
    pub file: PathBuf,
    /// The credentials.json with App ID and secret, if FILE has none [default: the one beside FILE]
    #[arg(long, value_name = "FILE")]
    pub credentials: Option<PathBuf>,
    /// The data centre, instead of the file's: a short name, a URL of its host, or an origin
    #[arg(long, value_name = "NAME|URL")]
    pub base_url: Option<String>,
    /// Show what would be done, and change nothing
    #[arg(long)]
    pub dry_run: bool,
    /// Import even if the profile has another company, user or application, or newer tokens
    #[arg(long)]
    pub replace: bool,
}
