//! A new client secret for an application: tried with a refresh, and stored together with its tokens.

use super::{Refresher, failure};
use crate::error::Result;
use crate::model::record::{Application, Attempt, OutcomeKind, Record};
use crate::model::secret::Secret;
use crate::store::{Store, lock};

/// A client secret that is not stored yet.
#[derive(Clone, Copy)]
pub(super) struct NewSecret<'a> {
    /// The secret.
    pub(super) secret: &'a Secret,
    /// The last attempt with the stored secret, which a refusal of the new one does not change.
    pub(super) before: &'a Attempt,
}

impl Refresher<'_> {
    /// Replaces the client secret of `chosen`'s application in every profile of its App ID and origin, once
    /// Concur has accepted it in a refresh. Otherwise the stored one stays. No process refreshes any of these
    /// profiles meanwhile: a refusal of the old secret would be recorded after the new one is stored. Returns
    /// the changed profiles.
    pub(crate) fn replace_client_secret(
        &mut self,
        store: &mut Store,
        chosen: &Record,
        secret: &Secret,
    ) -> Result<Vec<String>> {
        store.preload_key()?;
        let application = chosen.application.as_ref();
        let mut records = store.accounts()?;
        records.retain(|record| is_same(record.application.as_ref(), application));
        // In the order of their ids, as in every process that takes more than one: no deadlock.
        records.sort_by_key(|record| record.id);
        lock::expect_many();
        let mut locks = Vec::with_capacity(records.len());
        for record in records {
            locks.extend(self.locked(store, &record)?);
        }
        let mut found = Vec::with_capacity(locks.len());
        for lock in &locks {
            let record = store.reread(lock.record_id())?;
            let mine = |record: &Record| is_same(record.application.as_ref(), application);
            found.extend(record.filter(mine).map(|record| (lock, record)));
        }
        let names = found.iter().filter_map(|(_, record)| record.profile_name());
        let mut names: Vec<String> = names.map(str::to_owned).collect();
        names.sort_unstable();
        // The chosen profile first. One with an invalid refresh token proves nothing.
        found.sort_by_key(|(_, record)| record.id != chosen.id);
        let now = (self.clock)();
        found.retain(|(_, record)| {
            record.can_renew(now) && record.attempt.outcome != Some(OutcomeKind::Condemned)
        });
        let mut refused = failure::secret_not_tried(chosen);
        for (lock, record) in found {
            let tried = self.attempt(store, lock, &record, Some(secret));
            let after = store.reread(record.id)?;
            if after.as_ref().is_some_and(|after| after.generation != record.generation) {
                // Another principal's tokens, for example, are committed nevertheless, together with the
                // secret.
                if let Err(error) = tried {
                    self.warn(error.problem());
                }
                return Ok(names);
            }
            let error = tried.err().unwrap_or_else(|| failure::secret_not_written(&record));
            let condemned = Some(OutcomeKind::Condemned);
            if after.is_none_or(|after| after.attempt.outcome != condemned) {
                return Err(error);
            }
            refused = error;
        }
        Err(refused)
    }
}

fn is_same(one: Option<&Application>, other: Option<&Application>) -> bool {
    let names =
        |application: &Application| (application.client_id.clone(), application.origin.clone());
    one.map(names) == other.map(names) && one.is_some()
}
