//! The options of `config`.

#![allow(clippy::doc_markdown, reason = "these comments are what --help prints")]

use clap::{Args, Subcommand};

/// Options of `config`.
#[derive(Debug, Args)]
pub struct Config {
    /// What is asked.
    #[command(subcommand)]
    pub question: ConfigQuestion,
}

/// The commands of `config`.
#[derive(Debug, Subcommand)]
pub enum ConfigQuestion {
    /// Show every setting and where it comes from, and the paths in use
    Show(ConfigShow),
    /// Print the path of the configuration file, whether it is there or not
    Path,
}

/// Options of `config show`.
#[derive(Debug, Args)]
pub struct ConfigShow {
    /// As JSON, for scripts
    #[arg(long)]
    pub json: bool,
}
