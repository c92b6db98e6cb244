//! The options of `logout`.

#![allow(clippy::doc_markdown, reason = "these comments are what --help prints")]

use clap::Args;

/// Options of `logout`.
#[derive(Debug, Args)]
pub struct Logout {
    /// First revoke at Concur every token of this application for this company or user
    #[arg(long)]
    pub revoke: bool,
}
