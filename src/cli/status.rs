//! The options of `status`.

#![allow(clippy::doc_markdown, reason = "these comments are what --help prints")]

use clap::Args;

use super::Named;

pub(super) const EXAMPLES: &str = "\
Examples:
  concur-cred status --long
  concur-cred status --check --warn 30d --crit 7d
  concur-cred status --json | jq -r '.profiles[] | select(.needs_login).profile'";

/// Options of `status`.
#[derive(Debug, Args)]
#[expect(clippy::struct_excessive_bools, reason = "each is an option of the command line")]
pub struct Status {
    /// The profile, without its option.
    #[command(flatten)]
    pub named: Named,
    /// Every profile, also beyond ten that are ok
    #[arg(long)]
    pub all: bool,
    /// A table with company, bars and exact times
    #[arg(long, conflicts_with_all = ["json", "check"])]
    pub long: bool,
    /// As JSON, for scripts
    #[arg(long)]
    pub json: bool,
    /// One line and an exit code for monitoring: 0 OK, 1 WARNING, 2 CRITICAL, 3 UNKNOWN
    #[arg(long, conflicts_with = "json")]
    pub check: bool,
    /// WARNING this long before a refresh token expires [env: CONCUR_CRED_WARN_BEFORE] [default: 30d]
    // Text: an invalid time must be UNKNOWN, not clap's exit code, which would be CRITICAL.
    #[arg(long, value_name = "TIME", requires = "check")]
    pub warn: Option<String>,
    /// CRITICAL this long before a refresh token expires [default: 7d]
    #[arg(long, value_name = "TIME", requires = "check")]
    pub crit: Option<String>,
}
