//! The command line: clap types and nothing else.

#![allow(clippy::doc_markdown, reason = "these comments are what --help prints")]

pub(crate) mod alone;
mod api;
mod completions;
mod config;
mod configure_git;
mod doctor;
mod exec;
mod export;
mod get;
mod import;
mod init;
mod keepalive;
mod key;
mod log;
mod login;
mod logout;
mod refresh;
mod rename;
pub(crate) mod shapes;
mod status;
mod store;
mod token;
mod use_profile;

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};

use crate::config::parse_duration;
use crate::model::profile::ProfileName;

pub(crate) use api::Api;
pub(crate) use completions::{Completions, Names};
pub(crate) use config::{Config, ConfigQuestion, ConfigShow};
pub(crate) use configure_git::ConfigureGit;
pub(crate) use doctor::Doctor;
pub(crate) use exec::Exec;
pub(crate) use export::Export;
pub(crate) use get::{Get, Protocol};
pub(crate) use import::Import;
pub(crate) use init::Init;
pub(crate) use keepalive::{Keepalive, Scheduler};
pub(crate) use key::{Key, KeyAction, KeyRotate, KeySetSource, KeyShowSource};
pub(crate) use log::Log;
pub(crate) use login::{BrowserOptions, Login, LoginGrant};
pub(crate) use logout::Logout;
pub(crate) use refresh::Refresh;
pub(crate) use rename::Rename;
pub(crate) use status::Status;
pub(crate) use store::StoreArgs;
pub(crate) use token::Token;
pub(crate) use use_profile::Use;

/// What stands above the options that every command has.
const GLOBAL: &str = "Options of every command";

const AFTER_HELP: &str = "\
Examples:
  concur-cred init                           then fill in credentials.json, and:
  concur-cred login --base-url us2           make a profile from it
  curl -H \"Authorization: Bearer $(concur-cred get)\" \\
       https://us2.api.concursolutions.com/profile/identity/v4.1/Users
  concur-cred configure-git                  git asks it for Concur's hosts

Exit codes:
  0 done   1 other failure   2 usage or malformed request   3 no such profile or credential
  4 log in again   5 temporary: network, service, lock timeout   6 configuration, permissions, key
  or store unusable

concur-cred(1) has the rest.";

const SET_SECRET_EXAMPLES: &str = "\
Examples:
  concur-cred set-secret
  pass show concur/client-secret | concur-cred set-secret --profile acme";

const ERASE_EXAMPLES: &str = "\
Example:
  printf 'protocol=https\\nhost=us2.api.concursolutions.com\\npassword=%s\\n\\n' \\
      \"$token\" | concur-cred erase";

/// Keeps SAP Concur OAuth2 tokens fresh, and hands them to scripts and to git.
#[derive(Debug, Parser)]
#[command(name = "concur-cred", version, after_help = AFTER_HELP, disable_help_subcommand = true)]
pub struct Cli {
    /// What holds for every command.
    #[command(flatten)]
    pub global: Global,
    /// The command.
    #[command(subcommand)]
    pub command: Command,
}

/// Options of every command.
#[derive(Debug, Clone, Default, Args)]
pub struct Global {
    /// The profile to use [env: CONCUR_CRED_PROFILE]
    #[arg(long, global = true, value_name = "NAME", help_heading = GLOBAL)]
    pub profile: Option<ProfileName>,
    /// The configuration file to use instead of the default one [env: CONCUR_CRED_CONFIG]
    #[arg(long, global = true, value_name = "FILE", help_heading = GLOBAL)]
    pub config: Option<PathBuf>,
    /// Say nothing on stderr but errors
    #[arg(long, short, global = true, help_heading = GLOBAL)]
    pub quiet: bool,
    /// Show on stderr where the time goes [env: CONCUR_CRED_TRACE=1, or a file]
    #[arg(long, global = true, help_heading = GLOBAL)]
    pub trace: bool,
    /// When to use colour: auto (on a terminal, unless NO_COLOR is set), always or never
    #[arg(long, global = true, value_enum, value_name = "WHEN", default_value_t)]
    #[arg(hide_possible_values = true, help_heading = GLOBAL)]
    pub color: Color,
}

/// Which token is acceptable.
#[derive(Debug, Clone, Default, Args)]
pub struct Serving {
    /// The least life that the token must have left, such as 90s or 5m
    #[arg(long, value_name = "TIME", value_parser = duration)]
    pub min_ttl: Option<i64>,
    /// Never use the network: what is stored, or exit code 5
    #[arg(long)]
    pub cached: bool,
}

/// When to use colour.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
pub enum Color {
    /// On a terminal, unless NO_COLOR is set
    #[default]
    Auto,
    /// Always
    Always,
    /// Never
    Never,
}

/// The commands.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Write a blank credentials.json to fill in
    #[command(after_help = init::EXAMPLES)]
    Init(Init),
    /// Obtain tokens and make or renew a profile
    #[command(after_help = login::EXAMPLES)]
    Login(Login),
    /// Print a token that works now; never reads stdin
    #[command(after_help = token::EXAMPLES)]
    Token(Token),
    /// Print a token that works now (or answer git's request on stdin)
    #[command(after_help = get::EXAMPLES)]
    Get(Get),
    /// Run a command with a token in its environment
    #[command(after_help = exec::EXAMPLES)]
    Exec(Exec),
    /// Make one request to Concur with the token
    #[command(after_help = api::EXAMPLES)]
    Api(Api),
    /// Show every profile and how long its tokens live
    #[command(after_help = status::EXAMPLES)]
    Status(Status),
    /// Refresh now, whatever the state
    Refresh(Refresh),
    /// Refresh what has not been refreshed for a day, or let a timer do so daily
    #[command(after_help = keepalive::EXAMPLES)]
    Keepalive(Keepalive),
    /// Forget a profile and its tokens on this machine
    Logout(Logout),
    /// Choose the profile that is meant when none is named
    Use(Use),
    /// Give a profile another name
    Rename(Rename),
    /// Replace an application's client secret in every profile of its App ID and origin
    #[command(after_help = SET_SECRET_EXAMPLES)]
    SetSecret,
    /// Take over a refreshTokenObjectFile.json
    #[command(after_help = import::EXAMPLES)]
    Import(Import),
    /// Write a refreshTokenObjectFile.json
    #[command(after_help = export::EXAMPLES)]
    Export(Export),
    /// Show what was done, with Concur's correlation ids
    #[command(after_help = log::EXAMPLES)]
    Log(Log),
    /// Check files, key, store, network and git, and say what mends them
    #[command(after_help = doctor::EXAMPLES)]
    Doctor(Doctor),
    /// Show, move or replace the key that the store is sealed with
    #[command(disable_help_subcommand = true, after_help = key::EXAMPLES)]
    Key(Key),
    /// Show the settings and where they come from
    #[command(disable_help_subcommand = true)]
    Config(Config),
    /// Make git ask this program for tokens of Concur's hosts
    #[command(after_help = configure_git::EXAMPLES)]
    ConfigureGit(ConfigureGit),
    /// Print a completion script for a shell
    #[command(after_help = completions::EXAMPLES)]
    Completions(Completions),
    /// Keep a credential that git or another caller hands over on stdin
    #[command(after_help = store::EXAMPLES)]
    Store(StoreArgs),
    /// Forget a credential that git or another caller found refused
    #[command(after_help = ERASE_EXAMPLES)]
    Erase,
    /// Print what this helper can do (for git)
    Capability,
}

/// A time on the command line, as seconds.
fn duration(text: &str) -> Result<i64, String> {
    parse_duration(text)
        .and_then(|seconds| i64::try_from(seconds).ok())
        .ok_or_else(|| "a time is a number with s, m, h or d, such as 90s or 5m".to_owned())
}
