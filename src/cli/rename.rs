//! The options of `rename`.

#![allow(clippy::doc_markdown, reason = "these comments are what --help prints")]

use clap::Args;

use crate::model::profile::ProfileName;

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
