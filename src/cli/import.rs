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
    /// The file to take over, any JSON object with a refresh token; - for stdin
    #[arg(value_name = "FILE", default_value = "refreshTokenObjectFile.json")]
    pub file: PathBuf,
    /// The credentials.json with App ID and secret, if FILE has none [default: the one beside FILE]
    #[arg(long, value_name = "FILE")]
    pub credentials: Option<PathBuf>,
    /// The data centre, instead of the file's: a short name, a URL of its host, or an origin
    #[arg(long, value_name = "NAME|URL")]
    pub base_url: Option<String>,
    /// Say what would be done, and do nothing
    #[arg(long)]
    pub dry_run: bool,
    /// Import though the profile holds another company, user or application, or newer tokens
    #[arg(long)]
    pub replace: bool,
}
