//! How a database is opened, ours or an edited one. SQLite does what a file's schema says and opens files by
//! names of its own: an attacker who can write our folder but has no key must not make us wait for ever.

use std::io::{Read as _, Seek as _, SeekFrom};
use std::path::Path;
use std::time::{Duration, Instant};

use rusqlite::config::DbConfig;
use rusqlite::limits::Limit;
use rusqlite::{Connection, OpenFlags};

use crate::store::error::{Error, Result};
use crate::sys::clock;
use crate::sys::files;
use crate::sys::paths::companions_of;

/// The longest value, bytes. Our longest are the unknown fields of an imported file.
const LONGEST_VALUE: i32 = 4 << 20;
/// Longer than those that SQLite itself asks its schema with.
const LONGEST_PATTERN: i32 = 100;
/// After so many steps of a statement the clock is looked at.
const STEPS: i32 = 1000;
/// How long one statement may run. An integrity check of a store of a hundred thousand records takes seconds.
const PATIENCE: Duration = Duration::from_secs(20);
/// Steps that come later after one another belong to different statements.
const PAUSE: Duration = Duration::from_secs(5);
/// Ends a rollback journal that leads to another file (SQLite file format, section 3: a super-journal).
const LEADS_ELSEWHERE: [u8; 8] = [0xd9, 0xd5, 0x05, 0xf9, 0x20, 0xa1, 0x63, 0xd7];

/// Opens a database whose file was looked at; read-write without CREATE, for the reasons in ARCHITECTURE.md.
pub(crate) fn connect(file: &Path, busy_timeout: Duration) -> Result<Connection> {
    look_beside(file)?;
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let mut connection = Connection::open_with_flags(file, flags)?;
    bound(&mut connection).and_then(|()| connection.busy_timeout(clock::limit(busy_timeout)))?;
    Ok(connection)
}

/// What SQLite opens by a name of its own: a pipe or a device there would be waited for.
fn look_beside(file: &Path) -> Result<()> {
    let [journal, log, index] = companions_of(file);
    if leads_elsewhere(&journal)? {
        return Err(Error::JournalLeadsElsewhere(journal));
    }
    files::check_private_file(&log)?;
    files::check_private_file(&index)?;
    Ok(())
}

/// Whether SQLite would open one more file because of this journal. Ours are of one database.
fn leads_elsewhere(journal: &Path) -> Result<bool> {
    let mut file = match files::open_private_to_read(journal) {
        Ok(Some((file, _))) => file,
        Ok(None) => return Ok(false),
        // SQLite creates it under the umask and sets its mode afterwards: a file of ours that cannot be read
        // now is one that SQLite cannot read either.
        Err(_) => {
            files::check_private_file(journal)?;
            return Ok(false);
        }
    };
    let mut end = [0; LEADS_ELSEWHERE.len()];
    let back = -i64::try_from(end.len()).unwrap_or(0);
    // A short one leads nowhere.
    let read = file.seek(SeekFrom::End(back)).and_then(|_| file.read_exact(&mut end));
    Ok(read.is_ok() && end == LEADS_ELSEWHERE)
}

/// Our schema has tables and indexes. Views and triggers are not ours, and can be made to run for ever;
/// so can expressions, and a tree of pages that leads in circles.
fn bound(connection: &mut Connection) -> rusqlite::Result<()> {
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_VIEW, false)?;
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_TRIGGER, false)?;
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_TRUSTED_SCHEMA, false)?;
    connection.set_limit(Limit::SQLITE_LIMIT_LENGTH, LONGEST_VALUE)?;
    connection.set_limit(Limit::SQLITE_LIMIT_LIKE_PATTERN_LENGTH, LONGEST_PATTERN)?;
    let mut running: Option<(Instant, Instant)> = None;
    let patience = clock::limit(PATIENCE);
    let is_over = move || {
        let now = Instant::now();
        let begun = match running {
            Some((begun, last)) if now.duration_since(last) < PAUSE => begun,
            _ => now,
        };
        running = Some((begun, now));
        // Nothing that follows on this connection has better luck.
        now.duration_since(begun) > patience
    };
    connection.progress_handler(STEPS, Some(is_over))
}
