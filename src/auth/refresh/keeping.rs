//! Keeping refresh tokens alive: each use begins their six months anew.

use super::{Refresher, Trigger, failure};
use crate::error::Result;
use crate::model::policy::{self, Decision};
use crate::model::record::Record;
use crate::store::Store;

/// What was done for a refresh token.
#[derive(Debug)]
pub(crate) enum Kept {
    /// It was used, by this process or at the same moment by another.
    Refreshed(Box<Record>),
    /// It was used lately.
    Fresh(Box<Record>),
    /// There is none, and none is needed.
    Nothing(Box<Record>),
}

impl Refresher<'_> {
    /// Uses a managed account's refresh token if that was not done for `after` seconds; never two at
    /// once, and never one that Concur has condemned. What an earlier caller could not commit is taken
    /// in first.
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
                refused @ Decision::NeedsLogin(_) => Err(failure::refusal(&record, refused, now)),
                _ => Ok(Kept::Nothing(Box::new(record))),
            };
        }
        match policy::keep_alive(&record, now, after) {
            Decision::Fresh | Decision::Soft => Ok(Kept::Fresh(Box::new(record))),
            Decision::Stale(_) => {
                let renewed = self.renew(store, &record, Trigger::KeepAlive { after })?.record;
                let is_news = renewed.generation != record.generation
                    || renewed.attempt.number != record.attempt.number;
                let renewed = Box::new(renewed);
                Ok(if is_news { Kept::Refreshed(renewed) } else { Kept::Fresh(renewed) })
            }
            refused => Err(failure::refusal(&record, refused, now)),
        }
    }
}
