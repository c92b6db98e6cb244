//! The options of `keepalive`.

#![allow(clippy::doc_markdown, reason = "these comments are what --help prints")]

use clap::{Args, ValueEnum};

use super::duration;

pub(super) const EXAMPLES: &str = "\
Examples:
  concur-cred keepalive --install systemd
  concur-cred keepalive --install cron --print";

/// Options of `keepalive`.
#[derive(Debug, Args)]
pub struct Keepalive {
    /// Refresh what was not refreshed for this long [env: CONCUR_CRED_KEEPALIVE_AFTER] [default: 1d]
    #[arg(long, value_name = "TIME", value_parser = duration)]
    pub after: Option<i64>,
    /// First wait a random time up to this, so that many machines do not send requests at once
    #[arg(long, value_name = "TIME", value_parser = duration)]
    pub jitter: Option<i64>,
    /// As JSON, for scripts
    #[arg(long)]
    pub json: bool,
    /// Run it daily from now on, with the other options given here
    #[arg(long, value_name = "SCHEDULER", value_enum, conflicts_with = "json")]
    pub install: Option<Scheduler>,
    /// Show what --install would write, and write nothing
    #[arg(long, requires = "install")]
    pub print: bool,
    /// Remove what --install wrote
    #[arg(long, value_name = "SCHEDULER", value_enum, conflicts_with_all = ["install", "print", "json", "after", "jitter"])]
    pub uninstall: Option<Scheduler>,
}

/// A scheduler.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Scheduler {
    /// A timer of systemd, for this user
    Systemd,
    /// A line in this user's crontab
    Cron,
}
