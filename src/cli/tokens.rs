//! Options of what hands tokens out and takes credentials in.

#![allow(clippy::doc_markdown, reason = "these comments are what --help prints")]

use clap::builder::{PossibleValuesParser, TypedValueParser};
use clap::{Args, ValueEnum};

use crate::config::parse_duration;
use crate::formats::format::Format;

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
    /// Print in this format and do not read stdin
    #[arg(long, value_name = "FORMAT", value_parser = format())]
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

/// A time on the command line, as seconds.
pub(super) fn duration(text: &str) -> Result<i64, String> {
    parse_duration(text)
        .and_then(|seconds| i64::try_from(seconds).ok())
        .ok_or_else(|| "a time is a number with s, m, h or d, such as 90s or 5m".to_owned())
}

/// With its names known to clap, so that they are listed and completed.
fn format() -> impl TypedValueParser<Value = Format> {
    PossibleValuesParser::new(Format::NAMES).try_map(|name| name.parse::<Format>())
}
