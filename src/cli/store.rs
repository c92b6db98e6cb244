//! The options of `store`.

#![allow(clippy::doc_markdown, reason = "these comments are what --help prints")]

use clap::Args;

pub(super) const EXAMPLES: &str = "\
Example:
  printf 'protocol=https\\nhost=git.example.org\\nusername=me\\npassword=%s\\n\\n' \\
      \"$password\" | concur-cred store";

/// Options of `store`.
#[derive(Debug, Args)]
pub struct StoreArgs {
    /// Bind the credential to this application, so that later `get`s refresh it
    #[arg(long, value_name = "NAME")]
    pub application: Option<String>,
}
