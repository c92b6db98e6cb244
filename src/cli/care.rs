//! Options of what looks after the installation.

#![allow(clippy::doc_markdown, reason = "these comments are what --help prints")]

use clap::Args;

/// Options of `completions`.
#[derive(Debug, Args)]
pub struct Completions {
    /// The shell
    #[arg(value_name = "SHELL", value_enum)]
    pub shell: clap_complete::Shell,
}

/// Options of `log`.
#[derive(Debug, Args)]
pub struct Log {
    /// As JSON lines, for scripts
    #[arg(long)]
    pub json: bool,
    /// How many events, the newest
    #[arg(long, short = 'n', value_name = "COUNT", default_value_t = 20)]
    pub count: u32,
}

/// Options of `doctor`.
#[derive(Debug, Args)]
pub struct Doctor {
    /// As JSON, for scripts
    #[arg(long)]
    pub json: bool,
    /// Mend what is safe to mend: permissions, reserves, a damaged store (which is kept beside)
    #[arg(long)]
    pub repair: bool,
}
