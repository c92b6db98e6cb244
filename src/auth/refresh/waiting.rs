//! Waits for a record's lock, and finds what another process obtained meanwhile.

use std::convert::Infallible;
use std::time::Duration;

use super::{Refresher, failure, reread};
use crate::error::Result;
use crate::model::record::Record;
use crate::store::Store;
use crate::store::lock::{self, RecordLock, Waited};
use crate::sys::progress;

/// After this time a waiter names the lock holder.
const SAY_WHO_HOLDS_AFTER: Duration = Duration::from_secs(2);

impl Refresher<'_> {
    /// The lock of a record, after waiting for it as every other caller does.
    pub(crate) fn lock(&mut self, store: &Store, record: &Record) -> Result<RecordLock> {
        match self.lock_unless(store, record, |_, _| Ok(None::<Infallible>))? {
            Waited::Locked(lock) => {
                progress::wipe();
                Ok(lock)
            }
            Waited::Found(never) => match never {},
        }
    }

    /// The lock of a record, or the record with tokens that another process obtained meanwhile.
    pub(super) fn lock_or_news(&mut self, store: &Store, seen: &Record) -> Result<Waited<Record>> {
        let mut said = false;
        self.lock_unless(store, seen, |this, waited| {
            let news = this.look_again(store, seen)?;
            let is_time = waited >= SAY_WHO_HOLDS_AFTER && waited < this.config.lock_timeout;
            if news.is_none() && is_time && !said {
                said = true;
                let holder = lock::holder(store.paths(), seen.id);
                (this.note)(&format!("waiting for {holder}, which is refreshing"));
            }
            Ok(news)
        })
    }

    /// Waits up to `lock_timeout`. The caller erases the progress line, because it may have to commit something
    /// first.
    fn lock_unless<T>(
        &mut self,
        store: &Store,
        record: &Record,
        mut meanwhile: impl FnMut(&mut Self, Duration) -> Result<Option<T>>,
    ) -> Result<Waited<T>> {
        let timeout = self.config.lock_timeout;
        let mut shown = None;
        let look = |waited| {
            shown.get_or_insert_with(|| progress::waiting("waiting for another concur-cred"));
            meanwhile(self, waited)
        };
        let late = |holder: &str, waited| failure::lock_timeout(record, holder, waited);
        let waited = RecordLock::take_unless(store.paths(), record.id, timeout, look, late);
        if let (Ok(Waited::Locked(_)), Some(shown)) = (&waited, shown) {
            shown.leave();
        }
        waited
    }

    /// The record, if another process has obtained tokens since it was `seen`; or that process's failure.
    fn look_again(&self, store: &Store, seen: &Record) -> Result<Option<Record>> {
        let Some((generation, attempt, ended)) = store.progress(seen.id)? else {
            return Err(failure::gone(seen.profile_name()));
        };
        if generation == seen.generation && !(ended && is_news(seen, attempt)) {
            return Ok(None);
        }
        let record = reread(store, seen)?;
        Ok(is_obtained_since(seen, &record, (self.clock)())?.then_some(record))
    }
}

/// Whether the tokens of `record` were obtained after `seen` was read: then they are returned whatever their
/// remaining lifetime. An attempt that failed since then is the caller's failure, too.
pub(super) fn is_obtained_since(seen: &Record, record: &Record, now: i64) -> Result<bool> {
    if record.generation != seen.generation {
        return Ok(record.access_expires_at.is_some_and(|at| at > now));
    }
    let attempt = &record.attempt;
    if attempt.ended_at.is_some() && is_news(seen, attempt.number) {
        return Err(failure::of_attempt(record, now));
    }
    Ok(false)
}

/// Whether attempt `number`, now ended, is one that began or ended after `seen` was read.
fn is_news(seen: &Record, number: i64) -> bool {
    let running = seen.attempt.started_at.is_some() && seen.attempt.ended_at.is_none();
    number > seen.attempt.number || (number == seen.attempt.number && running)
}
