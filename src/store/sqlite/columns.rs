//! The columns of the database: one line per field names its column, and generates the select list, the written
//! values and the reading of a row.

#![expect(
    clippy::ref_option,
    clippy::unnecessary_wraps,
    reason = "every kind of column has the same functions"
)]

use rusqlite::types::{FromSql, FromSqlError, FromSqlResult, ToSql, ToSqlOutput, Value, ValueRef};
use rusqlite::{Result, Row};

use crate::model::grant::GrantKind;
use crate::model::principal::PrincipalType;
use crate::model::profile::ProfileName;
use crate::model::record::{
    Account, AccountLinks, Application, ApplicationId, Attempt, GitKey, OutcomeKind, Record,
    RecordId, SealedCell,
};

/// The columns of a hit, in the order in which [`read_account`] reads them: [`META`], and what printing the
/// access token needs. Every further column costs a hit.
pub(crate) const ACCOUNT_COLUMNS: &str = "m.schema_version, m.store_id, m.key_source, m.key_id, \
    m.used_profile, r.id, r.profile, r.protocol, r.host, r.username, r.access_token, \
    r.access_expires_at, r.obtained_at, r.geolocation, r.principal, a.client_id, r.obtained_by, r.identity, \
    a.id, a.origin";

/// The first columns of every statement that reads accounts or records: version and metadata.
const META: [&str; 5] =
    ["m.schema_version", "m.store_id", "m.key_source", "m.key_id", "m.used_profile"];

/// Column names with their values.
pub(crate) type Values<'r> = Vec<(&'static str, ToSqlOutput<'r>)>;

/// A value that is stored in columns of one table.
pub(crate) trait Stored: Sized {
    /// The columns, in the order in which [`Self::read`] reads them.
    fn names(out: &mut Vec<&'static str>);
    fn read(row: &mut Columns<'_, '_>) -> Result<Self>;
    fn values<'r>(&'r self, out: &mut Values<'r>) -> Result<()>;
}

/// `field: kind("column");` for each field, then the parts that have their own list. A field without a line
/// does not compile. A struct expression is evaluated in the written order.
macro_rules! stored {
    ($type:ident { $($field:ident: $kind:ident($($column:literal),+);)+ } $($part:ident: $of:ident;)*) => {
        impl Stored for $type {
            fn names(out: &mut Vec<&'static str>) {
                out.extend([$($($column),+),+]);
                $($of::names(out);)*
            }

            fn read(row: &mut Columns<'_, '_>) -> Result<Self> {
                Ok(Self { $($field: $kind::read(row)?,)+ $($part: $of::read(row)?),* })
            }

            fn values<'r>(&'r self, out: &mut Values<'r>) -> Result<()> {
                let Self { $($field,)+ $($part),* } = self;
                $($kind::write([$($column),+], $field, out)?;)+
                $($part.values(out)?;)*
                Ok(())
            }
        }
    };
}

// The id is the first: it is NULL where a join found no row.
stored! {
    Record {
        id: plain("id");
        profile: plain("profile");
        application: joined("application_id");
        authtype: plain("authtype");
        access_token: plain("access_token");
        access_expires_at: plain("access_expires_at");
        refresh_token: plain("refresh_token");
        refresh_expires_at: plain("refresh_expires_at");
        refresh_expiry_assumed: plain("refresh_expiry_assumed");
        scope: plain("scope");
        geolocation: plain("geolocation");
        principal: plain("principal");
        obtained_by: word("obtained_by");
        principal_type: word("principal_type");
        id_token: plain("id_token");
        request_token: plain("request_token");
        request_token_expires_at: plain("request_token_expires_at");
        unknown_fields: plain("unknown_fields");
        identity: plain("identity");
        created_at: plain("created_at");
        obtained_at: plain("obtained_at");
        refreshed_at: plain("refreshed_at");
        updated_at: plain("updated_at");
        generation: plain("generation");
    }
    key: GitKey;
    attempt: Attempt;
}

stored! {
    GitKey {
        protocol: plain("protocol");
        host: plain("host");
        path: given("path_given", "path");
        username: given("username_given", "username");
    }
}

stored! {
    Attempt {
        number: plain("attempt");
        started_at: plain("attempt_started_at");
        ended_at: plain("attempt_ended_at");
        outcome: word("attempt_outcome");
        why: plain("attempt_why");
        code: plain("attempt_code");
        description: plain("attempt_description");
        correlation_id: plain("attempt_correlation_id");
        not_before: plain("attempt_not_before");
        failures: plain("attempt_failures");
    }
}

stored! {
    Application {
        id: plain("id");
        name: plain("name");
        client_id: plain("client_id");
        client_secret: plain("client_secret");
        origin: plain("origin");
    }
}

/// A statement for whole records: those that `on` joins to the metadata row, which always exists.
pub(crate) fn select_records(on: &str, order: &str) -> String {
    let list = |table: &str, names: fn(&mut Vec<&'static str>)| {
        let mut columns = Vec::with_capacity(64);
        names(&mut columns);
        columns.iter().flat_map(|column| [", ", table, ".", column]).collect::<String>()
    };
    format!(
        "SELECT {}{}{} FROM meta m LEFT JOIN record r ON {on} \
         LEFT JOIN application a ON a.id = r.application_id {order}",
        META.join(", "),
        list("r", Record::names),
        list("a", Application::names),
    )
}

/// A record, from a row of [`select_records`].
pub(crate) fn read_record(row: &Row<'_>) -> Result<Record> {
    let mut columns = Columns { row, next: META.len() };
    let mut record = Record::read(&mut columns)?;
    if row.get_ref(columns.next)? != ValueRef::Null {
        record.application = Some(Application::read(&mut columns)?);
    }
    Ok(record)
}

/// A statement for applications, all of them without a condition.
pub(crate) fn select_applications(condition: &str) -> String {
    let mut columns = Vec::new();
    Application::names(&mut columns);
    format!("SELECT {} FROM application {condition}", columns.join(", "))
}

/// An application, from a row of [`select_applications`].
pub(crate) fn read_application(row: &Row<'_>) -> Result<Application> {
    Application::read(&mut Columns { row, next: 0 })
}

/// An account, from a row of [`ACCOUNT_COLUMNS`].
pub(crate) fn read_account(row: &Row<'_>) -> Result<Account> {
    let mut columns = Columns { row, next: META.len() };
    let c = &mut columns;
    let mut account = Account {
        id: c.take()?,
        profile: c.take()?,
        key: GitKey { protocol: c.take()?, host: c.take()?, path: None, username: Some(c.take()?) },
        access_token: c.take()?,
        access_expires_at: c.take()?,
        obtained_at: c.take()?,
        geolocation: c.take()?,
        principal: c.take()?,
        client_id: c.take::<Option<_>>()?.unwrap_or_default(),
        has_identity: false,
        links: None,
    };
    let (obtained_by, identity): (_, Option<SealedCell>) = (word::read(c)?, c.take()?);
    let application = c.take::<Option<ApplicationId>>()?;
    let application = application.zip(c.take::<Option<_>>()?);
    account.has_identity = identity.is_some();
    account.links = Some(AccountLinks { application, obtained_by, identity });
    Ok(account)
}

/// A row whose columns are read one after the other.
pub(crate) struct Columns<'r, 's> {
    row: &'r Row<'s>,
    next: usize,
}

impl Columns<'_, '_> {
    fn take<T: FromSql>(&mut self) -> Result<T> {
        let value = self.row.get(self.next)?;
        self.next += 1;
        Ok(value)
    }
}

/// One column, as it is.
mod plain {
    use super::{Columns, FromSql, Result, ToSql, Values};

    pub(super) fn read<T: FromSql>(row: &mut Columns<'_, '_>) -> Result<T> {
        row.take()
    }

    pub(super) fn write<'r, T: ToSql>(
        [column]: [&'static str; 1],
        value: &'r T,
        out: &mut Values<'r>,
    ) -> Result<()> {
        out.push((column, value.to_sql()?));
        Ok(())
    }
}

/// Bytes that may be absent, which is not the same as empty: NULLs would never be equal.
mod given {
    use super::{Columns, Result, ToSql, Values};

    pub(super) fn read(row: &mut Columns<'_, '_>) -> Result<Option<Vec<u8>>> {
        let is_given: bool = row.take()?;
        let bytes: Vec<u8> = row.take()?;
        Ok(is_given.then_some(bytes))
    }

    pub(super) fn write<'r>(
        [is_given, column]: [&'static str; 2],
        value: &'r Option<Vec<u8>>,
        out: &mut Values<'r>,
    ) -> Result<()> {
        out.push((is_given, value.is_some().into()));
        out.push((column, value.as_deref().unwrap_or_default().to_sql()?));
        Ok(())
    }
}

/// A word of a list. An unknown word of a newer program is `None`.
mod word {
    use super::{Columns, Result, ToSqlOutput, ValueRef, Values, Word};

    pub(super) fn read<T: Word>(row: &mut Columns<'_, '_>) -> Result<Option<T>> {
        Ok(row.take::<Option<String>>()?.and_then(|text| T::of(&text)))
    }

    pub(super) fn write<T: Word>(
        [column]: [&'static str; 1],
        value: &Option<T>,
        out: &mut Values<'_>,
    ) -> Result<()> {
        let text = value.map_or(ValueRef::Null, |value| ValueRef::from(value.stored()));
        out.push((column, ToSqlOutput::Borrowed(text)));
        Ok(())
    }
}

/// The application: the record has its id, and its columns follow the record's.
mod joined {
    use super::{Application, Columns, Result, ToSqlOutput, Value, Values};

    pub(super) fn read(row: &mut Columns<'_, '_>) -> Result<Option<Application>> {
        row.next += 1;
        Ok(None)
    }

    pub(super) fn write(
        [column]: [&'static str; 1],
        value: &Option<Application>,
        out: &mut Values<'_>,
    ) -> Result<()> {
        let id = value.as_ref().map(|application| application.id.0);
        out.push((column, ToSqlOutput::Owned(id.map_or(Value::Null, Value::Integer))));
        Ok(())
    }
}

trait Word: Copy {
    fn of(text: &str) -> Option<Self>;
    fn stored(self) -> &'static str;
}

macro_rules! words {
    ($($type:ident: $of:ident;)+) => {$(
        impl Word for $type {
            fn of(text: &str) -> Option<Self> {
                Self::$of(text)
            }

            fn stored(self) -> &'static str {
                self.name()
            }
        }
    )+};
}

words! {
    GrantKind: from_name;
    PrincipalType: from_claim;
    OutcomeKind: from_name;
}

macro_rules! as_what_is_in_them {
    ($($type:ident)+) => {$(
        impl FromSql for $type {
            fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
                FromSql::column_result(value).map(Self)
            }
        }

        impl ToSql for $type {
            fn to_sql(&self) -> Result<ToSqlOutput<'_>> {
                self.0.to_sql()
            }
        }
    )+};
}

as_what_is_in_them! { RecordId ApplicationId SealedCell }

/// An invalid profile name makes the row unreadable and does not panic.
impl FromSql for ProfileName {
    fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
        value.as_str()?.parse().map_err(FromSqlError::other)
    }
}

impl ToSql for ProfileName {
    fn to_sql(&self) -> Result<ToSqlOutput<'_>> {
        self.as_str().to_sql()
    }
}
