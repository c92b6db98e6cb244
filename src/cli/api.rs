//! The options of `api`.

#![allow(clippy::doc_markdown, reason = "these comments are what --help prints")]

use std::path::PathBuf;

use clap::Args;

pub(super) const EXAMPLES: &str = "\
Examples:
  concur-cred api \"/profile/identity/v4.1/Users?count=1\"
  concur-cred api GET /api/v3.0/expense/reports -f user=ALL -F limit=25
  concur-cred api POST /some/path --input receipt.pdf -H \"Content-Type: application/pdf\"";

/// Options of `api`.
#[derive(Debug, Args)]
#[command(override_usage = "concur-cred api [OPTIONS] [METHOD] PATH")]
pub struct Api {
    /// GET (the default), HEAD, POST (the default with fields or input), PUT, PATCH, DELETE or OPTIONS
    // The first of two words is the method; a single one is the PATH. clap itself would read it as a METHOD if
    // an option is between the two.
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
    /// The same, typed: true, false, null and numbers as JSON, @FILE (or @-) for a file's text
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

impl Api {
    /// The method, named in either way, and the path; `None` without a path.
    pub fn words(&self) -> Option<(Option<&str>, &str)> {
        let first = self.first.as_deref()?;
        Some(match &self.second {
            Some(path) => (Some(first), path),
            None => (self.method.as_deref(), first),
        })
    }
}
