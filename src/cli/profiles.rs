//! Options of what makes, moves and shows profiles.

#![allow(clippy::doc_markdown, reason = "these comments are what --help prints")]

use std::path::PathBuf;

use clap::{Args, ValueEnum};

use super::browser::BrowserOptions;
use crate::model::grant::GrantKind;
use crate::model::profile::ProfileName;

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
    /// How the tokens are obtained
    #[arg(long, value_enum, value_name = "GRANT", default_value_t)]
    pub grant: LoginGrant,
    /// Read App ID, secret, company UUID, request or refresh token from here [default: credentials.json]
    #[arg(long, value_name = "FILE")]
    pub credentials: Option<PathBuf>,
    /// The data centre to log in at: a short name such as us2, a URL of its host, or an origin
    #[arg(long, value_name = "NAME|URL")]
    pub base_url: Option<String>,
    /// With --grant browser or otp: ask for these scopes only [default: all that the application has]
    #[arg(long, value_name = "WORDS")]
    pub scope: Option<String>,
    /// What only a login in the browser takes.
    #[command(flatten)]
    pub browser: BrowserOptions,
    /// Log in though the profile holds another company, user or application
    #[arg(long)]
    pub replace: bool,
}

/// What `login --grant` takes.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
pub enum LoginGrant {
    /// A company UUID and its request token
    #[default]
    Company,
    /// A user's name and password, which SAP advises against
    User,
    /// App ID and secret alone: the application for itself
    App,
    /// A user who signs in at Concur in a browser, by SSO too
    Browser,
    /// A one-time password that Concur sends to a user by e-mail
    Otp,
    /// A refresh token that you have already; it is used at once
    Refresh,
}

impl LoginGrant {
    /// The grant.
    pub fn kind(self) -> GrantKind {
        match self {
            Self::Company => GrantKind::Company,
            Self::User => GrantKind::User,
            Self::App => GrantKind::Application,
            Self::Browser => GrantKind::Browser,
            Self::Otp => GrantKind::Otp,
            Self::Refresh => GrantKind::Refresh,
        }
    }

    /// Whether the person says which scopes to ask for.
    pub fn takes_scope(self) -> bool {
        matches!(self, Self::Browser | Self::Otp)
    }
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
    /// One line and an exit code for monitoring: 0 OK, 1 WARNING, 2 CRITICAL, 3 UNKNOWN
    #[arg(long, conflicts_with = "json")]
    pub check: bool,
    /// WARNING with less left of a refresh token [env: CONCUR_CRED_WARN_BEFORE] [default: 30d]
    // Text: what is no time is UNKNOWN, not clap's exit code, which would be CRITICAL.
    #[arg(long, value_name = "TIME", requires = "check")]
    pub warn: Option<String>,
    /// CRITICAL with less left of a refresh token [default: 7d]
    #[arg(long, value_name = "TIME", requires = "check")]
    pub crit: Option<String>,
}

/// Options of `import`.
#[derive(Debug, Args)]
pub struct Import {
    /// The file to take over, any JSON object with a refresh token; - for stdin
    #[arg(value_name = "FILE", default_value = "refreshTokenObjectFile.json")]
    pub file: PathBuf,
    /// The credentials.json with App ID and secret, if FILE has none [default: the one beside FILE]
    #[arg(long, value_name = "FILE")]
    pub credentials: Option<PathBuf>,
    /// The data centre, instead of the file's: a short name, a URL of its host, or an origin
    #[arg(long, value_name = "NAME|URL")]
    pub base_url: Option<String>,
    /// Say what would be done, and do nothing
    #[arg(long)]
    pub dry_run: bool,
    /// Import though the profile holds another company, user or application, or newer tokens
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
