//! `doctor`: checks all parts of this installation, and suggests fixes. Nothing here sends or shows a secret;
//! only `online.rs` uses the network.

mod audit;
mod beside;
mod git;
mod key;
mod online;
mod places;
mod records;
mod repair;
pub(crate) mod report;
mod skew;
mod stored;
pub(crate) mod support;

use std::path::PathBuf;

use crate::error::Error;
use crate::model::health::Limits;
use crate::model::origin::AllowList;
use crate::model::record::Record;
use crate::net::HttpSettings;
use crate::store::Store;
use crate::store::keys::KeySettings;
use crate::store::sqlite::inspect::Schema;
use crate::sys::env::Env;
use crate::sys::paths::Paths;
pub(crate) use repair::repair;
use report::Report;

/// What the checks need.
#[derive(Debug)]
pub(crate) struct Context<'a> {
    /// The paths.
    pub paths: &'a Paths,
    /// The environment.
    pub env: &'a Env,
    /// The settings for the store's key.
    pub keys: &'a KeySettings,
    /// Epoch seconds.
    pub now: i64,
    /// The configuration file in use.
    pub config_file: PathBuf,
    /// The error in the settings, if there is one.
    pub config_problem: Option<&'a Error>,
    /// How long a caller waits for a lock, seconds: a lock held for longer is reported.
    pub lock_timeout: i64,
    /// The limits for the remaining time of a refresh token.
    pub limits: Limits,
    /// The settings for requests.
    pub http: &'a HttpSettings,
    /// The allowed origins.
    pub allowed: &'a AllowList,
    /// The base URL of a first login.
    pub base_url: &'a str,
    /// The clock, epoch seconds.
    pub clock: fn() -> i64,
    /// Whether the network may be used.
    pub is_online: bool,
}

/// Every record of a store with the current schema, none without a store; `None` if they cannot be read.
/// Reading an older store would migrate it, which must not happen to a damaged one.
pub(crate) fn records(paths: &Paths, keys: &KeySettings) -> Option<Vec<Record>> {
    let Some(store) = Store::open(paths, keys).ok()? else { return Some(Vec::new()) };
    match store.schema().ok()? {
        Schema::Blank => Some(Vec::new()),
        Schema::Current(_) => store.every_record().ok(),
        Schema::Older(_) => None,
    }
}

/// Runs every check.
pub(crate) fn examine(context: &Context<'_>, report: &mut Report) {
    places::settings(context, report);
    places::parts(context, report);
    places::permissions(context, report);
    stored::examine(context, report);
    audit::examine(context, report);
    git::examine(context, report);
    if context.is_online {
        online::examine(context, report);
    }
}
