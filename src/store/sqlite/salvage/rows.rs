//! Reads row by row, around unreadable pages: from both ends of a table, and by the ids in its indexes.

use std::collections::BTreeSet;

use rusqlite::types::Value;
use rusqlite::{Connection, Row, Statement, params_from_iter};

use super::super::migrate::{self, NewStore};
use crate::model::printable::printable;
use crate::model::profile::ProfileName;
use crate::store::Meta;
use crate::store::error::{Error, Result};

/// What was found besides the rows.
pub(super) struct Found {
    /// The ids of the records that were read.
    pub(super) ids: Vec<i64>,
    /// The names of all profiles in any index or row.
    pub(super) profiles: Vec<String>,
    /// Stored credentials that are in an index and could not be read.
    pub(super) unread: Vec<String>,
}

/// Copies every row that can be read into a database in memory, without the constraints that only complete
/// tables satisfy.
pub(super) fn stage(copy: &Connection, meta: &Meta) -> Result<(Connection, Found)> {
    let mut staged = Connection::open_in_memory()?;
    let store_id = meta.store_id.as_slice().try_into();
    let store_id = store_id.map_err(|_| Error::DamagedUnidentified("store.db".into()))?;
    let new = NewStore { store_id, key_source: meta.key_source.name(), key_id: &meta.key_id };
    migrate::migrate(&mut staged, Some(&new))?;
    staged.execute_batch(
        "PRAGMA foreign_keys = OFF; DROP INDEX record_by_key; DROP INDEX record_by_profile",
    )?;
    // Without the columns that identify its rows, no row of a table can be read.
    let _ = copy_rows(copy, &staged, "application", &[]);
    let by_profile = named(
        copy,
        "SELECT id, CAST(profile AS BLOB) FROM record INDEXED BY record_by_profile \
         WHERE profile IS NOT NULL ORDER BY profile",
    );
    let by_key = named(copy, "SELECT id, host FROM record INDEXED BY record_by_key ORDER BY host");
    let hinted: Vec<i64> = by_profile.iter().chain(&by_key).map(|(id, _)| *id).collect();
    let _ = copy_rows(copy, &staged, "record", &hinted);
    let ids = ids_of(&staged);
    let names = by_profile.iter().filter_map(|(_, name)| String::from_utf8(name.clone()).ok());
    // A damaged name is not a name.
    let profiles = names.filter(|name| name.parse::<ProfileName>().is_ok()).collect();
    let known: BTreeSet<i64> = by_profile.iter().map(|(id, _)| *id).chain(ids.clone()).collect();
    let unread = by_key
        .iter()
        .filter(|(id, _)| !known.contains(id))
        .map(|(_, host)| printable(&format!("entry for {}", String::from_utf8_lossy(host)), 120))
        .collect();
    Ok((staged, Found { ids, profiles, unread }))
}

fn ids_of(staged: &Connection) -> Vec<i64> {
    staged
        .prepare("SELECT id FROM record ORDER BY id")
        .and_then(|mut statement| statement.query_map([], |row| row.get(0))?.collect())
        .unwrap_or_default()
}

/// The ids in an index, each with a name, from both ends up to the first unreadable one.
fn named(copy: &Connection, sql: &str) -> BTreeSet<(i64, Vec<u8>)> {
    let mut found = BTreeSet::new();
    for order in ["ASC", "DESC"] {
        let Ok(mut statement) = copy.prepare(&format!("{sql} {order}")) else { continue };
        let Ok(mut rows) = statement.query([]) else { continue };
        while let Ok(Some(row)) = rows.next() {
            if let (Ok(id), Ok(name)) = (row.get(0), row.get(1))
                && !found.insert((id, name))
            {
                break;
            }
        }
    }
    found
}

/// Copies the readable rows of a table: from both ends up to the first unreadable one, and those with these
/// ids.
fn copy_rows(
    copy: &Connection,
    staged: &Connection,
    table: &str,
    hinted: &[i64],
) -> rusqlite::Result<()> {
    let here = columns(copy, table);
    let columns: Vec<String> =
        columns(staged, table).into_iter().filter(|column| here.contains(column)).collect();
    let list = columns.join(", ");
    let places = vec!["?"; columns.len()].join(", ");
    let mut insert =
        staged.prepare(&format!("INSERT OR IGNORE INTO {table} ({list}) VALUES ({places})"))?;
    let select = format!("SELECT {list} FROM {table} NOT INDEXED");
    let mut seen = BTreeSet::new();
    for order in ["ASC", "DESC"] {
        let mut statement = copy.prepare(&format!("{select} ORDER BY id {order}"))?;
        let mut rows = statement.query([])?;
        while let Ok(Some(row)) = rows.next() {
            // Already read from the other end, or a damaged tree is cyclic.
            if !row.get("id").is_ok_and(|id: i64| seen.insert(id)) {
                break;
            }
            copy_row(row, &mut insert);
        }
    }
    let mut statement = copy.prepare(&format!("{select} WHERE id = ?1"))?;
    for id in hinted.iter().filter(|id| !seen.contains(id)) {
        if let Ok(Some(row)) = statement.query([id])?.next() {
            copy_row(row, &mut insert);
        }
    }
    Ok(())
}

/// A row with a value that cannot be read, or that breaks the table's rules, is left out.
fn copy_row(row: &Row<'_>, insert: &mut Statement<'_>) {
    let values: rusqlite::Result<Vec<Value>> =
        (0..insert.parameter_count()).map(|at| row.get(at)).collect();
    let _ = values.and_then(|values| insert.execute(params_from_iter(values)));
}

fn columns(connection: &Connection, table: &str) -> Vec<String> {
    connection
        .prepare("SELECT name FROM pragma_table_info(?1)")
        .and_then(|mut statement| statement.query_map([table], |row| row.get(0))?.collect())
        .unwrap_or_default()
}
