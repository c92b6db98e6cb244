//! `doctor`: checks everything that this installation consists of, and suggests fixes. Nothing here sends
//! or shows a secret; only `online.rs` uses the network.

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
    /// Where everything lies.
    pub paths: &'a Paths,
    /// The environment.
    pub env: &'a Env,
    /// Where the store's key can be had.
    pub keys: &'a KeySettings,
    /// Epoch seconds.
    pub now: i64,
    /// The configuration file in use.
    pub config_file: PathBuf,
    /// What is wrong with the settings.
    pub config_problem: Option<&'a Error>,
    /// How long a caller waits for a lock, seconds: who holds one for longer is stuck.
    pub lock_timeout: i64,
    /// With less left of a refresh token something is wrong.
    pub limits: Limits,
    /// How requests are made.
    pub http: &'a HttpSettings,
    /// The origins that may be sent a secret.
    pub allowed: &'a AllowList,
    /// Where a first login would go, as `--base-url` has it.
    pub base_url: &'a str,
    /// Epoch seconds, when asked.
    pub clock: fn() -> i64,
    /// Whether the token service may be asked.
    pub is_online: bool,
}

/// Every record of a store that is up to date, none where there is no store; `None` when they cannot be
/// read. A look into an older store would bring it up to date, which a damaged one must not be.
pub(crate) fn records(paths: &Paths, keys: &KeySettings) -> Option<Vec<Record>> {
    let Some(store) = Store::open(paths, keys).ok()? else { return Some(Vec::new()) };
    match store.schema().ok()? {
        Schema::Blank => Some(Vec::new()),
        Schema::Current(_) => store.every_record().ok(),
        Schema::Older(_) => None,
    }
}

/// Makes every check.
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
