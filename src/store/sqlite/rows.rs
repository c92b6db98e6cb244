//! The store's queries; `columns` reads the rows.

use rusqlite::{Connection, OptionalExtension, Row, ToSql, named_params};

use super::columns::{
    ACCOUNT_COLUMNS, read_account, read_application, read_record, select_applications,
    select_records,
};
use super::migrate;
use super::schema;
use crate::model::host;
use crate::model::record::{Application, Record, RecordId};
use crate::store::error::{Error, Result};
use crate::store::hit::{Hit, Wanted};
use crate::store::keys::KeySource;
use crate::store::{Meta, Store};

/// A store has fewer rows; a damaged one can be cyclic.
const MOST_ROWS: usize = 300_000;

/// The stored credentials that a caller requests: an absent field matches anything, a present one only the same
/// bytes (gitcredentials(7)).
#[derive(Debug, Clone, Copy)]
pub(crate) struct CredentialFilter<'a> {
    /// Always compared.
    pub protocol: &'a [u8],
    /// Always compared; in its canonical form.
    pub host: &'a [u8],
    /// Compared when given.
    pub path: Option<&'a [u8]>,
    /// Compared when given; empty matches only empty.
    pub username: Option<&'a [u8]>,
}

impl Store {
    /// What a hit needs, at least of the wanted accounts; `None` if no store was created in the file yet.
    pub(in crate::store) fn load_hit(&self, wanted: Wanted<'_>) -> Result<Option<Hit>> {
        let load = |on: &str, rest: &str, parameters: &[(&str, &dyn ToSql)]| {
            let sql = format!(
                "SELECT {ACCOUNT_COLUMNS} FROM meta m LEFT JOIN record r ON {on} \
                 LEFT JOIN application a ON a.id = r.application_id {rest}"
            );
            self.rows(&sql, parameters, read_account)
        };
        let found = match wanted {
            // Names have characters between '!' and '~': a range replaces a second statement.
            Wanted::Profile(name) => load(
                "r.profile BETWEEN coalesce(:profile, m.used_profile, '!') \
                 AND coalesce(:profile, m.used_profile, '~')",
                "LIMIT 2",
                named_params! { ":profile": name },
            ),
            Wanted::Host { protocol, host, twin_of } => load(
                "r.host IN (:host, :twin_of) AND r.protocol = :protocol AND r.profile IS NOT NULL",
                "ORDER BY r.profile",
                named_params! { ":host": host, ":twin_of": twin_of, ":protocol": protocol },
            ),
            Wanted::AtMost(number) => {
                load("r.profile >= ''", &format!("ORDER BY r.profile LIMIT {number}"), &[])
            }
        };
        Ok(found?.map(|Found { meta, rows }| {
            self.meta.get_or_init(|| meta.clone());
            Hit { meta, accounts: Some(rows) }
        }))
    }

    /// Every managed account, by name.
    pub(crate) fn accounts(&self) -> Result<Vec<Record>> {
        // Not `IS NOT NULL`, which would scan all stored credentials.
        self.records(&select_records("r.profile >= ''", "ORDER BY r.profile"), &[])
    }

    /// Every record, managed or not.
    pub(crate) fn every_record(&self) -> Result<Vec<Record>> {
        self.records(&select_records("TRUE", "ORDER BY r.profile, r.id"), &[])
    }

    /// The stored credentials that match, the most recently stored first. Earlier versions stored a default
    /// port if one was sent.
    pub(crate) fn stored_credentials(&self, filter: &CredentialFilter<'_>) -> Result<Vec<Record>> {
        let sql = select_records(
            "r.host IN (:host, :with_port) AND r.protocol = :protocol AND r.profile IS NULL \
             AND (:path IS NULL OR (r.path_given AND r.path = :path)) \
             AND (:username IS NULL OR (r.username_given AND r.username = :username))",
            "ORDER BY r.generation DESC",
        );
        let CredentialFilter { protocol, host, path, username } = *filter;
        let parameters = named_params! {
            ":host": host, ":with_port": host::with_default_port(protocol, host),
            ":protocol": protocol, ":path": path, ":username": username
        };
        self.records(&sql, parameters)
    }

    /// A record by its id; `None` if it was removed.
    pub(crate) fn reread(&self, id: RecordId) -> Result<Option<Record>> {
        let sql = select_records("r.id = :id", "");
        Ok(self.records(&sql, named_params! { ":id": id.0 })?.pop())
    }

    /// Generation, attempt number and whether that attempt has ended, which a waiter polls.
    pub(crate) fn progress(&self, id: RecordId) -> Result<Option<(i64, i64, bool)>> {
        self.connection()?
            .prepare(
                "SELECT generation, attempt, attempt_ended_at IS NOT NULL FROM record WHERE id = ?1",
            )
            .and_then(|mut statement| {
                statement
                    .query_row([id.0], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))
                    .optional()
            })
            .map_err(Error::from)
    }

    /// Every application.
    pub(crate) fn applications(&self) -> Result<Vec<Application>> {
        if self.is_blank()? {
            return Ok(Vec::new());
        }
        let mut statement = self.connection()?.prepare(&select_applications(""))?;
        statement.query_map([], read_application).and_then(Iterator::collect).map_err(Error::from)
    }

    /// The names of all profiles.
    pub(crate) fn profile_names(&self) -> Result<Vec<String>> {
        let names = self.accounts()?;
        Ok(names.iter().filter_map(|r| r.profile_name().map(str::to_owned)).collect())
    }

    fn records(&self, sql: &str, parameters: &[(&str, &dyn ToSql)]) -> Result<Vec<Record>> {
        let found = self.rows(sql, parameters, read_record)?;
        Ok(found.map_or_else(Vec::new, |Found { meta, rows }| {
            self.meta.get_or_init(|| meta);
            rows
        }))
    }

    /// The result of a statement; `None` if no store was created in the file yet.
    fn rows<T>(
        &self,
        sql: &str,
        parameters: &[(&str, &dyn ToSql)],
        read: ReadRow<T>,
    ) -> Result<Option<Found<T>>> {
        match self.query(sql, parameters, read) {
            Ok(found) => Ok(Some(found)),
            // Tables or columns may be missing because the file is blank, older, newer or another program's.
            Err(QueryError::Sqlite(error)) if is_wrong_schema(&error) => {
                let emptied = self.emptied();
                if self.bring_up_to_date()? == 0 {
                    return emptied.map_or(Ok(None), Err);
                }
                // The first run of another process may have created the store between the two reads.
                self.query(sql, parameters, read).map(Some).map_err(|error| match error {
                    QueryError::Sqlite(error) if is_wrong_schema(&error) => Error::OtherSchema,
                    error => error.into_error(),
                })
            }
            Err(QueryError::Older) => {
                self.bring_up_to_date()?;
                self.query(sql, parameters, read).map(Some).map_err(QueryError::into_error)
            }
            Err(error) => Err(error.into_error()),
        }
    }

    fn query<T>(
        &self,
        sql: &str,
        parameters: &[(&str, &dyn ToSql)],
        read: ReadRow<T>,
    ) -> Result<Found<T>, QueryError> {
        let mut statement = self.connection().map_err(QueryError::Refused)?.prepare(sql)?;
        let mut rows = statement.query(parameters)?;
        let mut found = Vec::new();
        let mut meta = None;
        while let Some(row) = rows.next()? {
            let version = row.get(0)?;
            if version != schema::CURRENT_VERSION {
                migrate::refuse_newer(version).map_err(QueryError::Refused)?;
                return Err(QueryError::Older);
            }
            if meta.is_none() {
                meta = Some(meta_from_row(row, 1)?.map_err(QueryError::Refused)?);
            }
            if row.get_ref(5)? != rusqlite::types::ValueRef::Null {
                found.push(read(row)?);
            }
            if found.len() > MOST_ROWS {
                return Err(QueryError::Refused(Error::Endless));
            }
        }
        // Every statement joins the rows to the metadata row.
        let meta = meta.ok_or_else(|| QueryError::Refused(Error::OtherSchema))?;
        Ok(Found { meta, rows: found })
    }
}

/// Rows, with the metadata of the same moment.
struct Found<T> {
    meta: Meta,
    rows: Vec<T>,
}

type ReadRow<T> = fn(&Row<'_>) -> rusqlite::Result<T>;

enum QueryError {
    Sqlite(rusqlite::Error),
    Refused(Error),
    /// An older schema.
    Older,
}

impl QueryError {
    fn into_error(self) -> Error {
        match self {
            Self::Sqlite(error) => error.into(),
            Self::Refused(error) => error,
            Self::Older => Error::Changed,
        }
    }
}

impl From<rusqlite::Error> for QueryError {
    fn from(error: rusqlite::Error) -> Self {
        Self::Sqlite(error)
    }
}

/// Whether a table or column of a statement is missing.
pub(crate) fn is_wrong_schema(error: &rusqlite::Error) -> bool {
    matches!(error, rusqlite::Error::SqlInputError { .. })
        || matches!(error.sqlite_error_code(), Some(rusqlite::ErrorCode::Unknown))
}

/// The metadata, without a record.
pub(crate) fn read_meta(connection: &Connection) -> Result<Meta> {
    migrate::refuse_newer(migrate::version(connection)?)?;
    connection.query_row(
        "SELECT store_id, key_source, key_id, used_profile FROM meta",
        [],
        |row| meta_from_row(row, 0),
    )?
}

fn meta_from_row(row: &Row<'_>, first: usize) -> rusqlite::Result<Result<Meta>> {
    let name: String = row.get(first + 1)?;
    let Some(key_source) = KeySource::from_name(&name) else {
        return Ok(Err(Error::UnknownKeySource));
    };
    Ok(Ok(Meta {
        store_id: row.get(first)?,
        key_source,
        key_id: row.get(first + 2)?,
        used_profile: row.get(first + 3)?,
    }))
}
