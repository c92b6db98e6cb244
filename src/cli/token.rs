//! The options of `token`.

#![allow(clippy::doc_markdown, reason = "these comments are what --help prints")]

use clap::Args;

use super::{Named, Serving};

pub(super) const EXAMPLES: &str = "\
Example:
  token=$(concur-cred token --min-ttl 10m) || exit";

/// Options of `token`.
#[derive(Debug, Args)]
pub struct Token {
    /// The profile, without its option.
    #[command(flatten)]
    pub named: Named,
    /// How the token is chosen.
    #[command(flatten)]
    pub serving: Serving,
}
