//! The options of `refresh`.

#![allow(clippy::doc_markdown, reason = "these comments are what --help prints")]

use clap::Args;

use super::Named;

/// Options of `refresh`.
#[derive(Debug, Args)]
pub struct Refresh {
    /// The profile, without its option.
    #[command(flatten)]
    pub named: Named,
    /// Every profile
    #[arg(long, conflicts_with = "name")]
    pub all: bool,
}
