//! Options of what looks after the installation.

#![allow(clippy::doc_markdown, reason = "these comments are what --help prints")]

use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum};

/// Options of `completions`.
#[derive(Debug, Args)]
pub struct Completions {
    /// The shell
    #[arg(value_name = "SHELL", value_enum, required_unless_present = "list")]
    pub shell: Option<clap_complete::Shell>,
    /// Print the names that the scripts complete, one a line; none when they cannot be read
    #[arg(long, value_enum, value_name = "WHAT", conflicts_with = "shell")]
    pub list: Option<Names>,
}

/// Names that only this installation knows, or that are no closed list.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Names {
    /// Of profiles
    Profiles,
    /// Of applications, for store --application
    Applications,
    /// Of data centres, for --base-url
    DataCentres,
}

/// Options of `configure-git`.
#[derive(Debug, Args)]
#[expect(clippy::struct_excessive_bools, reason = "each is an option of the command line")]
pub struct ConfigureGit {
    /// Take away what configure-git wrote, and nothing else
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
    /// Leave out what asks the network
    #[arg(long)]
    pub offline: bool,
    /// Write a report for support, without secrets, to FILE, which must not exist; - for stdout
    #[arg(long, value_name = "FILE", conflicts_with = "json")]
    pub report: Option<PathBuf>,
}

/// Options of `config`.
#[derive(Debug, Args)]
pub struct Config {
    /// What is asked.
    #[command(subcommand)]
    pub question: ConfigQuestion,
}

/// What can be asked of the settings.
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
