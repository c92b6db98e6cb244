//! The options of `refresh`.

#![allow(clippy::doc_markdown, reason = "these comments are what --help prints")]

use clap::Args;

/// Options of `refresh`.
#[derive(Debug, Args)]
pub struct Refresh {
    /// Every profile
    #[arg(long)]
    pub all: bool,
}
