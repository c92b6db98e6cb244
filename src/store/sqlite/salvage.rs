//! Creates a new store from what can still be read of a damaged one. Everything is read from a copy; the
//! damaged file itself is never opened by SQLite, never changed, and kept beside the new one.

mod beside;
mod copy;
mod rows;

use std::cell::OnceCell;
use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};

use rusqlite::Connection;
use tempfile::TempDir;

use super::identity::Bound;
use super::inspect::{broken_references, faults, owner};
use super::migrate::{self, NewStore};
use super::put;
use crate::model::record::{Record, RecordId};
use crate::store::error::{Error, Result};
use crate::store::keys::KeySettings;
use crate::store::lock::RecordLock;
use crate::store::stamp::FileId;
use crate::store::{Meta, Store, connect};
use crate::sys::files;
use crate::sys::paths::{Paths, journal_of};
pub(crate) use beside::{DAMAGED_MARK, keep_beside, move_beside};

/// The prefix of a repair's folder, which is removed at its end.
pub(crate) const WORK_PREFIX: &str = ".concur-cred-repair-";
/// The largest store. One of a thousand accounts has some megabytes, all of which are held in memory.
const MAX_BYTES: u64 = 64 << 20;

/// What was saved of a damaged store, and what was not.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Salvaged {
    /// Where the damaged file is now.
    pub kept_as: PathBuf,
    /// The profiles of the new store.
    pub profiles: Vec<String>,
    /// How many other entries it has.
    pub entries: usize,
    /// What could not be read or opened.
    pub lost: Vec<String>,
}

/// A damaged store, read as far as it can be. Nothing has been changed yet.
pub(crate) struct DamagedStore {
    paths: Paths,
    work: TempDir,
    /// Kept open: closing any handle to a database would drop the locks that SQLite holds on it in this
    /// process.
    held: File,
    bytes: Vec<u8>,
    journal: Option<Vec<u8>>,
    meta: Meta,
    records: Vec<Record>,
    lost: Vec<String>,
}

impl std::fmt::Debug for DamagedStore {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("DamagedStore").field("paths", &self.paths).finish_non_exhaustive()
    }
}

/// Reads a store that is damaged; `None` if there is none, or it is sound. A newer store, another program's, or
/// one whose key is missing is an error.
pub(crate) fn examine(paths: &Paths, keys: &KeySettings) -> Result<Option<DamagedStore>> {
    let file = paths.store();
    let Some((mut held, _)) = files::open_private_to_read(&file)? else { return Ok(None) };
    files::check_private_dir(paths.state_dir())?;
    let bytes = read_whole(&mut held, &file)?;
    if bytes.is_empty() {
        return Ok(None);
    }
    let journal = read_journal(&journal_of(&file))?;
    let work = work_folder(paths)?;
    let Some((copy, meta)) = copy::readable(work.path(), &file, &bytes, journal.as_deref())? else {
        return Ok(None);
    };
    let (records, lost) = read_records(&copy, &meta, paths, keys)?;
    let paths = paths.clone();
    Ok(Some(DamagedStore { paths, work, held, bytes, journal, meta, records, lost }))
}

impl DamagedStore {
    /// The managed accounts whose locks must be held to replace it.
    pub(crate) fn managed(&self) -> impl Iterator<Item = RecordId> {
        self.records.iter().filter(|record| record.profile.is_some()).map(|record| record.id)
    }

    /// Replaces it by a new store in one step, and keeps the damaged file beside it.
    pub(crate) fn replace(mut self, locks: &[RecordLock], now: i64) -> Result<Salvaged> {
        self.assert_locked(locks);
        let mut salvaged = Salvaged { lost: std::mem::take(&mut self.lost), ..Salvaged::default() };
        let new = self.build(&mut salvaged)?;
        let file = self.paths.store();
        let _writers = self.block_writers()?;
        let is_same = read_whole(&mut self.held, &file)? == self.bytes
            && read_journal(&journal_of(&file))? == self.journal;
        if !is_same {
            return Err(Error::Changed);
        }
        salvaged.kept_as = keep_beside(&file, now)?;
        std::fs::rename(&new, &file)
            .and_then(|()| files::sync_dir(self.paths.state_dir()))
            .map_err(|error| files::cannot("replace", &file, &error))?;
        Ok(salvaged)
    }

    fn assert_locked(&self, locks: &[RecordLock]) {
        let held = |id| locks.iter().any(|lock| lock.record_id() == id);
        assert!(self.managed().all(held), "every account is locked before its row is moved");
    }

    /// Prevents commits to the damaged file between the last read and its replacement. If SQLite refuses to
    /// open it, no process can write to it. A writer that waits meanwhile finds that its file was moved, and
    /// SQLite refuses to write to that.
    fn block_writers(&self) -> Result<Option<Connection>> {
        if self.journal.is_some() {
            // Opening the file would roll this journal back into the file, which must not be changed.
            return Ok(None);
        }
        let begun = connect(&self.paths.store())
            .and_then(|c| c.execute_batch("BEGIN IMMEDIATE").map(|()| c).map_err(Error::from));
        match begun {
            Ok(connection) => Ok(Some(connection)),
            Err(error) if error.is_temporary() => Err(error),
            Err(_) => Ok(None),
        }
    }

    /// Creates the new store in the work folder.
    fn build(&self, salvaged: &mut Salvaged) -> Result<PathBuf> {
        let file = self.work.path().join("store.db");
        files::create_private(&file)?;
        let mut store = blank_store(connect(&file)?, &self.paths, &KeySettings::default());
        store.prepare_to_write()?;
        let store_id = self
            .meta
            .store_id
            .as_slice()
            .try_into()
            .map_err(|_| Error::DamagedUnidentified(file.clone()))?;
        let key_source = self.meta.key_source.name();
        let new = NewStore { store_id, key_source, key_id: &self.meta.key_id };
        migrate::migrate(store.connection_mut()?, Some(&new))?;
        let kept = store.write(|transaction| {
            let kept = |record: &&Record| {
                let row = Bound::as_it_stood((*record).clone());
                put::application(transaction, record)
                    .and_then(|()| put::record(transaction, &row))
                    .is_ok()
            };
            let (kept, refused): (Vec<_>, Vec<_>) = self.records.iter().partition(kept);
            salvaged.lost.extend(refused.into_iter().map(owner));
            put::drop_unused_applications(transaction)?;
            transaction.execute(
                "UPDATE meta SET used_profile = (SELECT profile FROM record WHERE profile = ?1)",
                [&self.meta.used_profile],
            )?;
            Ok(kept)
        })?;
        let left = faults(store.connection()?)?;
        if !left.is_empty() || broken_references(store.connection()?)? > 0 {
            return Err(Error::RepairFailed);
        }
        let names = kept.iter().filter_map(|record| record.profile_name());
        salvaged.profiles = names.map(str::to_owned).collect();
        salvaged.profiles.sort();
        salvaged.entries = kept.len() - salvaged.profiles.len();
        let connection = store.connection.into_inner().ok_or(Error::Internal)?;
        connection.close().map_err(|(_, error)| error)?;
        Ok(file)
    }
}

/// The records of a copy of which at least something opens, the newest first, and what is lost.
fn read_records(
    copy: &Connection,
    meta: &Meta,
    paths: &Paths,
    keys: &KeySettings,
) -> Result<(Vec<Record>, Vec<String>)> {
    let (staged, found) = rows::stage(copy, meta)?;
    let store = blank_store(staged, paths, keys);
    store.prove_key()?;
    let mut lost = Vec::new();
    for application in store.applications()? {
        if store.unseal_client_secret(&application).is_err() {
            lost.push(format!("application {}: client_secret", application.name));
        }
    }
    let mut records = Vec::new();
    for id in found.ids {
        match store.reread(RecordId(id)) {
            Ok(Some(record)) => records.extend(opened(&store, record, &mut lost)?),
            _ => lost.push("an unreadable row".to_owned()),
        }
    }
    let kept = |name: &str| records.iter().any(|record| record.profile_name() == Some(name));
    let gone = found.profiles.into_iter().filter(|name| !kept(name) && !lost.contains(name));
    let gone: Vec<String> = gone.collect();
    lost.extend(gone);
    lost.extend(found.unread);
    lost.sort();
    if records.is_empty() {
        return Err(Error::DamagedBeyondRepair(paths.store()));
    }
    records.sort_by_key(|record| std::cmp::Reverse(record.updated_at));
    Ok((records, lost))
}

/// A record without the cells that do not open; `None` if no cell is left.
fn opened(store: &Store, mut record: Record, lost: &mut Vec<String>) -> Result<Option<Record>> {
    let (closed, open) = store.closed_columns(&record);
    let renewable = record.application.as_ref().is_some_and(|application| {
        closed.is_empty() && store.unseal_client_secret(application).is_ok()
    });
    if open == 0 && !renewable {
        lost.push(owner(&record));
        return Ok(None);
    }
    if store.prove_identity(&record).is_err() {
        // It stays as it is: a repair must not authenticate what was not authenticated.
        lost.push(format!("{}: identity", owner(&record)));
    }
    for column in closed {
        lost.push(format!("{}: {}", owner(&record), column.name()));
        store.put_cell(&mut record, &[], column, None)?;
    }
    Ok(Some(record))
}

fn blank_store(connection: Connection, paths: &Paths, keys: &KeySettings) -> Store {
    Store {
        connection: OnceCell::from(connection),
        file: FileId::default(),
        stamp: None,
        cached: OnceCell::new(),
        paths: paths.clone(),
        keys: keys.clone(),
        meta: OnceCell::new(),
        key: OnceCell::new(),
        writes: false,
    }
}

fn work_folder(paths: &Paths) -> Result<TempDir> {
    let folder = paths.state_dir();
    files::temporary_folder(WORK_PREFIX, folder)
        .map_err(|error| files::cannot("make a folder in", folder, &error).into())
}

fn read_whole(file: &mut File, path: &Path) -> Result<Vec<u8>> {
    let mut bytes = Vec::new();
    file.seek(SeekFrom::Start(0))
        .and_then(|_| file.take(MAX_BYTES + 1).read_to_end(&mut bytes))
        .map_err(|error| files::cannot("read", path, &error))?;
    if bytes.len() as u64 > MAX_BYTES {
        return Err(Error::DamagedTooLarge(path.to_owned()));
    }
    Ok(bytes)
}

fn read_journal(path: &Path) -> Result<Option<Vec<u8>>> {
    let Some((mut file, _)) = files::open_private_to_read(path)? else { return Ok(None) };
    read_whole(&mut file, path).map(Some)
}
