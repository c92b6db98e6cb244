//! The options of `log`.

#![allow(clippy::doc_markdown, reason = "these comments are what --help prints")]

use clap::Args;

pub(super) const EXAMPLES: &str = "\
Example:
  concur-cred log -n 100 --json | jq 'select(.code)'";

/// Options of `log`.
#[derive(Debug, Args)]
pub struct Log {
    /// As JSON lines, for scripts
    #[arg(long)]
    pub json: bool,
    /// How many events to show, the newest ones
    #[arg(long, short = 'n', value_name = "COUNT", default_value_t = 20)]
    pub count: u32,
}
