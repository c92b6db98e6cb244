//! A new store from what can still be read of a damaged one. Everything is read from a copy; the
//! damaged file itself is never opened by SQLite, never changed, and kept beside the new one.

mod rows;

use std::cell::OnceCell;
use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};

use rusqlite::Connection;
use tempfile::TempDir;

use super::inspect::{broken_references, faults, owner};
use super::migrate::{self, NewStore};
use super::{Meta, Store, changed_meanwhile, connect, failed, put, rows as stored};
use crate::env::Env;
use crate::error::{Error, Kind, Result};
use crate::files::{self, Replace, shell_word};
use crate::lock::RecordLock;
use crate::model::record::{Column, Record, RecordId};
use crate::paths::Paths;

/// How a repair's folder begins; it is removed at its end.
pub const WORK_PREFIX: &str = ".concur-cred-repair-";
/// The part of a database's first page that describes the file.
const HEADER_BYTES: usize = 100;
const PAGE_BYTES: usize = 4096;

/// What was saved of a damaged store, and what was not.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Salvaged {
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
pub struct Wreck {
    paths: Paths,
    work: TempDir,
    /// Open to the end: to close any handle to a database would drop the locks that SQLite holds on
    /// it in this process.
    held: File,
    bytes: Vec<u8>,
    journal: Option<Vec<u8>>,
    meta: Meta,
    records: Vec<Record>,
    lost: Vec<String>,
}

impl std::fmt::Debug for Wreck {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Wreck").field("paths", &self.paths).finish_non_exhaustive()
    }
}

/// Reads a store that is damaged; `None` when there is none, or it is whole. One that is newer,
/// another program's, or whose key is not there, is an error.
pub fn examine(paths: &Paths, env: &Env) -> Result<Option<Wreck>> {
    let file = paths.store();
    if !files::check_private_file(&file)? {
        return Ok(None);
    }
    files::check_private_dir(paths.state_dir())?;
    let mut held = File::open(&file).map_err(|error| files::cannot("read", &file, &error))?;
    let bytes = read_whole(&mut held, &file)?;
    if bytes.is_empty() {
        return Ok(None);
    }
    let journal = read_journal(&journal_of(&file))?;
    let work = work_folder(paths)?;
    let Some((copy, meta)) = copy(work.path(), &bytes, journal.as_deref())? else {
        return Ok(None);
    };
    let (records, lost) = read_rows(copy, &meta, paths, env)?;
    let paths = paths.clone();
    Ok(Some(Wreck { paths, work, held, bytes, journal, meta, records, lost }))
}

impl Wreck {
    /// The managed accounts whose locks must be held to replace it.
    pub fn managed(&self) -> impl Iterator<Item = RecordId> {
        self.records.iter().filter(|record| record.profile.is_some()).map(|record| record.id)
    }

    /// Puts a new store in its place, in one step, and keeps the damaged file beside it.
    pub fn replace(mut self, locks: &[RecordLock], now: i64) -> Result<Salvaged> {
        let held = |id| locks.iter().any(|lock| lock.record_id() == id);
        assert!(self.managed().all(held), "every account is locked before its row is moved");
        let mut salvaged = Salvaged { lost: std::mem::take(&mut self.lost), ..Salvaged::default() };
        let new = self.build(&mut salvaged)?;
        let file = self.paths.store();
        let _writers = self.block_writers()?;
        let is_same = read_whole(&mut self.held, &file)? == self.bytes
            && read_journal(&journal_of(&file))? == self.journal;
        if !is_same {
            return Err(changed_meanwhile());
        }
        salvaged.kept_as = keep_beside(&file, now)?;
        std::fs::rename(&new, &file)
            .and_then(|()| files::sync_dir(self.paths.state_dir()))
            .map_err(|error| files::cannot("replace", &file, &error))?;
        Ok(salvaged)
    }

    /// Nobody commits to the damaged file between the last look and its replacement. Where SQLite
    /// refuses to open it, it refuses that to everybody. A writer that waits meanwhile finds that
    /// its file has moved, and SQLite refuses to write to that.
    fn block_writers(&self) -> Result<Option<Connection>> {
        if self.journal.is_some() {
            // To open the file would roll this journal back, into the file that is to be kept.
            return Ok(None);
        }
        let begun = connect(&self.paths.store())
            .and_then(|c| c.execute_batch("BEGIN IMMEDIATE").map(|()| c).map_err(|e| failed(&e)));
        match begun {
            Ok(connection) => Ok(Some(connection)),
            Err(error) if error.kind() == Kind::Temporary => Err(error),
            Err(_) => Ok(None),
        }
    }

    /// Makes the new store in the work folder.
    fn build(&self, salvaged: &mut Salvaged) -> Result<PathBuf> {
        let file = self.work.path().join("store.db");
        files::create_private(&file)?;
        let mut store = blank_store(connect(&file)?, &self.paths, &Env::fixed([]));
        store.prepare_to_write()?;
        let store_id = self.meta.store_id.as_slice().try_into().map_err(|_| unidentified(&file))?;
        let key_source = self.meta.key_source.name();
        let new = NewStore { store_id, key_source, key_id: &self.meta.key_id };
        migrate::migrate(&mut store.connection, Some(&new))?;
        let kept = store.write(|transaction| {
            let kept = |record: &&Record| {
                put::application(transaction, record)
                    .and_then(|()| put::record(transaction, record))
                    .is_ok()
            };
            let (kept, refused): (Vec<_>, Vec<_>) = self.records.iter().partition(kept);
            salvaged.lost.extend(refused.into_iter().map(owner));
            put::drop_unused_applications(transaction)?;
            transaction
                .execute(
                    "UPDATE meta SET used_profile = (SELECT profile FROM record WHERE profile = ?1)",
                    [&self.meta.used_profile],
                )
                .map_err(|error| failed(&error))?;
            Ok(kept)
        })?;
        let left = faults(&store.connection)?;
        if !left.is_empty() || broken_references(&store.connection)? > 0 {
            return Err(Error::new(
                Kind::Other,
                "The new store is not sound; nothing was changed",
                "Report this.",
            ));
        }
        let names = kept.iter().filter_map(|record| record.profile_name());
        salvaged.profiles = names.map(str::to_owned).collect();
        salvaged.entries = kept.len() - salvaged.profiles.len();
        store.connection.close().map_err(|(_, error)| failed(&error))?;
        Ok(file)
    }
}

/// A copy that can be asked, and what it says of itself; `None` when there is nothing to mend.
fn copy(
    work: &Path,
    bytes: &[u8],
    journal: Option<&[u8]>,
) -> Result<Option<(Connection, Meta)>> {
    let as_it_is = write_copy(work, "whole.db", bytes, journal)?;
    match identify(&as_it_is) {
        Ok(None) => return Ok(None),
        Ok(Some(_)) if is_sound(&as_it_is) => return Ok(None),
        Ok(Some(meta)) => return Ok(Some((as_it_is, meta))),
        Err(Some(refused)) => return Err(refused),
        Err(None) => {}
    }
    for mended in [with_right_size(bytes), with_new_first_page(work, bytes)?].into_iter().flatten()
    {
        let copy = write_copy(work, "mended.db", &mended, None)?;
        match identify(&copy) {
            Ok(Some(meta)) => return Ok(Some((copy, meta))),
            Err(Some(refused)) => return Err(refused),
            Ok(None) | Err(None) => {}
        }
    }
    Err(unidentified(&work.parent().unwrap_or(work).join("store.db")))
}

fn unidentified(file: &Path) -> Error {
    let word = shell_word(file);
    Error::new(
        Kind::Unusable,
        "The damaged store does not even say which store it is, so that no cell of it can be \
         opened; nothing was touched",
        format!(
            "Restore it from a backup, or move it away (mv {word} {word}.damaged) and log in again."
        ),
    )
}

fn is_sound(connection: &Connection) -> bool {
    faults(connection).is_ok_and(|faults| faults.is_empty())
        && broken_references(connection).is_ok_and(|count| count == 0)
}

/// What a database says of itself: nothing yet (`Ok(None)`), that it must not be touched
/// (`Err(Some)`), or nothing that can be read (`Err(None)`).
fn identify(connection: &Connection) -> Result<Option<Meta>, Option<Error>> {
    let objects: i64 = connection
        .query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get(0))
        .map_err(|_| None)?;
    let whole: String = connection
        .query_row("SELECT version FROM (SELECT sqlite_version() AS version)", [], |row| row.get(0))
        .map_err(|_| None)?;
    debug_assert!(!whole.is_empty());
    if objects == 0 {
        return Ok(None);
    }
    let version: i64 =
        match connection.query_row("SELECT schema_version FROM meta", [], |row| row.get(0)) {
            Ok(version) => version,
            Err(error) if stored::is_wrong_schema(&error) => {
                return Err(migrate::version(connection).err());
            }
            Err(_) => return Err(None),
        };
    migrate::refuse_newer(version).map_err(Some)?;
    let meta = stored::read_meta(connection).map_err(|error| match error.kind() {
        Kind::Temporary => Some(error),
        _ => None,
    })?;
    let is_plausible = version >= 1 && meta.store_id.len() == 16 && meta.key_id.len() == 8;
    if is_plausible { Ok(Some(meta)) } else { Err(None) }
}
