//! The locks that a rotation of the store's key needs: no process refreshes meanwhile, and no pending grant
//! stays sealed with the old key.

use super::Refresher;
use crate::error::Result;
use crate::model::record::{Record, RecordId};
use crate::store::Store;
use crate::store::keys::Key;
use crate::store::keys::rotation::{NewKey, Resealed};
use crate::store::lock::{self, KeyLock, RecordLock};

impl Refresher<'_> {
    /// Takes the locks of all managed accounts, waiting for each as every caller does, and commits pending
    /// grants.
    pub(crate) fn every_lock(&mut self, store: &mut Store) -> Result<Vec<RecordLock>> {
        let mut records = store.accounts()?;
        records.sort_by_key(|record| record.id);
        lock::expect_many();
        let mut locks = Vec::with_capacity(records.len());
        for record in records {
            locks.extend(self.locked(store, &record)?);
        }
        Ok(locks)
    }

    /// `None`: another process has removed it.
    pub(super) fn locked(
        &mut self,
        store: &mut Store,
        record: &Record,
    ) -> Result<Option<RecordLock>> {
        let lock = self.lock(store, record)?;
        match self.settled_if_there(store, &lock, record) {
            Ok(settled) => Ok(settled.map(|_| lock)),
            // An edited record: neither it nor its pending grant is changed.
            Err(_) if store.prove_identity(record).is_err() => Ok(Some(lock)),
            Err(error) => Err(error),
        }
    }

    /// Seals the store with the new key, under `locks` and those of the accounts that are created meanwhile.
    pub(crate) fn reseal(
        &mut self,
        store: &mut Store,
        lock: &KeyLock,
        mut locks: Vec<RecordLock>,
        old: &Key,
        new: &NewKey,
    ) -> Result<Resealed> {
        loop {
            match store.reseal(lock, &locks, old, new)? {
                Ok(resealed) => return Ok(resealed),
                Err(ids) => self.lock_more(store, &ids, &mut locks)?,
            }
        }
    }

    fn lock_more(
        &mut self,
        store: &mut Store,
        ids: &[RecordId],
        locks: &mut Vec<RecordLock>,
    ) -> Result<()> {
        for id in ids {
            if let Some(record) = store.reread(*id)? {
                locks.extend(self.locked(store, &record)?);
            }
        }
        Ok(())
    }
}
