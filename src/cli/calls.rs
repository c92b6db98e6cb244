//! Options of what uses a token on the caller's behalf.

#![allow(clippy::doc_markdown, reason = "these comments are what --help prints")]

use std::ffi::OsString;
use std::path::PathBuf;

use clap::Args;

use super::Serving;

/// Options of `exec`.
#[derive(Debug, Args)]
pub struct Exec {
    /// How the token is handed out.
    #[command(flatten)]
    pub serving: Serving,
    /// The command to run, with its arguments
    #[arg(
        value_name = "CMD",
        required = true,
        trailing_var_arg = true,
        value_hint = clap::ValueHint::CommandWithArguments
    )]
    pub command: Vec<OsString>,
}

/// Options of `api`.
#[derive(Debug, Args)]
#[command(override_usage = "concur-cred api [OPTIONS] [METHOD] PATH")]
pub struct Api {
    /// GET (the default), HEAD, POST (the default with fields or input), PUT, PATCH, DELETE or OPTIONS
    // Of two words the first is this; a single one is the PATH. clap itself would take it for a METHOD
    // whenever an option stands between the two.
    #[arg(value_name = "METHOD")]
    pub first: Option<String>,
    /// A path with its query on the profile's base URL
    #[arg(value_name = "PATH", conflicts_with = "method")]
    pub second: Option<String>,
    /// The method, as METHOD
    #[arg(long, short = 'X', value_name = "METHOD")]
    pub method: Option<String>,
    /// A text field of the JSON body, or of the query for GET; may be repeated
    #[arg(long, short = 'f', value_name = "KEY=VALUE")]
    pub raw_field: Vec<String>,
    /// The same with true, false, null and numbers as such, and @FILE (or @-) for a file's text
    #[arg(long, short = 'F', value_name = "KEY=VALUE")]
    pub field: Vec<String>,
    /// Send this file as the body; - for stdin; fields then go into the query
    #[arg(long, value_name = "FILE")]
    pub input: Option<PathBuf>,
    /// A header of the request; may be repeated
    #[arg(long, short = 'H', value_name = "NAME: VALUE")]
    pub header: Vec<String>,
    /// Print the status line and the headers before the body, whatever the status
    #[arg(long, short)]
    pub include: bool,
    /// Write the body to this file, whole or not at all
    #[arg(long, value_name = "FILE", conflicts_with = "include")]
    pub output: Option<PathBuf>,
}

/// Options of `logout`.
#[derive(Debug, Args)]
pub struct Logout {
    /// First revoke at Concur every token of this application for this company or user
    #[arg(long)]
    pub revoke: bool,
}

impl Api {
    /// The method that was named, in either way, and the path; `None` without a path.
    pub fn words(&self) -> Option<(Option<&str>, &str)> {
        let first = self.first.as_deref()?;
        Some(match &self.second {
            Some(path) => (Some(first), path),
            None => (self.method.as_deref(), first),
        })
    }
}
