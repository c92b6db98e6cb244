//! The stamp by which a database file is known to be unchanged, without opening it in SQLite.

use std::fs::{File, Metadata};
use std::io::Read;

use crate::sys::paths::{Paths, journal_of};

/// SQLite file format, section 1.3: the header's fields up to the change counter's end.
const HEADER_BYTES: usize = 28;

/// The state of a database file: equal stamps are the same content.
///
/// Inode, size, times of change, and the file change counter (SQLite file format, section 1.3.7), by which
/// SQLite itself decides whether its cached pages are current.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Stamp {
    pub(super) file: FileId,
    pub(super) length: i64,
    /// Nanoseconds since the epoch.
    pub(super) changed_at: i64,
    /// The `ctime`, which no program can set back; 0 where there is none.
    pub(super) entry_changed_at: i64,
    pub(super) change_counter: i64,
}

impl Stamp {
    /// The stamp of a database file just opened; `None` if it has none: the file is empty, not in
    /// rollback-journal mode, or has a journal beside it.
    pub(super) fn of(store: &File, meta: &Metadata, paths: &Paths) -> Option<Self> {
        // Before the counter is read: a commit in between changes the counter.
        let journal = std::fs::symlink_metadata(journal_of(&paths.store()));
        if !journal.is_err_and(|error| error.kind() == std::io::ErrorKind::NotFound) {
            return None;
        }
        let mut header = [0; HEADER_BYTES];
        let mut file = store;
        file.read_exact(&mut header).ok()?;
        // Write and read version 1: the change counter counts every commit (with WAL it does not).
        if header[18..20] != [1, 1] {
            return None;
        }
        let (_, counter) = header.split_last_chunk::<4>()?;
        let changed = meta.modified().ok()?.duration_since(std::time::UNIX_EPOCH).ok()?;
        Some(Self {
            file: FileId::of(meta),
            length: i64::try_from(meta.len()).ok()?,
            changed_at: i64::try_from(changed.as_nanos()).ok()?,
            entry_changed_at: entry_changed_at(meta),
            change_counter: i64::from(u32::from_be_bytes(*counter)),
        })
    }
}

#[cfg(unix)]
fn entry_changed_at(meta: &Metadata) -> i64 {
    use std::os::unix::fs::MetadataExt;
    meta.ctime().saturating_mul(1_000_000_000).saturating_add(meta.ctime_nsec())
}

#[cfg(not(unix))]
fn entry_changed_at(_meta: &Metadata) -> i64 {
    0
}

/// The identity of a file, whatever its name.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct FileId {
    pub(super) device: i64,
    pub(super) inode: i64,
}

impl FileId {
    #[cfg(unix)]
    pub(super) fn of(meta: &Metadata) -> Self {
        use std::os::unix::fs::MetadataExt;
        Self { device: meta.dev().cast_signed(), inode: meta.ino().cast_signed() }
    }

    /// Where files have no number, length, time and counter must suffice; no file is renamed while it is open.
    #[cfg(not(unix))]
    pub(super) fn of(_meta: &Metadata) -> Self {
        Self::default()
    }
}
