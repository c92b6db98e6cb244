//! The options of `use`.

#![allow(clippy::doc_markdown, reason = "these comments are what --help prints")]

use clap::Args;

use crate::model::profile::ProfileName;

/// Options of `use`.
#[derive(Debug, Args)]
pub struct Use {
    /// The profile; without it, the default profile is printed
    #[arg(value_name = "NAME")]
    pub name: Option<ProfileName>,
}
