//! What the targets in `fuzz/` call, for them alone.

pub use crate::auth::oauth::answer::{HttpAnswer, Outcome, classify};
#[cfg(fuzzing)]
pub use crate::config::parse_text as config;
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
