//! The command line: clap types and nothing else.

#![allow(clippy::doc_markdown, reason = "these comments are what --help prints")]

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};

use crate::config::parse_duration;
use crate::model::profile::ProfileName;
use crate::protocol::format::Format;

const AFTER_HELP: &str = "\
Examples:
  concur-cred init && concur-cred login      make a profile from credentials.json
  curl -H \"Authorization: Bearer $(concur-cred get)\" \\
       https://us2.api.concursolutions.com/profile/identity/v4.1/Users
  git config --global credential.helper concur

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
    #[arg(long, global = true, value_name = "NAME")]
    pub profile: Option<ProfileName>,
    /// The configuration file to use instead of the default one [env: CONCUR_CRED_CONFIG]
    #[arg(long, global = true, value_name = "FILE")]
    pub config: Option<PathBuf>,
    /// Say nothing on stderr but errors
    #[arg(long, short, global = true)]
    pub quiet: bool,
    /// Show on stderr where the time goes [env: CONCUR_CRED_TRACE=1, or a file]
    #[arg(long, global = true)]
    pub trace: bool,
    /// When to use colour
    #[arg(long, global = true, value_enum, value_name = "WHEN", default_value_t)]
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
    /// Print a token that works now (or answer git's request on stdin)
    Get(Get),
    /// Print a token that works now; never reads stdin
    Token(Token),
    /// Keep a credential that git or another caller hands over on stdin
    Store(StoreArgs),
    /// Forget a credential that git or another caller found refused
    Erase,
    /// Print what this helper can do (for git)
    Capability,
    /// Write a blank credentials.json to fill in
    Init(Init),
    /// Obtain tokens and make or renew a profile
    Login(Login),
    /// Forget a profile and its tokens on this machine
    Logout,
    /// Refresh now, whatever the state
    Refresh(Refresh),
    /// Show every profile and how long its tokens live
    Status(Status),
    /// Take over a refreshTokenObjectFile.json
    Import(Import),
    /// Write a refreshTokenObjectFile.json
    Export(Export),
    /// Choose the profile that is meant when none is named
    Use(Use),
    /// Give a profile another name
    Rename(Rename),
    /// Show what was done, with Concur's correlation ids
    Log(Log),
    /// Check files, key and store, and say what mends them
    Doctor(Doctor),
    /// Print a completion script for a shell
    Completions(Completions),
}

/// How a token is handed out.
#[derive(Debug, Clone, Default, Args)]
pub struct Serving {
    /// The least life that the token must have left, such as 90s or 5m
    #[arg(long, value_name = "TIME", value_parser = duration)]
    pub min_ttl: Option<i64>,
    /// Never use the network: what is stored, or exit code 5
    #[arg(long)]
    pub cached: bool,
}

/// Options of `get`.
#[derive(Debug, Args)]
pub struct Get {
    /// Print in this format and do not read stdin: token, header, json, env, powershell, curl, git
    #[arg(long, value_name = "FORMAT", value_parser = clap::builder::ValueParser::new(format))]
    pub format: Option<Format>,
    /// Hand the refresh token out as well, where the format has a place for it
    #[arg(long)]
    pub with_refresh_token: bool,
    /// Read stdin as this protocol even when it is empty
    #[arg(long, value_enum, value_name = "NAME")]
    pub protocol: Option<Protocol>,
    /// How the token is handed out.
    #[command(flatten)]
    pub serving: Serving,
}

/// A helper protocol on stdin.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Protocol {
    /// git's credential-helper protocol
    Git,
    /// Bazel's credential-helper protocol
    Bazel,
}

/// Options of `token`.
#[derive(Debug, Args)]
pub struct Token {
    /// How the token is handed out.
    #[command(flatten)]
    pub serving: Serving,
}

/// Options of `store`.
#[derive(Debug, Args)]
pub struct StoreArgs {
    /// Bind what is stored to this application, so that later `get`s refresh it
    #[arg(long, value_name = "NAME")]
    pub application: Option<String>,
}

/// Options of `init`.
#[derive(Debug, Args)]
pub struct Init {
    /// Where to write it
    #[arg(value_name = "FILE", default_value = "credentials.json")]
    pub file: PathBuf,
}

/// Options of `login`.
#[derive(Debug, Args)]
pub struct Login {
    /// Read App ID, secret, company UUID and request token from here [default: credentials.json]
    #[arg(long, value_name = "FILE")]
    pub credentials: Option<PathBuf>,
    /// The data centre to log in at: a short name such as us2, or an origin
    #[arg(long, value_name = "NAME|URL")]
    pub base_url: Option<String>,
    /// Log in though the profile holds another company or application
    #[arg(long)]
    pub replace: bool,
}

/// Options of `refresh`.
#[derive(Debug, Args)]
pub struct Refresh {
    /// Every profile
    #[arg(long)]
    pub all: bool,
}

/// Options of `status`.
#[derive(Debug, Args)]
pub struct Status {
    /// As JSON, for scripts
    #[arg(long)]
    pub json: bool,
}

/// Options of `import`.
#[derive(Debug, Args)]
pub struct Import {
    /// The file to take over; - for stdin
    #[arg(value_name = "FILE", default_value = "refreshTokenObjectFile.json")]
    pub file: PathBuf,
    /// The credentials.json with App ID and secret [default: the one beside FILE]
    #[arg(long, value_name = "FILE")]
    pub credentials: Option<PathBuf>,
    /// The data centre, when it is not the file's own or not Concur's: a short name or an origin
    #[arg(long, value_name = "NAME|URL")]
    pub base_url: Option<String>,
    /// Say what would be done, and do nothing
    #[arg(long)]
    pub dry_run: bool,
    /// Import though the profile holds another company or application
    #[arg(long)]
    pub replace: bool,
}

/// Options of `export`.
#[derive(Debug, Args)]
pub struct Export {
    /// The file to write; - for stdout
    #[arg(value_name = "FILE", default_value = "refreshTokenObjectFile.json")]
    pub file: PathBuf,
    /// Overwrite a file that is there
    #[arg(long)]
    pub force: bool,
}

/// Options of `use`.
#[derive(Debug, Args)]
pub struct Use {
    /// The profile
    #[arg(value_name = "NAME")]
    pub name: ProfileName,
}

/// Options of `rename`.
#[derive(Debug, Args)]
pub struct Rename {
    /// The profile
    #[arg(value_name = "NAME")]
    pub name: ProfileName,
    /// Its new name
    #[arg(value_name = "NEW")]
    pub new_name: ProfileName,
}

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

fn duration(text: &str) -> Result<i64, String> {
    parse_duration(text)
        .and_then(|seconds| i64::try_from(seconds).ok())
        .ok_or_else(|| "a time is a number with s, m, h or d, such as 90s or 5m".to_owned())
}

fn format(text: &str) -> Result<Format, String> {
    text.parse::<Format>().map_err(|unknown| unknown.to_string())
}
