//! A copy of a damaged database that SQLite can open.

use std::path::Path;

use rusqlite::Connection;

use super::super::inspect::{broken_references, faults};
use super::super::{migrate, rows as stored};
use crate::model::profile::ProfileName;
use crate::store::error::{Error, Result};
use crate::store::{Meta, connect};
use crate::sys::files::{self, Replace};
use crate::sys::paths::journal_of;

/// The size of a page of every store of ours.
const PAGE_BYTES: usize = 4096;
/// The offsets of the file's size in pages, and of the two counters that must be equal for it to be valid
/// (SQLite file format, section 1.3).
const CHANGES_AT: usize = 24;
const PAGES_AT: usize = 28;
const VALID_FOR_AT: usize = 92;

/// The kind of a database.
enum Identity {
    /// Nothing was created in it yet.
    Blank,
    /// It is ours.
    Ours(Meta),
    /// It is newer or another program's.
    Refused(Error),
    /// It cannot be read.
    Unreadable,
}

/// A copy that SQLite can open, and its kind; `None` if there is nothing to repair.
pub(super) fn readable(
    work: &Path,
    file: &Path,
    bytes: &[u8],
    journal: Option<&[u8]>,
) -> Result<Option<(Connection, Meta)>> {
    let as_it_is = write(&work.join("whole.db"), bytes, journal)?;
    match identify(&as_it_is) {
        Identity::Blank => return Ok(None),
        Identity::Ours(_) if is_sound(&as_it_is) => return Ok(None),
        Identity::Ours(meta) => return Ok(Some((as_it_is, meta))),
        Identity::Refused(error) => return Err(error),
        Identity::Unreadable => {}
    }
    if let Some(fixed) = with_first_page(work, bytes)? {
        let copy = write(&work.join("first.db"), &fixed, None)?;
        match identify(&copy) {
            Identity::Ours(meta) => return Ok(Some((copy, meta))),
            Identity::Refused(error) => return Err(error),
            Identity::Blank | Identity::Unreadable => {}
        }
    }
    Err(Error::DamagedUnidentified(file.to_owned()))
}

/// Whether every profile has a valid name: otherwise they could not be listed.
fn names_are_names(connection: &Connection) -> bool {
    let names = connection
        .prepare("SELECT profile FROM record WHERE profile IS NOT NULL")
        .and_then(|mut statement| {
            statement.query_map([], |row| row.get(0))?.collect::<rusqlite::Result<Vec<String>>>()
        });
    names.is_ok_and(|names| names.iter().all(|name| name.parse::<ProfileName>().is_ok()))
}

fn is_sound(connection: &Connection) -> bool {
    faults(connection).is_ok_and(|faults| faults.is_empty())
        && broken_references(connection).is_ok_and(|count| count == 0)
        && names_are_names(connection)
}

fn identify(connection: &Connection) -> Identity {
    let asked = |sql: &str| connection.query_row(sql, [], |row| row.get::<_, i64>(0));
    match asked("SELECT count(*) FROM sqlite_schema") {
        Ok(0) => return Identity::Blank,
        Ok(_) => {}
        Err(_) => return Identity::Unreadable,
    }
    let version = match asked("SELECT schema_version FROM meta") {
        Ok(version) => version,
        Err(error) if stored::is_wrong_schema(&error) => {
            return migrate::version(connection)
                .map_or_else(Identity::Refused, |_| Identity::Unreadable);
        }
        Err(_) => return Identity::Unreadable,
    };
    if let Err(newer) = migrate::refuse_newer(version) {
        return Identity::Refused(newer);
    }
    if asked("SELECT length(store_id) + length(key_source) + length(key_id) FROM meta").is_err() {
        return Identity::Unreadable;
    }
    match stored::read_meta(connection) {
        Ok(meta) if version >= 1 && meta.store_id.len() == 16 => Identity::Ours(meta),
        Ok(_) => Identity::Unreadable,
        Err(error) => Identity::Refused(error),
    }
}

fn write(path: &Path, bytes: &[u8], journal: Option<&[u8]>) -> Result<Connection> {
    let put = |path: &Path, bytes: &[u8]| {
        files::write_whole(path, bytes, Replace::No)
            .map_err(|error| files::cannot("write", path, &error))
    };
    put(path, bytes)?;
    if let Some(journal) = journal {
        put(&journal_of(path), journal)?;
    }
    connect(path)
}

/// The same with the first page of a new store, whose tables begin at the same pages, and with the real size of
/// the file: SQLite refuses to read a truncated file.
fn with_first_page(work: &Path, bytes: &[u8]) -> Result<Option<Vec<u8>>> {
    if bytes.len() <= PAGE_BYTES {
        return Ok(None);
    }
    let path = work.join("new.db");
    let mut new = write(&path, b"", None)?;
    migrate::migrate(&mut new, None)?;
    drop(new);
    let first = std::fs::read(&path).map_err(|error| files::cannot("read", &path, &error))?;
    let mut fixed = bytes.to_vec();
    fixed[..PAGE_BYTES].copy_from_slice(&first[..PAGE_BYTES]);
    fixed.resize(fixed.len().next_multiple_of(PAGE_BYTES), 0);
    let pages = u32::try_from(fixed.len() / PAGE_BYTES).unwrap_or(u32::MAX);
    fixed[PAGES_AT..PAGES_AT + 4].copy_from_slice(&pages.to_be_bytes());
    fixed.copy_within(CHANGES_AT..CHANGES_AT + 4, VALID_FOR_AT);
    Ok(Some(fixed))
}
