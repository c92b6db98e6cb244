//! The options of `doctor`.

#![allow(clippy::doc_markdown, reason = "these comments are what --help prints")]

use std::path::PathBuf;

use clap::Args;

pub(super) const EXAMPLES: &str = "\
Examples:
  concur-cred doctor --repair
  concur-cred doctor --report report.txt";

/// Options of `doctor`.
#[derive(Debug, Args)]
#[expect(clippy::struct_excessive_bools, reason = "each is an option of the command line")]
pub struct Doctor {
    /// List the checks that passed, too
    #[arg(long, short)]
    pub verbose: bool,
    /// As JSON, for scripts
    #[arg(long)]
    pub json: bool,
    /// Fix what is safe to fix: permissions, reserve files, a damaged store (a copy is kept)
    #[arg(long)]
    pub repair: bool,
    /// Skip the checks that need the network
    #[arg(long)]
    pub offline: bool,
    /// Write a report for support, without secrets, to FILE, which must not exist; - for stdout
    #[arg(long, value_name = "FILE", conflicts_with = "json")]
    pub report: Option<PathBuf>,
}
