//! What the handle and the server share, each part behind its own lock.

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex};

use crate::config::Config;
use crate::faults::Script;
use crate::state::gate::Hold;
use crate::state::journal::Journal;
use crate::state::mutex::lock;
use crate::world::World;
use crate::world::ledger::FamilyId;

/// The state of a sandbox. Locks are held briefly, never across an await, and one at a time, but that
/// `world` may be held when `journal` is taken.
pub(crate) struct Shared {
    /// `http://127.0.0.1:PORT`, or with https and a name.
    pub(crate) origin: String,
    pub(crate) config: Mutex<Config>,
    pub(crate) world: Mutex<World>,
    pub(crate) journal: Mutex<Journal>,
    pub(crate) script: Mutex<Script>,
    pub(crate) holds: Mutex<VecDeque<Arc<Hold>>>,
    pub(crate) api_holds: Mutex<VecDeque<Arc<Hold>>>,
    pub(crate) traffic: Mutex<Traffic>,
    /// The locations that redirects pointed to.
    pub(crate) redirects: Mutex<Vec<String>>,
}

/// How many requests are being served now.
#[derive(Default)]
pub(crate) struct Traffic {
    token_requests: u64,
    refreshes: HashMap<FamilyId, u64>,
}

/// Counts one request as being served, from its arrival until this is dropped.
pub(crate) struct Serving {
    shared: Arc<Shared>,
    family: Option<FamilyId>,
}

impl Serving {
    pub(crate) fn token_request(shared: &Arc<Shared>) -> Self {
        let now = {
            let mut traffic = lock(&shared.traffic);
            traffic.token_requests += 1;
            traffic.token_requests
        };
        let counters = &mut lock(&shared.journal).counters;
        counters.token_requests += 1;
        counters.max_simultaneous_token_requests =
            counters.max_simultaneous_token_requests.max(now);
        Self { shared: Arc::clone(shared), family: None }
    }

    /// Says that the request refreshes this family.
    pub(crate) fn refreshes(&mut self, family: FamilyId) {
        self.family = Some(family);
        let now = {
            let mut traffic = lock(&self.shared.traffic);
            let now = traffic.refreshes.entry(family).or_default();
            *now += 1;
            *now
        };
        let counters = &mut lock(&self.shared.journal).counters;
        counters.max_simultaneous_refreshes_of_one_family =
            counters.max_simultaneous_refreshes_of_one_family.max(now);
    }
}

impl Drop for Serving {
    fn drop(&mut self) {
        let mut traffic = lock(&self.shared.traffic);
        traffic.token_requests = traffic.token_requests.saturating_sub(1);
        if let Some(family) = self.family {
            let now = traffic.refreshes.entry(family).or_default();
            *now = now.saturating_sub(1);
        }
    }
}
