//! Opens a database, which may have been edited. SQLite executes a file's schema and opens other files beside
//! it: an attacker who can write our folder but has no key must not make us wait for ever.

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
/// Longer than the statements with which SQLite itself reads the schema.
const LONGEST_PATTERN: i32 = 100;
/// The clock is checked after so many steps of a statement.
const STEPS: i32 = 1000;
/// How long one statement may run. An integrity check of a store of a hundred thousand records takes seconds.
const PATIENCE: Duration = Duration::from_secs(20);
/// Steps that are further apart belong to different statements.
const PAUSE: Duration = Duration::from_secs(5);
/// The end of a rollback journal that names another file (SQLite file format, section 3: a super-journal).
const LEADS_ELSEWHERE: [u8; 8] = [0xd9, 0xd5, 0x05, 0xf9, 0x20, 0xa1, 0x63, 0xd7];

/// Opens a database whose file was checked; read-write without CREATE, because a query creates nothing.
pub(crate) fn connect(file: &Path, busy_timeout: Duration) -> Result<Connection> {
    look_beside(file)?;
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let mut connection = Connection::open_with_flags(file, flags)?;
    bound(&mut connection).and_then(|()| connection.busy_timeout(clock::limit(busy_timeout)))?;
    Ok(connection)
}

/// Checks the files that SQLite opens beside a database: it would wait for a pipe or device there.
fn look_beside(file: &Path) -> Result<()> {
    let [journal, log, index] = companions_of(file);
    if leads_elsewhere(&journal)? {
        return Err(Error::JournalLeadsElsewhere(journal));
    }
    files::check_private_file(&log)?;
    files::check_private_file(&index)?;
    Ok(())
}

/// Whether this journal would make SQLite open another file. Our transactions change one database.
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
    // A short one names no file.
    let read = file.seek(SeekFrom::End(back)).and_then(|_| file.read_exact(&mut end));
    Ok(read.is_ok() && end == LEADS_ELSEWHERE)
}

/// Our schema has tables and indexes. An attacker's views, triggers, expressions and cyclic page trees can run
/// for ever.
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
        // Later statements of this connection would fail, too.
        now.duration_since(begun) > patience
    };
    connection.progress_handler(STEPS, Some(is_over))
}
