//! The store's checks for `doctor`: whether it is whole, whether every cell opens, and what it contains.

use rusqlite::Connection;

use super::migrate;
use super::schema;
use crate::model::printable::printable;
use crate::model::record::{Column, Record};
use crate::store::error::{Error, Result};
use crate::store::{Store, audit, connect};
use crate::sys::files;
use crate::sys::paths::Paths;

/// How many faults SQLite lists before it stops looking.
const MAX_FAULTS: u32 = 10;

/// The columns of a record that are sealed.
pub(crate) const CELLS: [Column; 5] = [
    Column::AccessToken,
    Column::RefreshToken,
    Column::IdToken,
    Column::RequestToken,
    Column::UnknownFields,
];

/// The schema of a store.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Schema {
    /// None: nothing was created in it yet.
    Blank,
    /// An older version's; the next command that reads it migrates it.
    Older(i64),
    /// This version's.
    Current(i64),
}

/// The sealed cells of a store.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Cells {
    /// How many open.
    pub opened: usize,
    /// Those that do not: whose, and which.
    pub closed: Vec<String>,
}

/// The state of the audit log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum AuditLog {
    /// There is none yet.
    Absent,
    /// The number of its events.
    Sound(i64),
    /// A newer program's schema version.
    Newer(i64),
    /// It cannot be read.
    Damaged(String),
}

impl Store {
    /// Its schema; that of a newer or another program is an error.
    pub(crate) fn schema(&self) -> Result<Schema> {
        let version = if self.is_blank()? { 0 } else { migrate::version(self.connection()?)? };
        migrate::refuse_newer(version)?;
        Ok(match version {
            0 => Schema::Blank,
            schema::CURRENT_VERSION => Schema::Current(version),
            older => Schema::Older(older),
        })
    }

    /// What SQLite finds wrong in the file, and what is missing in the schema.
    pub(crate) fn faults(&self) -> Result<Vec<String>> {
        faults(self.connection()?)
    }

    /// How many rows point to a row that is not there.
    pub(crate) fn broken_references(&self) -> Result<usize> {
        broken_references(self.connection()?)
    }

    /// Opens every cell, and wipes its content.
    pub(crate) fn cells(&self, records: &[Record]) -> Result<Cells> {
        let mut cells = Cells::default();
        for application in self.applications()? {
            if self.unseal_client_secret(&application).is_ok() {
                cells.opened += 1;
            } else {
                cells.closed.push(format!("application {}: client_secret", application.name));
            }
        }
        for record in records {
            for column in CELLS {
                match self.open_stored(record, column) {
                    Ok(None) => {}
                    Ok(Some(_)) => cells.opened += 1,
                    Err(_) => cells.closed.push(format!("{}: {}", owner(record), column.name())),
                }
            }
        }
        Ok(cells)
    }

    /// The columns of a record whose cells do not open, and how many do.
    pub(crate) fn closed_columns(&self, record: &Record) -> (Vec<Column>, usize) {
        let there = CELLS.into_iter().filter(|column| record.cell(*column).is_some());
        let (open, closed): (Vec<_>, Vec<_>) =
            there.partition(|column| self.open_stored(record, *column).is_ok());
        (closed, open.len())
    }
}

/// The record's name, for messages.
pub(crate) fn owner(record: &Record) -> String {
    match record.profile_name() {
        Some(name) => name.to_owned(),
        None => printable(&format!("entry for {}", String::from_utf8_lossy(&record.key.host)), 120),
    }
}

/// What SQLite finds wrong in a file, and the objects of our schema that are missing or changed.
pub(crate) fn faults(connection: &Connection) -> Result<Vec<String>> {
    let sql = format!("PRAGMA integrity_check({MAX_FAULTS})");
    let mut faults: Vec<String> = texts(connection, &sql)?;
    faults.retain(|fault| fault != "ok");
    for fault in &mut faults {
        *fault = printable(fault, 120);
    }
    let version = migrate::version(connection)?;
    if (1..=schema::CURRENT_VERSION).contains(&version) {
        let expected = schema_of(&fresh(version)?)?;
        let found = schema_of(connection)?;
        let missing = expected.iter().filter(|object| !found.contains(object));
        faults.extend(missing.map(|(name, _)| format!("{name} is missing or changed")));
    }
    Ok(faults)
}

/// How many rows point to a row that is not there.
pub(crate) fn broken_references(connection: &Connection) -> Result<usize> {
    connection
        .prepare("PRAGMA foreign_key_check")
        .and_then(|mut statement| {
            let mut rows = statement.query([])?;
            let mut count = 0;
            while rows.next()?.is_some() {
                count += 1;
            }
            Ok(count)
        })
        .map_err(Error::from)
}

/// An empty database with the schema of a version.
fn fresh(version: i64) -> Result<Connection> {
    let connection = Connection::open_in_memory()?;
    migrate::schema_of_version(&connection, version)?;
    Ok(connection)
}

fn schema_of(connection: &Connection) -> Result<Vec<(String, String)>> {
    connection
        .prepare("SELECT name, sql FROM sqlite_schema WHERE sql IS NOT NULL")
        .and_then(|mut statement| {
            statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?.collect()
        })
        .map_err(Error::from)
}

fn texts(connection: &Connection, sql: &str) -> Result<Vec<String>> {
    connection
        .prepare(sql)
        .and_then(|mut statement| statement.query_map([], |row| row.get(0))?.collect())
        .map_err(Error::from)
}

/// The state of the audit log. Busy is an error; damage is an answer.
pub(crate) fn audit_log(paths: &Paths) -> Result<AuditLog> {
    let file = paths.events();
    if !files::check_private_file(&file)? {
        return Ok(AuditLog::Absent);
    }
    match state_of(&file) {
        Err(error) if error.is_temporary() => Err(error),
        Err(error) => Ok(damaged(&error)),
        Ok(state) => Ok(state),
    }
}

fn state_of(file: &std::path::Path) -> Result<AuditLog> {
    let connection = connect(file)?;
    let version: i64 = connection.query_row("PRAGMA user_version", [], |row| row.get(0))?;
    if version > audit::SCHEMA_VERSION {
        return Ok(AuditLog::Newer(version));
    }
    let faults: Vec<String> = texts(&connection, &format!("PRAGMA integrity_check({MAX_FAULTS})"))?;
    if let Some(fault) = faults.iter().find(|fault| *fault != "ok") {
        return Ok(AuditLog::Damaged(printable(fault, 120)));
    }
    if version == 0 {
        return Ok(AuditLog::Sound(0));
    }
    connection
        .query_row("SELECT count(*) FROM event", [], |row| row.get(0))
        .map(AuditLog::Sound)
        .or_else(|error| Ok(damaged(&error.into())))
}

fn damaged(error: &Error) -> AuditLog {
    AuditLog::Damaged(error.to_string().replace("The store", "The audit log"))
}
