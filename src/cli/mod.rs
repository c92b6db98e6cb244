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
pub(crate) mod refusal;
mod rename;
pub(crate) mod shapes;
mod status;
mod store;
mod token;
mod use_profile;

use std::ffi::OsString;
use std::fmt::Write as _;
use std::path::PathBuf;

use clap::{Args, CommandFactory as _, FromArgMatches as _, Parser, Subcommand, ValueEnum};

use crate::config::parse_duration;
use crate::model::profile::ProfileName;

pub(crate) use api::Api;
pub(crate) use completions::{Completions, Names};
pub(crate) use config::{Config, ConfigQuestion, ConfigSet, ConfigShow, ConfigUnset};
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

/// The heading of the options of every command.
const GLOBAL: &str = "Options of every command";

const AFTER_HELP: &str = "\
Examples:
  concur-cred init                           then fill in credentials.json, and:
  concur-cred login --base-url us2           make a profile from it
  curl -H \"Authorization: Bearer $(concur-cred token)\" \\
       https://us2.api.concursolutions.com/profile/identity/v4.1/Users
  concur-cred configure-git                  git asks it for Concur's hosts

Exit codes:
  0 done   1 other failure   2 usage or malformed request   3 no such profile or credential
  4 log in again   5 temporary: network, service, lock timeout   6 configuration, permissions, key
  or store unusable

concur-cred(1) has the rest.";

/// The commands as `--help` lists them.
const GROUPS: [(&str, &[&str]); 5] = [
    ("Start", &["init", "login", "import", "configure-git"]),
    ("Use", &["token", "get", "exec", "api"]),
    (
        "Look after",
        &["status", "refresh", "keepalive", "log", "doctor", "set-secret", "key", "config"],
    ),
    ("Profiles", &["use", "rename", "logout", "export"]),
    ("Called by git, shells and other tools", &["store", "erase", "capability", "completions"]),
];

/// The whole command line, with the commands of `--help` in groups.
pub(crate) fn described() -> clap::Command {
    let command = Cli::command();
    let list = grouped(&command);
    command
        .override_usage("concur-cred [OPTIONS] <COMMAND>")
        .help_template(format!(
            "{{about}}\n\n{{usage-heading}} {{usage}}\n\n{list}{{all-args}}{{after-help}}"
        ))
        // They stand in the groups.
        .mut_subcommands(|command| command.hide(true))
}

fn grouped(command: &clap::Command) -> String {
    let mut list = String::new();
    for (heading, names) in GROUPS {
        let _ = writeln!(list, "{heading}:");
        for name in names {
            let about = command.find_subcommand(name).and_then(clap::Command::get_about);
            let about = about.map(ToString::to_string).unwrap_or_default();
            let _ = writeln!(list, "  {name:<15}{about}");
        }
        list.push('\n');
    }
    list
}

/// `help` and `version`, typed as commands.
fn in_options(mut args: Vec<OsString>) -> Vec<OsString> {
    match args.get(1).and_then(|word| word.to_str()) {
        Some("help") => {
            args.remove(1);
            args.push("--help".into());
        }
        Some("version") if args.len() == 2 => args[1] = "--version".into(),
        _ => {}
    }
    args
}

/// Parses a command line; `args[0]` is the program's name.
///
/// # Errors
/// clap's errors, and its own answers (`--help`, `--version`).
pub(crate) fn read<T: Into<OsString> + Clone>(
    args: impl IntoIterator<Item = T>,
) -> Result<Cli, clap::Error> {
    let args: Vec<OsString> = args.into_iter().map(Into::into).collect();
    let args = in_options(args);
    // Only help and refusals need the groups.
    let read = Cli::try_parse_from(&args)
        .or_else(|_| Cli::from_arg_matches(&described().try_get_matches_from(&args)?));
    read.map(Cli::with_named_profile)
}

const SET_SECRET_EXAMPLES: &str = "\
Examples:
  concur-cred set-secret
  pass show concur/client-secret | concur-cred set-secret --profile acme";

const ERASE_EXAMPLES: &str = "\
Example:
  printf 'protocol=https\\nhost=us2.api.concursolutions.com\\npassword=%s\\n\\n' \\
      \"$token\" | concur-cred erase";

/// Keeps SAP Concur OAuth2 tokens fresh, and prints them for scripts and git
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
    #[arg(long, global = true, value_name = "NAME", help_heading = GLOBAL, hide_short_help = true)]
    pub profile: Option<ProfileName>,
    /// The configuration file to use instead of the default one [env: CONCUR_CRED_CONFIG]
    #[arg(long, global = true, value_name = "FILE", help_heading = GLOBAL, hide_short_help = true)]
    pub config: Option<PathBuf>,
    /// Print neither notes nor warnings on stderr, only errors
    #[arg(long, short, global = true, help_heading = GLOBAL, hide_short_help = true)]
    pub quiet: bool,
    /// Show on stderr where the time goes [env: CONCUR_CRED_TRACE=1, or a file]
    #[arg(long, global = true, help_heading = GLOBAL, hide_short_help = true)]
    pub trace: bool,
    /// When to use colour: auto (on a terminal, unless NO_COLOR is set), always or never
    #[arg(long, global = true, value_enum, value_name = "WHEN", default_value_t)]
    #[arg(hide_possible_values = true, hide_default_value = true, help_heading = GLOBAL, hide_short_help = true)]
    pub color: Color,
}

/// A profile as an argument.
#[derive(Debug, Clone, Default, Args)]
pub struct Named {
    /// The profile, like --profile
    #[arg(value_name = "PROFILE", conflicts_with = "profile")]
    pub name: Option<ProfileName>,
}

/// Which token is acceptable.
#[derive(Debug, Clone, Default, Args)]
pub struct Serving {
    /// The minimum remaining lifetime of the token, such as 90s or 5m
    #[arg(long, value_name = "TIME", value_parser = duration)]
    pub min_ttl: Option<i64>,
    /// Never use the network: the stored token, or exit code 5
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

impl Cli {
    /// Treats a profile argument like `--profile`.
    fn with_named_profile(mut self) -> Self {
        let named = match &mut self.command {
            Command::Token(args) => &mut args.named,
            Command::Status(args) => &mut args.named,
            Command::Refresh(args) => &mut args.named,
            Command::Logout(args) => &mut args.named,
            _ => return self,
        };
        self.global.profile = named.name.take().or(self.global.profile);
        self
    }
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
    /// Print a valid access token; never reads stdin
    #[command(after_help = token::EXAMPLES)]
    Token(Token),
    /// Print a valid access token, or answer git's request on stdin
    #[command(after_help = get::EXAMPLES)]
    Get(Get),
    /// Run a command with a token in its environment
    #[command(after_help = exec::EXAMPLES)]
    Exec(Exec),
    /// Make one request to Concur with the token
    #[command(after_help = api::EXAMPLES)]
    Api(Api),
    /// Show every profile and how long its tokens are valid
    #[command(alias = "list", after_help = status::EXAMPLES)]
    Status(Status),
    /// Refresh tokens now, whatever their state
    Refresh(Refresh),
    /// Refresh what was not refreshed for a day; can install a timer
    #[command(after_help = keepalive::EXAMPLES)]
    Keepalive(Keepalive),
    /// Forget a profile and its tokens on this machine
    Logout(Logout),
    /// Choose the default profile
    Use(Use),
    /// Rename a profile
    Rename(Rename),
    /// Replace an application's client secret in all its profiles
    #[command(after_help = SET_SECRET_EXAMPLES)]
    SetSecret,
    /// Import tokens from a refreshTokenObjectFile.json or other JSON
    #[command(after_help = import::EXAMPLES)]
    Import(Import),
    /// Export tokens to a refreshTokenObjectFile.json
    #[command(after_help = export::EXAMPLES)]
    Export(Export),
    /// Show the audit log, with Concur's correlation IDs
    #[command(after_help = log::EXAMPLES)]
    Log(Log),
    /// Check files, key, store, network and git, and suggest fixes
    #[command(after_help = doctor::EXAMPLES)]
    Doctor(Doctor),
    /// Show, move or replace the key that seals the store
    #[command(disable_help_subcommand = true, after_help = key::EXAMPLES)]
    Key(Key),
    /// Show and change the settings
    #[command(disable_help_subcommand = true)]
    Config(Config),
    /// Make git ask this program for tokens of Concur's hosts
    #[command(after_help = configure_git::EXAMPLES)]
    ConfigureGit(ConfigureGit),
    /// Print a completion script for a shell
    #[command(after_help = completions::EXAMPLES)]
    Completions(Completions),
    /// Store a credential that git or another caller sends on stdin
    #[command(after_help = store::EXAMPLES)]
    Store(StoreArgs),
    /// Erase a credential that git or another caller found invalid
    #[command(after_help = ERASE_EXAMPLES)]
    Erase,
    /// List this helper's capabilities (for git)
    Capability,
}

/// A time on the command line, as seconds.
fn duration(text: &str) -> Result<i64, String> {
    parse_duration(text)
        .and_then(|seconds| i64::try_from(seconds).ok())
        .ok_or_else(|| "a time is a number with s, m, h or d, such as 90s or 5m".to_owned())
}
