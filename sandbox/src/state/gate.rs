//! A hold on one request, so that a test decides when it goes on and need not sleep.

use std::sync::{Arc, Condvar, Mutex};
use std::time::Duration;

use tokio::sync::Notify;

use crate::state::mutex::lock;

/// A test's end of a hold. The next request of its kind is received, counted and logged, then waits here until
/// [`Gate::release`] or until the gate is dropped.
#[must_use = "a dropped gate holds nothing"]
pub struct Gate(Arc<Hold>);

/// What the test's end and the server's end share.
#[derive(Default)]
pub(crate) struct Hold {
    reached: Mutex<bool>,
    reached_changed: Condvar,
    released: Notify,
}

impl Gate {
    /// True as soon as the request has arrived and waits; false if it has not within `timeout`.
    pub fn wait_until_reached(&self, timeout: Duration) -> bool {
        let reached = lock(&self.0.reached);
        let waited =
            self.0.reached_changed.wait_timeout_while(reached, timeout, |reached| !*reached);
        let (reached, _) = waited.unwrap_or_else(std::sync::PoisonError::into_inner);
        *reached
    }

    /// Lets the request go on, now or when it comes.
    pub fn release(&self) {
        // One permit is stored when nothing waits yet, and there is one waiter at most.
        self.0.released.notify_one();
    }
}

impl Drop for Gate {
    fn drop(&mut self) {
        self.release();
    }
}

impl Hold {
    pub(crate) fn new_pair() -> (Gate, Arc<Self>) {
        let hold = Arc::new(Self::default());
        (Gate(Arc::clone(&hold)), hold)
    }

    /// The server's end: says that the request is here, and waits.
    pub(crate) async fn pass(&self) {
        *lock(&self.reached) = true;
        self.reached_changed.notify_all();
        self.released.notified().await;
    }
}
