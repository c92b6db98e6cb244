//! The functions that only the targets in `fuzz/` call.

pub use crate::auth::oauth::answer::{HttpAnswer, Moved, Outcome, classify};
pub use crate::auth::oauth::failure::Failure;
pub use crate::formats::tutorial::{Credentials, FileError, TokenFile, UnknownFields};
pub use crate::formats::{Gatherer, Progress, Unrenderable, bazel, format, git};
pub use crate::model::grant::Grant;
pub use crate::model::jwt;
pub use crate::model::origin::{AllowList, Origin};
pub use crate::model::record::{
    Application, ApplicationId, Attempt, Column, GitKey, Record, RecordId, SealedCell,
};
pub use crate::model::secret::Secret;
pub use crate::net::encoding::{Coding, decoded, unpacked};
#[cfg(fuzzing)]
pub use crate::store::fuzzing::{open_cell, seal_cell};
pub use crate::store::keys::Key;

/// The settings of a `config.toml` that a target checks.
#[cfg(fuzzing)]
#[derive(Debug)]
pub struct Settings {
    /// Seconds.
    pub min_ttl: i64,
    /// The lock timeout.
    pub lock_timeout: std::time::Duration,
    /// The timeout of a request.
    pub http_timeout: std::time::Duration,
    /// The allowed origins.
    pub allowed: AllowList,
}

/// The settings in the text of a `config.toml`.
#[cfg(fuzzing)]
pub fn config(text: &str) -> Result<Settings, crate::error::Error> {
    let crate::config::Config { min_ttl, lock_timeout, http, allowed, .. } =
        crate::config::parse_text(text)?;
    Ok(Settings { min_ttl, lock_timeout, http_timeout: http.timeout, allowed })
}
