//! Locks: one lock file per record, held by the operating system for one process.
//!
//! Lock files are never deleted (two holders could then lock two files of one name), and the database itself is
//! never locked (closing any handle to it would drop SQLite's own locks). A file beside it names the holder for
//! messages.

mod key;

use std::fmt;
use std::fs::File;
use std::io;
use std::time::{Duration, Instant};

use crate::model::record::RecordId;
use crate::store::error::{Error, Result};
use crate::sys::paths::Paths;
use crate::sys::{clock, failpoint, files};

pub(crate) use key::KeyLock;

/// How often a waiter checks, at first and at last.
const FIRST_POLL: Duration = Duration::from_millis(4);
const LAST_POLL: Duration = Duration::from_millis(40);
/// The limit of open files to request if many records are locked: every Unix grants it (macOS not more).
#[cfg(unix)]
const MOST_FILES: u64 = 10_240;

/// Proof that this process alone may renew or change a record. Released when dropped, and by the
/// operating system when the process dies.
#[derive(Debug)]
pub(crate) struct RecordLock {
    file: File,
    id: RecordId,
    /// The holder file, if it could be written.
    holder: Option<File>,
}

impl RecordLock {
    /// The record it is for.
    pub(crate) fn record_id(&self) -> RecordId {
        self.id
    }

    /// The lock of a new record, under a random id.
    pub(crate) fn for_new(paths: &Paths) -> Result<Self> {
        let id = RecordId(crate::sys::random::id()?);
        Self::try_take(paths, id)?.ok_or(Error::NewRecordLocked)
    }

    /// Abandons a record that was not created. No other process knows its random id, so this lock file may be
    /// deleted.
    pub(crate) fn discard(self, paths: &Paths) {
        let _ = std::fs::remove_file(paths.lock_holder(self.id));
        let _ = std::fs::remove_file(paths.lock(self.id));
    }

    /// Takes the lock if it is free.
    pub(crate) fn try_take(paths: &Paths, id: RecordId) -> Result<Option<Self>> {
        LockFile::open(paths, id)?.try_take()
    }

    /// Takes the lock, waiting for its holder up to `timeout`; `meanwhile` is called, with the time waited so
    /// far, each time that another process has the lock, and its result ends the wait. `late` makes the error
    /// from the holder's name and the time waited.
    pub(crate) fn take_unless<T, E: From<Error>>(
        paths: &Paths,
        id: RecordId,
        timeout: Duration,
        mut meanwhile: impl FnMut(Duration) -> Result<Option<T>, E>,
        late: impl FnOnce(&str, Duration) -> E,
    ) -> Result<Waited<T>, E> {
        let mut file = LockFile::open(paths, id)?;
        let look = |waited| match file.try_take()? {
            Some(lock) => Ok(Some(Waited::Locked(lock))),
            None => Ok(meanwhile(waited)?.map(Waited::Found)),
        };
        wait(timeout, look, |waited| late(&holder(paths, id), waited))
    }
}

/// The result of waiting for a lock.
#[derive(Debug)]
pub(crate) enum Waited<T> {
    /// The lock.
    Locked(RecordLock),
    /// The result of `meanwhile`.
    Found(T),
}

/// Calls `look`, with the time waited so far, until it returns something; less often each time. `late` makes
/// the error after `timeout`.
fn wait<T, E>(
    timeout: Duration,
    mut look: impl FnMut(Duration) -> Result<Option<T>, E>,
    late: impl FnOnce(Duration) -> E,
) -> Result<T, E> {
    let since = Instant::now();
    let mut poll = FIRST_POLL;
    loop {
        if let Some(found) = look(since.elapsed())? {
            return Ok(found);
        }
        let waited = since.elapsed();
        if waited >= timeout {
            return Err(late(waited));
        }
        clock::wait(poll);
        poll = (poll * 2).min(LAST_POLL);
    }
}

impl Drop for RecordLock {
    fn drop(&mut self) {
        // Its text is only shown: stale text is harmless, and so is failing to clear it.
        let _ = self.holder.as_ref().map(|holder| holder.set_len(0));
        let _ = fs2::FileExt::unlock(&self.file);
    }
}

/// A record's lock file.
#[derive(Debug)]
struct LockFile {
    file: Option<File>,
    id: RecordId,
    holder_file: std::path::PathBuf,
}

impl LockFile {
    fn open(paths: &Paths, id: RecordId) -> Result<Self> {
        files::ensure_private_dir(&paths.locks_dir())?;
        let path = paths.lock(id);
        failpoint::write("lock-open").map_err(|error| files::cannot("open", &path, &error))?;
        let file = files::open_private(&path)?;
        Ok(Self { file: Some(file), id, holder_file: paths.lock_holder(id) })
    }

    /// Takes the lock if it is free.
    fn try_take(&mut self) -> Result<Option<RecordLock>> {
        let Some(file) = &self.file else { return Ok(None) };
        match fs2::FileExt::try_lock_exclusive(file) {
            Ok(()) => Ok(self.file.take().map(|file| self.held(file))),
            Err(error) if is_contended(&error) => Ok(None),
            Err(error) => Err(Error::NotLockable(error)),
        }
    }

    fn held(&self, file: File) -> RecordLock {
        let name = format!("pid {}, since {}\n", std::process::id(), clock::now_epoch());
        let mut holder = files::open_private(&self.holder_file).ok();
        if let Some(holder) = &mut holder {
            let _ = holder.set_len(0).and_then(|()| io::Write::write_all(holder, name.as_bytes()));
        }
        RecordLock { file, id: self.id, holder }
    }
}

/// The holder of a record's lock, as far as its file says.
pub(crate) fn holder(paths: &Paths, id: RecordId) -> String {
    named_holder(&paths.lock_holder(id))
}

fn named_holder(file: &std::path::Path) -> String {
    read_holder(file).map_or_else(|| NAMELESS.to_owned(), |holder| holder.to_string())
}

const NAMELESS: &str = "an unknown process";

/// The current or last holder of a lock, as in its file: `pid 7, since 1790000000`. Shown with a time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Holder(String);

impl Holder {
    /// When it took the lock, epoch seconds, as far as its file says.
    pub(crate) fn since(&self) -> Option<i64> {
        self.0.rsplit_once("since ").and_then(|(_, at)| at.parse().ok())
    }
}

impl fmt::Display for Holder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.0.rsplit_once("since "), self.since().and_then(clock::local)) {
            (Some((who, _)), Some(time)) => write!(f, "{who}since {time}"),
            _ => f.write_str(&self.0),
        }
    }
}

/// The content of a holder's file; `None` if it is empty or not our file.
fn read_holder(holder_file: &std::path::Path) -> Option<Holder> {
    let bytes = files::read_private(holder_file).ok().flatten().unwrap_or_default();
    let text = crate::model::printable::printable(String::from_utf8_lossy(&bytes).trim(), 80);
    (!text.is_empty()).then_some(Holder(text))
}

/// The state of a record's lock, for commands that only report it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Holding {
    /// It is free.
    Free,
    /// It is free, but the last holder ended without releasing it: the content of its file.
    Left(Holder),
    /// Its holder, as far as its file says.
    Held(Holder),
}

/// Reads the state of a record's lock, without creating or writing a file.
pub(crate) fn look(paths: &Paths, id: RecordId) -> Result<Holding> {
    let path = paths.lock(id);
    let Some((file, _)) = files::open_private_to_read(&path)? else { return Ok(Holding::Free) };
    let holder = read_holder(&paths.lock_holder(id));
    match fs2::FileExt::try_lock_shared(&file) {
        Err(error) if is_contended(&error) => {
            Ok(Holding::Held(holder.unwrap_or_else(|| Holder(NAMELESS.to_owned()))))
        }
        Err(error) => Err(files::cannot("lock", &path, &error).into()),
        Ok(()) => Ok(holder.map_or(Holding::Free, Holding::Left)),
    }
}

/// Raises the limit of open files for the locks of many records: some systems allow only 256 by default. If
/// this is refused, opening a lock will fail.
#[cfg(unix)]
pub(crate) fn expect_many() {
    use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
    let Rlimit { current, maximum } = getrlimit(Resource::Nofile);
    let wanted = maximum.unwrap_or(MOST_FILES).min(MOST_FILES);
    if current.is_some_and(|current| current < wanted) {
        let _ = setrlimit(Resource::Nofile, Rlimit { current: Some(wanted), maximum });
    }
}

/// There is no such limit.
#[cfg(not(unix))]
pub(crate) const fn expect_many() {}

fn is_contended(error: &io::Error) -> bool {
    error.kind() == io::ErrorKind::WouldBlock
        || error.raw_os_error() == fs2::lock_contended_error().raw_os_error()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_holder_is_shown_with_a_time_and_whatever_else_it_said_as_it_is() {
        let shown = |text: &str| Holder(text.to_owned()).to_string();
        let time = clock::local(1000).unwrap();
        assert_eq!(shown("pid 7, since 1000"), format!("pid 7, since {time}"));
        assert!(!time.contains("1000") && time.starts_with("19"), "{time}");
        for text in ["", "pid 7", "since", "pid 7, since noon", "pid 7, since 9999999999999999"] {
            assert_eq!(shown(text), text);
        }
    }
}
