//! The columns of a row, and how they become an account or a record.

use rusqlite::Row;
use rusqlite::types::Value;

use crate::model::grant::GrantKind;
use crate::model::principal::PrincipalType;
use crate::model::profile::ProfileName;
use crate::model::record::{
    Account, AccountLinks, Application, ApplicationId, Attempt, GitKey, OutcomeKind, Record,
    RecordId, SealedCell,
};

/// The columns of a hit, in the order in which [`read_account`] takes them: the version, the store's
/// identity, and what it takes to hand the access token out. Every further column costs a hit.
pub(crate) const ACCOUNT_COLUMNS: &str = "m.schema_version, m.store_id, m.key_source, m.key_id, \
    m.used_profile, r.id, r.profile, r.protocol, r.host, r.username, r.access_token, \
    r.access_expires_at, r.obtained_at, r.geolocation, r.principal, a.client_id, r.obtained_by, r.identity, \
    a.id, a.origin";

/// The columns of a whole record, in the order in which [`read_record`] takes them, after the same
/// beginning.
pub(crate) const COLUMNS: &str = "m.schema_version, m.store_id, m.key_source, m.key_id, m.used_profile, \
    r.id, r.protocol, r.host, r.path_given, r.path, r.username_given, r.username, r.profile, \
    r.authtype, r.access_token, r.access_expires_at, r.refresh_token, r.refresh_expires_at, \
    r.refresh_expiry_assumed, r.scope, r.geolocation, r.principal, r.obtained_by, r.principal_type, r.id_token, \
    r.request_token, r.request_token_expires_at, r.unknown_fields, r.identity, r.created_at, r.obtained_at, r.refreshed_at, \
    r.updated_at, r.generation, r.attempt, r.attempt_started_at, r.attempt_ended_at, \
    r.attempt_outcome, r.attempt_why, r.attempt_code, r.attempt_description, \
    r.attempt_correlation_id, r.attempt_not_before, r.attempt_failures, \
    a.id, a.name, a.client_id, a.client_secret, a.origin";

pub(crate) fn read_application(row: &Row<'_>, first: usize) -> rusqlite::Result<Application> {
    Ok(Application {
        id: ApplicationId(row.get(first)?),
        name: row.get(first + 1)?,
        client_id: row.get(first + 2)?,
        client_secret: SealedCell(row.get(first + 3)?),
        origin: row.get(first + 4)?,
    })
}

/// Takes the columns one after the other, so that [`COLUMNS`] and the fields stand in one order.
struct Columns<'r, 's> {
    row: &'r Row<'s>,
    next: usize,
}

impl Columns<'_, '_> {
    fn take<T: rusqlite::types::FromSql>(&mut self) -> rusqlite::Result<T> {
        let value = self.row.get(self.next)?;
        self.next += 1;
        Ok(value)
    }

    fn cell(&mut self) -> rusqlite::Result<Option<SealedCell>> {
        Ok(self.take::<Option<Vec<u8>>>()?.map(SealedCell))
    }

    fn given_bytes(&mut self) -> rusqlite::Result<Option<Vec<u8>>> {
        let given: bool = self.take()?;
        let bytes: Vec<u8> = self.take()?;
        Ok(given.then_some(bytes))
    }

    fn grant(&mut self) -> rusqlite::Result<Option<GrantKind>> {
        Ok(self.take::<Option<String>>()?.and_then(|name| GrantKind::from_name(&name)))
    }

    /// A profile name; one that no program of ours wrote makes the row unreadable, not a panic.
    fn profile(&mut self) -> rusqlite::Result<Option<ProfileName>> {
        let at = self.next;
        let Some(text) = self.take::<Option<String>>()? else { return Ok(None) };
        let wrong = |bad| {
            let kind = rusqlite::types::Type::Text;
            rusqlite::Error::FromSqlConversionFailure(at, kind, Box::new(bad))
        };
        text.parse().map(Some).map_err(wrong)
    }
}

pub(crate) fn read_account(row: &Row<'_>) -> rusqlite::Result<Account> {
    let mut columns = Columns { row, next: 5 };
    let c = &mut columns;
    let mut account = Account {
        id: RecordId(c.take()?),
        profile: c.profile()?.ok_or(rusqlite::Error::InvalidQuery)?,
        key: GitKey { protocol: c.take()?, host: c.take()?, path: None, username: Some(c.take()?) },
        access_token: c.cell()?,
        access_expires_at: c.take()?,
        obtained_at: c.take()?,
        geolocation: c.take()?,
        principal: c.take()?,
        client_id: c.take::<Option<_>>()?.unwrap_or_default(),
        has_identity: false,
        links: None,
    };
    let (obtained_by, identity) = (c.grant()?, c.cell()?);
    let application = c.take::<Option<_>>()?.map(ApplicationId);
    let application = application.zip(c.take::<Option<_>>()?);
    account.has_identity = identity.is_some();
    account.links = Some(AccountLinks { application, obtained_by, identity });
    Ok(account)
}

pub(crate) fn read_record(row: &Row<'_>) -> rusqlite::Result<Record> {
    let mut columns = Columns { row, next: 5 };
    let c = &mut columns;
    let id = RecordId(c.take()?);
    let key = GitKey {
        protocol: c.take()?,
        host: c.take()?,
        path: c.given_bytes()?,
        username: c.given_bytes()?,
    };
    // Fields in a struct expression are evaluated in the order in which they are written.
    let mut record = Record {
        id,
        key,
        profile: c.profile()?,
        application: None,
        authtype: c.take()?,
        access_token: c.cell()?,
        access_expires_at: c.take()?,
        refresh_token: c.cell()?,
        refresh_expires_at: c.take()?,
        refresh_expiry_assumed: c.take()?,
        scope: c.take()?,
        geolocation: c.take()?,
        principal: c.take()?,
        obtained_by: c.grant()?,
        principal_type: c
            .take::<Option<String>>()?
            .and_then(|text| PrincipalType::from_claim(&text)),
        id_token: c.cell()?,
        request_token: c.cell()?,
        request_token_expires_at: c.take()?,
        unknown_fields: c.cell()?,
        identity: c.cell()?,
        created_at: c.take()?,
        obtained_at: c.take()?,
        refreshed_at: c.take()?,
        updated_at: c.take()?,
        generation: c.take()?,
        attempt: read_attempt(c)?,
    };
    if row.get::<_, Value>(c.next)? != Value::Null {
        record.application = Some(read_application(row, c.next)?);
    }
    Ok(record)
}

fn read_attempt(c: &mut Columns<'_, '_>) -> rusqlite::Result<Attempt> {
    Ok(Attempt {
        number: c.take()?,
        started_at: c.take()?,
        ended_at: c.take()?,
        outcome: c.take::<Option<String>>()?.and_then(|name| OutcomeKind::from_name(&name)),
        why: c.take()?,
        code: c.take()?,
        description: c.take()?,
        correlation_id: c.take()?,
        not_before: c.take()?,
        failures: c.take()?,
    })
}
