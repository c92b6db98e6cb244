//! The command line: clap types and nothing else.

#![allow(clippy::doc_markdown, reason = "these comments are what --help prints")]

pub(crate) mod alone;
mod browser;
mod calls;
mod care;
mod examples;
mod keeping;
mod key;
mod profiles;
pub(crate) mod shapes;
mod tokens;

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};

use crate::model::profile::ProfileName;

pub(crate) use browser::BrowserOptions;
pub(crate) use calls::{Api, Exec, Logout};
pub(crate) use care::{
    Completions, Config, ConfigQuestion, ConfigShow, ConfigureGit, Doctor, Log, Names,
};
pub(crate) use keeping::{Keepalive, Scheduler};
pub(crate) use key::{Key, KeyAction, KeyRotate, KeySetSource, KeyShowSource};
pub(crate) use profiles::{Export, Import, Init, Login, LoginGrant, Refresh, Rename, Status, Use};
pub(crate) use tokens::{Get, Protocol, Serving, StoreArgs, Token};

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
    #[command(after_help = examples::INIT)]
    Init(Init),
    /// Obtain tokens and make or renew a profile
    #[command(after_help = examples::LOGIN)]
    Login(Login),
    /// Print a token that works now; never reads stdin
    #[command(after_help = examples::TOKEN)]
    Token(Token),
    /// Print a token that works now (or answer git's request on stdin)
    #[command(after_help = examples::GET)]
    Get(Get),
    /// Run a command with a token in its environment
    #[command(after_help = examples::EXEC)]
    Exec(Exec),
    /// Make one request to Concur with the token
    #[command(after_help = examples::API)]
    Api(Api),
    /// Show every profile and how long its tokens live
    #[command(after_help = examples::STATUS)]
    Status(Status),
    /// Refresh now, whatever the state
    Refresh(Refresh),
    /// Refresh what has not been refreshed for a day, or let a timer do so daily
    #[command(after_help = examples::KEEPALIVE)]
    Keepalive(Keepalive),
    /// Forget a profile and its tokens on this machine
    Logout(Logout),
    /// Choose the profile that is meant when none is named
    Use(Use),
    /// Give a profile another name
    Rename(Rename),
    /// Replace an application's client secret in every profile of its App ID and origin
    #[command(after_help = examples::SET_SECRET)]
    SetSecret,
    /// Take over a refreshTokenObjectFile.json
    #[command(after_help = examples::IMPORT)]
    Import(Import),
    /// Write a refreshTokenObjectFile.json
    #[command(after_help = examples::EXPORT)]
    Export(Export),
    /// Show what was done, with Concur's correlation ids
    #[command(after_help = examples::LOG)]
    Log(Log),
    /// Check files, key, store, network and git, and say what mends them
    #[command(after_help = examples::DOCTOR)]
    Doctor(Doctor),
    /// Show, move or replace the key that the store is sealed with
    #[command(disable_help_subcommand = true, after_help = examples::KEY)]
    Key(Key),
    /// Show the settings and where they come from
    #[command(disable_help_subcommand = true)]
    Config(Config),
    /// Make git ask this program for tokens of Concur's hosts
    #[command(after_help = examples::CONFIGURE_GIT)]
    ConfigureGit(ConfigureGit),
    /// Print a completion script for a shell
    #[command(after_help = examples::COMPLETIONS)]
    Completions(Completions),
    /// Keep a credential that git or another caller hands over on stdin
    #[command(after_help = examples::STORE)]
    Store(StoreArgs),
    /// Forget a credential that git or another caller found refused
    #[command(after_help = examples::ERASE)]
    Erase,
    /// Print what this helper can do (for git)
    Capability,
}
