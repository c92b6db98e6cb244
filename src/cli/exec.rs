//! The options of `exec`.

#![allow(clippy::doc_markdown, reason = "these comments are what --help prints")]

use std::ffi::OsString;

use clap::Args;

use super::Serving;

pub(super) const EXAMPLES: &str = "\
Example:
  concur-cred exec --min-ttl 20m -- ./nightly.sh

CMD finds CONCUR_ACCESS_TOKEN, CONCUR_BASE_URL, CONCUR_COMPANY_UUID, CONCUR_TOKEN_EXPIRES_AT.";

/// Options of `exec`.
#[derive(Debug, Args)]
pub struct Exec {
    /// How the token is chosen.
    #[command(flatten)]
    pub serving: Serving,
    /// The command to run, with its arguments
    #[arg(
        value_name = "CMD",
        required = true,
        trailing_var_arg = true,
        value_hint = clap::ValueHint::CommandWithArguments
    )]
    pub command: Vec<OsString>,
}
