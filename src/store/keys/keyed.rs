//! The store and its key: which key the store names, whether it is the loaded one, and how another process's
//! change of the key is handled.
//!
//! A hit never checks whether its key is the one that the store names: a cell that opens proves it. This module
//! is for sealing, and for a cell that does not open.

use std::cell::OnceCell;

use rusqlite::Transaction;

use super::{Key, KeySource, Loaded};
use crate::store::error::{Error, Result};
use crate::store::sqlite::rows;
use crate::store::{Meta, Store, keys};
use crate::sys::failpoint;

/// How often store and key are read again while another process changes them.
pub(crate) const LOOKS: u32 = 8;

/// The state of the key of a store's source.
#[derive(Debug)]
pub(crate) enum KeyState {
    /// The right key.
    Valid,
    /// Missing.
    Missing(Error),
    /// Another key.
    Wrong(Error),
    /// It cannot be read, or is not a key.
    Unreadable(Error),
}

/// The result of checking a store's key.
#[derive(Debug)]
pub(crate) struct KeyLook {
    /// Its source.
    pub source: KeySource,
    /// The id of the key that the store is sealed with.
    pub named: Vec<u8>,
    /// The state of the source's key.
    pub state: KeyState,
}

impl Store {
    /// The key for opening cells, read when the first cell needs it. A cell that opens proves that it is the
    /// right one.
    pub(crate) fn key(&self) -> Result<&Key> {
        self.loaded_key().map(|loaded| &loaded.key)
    }

    fn loaded_key(&self) -> Result<&Loaded> {
        if self.key.get().is_none() {
            let meta = self.meta()?;
            let loaded = keys::load(meta.key_source, &self.paths, &self.keys)?;
            return Ok(self.key.get_or_init(|| loaded));
        }
        self.key.get().ok_or(Error::Internal)
    }

    /// The key for sealing, checked to be the one that the store names: nothing is ever sealed with another.
    pub(crate) fn sealing_key(&self) -> Result<&Key> {
        let (meta, key) = (self.meta()?, self.key()?);
        if meta.key_id == key.id() { Ok(key) } else { Err(self.wrong_key(meta)) }
    }

    /// Proves, before any request, that tokens can be sealed and read again. Returns a warning about the
    /// permissions of the key's file.
    pub(crate) fn prove_key(&self) -> Result<Option<&str>> {
        if self.sealing_key().is_ok() {
            return Ok(self.loaded_key()?.warning.as_deref());
        }
        self.agreed().map(|_| None)
    }

    /// Proves that the store can be written, before a value that can be used only once is sent.
    pub(crate) fn prove_writable(&mut self) -> Result<()> {
        self.write(|transaction| {
            // A write that changes nothing.
            transaction.execute("UPDATE meta SET used_profile = used_profile", [])?;
            failpoint::write("login-begin").map_err(|error| Error::unwritable(&error))
        })
    }

    /// Whether the key can be guessed: an earlier version accepted such keys.
    pub(crate) fn key_is_guessable(&self) -> bool {
        self.key().is_ok_and(|key| key.guessable().is_some())
    }

    /// Loads the key before a lock is taken, if a key command must run: it may prompt, and no other process
    /// should wait for that.
    pub(crate) fn preload_key(&self) -> Result<()> {
        if self.meta()?.key_source == KeySource::Command { self.key().map(|_| ()) } else { Ok(()) }
    }

    fn wrong_key(&self, meta: &Meta) -> Error {
        keys::wrong(meta.key_source, &self.paths, &self.keys).into()
    }

    /// The current store and key, if they match. Another process may change both between the two reads.
    pub(crate) fn agreed(&self) -> Result<(Meta, Loaded)> {
        let mut meta = rows::read_meta(self.connection()?)?;
        let mut before = None;
        for _ in 0..LOOKS {
            let loaded = self.load_again(&meta)?;
            let now = rows::read_meta(self.connection()?)?;
            if now.key_id == loaded.key.id() && now.key_source == meta.key_source {
                return Ok((now, loaded));
            }
            // The key file may have been replaced between reading it and the one beside it: a result that is
            // read twice counts.
            let seen = Some(loaded.key.id());
            if now == meta && seen == before {
                break;
            }
            (meta, before) = (now, seen);
        }
        Err(self.wrong_key(&meta))
    }

    fn load_again(&self, meta: &Meta) -> Result<Loaded> {
        let is_same = || self.meta.get().is_some_and(|seen| seen.key_source == meta.key_source);
        match self.key.get() {
            Some(had) if !meta.key_source.can_be_read_again(&self.keys) && is_same() => {
                Ok(Loaded::from(had.key.copied()))
            }
            _ => keys::load_for(&meta.key_id, meta.key_source, &self.paths, &self.keys),
        }
    }

    /// Drops the loaded metadata and key if the store now names another key. Call it right after taking a
    /// record's lock, under which neither changes.
    pub(crate) fn reload_key_if_changed(&mut self) -> Result<()> {
        let Some(seen) = self.meta.get() else { return Ok(()) };
        let now = rows::read_meta(self.connection()?)?;
        if seen.key_id != now.key_id || seen.key_source != now.key_source {
            self.forget_key();
        }
        Ok(())
    }

    pub(crate) fn forget_key(&mut self) {
        self.meta = OnceCell::new();
        self.key = OnceCell::new();
    }

    /// Ensures that the loaded key is the one that the store names now.
    pub(crate) fn ensure_current_key(&mut self) -> Result<()> {
        if self.sealing_key().is_ok() {
            return Ok(());
        }
        let (meta, loaded) = self.agreed()?;
        self.meta = OnceCell::from(meta);
        self.key = OnceCell::from(loaded);
        Ok(())
    }

    /// The state of the key, for messages.
    pub(crate) fn look_into_key(&self) -> Result<KeyLook> {
        let Meta { key_source: source, key_id: named, .. } = self.meta()?.clone();
        // Kept for the comparison: a pipe can be read only once.
        let keep = |loaded| drop(self.key.set(loaded));
        let found = keys::find(source, &self.paths, &self.keys).map(|found| found.map(keep));
        let state = match (self.agreed(), found) {
            (Ok(_), _) => KeyState::Valid,
            (Err(error), Ok(None)) => KeyState::Missing(error),
            (Err(error), Ok(Some(()))) => KeyState::Wrong(error),
            (Err(_), Err(error)) => KeyState::Unreadable(error),
        };
        Ok(KeyLook { source, named, state })
    }

    /// Runs `work`, which seals and writes, and again if the store's key has changed meanwhile: then `work`
    /// returns `None`.
    pub(crate) fn with_current_key<T>(
        &mut self,
        mut work: impl FnMut(&mut Self) -> Result<Option<T>>,
    ) -> Result<T> {
        for _ in 0..LOOKS {
            self.ensure_current_key()?;
            if let Some(done) = work(self)? {
                return Ok(done);
            }
        }
        Err(Error::Changed)
    }

    /// [`Store::write`] for cells that were sealed with the loaded key. `None`: nothing was written, because
    /// the store now has another key and these cells would be lost.
    pub(crate) fn write_sealed<T>(
        &mut self,
        work: impl FnOnce(&Transaction<'_>) -> Result<T>,
    ) -> Result<Option<T>> {
        let id = self.sealing_key()?.id();
        failpoint::write("sealed-begin").map_err(|error| Error::unwritable(&error))?;
        let written = self.write(|transaction| {
            if key_id_of(transaction)? == id { work(transaction).map(Some) } else { Ok(None) }
        })?;
        if written.is_none() {
            self.forget_key();
        } else if self.key.get().is_some_and(|loaded| loaded.is_next) {
            keys::promote_if_free(&self.paths, &id);
        }
        Ok(written)
    }
}

fn key_id_of(transaction: &Transaction<'_>) -> Result<Vec<u8>> {
    transaction.query_row("SELECT key_id FROM meta", [], |row| row.get(0)).map_err(Error::from)
}
