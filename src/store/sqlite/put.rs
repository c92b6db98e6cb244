//! Writes whole rows, inside the caller's transaction.

use rusqlite::{Transaction, params_from_iter};

use super::columns::{Stored, Values};
use super::identity::Bound;
use crate::model::record::{Record, RecordId};
use crate::store::error::{Error, Result};

/// An empty record.
pub(crate) fn blank_record(id: RecordId, now: i64) -> Record {
    Record { id, created_at: now, obtained_at: now, updated_at: now, ..Record::default() }
}

/// Writes a record's application, if it has one.
pub(crate) fn application(transaction: &Transaction<'_>, record: &Record) -> Result<()> {
    record.application.as_ref().map_or(Ok(()), |it| upsert(transaction, "application", it))
}

pub(crate) fn drop_unused_applications(transaction: &Transaction<'_>) -> Result<()> {
    transaction
        .execute(
            "DELETE FROM application WHERE id NOT IN \
             (SELECT application_id FROM record WHERE application_id IS NOT NULL)",
            [],
        )
        .map(|_| ())
        .map_err(Error::from)
}

/// Writes only a record's attempt.
pub(crate) fn attempt(transaction: &Transaction<'_>, record: &Record) -> Result<()> {
    let values = values_of(&record.attempt)?;
    let updates: Vec<String> = values.iter().map(|(name, _)| format!("{name} = ?")).collect();
    let sql = format!("UPDATE record SET {} WHERE id = {}", updates.join(", "), record.id.0);
    let values = values.into_iter().map(|(_, value)| value);
    let changed = transaction.execute(&sql, params_from_iter(values))?;
    if changed == 1 { Ok(()) } else { Err(Error::Changed) }
}

/// Writes a whole record.
pub(crate) fn record(transaction: &Transaction<'_>, bound: &Bound) -> Result<()> {
    upsert(transaction, "record", bound.record())
}

fn values_of<T: Stored>(row: &T) -> Result<Values<'_>> {
    let mut values = Vec::with_capacity(64);
    row.values(&mut values)?;
    Ok(values)
}

/// Inserts a row, or replaces the one with the same id.
fn upsert<T: Stored>(transaction: &Transaction<'_>, table: &str, row: &T) -> Result<()> {
    let (names, values): (Vec<_>, Vec<_>) = values_of(row)?.into_iter().unzip();
    let updates: Vec<String> =
        names.iter().map(|name| format!("{name} = excluded.{name}")).collect();
    let sql = format!(
        "INSERT INTO {table} ({}) VALUES ({}) ON CONFLICT (id) DO UPDATE SET {}",
        names.join(", "),
        vec!["?"; names.len()].join(", "),
        updates.join(", ")
    );
    let written = transaction.execute(&sql, params_from_iter(values));
    written.map(|_| ()).map_err(Error::from)
}
