//! The options of `configure-git`.

#![allow(clippy::doc_markdown, reason = "these comments are what --help prints")]

use clap::Args;

pub(super) const EXAMPLES: &str = "\
Examples:
  concur-cred configure-git --print
  concur-cred configure-git && echo url=https://us2.api.concursolutions.com | git credential fill";

/// Options of `configure-git`.
#[derive(Debug, Args)]
#[expect(clippy::struct_excessive_bools, reason = "each is an option of the command line")]
pub struct ConfigureGit {
    /// Remove what configure-git wrote, and nothing else
    #[arg(long)]
    pub unset: bool,
    /// Print the commands instead of running them
    #[arg(long)]
    pub print: bool,
    /// For every user of this machine, as git config --system
    #[arg(long)]
    pub system: bool,
    /// For the repository of the current folder, as git config --local
    #[arg(long, conflicts_with = "system")]
    pub local: bool,
}
