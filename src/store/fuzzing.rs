//! Sealing and opening, for `fuzz/` alone.

use super::keys::Key;
use super::keys::seal::{Place, seal, unseal};
use crate::model::record::{Column, Record, SealedCell};
use crate::model::secret::Secret;

/// Seals a secret for a record's column.
pub fn seal_cell(
    key: &Key,
    store_id: &[u8],
    record: &Record,
    column: Column,
    secret: &Secret,
) -> Option<SealedCell> {
    seal(key, &Place::of_cell(store_id, record.binding(), column), secret).ok()
}

/// Opens a cell in a record's column.
pub fn open_cell(
    key: &Key,
    store_id: &[u8],
    record: &Record,
    column: Column,
    cell: &SealedCell,
) -> Option<Secret> {
    unseal(key, &Place::of_cell(store_id, record.binding(), column), cell).ok()
}
