//! Attempts to renew a managed account: their beginning and end. Every function demands the record's lock.

use rusqlite::{OptionalExtension, Transaction};

use super::inspect::CELLS;
use super::managed::{settle_at, take_plain};
use super::{identity, put};
use crate::model::grant::Grant;
use crate::model::record::{Attempt, Column, Record, RecordId};
use crate::model::secret::Secret;
use crate::store::Store;
use crate::store::error::{Error, Result};
use crate::store::keys::client_secret;
use crate::store::lock::RecordLock;
use crate::sys::failpoint;

impl Store {
    /// Records that an attempt begins, before anything is sent. Returns the record with it.
    pub(crate) fn begin_attempt(
        &mut self,
        lock: &RecordLock,
        record: &Record,
        now: i64,
    ) -> Result<Record> {
        let mut begun = same(lock, record).clone();
        begun.attempt = Attempt {
            number: record.attempt.number.wrapping_add(1),
            started_at: Some(now),
            failures: record.attempt.failures,
            ..Attempt::default()
        };
        self.write(|transaction| {
            put::attempt(transaction, &begun)?;
            failpoint::write("attempt-begin").map_err(|error| Error::unwritable(&error))
        })?;
        Ok(begun)
    }

    /// Records how an attempt ended when nothing was granted.
    pub(crate) fn end_attempt(
        &mut self,
        lock: &RecordLock,
        record: &Record,
        ended: Attempt,
    ) -> Result<()> {
        let mut record = same(lock, record).clone();
        record.attempt = ended;
        self.write(|transaction| {
            put::attempt(transaction, &record)?;
            failpoint::write("attempt-end").map_err(|error| Error::unwritable(&error))
        })
    }

    /// Stores a grant in one transaction, every cell sealed for the new base URL; with the client secret that
    /// obtained it, if that is new. Returns the updated record.
    pub(crate) fn commit_grant(
        &mut self,
        lock: &RecordLock,
        record: &Record,
        (grant, client_secret): (&Grant, Option<&Secret>),
        now: i64,
    ) -> Result<Record> {
        let old = same(lock, record);
        let renewed =
            self.with_current_key(|store| store.try_commit_grant(old, grant, client_secret, now))?;
        // Imitates a folder that cannot be synced: the commit is visible, but may not be durable.
        failpoint::write("grant-sync").map_err(|error| Error::unwritable(&error))?;
        Ok(renewed)
    }

    fn try_commit_grant(
        &mut self,
        old: &Record,
        grant: &Grant,
        client_secret: Option<&Secret>,
        now: i64,
    ) -> Result<Option<Record>> {
        let store_id = self.meta()?.store_id.clone();
        let mut renewed = old.clone();
        if let Some(origin) = &grant.geolocation {
            settle_at(&mut renewed, origin);
        }
        identity::learn_principal(&mut renewed, grant);
        take_plain(&mut renewed, grant);
        if !old.has_live_request_token(now) {
            renewed.request_token = None;
            renewed.request_token_expires_at = None;
        }
        self.put_cell(&mut renewed, &store_id, Column::AccessToken, grant.access_token.as_ref())?;
        let fresh = [
            (Column::RefreshToken, grant.refresh_token.as_ref()),
            (Column::IdToken, grant.id_token.as_ref()),
            (Column::RequestToken, None),
            (Column::UnknownFields, None),
        ];
        for (column, secret) in fresh {
            if secret.is_some() {
                self.put_cell(&mut renewed, &store_id, column, secret)?;
            } else {
                self.keep_cell(old, &mut renewed, &store_id, column)?;
            }
        }
        renewed.obtained_at = now;
        renewed.refreshed_at = Some(now);
        renewed.updated_at = now;
        // Only an edited row has the largest number; the next one only has to differ.
        renewed.generation = old.generation.wrapping_add(1);
        let bound = self.bound(renewed)?;
        let applications = self.with_client_secret(old, client_secret)?;
        let written = self.write_sealed(|transaction| {
            failpoint::pass("grant-sealed");
            let here = generation_of(transaction, old.id)?;
            if here != Some(old.generation) {
                return Err(Error::Changed);
            }
            put::record(transaction, &bound)?;
            client_secret::put(transaction, &applications)?;
            failpoint::write("grant-commit").map_err(|error| Error::unwritable(&error))
        })?;
        Ok(written.map(|()| bound.into_record()))
    }

    /// Removes only the access token, so that the next `get` refreshes.
    pub(crate) fn drop_access_token(
        &mut self,
        lock: &RecordLock,
        record: &Record,
        now: i64,
    ) -> Result<()> {
        let old = same(lock, record);
        self.with_current_key(|store| {
            let store_id = store.meta()?.store_id.clone();
            let mut dropped = old.clone();
            dropped.access_token = None;
            dropped.access_expires_at = None;
            dropped.updated_at = now;
            dropped.generation = dropped.generation.wrapping_add(1);
            for column in CELLS {
                store.keep_cell(old, &mut dropped, &store_id, column)?;
            }
            let dropped = store.bound(dropped)?;
            store.write_sealed(|transaction| put::record(transaction, &dropped))
        })?;
        self.remove_cache();
        Ok(())
    }

    /// Keeps a cell of `old`, sealed for the record's current base URL and identity.
    fn keep_cell(
        &self,
        old: &Record,
        renewed: &mut Record,
        store_id: &[u8],
        column: Column,
    ) -> Result<()> {
        let (moved, key) = (renewed.geolocation != old.geolocation, renewed.key != old.key);
        if renewed.cell(column).is_none() || !(moved || key || old.identity.is_none()) {
            return Ok(());
        }
        // A cell that did not open before is left as it is: it will not open in either place.
        match self.open_stored(old, column) {
            Ok(kept) => self.put_cell(renewed, store_id, column, kept.as_ref()),
            Err(_) => Ok(()),
        }
    }
}

/// The record, after checking that the lock is its own.
fn same<'r>(lock: &RecordLock, record: &'r Record) -> &'r Record {
    assert_eq!(lock.record_id(), record.id, "a lock serves its own record only");
    record
}

fn generation_of(transaction: &Transaction<'_>, id: RecordId) -> Result<Option<i64>> {
    transaction
        .query_row("SELECT generation FROM record WHERE id = ?1", [id.0], |row| row.get(0))
        .optional()
        .map_err(Error::from)
}
