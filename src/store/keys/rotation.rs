//! The store sealed anew with another key, and another source recorded for its key: one transaction,
//! under the key's lock and every managed account's.

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

/// What became of the store's cells.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Resealed {
    /// How many cells are sealed with the new key.
    pub cells: usize,
    /// Those that did not open before, and are left as they are: whose, and which.
    pub left: Vec<String>,
}

/// A key that a store is about to be sealed with.
#[derive(Debug)]
pub(crate) struct NewKey {
    /// Where it is to be had from then on.
    pub source: KeySource,
    /// The key.
    pub key: Key,
}

impl Store {
    /// Records another source of the very key that the store is sealed with.
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

    /// Finishes what a rotation that was ended after its commit left undone.
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

    /// Whether the key that waits beside the key file is the one that the store names.
    pub(crate) fn next_key_is_its(&self) -> Result<bool> {
        let named = rows::read_meta(self.connection()?)?.key_id;
        Ok(keys::next(&self.paths)?.is_some_and(|key| key.id() == named.as_slice()))
    }

    /// A new key beside the key file; nothing is sealed with it yet.
    pub(crate) fn make_next_key(&self, lock: &KeyLock) -> Result<NewKey> {
        let key = keys::make_next(&self.paths, lock)?;
        failpoint::pass("next-written");
        Ok(NewKey { source: KeySource::File, key })
    }

    /// Puts a key that the store is sealed with in the key file's place, from memory if it is not where it was
    /// written: by now there is no other way to anything.
    pub(crate) fn put_in_place(&mut self, new: &NewKey, lock: &KeyLock) -> Result<()> {
        let waits = keys::next(&self.paths).ok().flatten();
        if waits.is_none_or(|waits| waits.id() != new.key.id()) {
            keys::write_next(&self.paths, &new.key, lock)?;
        }
        self.finish_rotation(lock).map(|_| ())
    }

    /// Takes back a key that [`Store::make_next_key`] made, when the store is sure not to name it.
    pub(crate) fn discard_next_key(&self, new: &NewKey, lock: &KeyLock) {
        let named = self.connection().and_then(rows::read_meta);
        if named.is_ok_and(|meta| meta.key_id != new.key.id()) {
            keys::discard_next(&self.paths, lock);
        }
    }

    /// Seals every cell that opens under `old` with the new key, which must be durable. `Err` of ids:
    /// accounts that were made meanwhile, whose locks are needed as well; nothing was changed then.
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

    /// Writes the file anew without its unused room, where cells of earlier days are. It may fail
    /// without harm.
    pub(crate) fn drop_old_cells(&self) {
        if let Ok(connection) = self.connection() {
            let _ = connection.execute_batch("PRAGMA temp_store = MEMORY; VACUUM");
        }
    }

    /// The key that the store is sealed with, from the source that is recorded.
    pub(crate) fn present_key(&mut self) -> Result<Key> {
        self.ensure_current_key()?;
        self.key().map(Key::copied)
    }

    /// Takes a key for the store's that its source does not give any more.
    pub(crate) fn use_key(&mut self, key: &Key) {
        self.key = OnceCell::from(Loaded::from(key.copied()));
    }

    /// Whether this is the key that the store names.
    pub(crate) fn is_sealed_with(&self, key: &Key) -> Result<bool> {
        Ok(rows::read_meta(self.connection()?)?.key_id == key.id())
    }

    /// The key that the store's own source gives by now.
    pub(crate) fn key_of_source(&self) -> Result<NewKey> {
        let source = rows::read_meta(self.connection()?)?.key_source;
        let key = keys::load(source, &self.paths, &self.keys)?.key;
        keys::refuse_guessable(&key, source, &self.paths, &self.keys)?;
        Ok(NewKey { source, key })
    }

    /// The key that another source gives; the default key file is made when there is none.
    pub(crate) fn key_from(&self, source: KeySource) -> Result<NewKey> {
        let key = keys::load_or_create(source, &self.paths, &self.keys)?.key;
        Ok(NewKey { source, key })
    }
}

/// One turn of the key over all cells.
struct Turn<'a> {
    store_id: Vec<u8>,
    old: &'a Key,
    new: &'a Key,
    done: Resealed,
}

impl Turn<'_> {
    /// The cell under the new key; `None` when it did not open under the old one.
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
