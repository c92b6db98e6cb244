//! The options of `logout`.

#![allow(clippy::doc_markdown, reason = "these comments are what --help prints")]

use clap::Args;

use super::Named;

/// Options of `logout`.
#[derive(Debug, Args)]
pub struct Logout {
    /// The profile, without its option.
    #[command(flatten)]
    pub named: Named,
    /// First revoke at Concur every token of this application for this company or user
    #[arg(long)]
    pub revoke: bool,
    /// Revoke without asking for the profile's name, as scripts must
    #[arg(long, requires = "revoke")]
    pub yes: bool,
}
