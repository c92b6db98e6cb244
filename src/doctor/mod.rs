//! `doctor`: looks at everything that this installation is made of, and says what is wrong and what
//! mends it. Nothing here uses the network; nothing here shows a secret.

mod beside;
mod places;
mod records;
mod repair;
pub mod report;
mod stored;
mod trail;

use std::path::PathBuf;

use crate::env::Env;
use crate::error::Error;
use crate::paths::Paths;
pub use repair::repair;
use report::Report;

/// What is looked at.
#[derive(Debug)]
pub struct Patient<'a> {
    /// Where everything lies.
    pub paths: &'a Paths,
    /// The environment, for the key's source.
    pub env: &'a Env,
    /// Epoch seconds.
    pub now: i64,
    /// The configuration file in use.
    pub config_file: PathBuf,
    /// What is wrong with the settings.
    pub config_problem: Option<&'a Error>,
    /// How long a caller waits for a lock, seconds: who holds one for longer is stuck.
    pub lock_timeout: i64,
}

/// Makes every check.
pub fn examine(patient: &Patient<'_>, report: &mut Report) {
    places::settings(patient, report);
    places::permissions(patient, report);
    stored::examine(patient, report);
    trail::examine(patient, report);
}
