//! The cache: what a hit needs of the database, in a small file beside it.
//!
//! SQLite reads and parses the whole schema whenever it opens a file, which costs more than all else in a hit
//! together (docs/performance.md). So a process that has read the managed accounts writes them to the cache,
//! sealed as in the database. It is valid while the database has the same [`Stamp`]: any commit invalidates it.
//! It is authenticated by the store's key, may be removed at any time, and is never waited for: without a valid
//! cache the database is queried.

mod format;

use std::mem;

use super::Store;
use super::hit::{Hit, Wanted};
use super::keys;
use super::keys::seal::{self, Place};
use super::stamp::Stamp;
use crate::model::record::SealedCell;
use crate::model::secret::Secret;
use crate::sys::{failpoint, files, signals, trace};

/// The most accounts: reading a larger cache would cost each hit more than it saves.
const MOST_ACCOUNTS: usize = 16;

impl Store {
    /// Lets [`Store::find`] answer from the cache, if it is valid: loads the key and authenticates the cache
    /// with it. That key is then the store's key, and the cache's metadata counts as read.
    pub(crate) fn open_cache(&self) {
        self.cached.get_or_init(|| self.valid_cache());
    }

    fn valid_cache(&self) -> Option<Hit> {
        let stamp = self.stamp?;
        // Its secrets are sealed; wiping it when it is dropped would cost a hit 3 k instructions.
        let bytes = mem::take(&mut *files::read_private(&self.paths.cache()).ok()??);
        let (tag, body) = bytes.split_at_checked(seal::EMPTY_CELL_BYTES)?;
        let (written_at, hit) = format::parse(body).ok()?;
        let source = hit.meta.key_source;
        if written_at != stamp || !source.can_be_read_again(&self.keys) {
            return None;
        }
        let loaded = keys::load(source, &self.paths, &self.keys).ok()?;
        let tag = SealedCell(tag.to_vec());
        seal::unseal(&loaded.key, &Place::of_cache(body), &tag).ok()?;
        trace::step("ticket read");
        let _ = self.key.set(loaded);
        let _ = self.meta.set(hit.meta.clone());
        Some(hit)
    }

    /// Writes a cache for the next hit, unless a valid one was opened. A failure does no harm: the next hit
    /// queries the database.
    pub(crate) fn leave_cache(&self) {
        if matches!(self.cached.get(), Some(Some(_))) {
            return;
        }
        // The same stamp before and after: nothing was committed while the accounts were read. The same file as
        // when the store was opened: it is the one that the connection reads. No statement is open, so closing
        // the file here drops no lock of SQLite.
        let Some(stamp) = self.stamp_now() else { return self.remove_cache() };
        if stamp.file != self.file {
            return;
        }
        let Ok(Some(mut hit)) = self.load_hit(Wanted::AtMost(MOST_ACCOUNTS + 1)) else { return };
        if self.stamp_now() != Some(stamp) || !hit.meta.key_source.can_be_read_again(&self.keys) {
            return self.remove_cache();
        }
        hit.accounts = hit.accounts.filter(|accounts| accounts.len() <= MOST_ACCOUNTS);
        signals::survive_the_file_size_limit();
        // The tag will authenticate all of them.
        if hit.accounts.iter().flatten().any(|account| self.prove_account(account).is_err()) {
            return self.remove_cache();
        }
        let Ok(key) = self.sealing_key() else { return };
        if hit.meta.key_id != key.id() {
            return;
        }
        let body = format::render(stamp, &hit);
        let Ok(tag) = seal::seal(key, &Place::of_cache(&body), &Secret::new([])) else { return };
        failpoint::pass("cache-made");
        if files::write_copy(&self.paths.cache(), &[&tag.0[..], &body].concat()).is_ok() {
            trace::step("ticket left");
        }
        // A process that removed a profile since the last check removed the cache before this one was written.
        if self.stamp_now() != Some(stamp) {
            self.remove_cache();
        }
    }

    /// Removes the cache, which contains the removed profile. Call it after the commit, so that no reader of
    /// the old state writes another one.
    pub(crate) fn remove_cache(&self) {
        let _ = std::fs::remove_file(self.paths.cache());
    }

    fn stamp_now(&self) -> Option<Stamp> {
        let (file, meta) = files::open_private_to_read(&self.paths.store()).ok()??;
        Stamp::of(&file, &meta, &self.paths)
    }
}
