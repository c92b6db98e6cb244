//! The options of `get`.

#![allow(clippy::doc_markdown, reason = "these comments are what --help prints")]

use clap::builder::{PossibleValuesParser, TypedValueParser};
use clap::{Args, ValueEnum};

use super::Serving;
use crate::formats::format::Format;

pub(super) const EXAMPLES: &str = "\
Examples:
  token=$(concur-cred get) || exit
  concur-cred get --format curl | curl -fsS -K - \"$url\"
  vars=$(concur-cred get --format env) && eval \"$vars\"";

/// Options of `get`.
#[derive(Debug, Args)]
pub struct Get {
    /// Print in this format and do not read stdin
    #[arg(long, value_name = "FORMAT", value_parser = format())]
    pub format: Option<Format>,
    /// Also print the refresh token, where the format has a place for it
    #[arg(long)]
    pub with_refresh_token: bool,
    /// Read stdin as this protocol even when it is empty
    #[arg(long, value_enum, value_name = "NAME")]
    pub protocol: Option<Protocol>,
    /// How the token is chosen.
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

/// With its names known to clap, so that they are listed and completed.
fn format() -> impl TypedValueParser<Value = Format> {
    PossibleValuesParser::new(Format::NAMES).try_map(|name| name.parse::<Format>())
}
