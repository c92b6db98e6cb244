//! The options of `completions`.

#![allow(clippy::doc_markdown, reason = "these comments are what --help prints")]

use clap::{Args, ValueEnum};

pub(super) const EXAMPLES: &str = "\
Examples:
  source <(concur-cred completions bash)
  concur-cred completions fish >~/.config/fish/completions/concur-cred.fish";

/// Options of `completions`.
#[derive(Debug, Args)]
pub struct Completions {
    /// The shell
    #[arg(value_name = "SHELL", value_enum, required_unless_present = "list")]
    pub shell: Option<clap_complete::Shell>,
    /// Print the names that the scripts complete, one per line; none if they cannot be read
    #[arg(long, value_enum, value_name = "WHAT", conflicts_with = "shell")]
    pub list: Option<Names>,
}

/// Names that only this installation knows, or that are not a closed list.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Names {
    /// Of profiles
    Profiles,
    /// Of applications, for store --application
    Applications,
    /// Of data centres, for --base-url
    DataCentres,
}
