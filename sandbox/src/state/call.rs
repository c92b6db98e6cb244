//! One request being served, as the endpoints see it.

use std::sync::Arc;

use crate::config::Config;
use crate::faults::{Fault, effects};
use crate::http::reply::Reply;
use crate::protocol::answer::Answer;
use crate::protocol::codes::Refusal;
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

    /// Counts a refusal and answers it.
    pub(crate) fn refuse(&self, refusal: Refusal, config: &Config) -> Answer {
        let by_code = &mut lock(&self.shared.journal).counters.refusals_by_code;
        *by_code.entry(refusal.code).or_default() += 1;
        Answer::refused(refusal, config, &self.shared.origin, &self.correlation_id)
    }

    /// Takes the faults of this request, and waits through their latencies.
    pub(crate) async fn take_faults(&self) -> Vec<Fault> {
        let faults = lock(&self.shared.script).take(&self.path);
        if !faults.is_empty() {
            lock(&self.shared.journal).counters.faults += 1;
        }
        for fault in &faults {
            if let Fault::Latency(latency) = fault {
                tokio::time::sleep(*latency).await;
            }
        }
        faults
    }

    /// The reply of the first fault that answers in the service's place, with its outcome for the log.
    pub(crate) fn reply_of(&self, faults: &[Fault]) -> Option<(Reply, String)> {
        let (fault, reply, outcome) = effects::before(faults, |code| self.scripted(code))?;
        if let Fault::Redirect { location, .. } = fault {
            lock(&self.shared.redirects).push(location.clone());
        }
        Some((reply, outcome))
    }

    fn scripted(&self, code: u32) -> Answer {
        let config = lock(&self.shared.config).clone();
        let redirect_to = config.lives_elsewhere.clone().filter(|_| code == 16);
        self.refuse(Refusal { code, redirect_to }, &config)
    }
}
