//! Keeping refresh tokens valid: each use restarts their six months.

use super::{Refresher, failure};
use crate::error::Result;
use crate::model::policy::{self, Decision, Need};
use crate::model::record::Record;
use crate::store::Store;

/// What was done for a refresh token.
#[derive(Debug)]
pub(crate) enum Kept {
    /// It was refreshed, by this process or at the same moment by another.
    Refreshed(Box<Record>),
    /// It was refreshed lately.
    Fresh(Box<Record>),
    /// There is none, and none is needed (an application login).
    Nothing(Box<Record>),
}

impl Refresher<'_> {
    /// Refreshes a managed account that was not refreshed for `after` seconds; never twice at once, and never
    /// with an invalid refresh token. A pending grant is committed first.
    pub(crate) fn keep_alive(
        &mut self,
        store: &mut Store,
        record: Record,
        after: i64,
    ) -> Result<Kept> {
        store.prove_identity(&record)?;
        let record = self.settled(store, record)?;
        let now = (self.clock)();
        if record.refresh_token.is_none() {
            return match policy::decide(&record, now, self.config.min_ttl) {
                Decision::Refused(refusal) if refusal.needs_login() => {
                    Err(failure::refusal(&record, refusal, now))
                }
                _ => Ok(Kept::Nothing(Box::new(record))),
            };
        }
        let need = Need::KeepAlive { after };
        match policy::plan(&record, now, need) {
            Decision::Fresh | Decision::Soft => Ok(Kept::Fresh(Box::new(record))),
            Decision::Stale => {
                let refreshed = self.refresh(store, &record, need)?.record;
                let is_news = refreshed.generation != record.generation
                    || refreshed.attempt.number != record.attempt.number;
                let refreshed = Box::new(refreshed);
                Ok(if is_news { Kept::Refreshed(refreshed) } else { Kept::Fresh(refreshed) })
            }
            Decision::Refused(refusal) => Err(failure::refusal(&record, refusal, now)),
        }
    }
}
