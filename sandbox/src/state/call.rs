//! One request being served, as every room that answers it sees it.

use std::sync::Arc;

use crate::state::mutex::lock;
use crate::state::shared::Shared;

/// One request being served.
pub(crate) struct Call {
    pub(crate) shared: Arc<Shared>,
    pub(crate) path: String,
    /// Its number in the journal.
    pub(crate) sequence: u64,
    pub(crate) correlation_id: String,
}

impl Call {
    pub(crate) fn violation(&self, what: &str) {
        lock(&self.shared.journal).violation(self.sequence, what);
    }
}
