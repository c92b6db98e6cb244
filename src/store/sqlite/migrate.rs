//! Schema versions. Every migration runs inside one IMMEDIATE transaction in which the version is read again,
//! so that any number of simultaneous first runs create one store.

use rusqlite::{Connection, Transaction, TransactionBehavior};

use super::schema::{CURRENT_VERSION, MIGRATIONS};
use crate::store::error::{Error, Result};

/// The metadata of a new store.
pub(crate) struct NewStore<'a> {
    /// 16 random bytes.
    pub(crate) store_id: [u8; 16],
    /// Its key source.
    pub(crate) key_source: &'a str,
    /// Its key id.
    pub(crate) key_id: &'a [u8],
}

/// Migrates the schema to [`CURRENT_VERSION`]. `new` is used if there is no store yet.
pub(crate) fn migrate(connection: &mut Connection, new: Option<&NewStore<'_>>) -> Result<()> {
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    if version(&transaction)? == 0 {
        apply(&transaction, 0, CURRENT_VERSION)?;
        if let Some(new) = new {
            insert_meta(&transaction, new)?;
        }
    } else {
        bring_up_to_date(&transaction)?;
    }
    transaction.commit().map_err(Error::from)
}

/// Migrates an older store, inside the caller's IMMEDIATE transaction: of any number of processes, one does it.
/// An empty file stays empty.
pub(crate) fn bring_up_to_date(transaction: &Transaction<'_>) -> Result<()> {
    let version = version(transaction)?;
    refuse_newer(version)?;
    if version == 0 || version == CURRENT_VERSION {
        return Ok(());
    }
    apply(transaction, version, CURRENT_VERSION)
        .and_then(|()| {
            transaction
                .execute("UPDATE meta SET schema_version = ?1", [CURRENT_VERSION])
                .map(|_| ())
        })
        .map_err(|error| Error::not_upgraded(version, error))
}

/// Creates the schema of this version in an empty database.
pub(crate) fn schema_of_version(connection: &Connection, version: i64) -> Result<()> {
    apply(connection, 0, version).map_err(Error::from)
}

fn apply(connection: &Connection, from: i64, to: i64) -> rusqlite::Result<()> {
    let number = |version: i64| usize::try_from(version).unwrap_or(0);
    let (from, to) = (number(from), number(to));
    let migrations = MIGRATIONS.iter().take(to).skip(from);
    migrations.copied().try_for_each(|migration| connection.execute_batch(migration))
}

/// The error for a store of a newer program, which is never changed.
pub(crate) fn refuse_newer(version: i64) -> Result<()> {
    if version <= CURRENT_VERSION { Ok(()) } else { Err(Error::Newer(version)) }
}

/// The schema version; 0 for an empty database. Another program's database is refused.
pub(crate) fn version(connection: &Connection) -> Result<i64> {
    let (objects, has_meta): (i64, bool) = connection.query_row(
        "SELECT count(*), count(*) FILTER (WHERE type = 'table' AND name = 'meta') > 0 \
             FROM sqlite_schema",
        [],
        |row| Ok((row.get(0)?, row.get(1)?)),
    )?;
    if objects == 0 {
        return Ok(0);
    }
    if !has_meta {
        return Err(Error::OtherProgram);
    }
    let version = connection.query_row("SELECT schema_version FROM meta", [], |row| row.get(0));
    let version: i64 = version.map_err(|error| match error.sqlite_error_code() {
        // A failing disk or a busy store does not mean another program's database.
        Some(code) if code != rusqlite::ErrorCode::Unknown => error.into(),
        _ if error == rusqlite::Error::QueryReturnedNoRows => Error::OtherSchema,
        _ => Error::OtherProgram,
    })?;
    // Only an empty database has version 0.
    if version < 1 { Err(Error::OtherSchema) } else { Ok(version) }
}

fn insert_meta(transaction: &Transaction<'_>, new: &NewStore<'_>) -> Result<()> {
    transaction
        .execute(
            "INSERT INTO meta (one, schema_version, store_id, key_source, key_id) \
             VALUES (1, ?1, ?2, ?3, ?4)",
            (CURRENT_VERSION, new.store_id, new.key_source, new.key_id),
        )
        .map(|_| ())
        .map_err(Error::from)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn new() -> NewStore<'static> {
        NewStore { store_id: [1; 16], key_source: "file", key_id: &[2; 8] }
    }

    #[test]
    fn migrating_twice_changes_nothing() {
        let mut connection = Connection::open_in_memory().unwrap();
        migrate(&mut connection, Some(&new())).unwrap();
        migrate(&mut connection, Some(&new())).unwrap();
        assert_eq!(version(&connection).unwrap(), CURRENT_VERSION);
        let rows: i64 =
            connection.query_row("SELECT count(*) FROM meta", [], |row| row.get(0)).unwrap();
        assert_eq!(rows, 1);
    }

    #[test]
    fn an_older_schema_becomes_what_a_new_store_has() {
        let schema = |connection: &Connection| -> Vec<(String, String)> {
            let mut all = connection
                .prepare("SELECT name, sql FROM sqlite_schema WHERE sql IS NOT NULL ORDER BY name")
                .unwrap();
            let rows = all.query_map([], |row| Ok((row.get(0)?, row.get(1)?))).unwrap();
            rows.collect::<rusqlite::Result<_>>().unwrap()
        };
        let mut fresh = Connection::open_in_memory().unwrap();
        migrate(&mut fresh, Some(&new())).unwrap();
        for older in 1..CURRENT_VERSION {
            let mut connection = Connection::open_in_memory().unwrap();
            schema_of_version(&connection, older).unwrap();
            let sql = format!("INSERT INTO meta VALUES (1, {older}, x'01', 'file', x'02', NULL)");
            connection.execute_batch(&sql).unwrap();
            assert_ne!(schema(&connection), schema(&fresh));
            migrate(&mut connection, Some(&new())).unwrap();
            assert_eq!(schema(&connection), schema(&fresh));
            assert_eq!(version(&connection).unwrap(), CURRENT_VERSION);
            let id: Vec<u8> =
                connection.query_row("SELECT store_id FROM meta", [], |row| row.get(0)).unwrap();
            assert_eq!(id, [1], "it is still the same store");
        }
    }

    #[test]
    fn what_is_asked_first_stands_in_the_first_page() {
        let file = tempfile::NamedTempFile::new().unwrap();
        let mut connection = Connection::open(file.path()).unwrap();
        migrate(&mut connection, Some(&new())).unwrap();
        let kind: u8 = std::fs::read(file.path()).unwrap()[100];
        // 13 is a leaf page, which contains the whole schema. 5 would be an interior page: more pages to read
        // at every open, and a lost first page could not be replaced by a new store's.
        assert_eq!(kind, 13);
    }

    #[test]
    fn a_newer_schema_is_refused_and_left_alone() {
        let mut connection = Connection::open_in_memory().unwrap();
        migrate(&mut connection, Some(&new())).unwrap();
        connection.execute("UPDATE meta SET schema_version = 99", []).unwrap();
        let refused = migrate(&mut connection, Some(&new())).unwrap_err();
        assert!(matches!(refused, Error::Newer(99)), "{refused:?}");
        assert_eq!(version(&connection).unwrap(), 99);
    }

    #[test]
    fn another_programs_database_is_refused() {
        let mut connection = Connection::open_in_memory().unwrap();
        connection.execute_batch("CREATE TABLE moz_places (id)").unwrap();
        let refused = migrate(&mut connection, Some(&new())).unwrap_err();
        assert!(matches!(refused, Error::OtherProgram), "{refused:?}");
    }

    #[test]
    fn a_hit_opens_few_schema_objects() {
        let mut connection = Connection::open_in_memory().unwrap();
        migrate(&mut connection, Some(&new())).unwrap();
        let objects: i64 = connection
            .query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get(0))
            .unwrap();
        assert_eq!(objects, 5, "every object costs at each open; see ARCHITECTURE.md");
    }
}
