//! Rows as they are written: whole, inside somebody else's transaction.

use rusqlite::{ToSql, Transaction};

use super::identity::Bound;
use crate::error::Result;
use crate::model::grant::GrantKind;
use crate::model::principal::PrincipalType;
use crate::model::profile::ProfileName;
use crate::model::record::{Application, Attempt, GitKey, OutcomeKind, Record, RecordId};
use crate::store::{changed_meanwhile, failed};

/// A record without anything in it.
pub(crate) fn blank_record(id: RecordId, now: i64) -> Record {
    Record {
        id,
        key: GitKey::default(),
        profile: None,
        application: None,
        authtype: None,
        access_token: None,
        access_expires_at: None,
        refresh_token: None,
        refresh_expires_at: None,
        refresh_expiry_assumed: false,
        scope: None,
        geolocation: String::new(),
        principal: String::new(),
        obtained_by: None,
        principal_type: None,
        id_token: None,
        request_token: None,
        request_token_expires_at: None,
        unknown_fields: None,
        identity: None,
        created_at: now,
        obtained_at: now,
        refreshed_at: None,
        updated_at: now,
        generation: 0,
        attempt: Attempt::default(),
    }
}

pub(crate) fn application(transaction: &Transaction<'_>, record: &Record) -> Result<()> {
    let Some(Application { id, name, client_id, client_secret, origin }) = &record.application
    else {
        return Ok(());
    };
    transaction
        .execute(
            "INSERT INTO application (id, name, client_id, client_secret, origin) \
             VALUES (?1, ?2, ?3, ?4, ?5) ON CONFLICT (id) DO UPDATE SET \
             name = excluded.name, client_id = excluded.client_id, \
             client_secret = excluded.client_secret, origin = excluded.origin",
            (id.0, name, client_id, &client_secret.0, origin),
        )
        .map(|_| ())
        .map_err(|error| failed(&error))
}

pub(crate) fn drop_unused_applications(transaction: &Transaction<'_>) -> Result<()> {
    transaction
        .execute(
            "DELETE FROM application WHERE id NOT IN \
             (SELECT application_id FROM record WHERE application_id IS NOT NULL)",
            [],
        )
        .map(|_| ())
        .map_err(|error| failed(&error))
}

pub(crate) fn attempt(transaction: &Transaction<'_>, record: &Record) -> Result<()> {
    let Attempt {
        number,
        started_at,
        ended_at,
        outcome,
        why,
        code,
        description,
        correlation_id,
        not_before,
        failures,
    } = &record.attempt;
    let changed = transaction
        .execute(
            "UPDATE record SET attempt = ?2, attempt_started_at = ?3, attempt_ended_at = ?4, \
             attempt_outcome = ?5, attempt_why = ?6, attempt_code = ?7, attempt_description = ?8, \
             attempt_correlation_id = ?9, attempt_not_before = ?10, attempt_failures = ?11 \
             WHERE id = ?1",
            rusqlite::params![
                record.id.0,
                number,
                started_at,
                ended_at,
                outcome.map(OutcomeKind::name),
                why,
                code,
                description,
                correlation_id,
                not_before,
                failures,
            ],
        )
        .map_err(|error| failed(&error))?;
    if changed == 1 { Ok(()) } else { Err(changed_meanwhile()) }
}

/// Writes a record whole. Destructured without `..`: a new field does not compile until it is kept.
#[expect(clippy::too_many_lines, reason = "one line a column, twice")]
pub(crate) fn record(transaction: &Transaction<'_>, bound: &Bound) -> Result<()> {
    let Record {
        id,
        key: GitKey { protocol, host, path, username },
        profile,
        application,
        authtype,
        access_token,
        access_expires_at,
        refresh_token,
        refresh_expires_at,
        refresh_expiry_assumed,
        scope,
        geolocation,
        principal,
        obtained_by,
        principal_type,
        id_token,
        request_token,
        request_token_expires_at,
        unknown_fields,
        identity,
        created_at,
        obtained_at,
        refreshed_at,
        updated_at,
        generation,
        attempt,
    } = bound.record();
    let columns: &[(&str, &dyn ToSql)] = &[
        ("id", &id.0),
        ("protocol", protocol),
        ("host", host),
        ("path_given", &path.is_some()),
        ("path", &path.as_deref().unwrap_or_default()),
        ("username_given", &username.is_some()),
        ("username", &username.as_deref().unwrap_or_default()),
        ("profile", &profile.as_ref().map(ProfileName::as_str)),
        ("application_id", &application.as_ref().map(|application| application.id.0)),
        ("authtype", authtype),
        ("access_token", &access_token.as_ref().map(|cell| &cell.0)),
        ("access_expires_at", access_expires_at),
        ("refresh_token", &refresh_token.as_ref().map(|cell| &cell.0)),
        ("refresh_expires_at", refresh_expires_at),
        ("refresh_expiry_assumed", refresh_expiry_assumed),
        ("scope", scope),
        ("geolocation", geolocation),
        ("principal", principal),
        ("obtained_by", &obtained_by.map(GrantKind::name)),
        ("principal_type", &principal_type.map(PrincipalType::name)),
        ("id_token", &id_token.as_ref().map(|cell| &cell.0)),
        ("request_token", &request_token.as_ref().map(|cell| &cell.0)),
        ("request_token_expires_at", request_token_expires_at),
        ("unknown_fields", &unknown_fields.as_ref().map(|cell| &cell.0)),
        ("identity", &identity.as_ref().map(|cell| &cell.0)),
        ("created_at", created_at),
        ("obtained_at", obtained_at),
        ("refreshed_at", refreshed_at),
        ("updated_at", updated_at),
        ("generation", generation),
        ("attempt", &attempt.number),
        ("attempt_failures", &attempt.failures),
    ];
    upsert(transaction, columns)?;
    self::attempt(transaction, bound.record())
}

/// Inserts a row, or puts it in the place of the one with the same first column.
fn upsert(transaction: &Transaction<'_>, columns: &[(&str, &dyn ToSql)]) -> Result<()> {
    let (names, values): (Vec<&str>, Vec<&dyn ToSql>) = columns.iter().copied().unzip();
    let places: Vec<String> = (1..=names.len()).map(|n| format!("?{n}")).collect();
    let updates: Vec<String> =
        names.iter().skip(1).map(|name| format!("{name} = excluded.{name}")).collect();
    let sql = format!(
        "INSERT INTO record ({}) VALUES ({}) ON CONFLICT (id) DO UPDATE SET {}",
        names.join(", "),
        places.join(", "),
        updates.join(", ")
    );
    transaction.execute(&sql, values.as_slice()).map(|_| ()).map_err(|error| failed(&error))
}
