//! Seals the store with another key, and records another key source: in one transaction, under the key's lock
//! and the locks of all managed accounts.

use std::cell::OnceCell;
use std::collections::BTreeSet;

use rusqlite::{Connection, Transaction};

use super::seal;
use super::{Key, KeySource, Loaded};
use crate::model::record::{Application, Record, RecordId, SealedCell};
use crate::store::error::{Error, Result};
use crate::store::lock::{KeyLock, RecordLock};
use crate::store::sqlite::columns::{
    read_application, read_record, select_applications, select_records,
};
use crate::store::sqlite::inspect::{CELLS, owner};
use crate::store::sqlite::rows;
use crate::store::{Store, keys};
use crate::sys::failpoint;

/// The result for the store's cells.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Resealed {
    /// How many cells are sealed with the new key.
    pub cells: usize,
    /// Those that did not open before and are left as they are: whose, and which.
    pub left: Vec<String>,
}

/// A key to seal a store with.
#[derive(Debug)]
pub(crate) struct NewKey {
    /// Its source from then on.
    pub source: KeySource,
    /// The key.
    pub key: Key,
}

impl Store {
    /// Records another source for the same key.
    pub(crate) fn set_key_source(&mut self, _lock: &KeyLock, source: KeySource) -> Result<()> {
        self.write(|transaction| {
            transaction
                .execute("UPDATE meta SET key_source = ?1", [source.name()])
                .map(|_| ())
                .map_err(Error::from)
        })?;
        self.forget_key();
        self.remove_cache();
        Ok(())
    }

    /// Finishes a rotation that was interrupted after its commit.
    pub(crate) fn finish_rotation(&mut self, lock: &KeyLock) -> Result<bool> {
        let meta = rows::read_meta(self.connection()?)?;
        if meta.key_source != KeySource::File {
            return Ok(false);
        }
        let done = keys::promote(&self.paths, &meta.key_id, lock)?;
        if done {
            self.forget_key();
        }
        Ok(done)
    }

    /// Whether the next key is the one that the store names.
    pub(crate) fn next_key_is_its(&self) -> Result<bool> {
        let named = rows::read_meta(self.connection()?)?.key_id;
        Ok(keys::next(&self.paths)?.is_some_and(|key| key.id() == named.as_slice()))
    }

    /// Creates the next key; nothing is sealed with it yet.
    pub(crate) fn make_next_key(&self, lock: &KeyLock) -> Result<NewKey> {
        let key = keys::make_next(&self.paths, lock)?;
        failpoint::pass("next-written");
        Ok(NewKey { source: KeySource::File, key })
    }

    /// Replaces the key file by the key that the store is now sealed with, from memory if its file is missing:
    /// without this key the store could not be read.
    pub(crate) fn put_in_place(&mut self, new: &NewKey, lock: &KeyLock) -> Result<()> {
        let waits = keys::next(&self.paths).ok().flatten();
        if waits.is_none_or(|waits| waits.id() != new.key.id()) {
            keys::write_next(&self.paths, &new.key, lock)?;
        }
        self.finish_rotation(lock).map(|_| ())
    }

    /// Removes the key of [`Store::make_next_key`], if the store certainly does not name it.
    pub(crate) fn discard_next_key(&self, new: &NewKey, lock: &KeyLock) {
        let named = self.connection().and_then(rows::read_meta);
        if named.is_ok_and(|meta| meta.key_id != new.key.id()) {
            keys::discard_next(&self.paths, lock);
        }
    }

    /// Seals every cell that opens with `old` with the new key, which must be durable. `Err` of ids: accounts
    /// that were created meanwhile, whose locks are also needed; nothing was changed then.
    pub(crate) fn reseal(
        &mut self,
        _lock: &KeyLock,
        locks: &[RecordLock],
        old: &Key,
        new: &NewKey,
    ) -> Result<Result<Resealed, Vec<RecordId>>> {
        let locked: BTreeSet<RecordId> = locks.iter().map(RecordLock::record_id).collect();
        let done = self.write(|transaction| {
            let managed = ids(transaction, "SELECT id FROM record WHERE profile IS NOT NULL")?;
            let unlocked: Vec<RecordId> =
                managed.into_iter().filter(|id| !locked.contains(id)).collect();
            if !unlocked.is_empty() {
                return Ok(Err(unlocked));
            }
            let store_id = rows::read_meta(transaction)?.store_id;
            let mut turn = Turn { store_id, old, new: &new.key, done: Resealed::default() };
            turn.applications(transaction)?;
            turn.records(transaction)?;
            transaction.execute(
                "UPDATE meta SET key_source = ?1, key_id = ?2",
                (new.source.name(), new.key.id()),
            )?;
            failpoint::pass("cells-resealed");
            failpoint::write("rotation-commit").map_err(|error| Error::unwritable(&error))?;
            Ok(Ok(turn.done))
        })?;
        if done.is_ok() {
            failpoint::pass("rotation-committed");
            self.forget_key();
        }
        Ok(done)
    }

    /// Rewrites the file without its free space, which may contain old cells. A failure does no harm.
    pub(crate) fn drop_old_cells(&self) {
        if let Ok(connection) = self.connection() {
            let _ = connection.execute_batch("PRAGMA temp_store = MEMORY; VACUUM");
        }
    }

    /// The key that the store is sealed with, from its recorded source.
    pub(crate) fn present_key(&mut self) -> Result<Key> {
        self.ensure_current_key()?;
        self.key().map(Key::copied)
    }

    /// Accepts a key as the store's that its source does not have any more.
    pub(crate) fn use_key(&mut self, key: &Key) {
        self.key = OnceCell::from(Loaded::from(key.copied()));
    }

    /// Whether this is the key that the store names.
    pub(crate) fn is_sealed_with(&self, key: &Key) -> Result<bool> {
        Ok(rows::read_meta(self.connection()?)?.key_id == key.id())
    }

    /// The key that the store's source has now.
    pub(crate) fn key_of_source(&self) -> Result<NewKey> {
        let source = rows::read_meta(self.connection()?)?.key_source;
        let key = keys::load(source, &self.paths, &self.keys)?.key;
        keys::refuse_guessable(&key, source, &self.paths, &self.keys)?;
        Ok(NewKey { source, key })
    }

    /// The key of another source; the default key file is created if missing.
    pub(crate) fn key_from(&self, source: KeySource) -> Result<NewKey> {
        let key = keys::load_or_create(source, &self.paths, &self.keys)?.key;
        Ok(NewKey { source, key })
    }
}

/// One rotation of all cells.
struct Turn<'a> {
    store_id: Vec<u8>,
    old: &'a Key,
    new: &'a Key,
    done: Resealed,
}

impl Turn<'_> {
    /// The cell sealed with the new key; `None` if it did not open with the old one.
    fn cell(&mut self, place: &seal::Place, cell: &SealedCell) -> Result<Option<SealedCell>> {
        let Ok(secret) = seal::unseal(self.old, place, cell) else { return Ok(None) };
        self.done.cells += 1;
        seal::seal(self.new, place, &secret).map(Some)
    }

    fn applications(&mut self, transaction: &Transaction<'_>) -> Result<()> {
        for id in ids(transaction, "SELECT id FROM application")? {
            let read = transaction.query_row(
                &select_applications("WHERE id = ?1"),
                [id.0],
                read_application,
            );
            let Ok(application) = read else {
                self.done.left.push("an unreadable application".to_owned());
                continue;
            };
            let Application { name, client_secret, .. } = &application;
            let place = seal::Place::of_stored_client_secret(&self.store_id, &application);
            match self.cell(&place, client_secret)? {
                Some(cell) => transaction
                    .execute(
                        "UPDATE application SET client_secret = ?2 WHERE id = ?1",
                        (id.0, &cell.0),
                    )
                    .map(|_| ())?,
                None => self.done.left.push(format!("application {name}: client_secret")),
            }
        }
        Ok(())
    }

    fn records(&mut self, transaction: &Transaction<'_>) -> Result<()> {
        let sql = select_records("r.id = ?1", "");
        for id in ids(transaction, "SELECT id FROM record")? {
            match transaction.query_row(&sql, [id.0], read_record) {
                Ok(record) => self.record(transaction, &record)?,
                Err(_) => self.done.left.push("an unreadable row".to_owned()),
            }
        }
        Ok(())
    }

    fn record(&mut self, transaction: &Transaction<'_>, record: &Record) -> Result<()> {
        let mut places = Vec::with_capacity(CELLS.len() + 1);
        if let (Some(identity), Some(links)) = (&record.identity, record.links()) {
            let place = seal::Place::of_identity(&self.store_id, links);
            places.push(("identity", place, identity));
        }
        for column in CELLS {
            let Some(cell) = record.cell(column) else { continue };
            let place = seal::Place::of_cell(&self.store_id, record.binding(), column);
            places.push((column.name(), place, cell));
        }
        for (name, place, cell) in places {
            match self.cell(&place, cell)? {
                Some(cell) => transaction
                    .execute(
                        &format!("UPDATE record SET {name} = ?2 WHERE id = ?1"),
                        (record.id.0, &cell.0),
                    )
                    .map(|_| ())?,
                None => self.done.left.push(format!("{}: {name}", owner(record))),
            }
        }
        Ok(())
    }
}

pub(crate) fn ids(connection: &Connection, sql: &str) -> Result<Vec<RecordId>> {
    connection
        .prepare(sql)
        .and_then(|mut statement| {
            statement.query_map([], |row| row.get(0).map(RecordId))?.collect()
        })
        .map_err(Error::from)
}
