//! Options of what makes, moves and shows profiles.

#![allow(clippy::doc_markdown, reason = "these comments are what --help prints")]

use std::path::PathBuf;

use clap::Args;

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
