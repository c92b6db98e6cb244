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
    /// Set a key in the configuration file; its comments stay
    Set(ConfigSet),
    /// Remove a key from the configuration file
    Unset(ConfigUnset),
}

/// What `config set` changes.
#[derive(Debug, Args)]
pub struct ConfigSet {
    /// The key, such as min_ttl or allowed_origins
    pub key: String,
    /// Its value; several for a list
    #[arg(required = true, allow_hyphen_values = true)]
    pub value: Vec<String>,
}

/// What `config unset` removes.
#[derive(Debug, Args)]
pub struct ConfigUnset {
    /// The key
    pub key: String,
}

/// Options of `config show`.
#[derive(Debug, Args)]
pub struct ConfigShow {
    /// As JSON, for scripts
    #[arg(long)]
    pub json: bool,
}
