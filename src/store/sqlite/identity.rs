//! Authenticates the links between rows: a record's profile, application, its origin, and principal. An
//! attacker could edit these without touching another cell; so every managed record has an empty cell that is
//! bound to them.
//!
//! Records of an older version have none. The first write of this version binds all of them as they are, and
//! seals their cells in the format that needs an identity: from then on a record without one was edited.

use rusqlite::Transaction;
use uuid::Uuid;

use super::columns::{read_record, select_records};
use super::inspect::CELLS;
use super::rows;
use crate::model::grant::Grant;
use crate::model::record::{Account, AccountLinks, Application, Column, Links, Record, SealedCell};
use crate::model::secret::Secret;
use crate::store::Store;
use crate::store::error::{Error, Result};
use crate::store::keys::rotation::ids;
use crate::store::keys::seal::{self, DoesNotOpen, Place};
use crate::store::keys::{Key, KeySource};

/// The managed records without an identity.
const UNBOUND: &str = "SELECT id FROM record WHERE profile >= '' AND identity IS NULL";

/// A record that may be written: its identity matches its content. Only sealing the identity creates one, and
/// [`Bound::as_it_stood`].
#[derive(Debug)]
pub(crate) struct Bound(Record);

impl Bound {
    /// A row of a damaged store as it was read, identity included: a repair proves nothing that was not
    /// proven before.
    pub(crate) fn as_it_stood(record: Record) -> Self {
        Self(record)
    }

    /// The same with another generation, which is not part of the identity.
    pub(crate) fn set_generation(&mut self, generation: i64) {
        self.0.generation = generation;
    }

    /// The record.
    pub(crate) fn record(&self) -> &Record {
        &self.0
    }

    /// The record, after it is written.
    pub(crate) fn into_record(self) -> Record {
        self.0
    }
}

impl Store {
    /// Seals the identity of a record that will be written. A stored credential has no links.
    pub(crate) fn bound(&self, mut record: Record) -> Result<Bound> {
        record.identity = match record.links() {
            Some(links) => {
                let place = Place::of_identity(&self.meta()?.store_id, links);
                Some(seal::seal(self.sealing_key()?, &place, &Secret::new([]))?)
            }
            None => None,
        };
        Ok(Bound(record))
    }

    /// Proves that profile, application, its origin, client id, principal and grant of a record belong
    /// together. Call it before any of them decides where a secret is sent or how it is labelled; the functions
    /// that open a managed record's cells call it themselves. A stored credential has nothing to prove.
    pub(crate) fn prove_identity(&self, record: &Record) -> Result<()> {
        if record.profile.is_none() && record.application.is_none() {
            return Ok(());
        }
        let profile = record.profile_name();
        let Some(links) = record.links() else { return Err(edited(profile)) };
        match &record.identity {
            Some(identity) => self.prove_links(links, identity),
            None if self.is_of_before(record)? => Ok(()),
            None => Err(edited(profile)),
        }
    }

    /// The same for an account. The cache authenticates its own accounts.
    pub(crate) fn prove_account(&self, account: &Account) -> Result<()> {
        let profile = account.profile.as_str();
        let Some(AccountLinks { application, obtained_by, identity }) = &account.links else {
            return Ok(());
        };
        let (Some((application, origin)), Some(identity)) = (application, identity) else {
            // Its other cells show whether an older version wrote it.
            let record = self.reread(account.id)?.ok_or(Error::Changed)?;
            return self.prove_identity(&record);
        };
        let links = Links {
            id: account.id,
            profile,
            application: *application,
            origin,
            client_id: &account.client_id,
            principal: &account.principal,
            obtained_by: *obtained_by,
        };
        self.prove_links(links, identity)
    }

    fn prove_links(&self, links: Links<'_>, identity: &SealedCell) -> Result<()> {
        let place = Place::of_identity(&self.meta()?.store_id, links);
        if seal::unseal(self.key()?, &place, identity).is_ok() {
            return Ok(());
        }
        let row = "SELECT identity FROM record WHERE id = ?1";
        match self.open_again(&place, identity, row, links.id.0)? {
            Some(_) => Ok(()),
            None => Err(edited(Some(links.profile))),
        }
    }

    /// Whether an older version wrote a record without identity: one of its cells opens in the older format,
    /// and its application was not bound since.
    fn is_of_before(&self, record: &Record) -> Result<bool> {
        let Some(application) = &record.application else { return Ok(false) };
        if !seal::is_older(&application.client_secret) {
            return Ok(false);
        }
        // An error of the key is an error; a cell that does not open is a result.
        self.key()?;
        let opens = |column| matches!(self.open_stored(record, column), Ok(Some(_)));
        Ok(self.unseal_client_secret(application).is_ok() || CELLS.into_iter().any(opens))
    }

    /// The key for [`bind_all`], if there is anything to bind and no key command must run.
    pub(crate) fn binder(&self) -> Option<Key> {
        // An older schema has no such column.
        if ids(self.connection().ok()?, UNBOUND).is_ok_and(|unbound| unbound.is_empty()) {
            return None;
        }
        self.key_without_asking().map(Key::copied)
    }

    /// Whether a record is known to be edited: its identity does not open, or none of its cells, which are
    /// bound to base URL and host. For commands that only report. Unknown without the key, for which no key
    /// command is run.
    pub(crate) fn is_known_to_be_edited(&self, record: &Record) -> bool {
        self.key_without_asking().is_some()
            && self.sealing_key().is_ok()
            && (self.prove_identity(record).is_err() || self.has_closed_cells_alone(record))
    }

    /// Whether the store's key is known to be missing or wrong. For commands that only report. Unknown if a key
    /// command would have to run.
    pub(crate) fn is_known_to_be_locked(&self) -> bool {
        let is_command = self.meta().is_ok_and(|meta| meta.key_source == KeySource::Command);
        (self.key.get().is_some() || !is_command) && self.prove_key().is_err()
    }

    fn has_closed_cells_alone(&self, record: &Record) -> bool {
        let mut cells =
            CELLS.into_iter().filter(|column| record.cell(*column).is_some()).peekable();
        cells.peek().is_some() && cells.all(|column| self.open_stored(record, column).is_err())
    }

    fn key_without_asking(&self) -> Option<&Key> {
        let is_command = || self.meta().is_ok_and(|meta| meta.key_source == KeySource::Command);
        if self.key.get().is_none() && is_command() { None } else { self.key().ok() }
    }
}

/// Binds every record of an older version as it is, in the transaction of the first write. Without the store's
/// key they stay unbound.
pub(crate) fn bind_all(transaction: &Transaction<'_>, key: Option<&Key>) -> Result<()> {
    // A blank file has no table yet.
    let unbound = match ids(transaction, UNBOUND) {
        Ok(unbound) if !unbound.is_empty() => unbound,
        _ => return Ok(()),
    };
    let meta = rows::read_meta(transaction)?;
    let Some(key) = key.filter(|key| key.id().as_slice() == meta.key_id) else { return Ok(()) };
    let sql = select_records("r.id = ?1", "");
    let mut binding = Binding { key, store_id: &meta.store_id, transaction };
    let mut applications: Vec<Application> = Vec::new();
    for id in unbound {
        // An invalid row is reported where it is read.
        let Ok(record) = transaction.query_row(&sql, [id.0], read_record) else { continue };
        if let Some(application) = binding.record(&record)?
            && !applications.contains(application)
        {
            applications.push(application.clone());
        }
    }
    applications.iter().try_for_each(|application| binding.application(application))
}

struct Binding<'a> {
    key: &'a Key,
    store_id: &'a [u8],
    transaction: &'a Transaction<'a>,
}

impl Binding<'_> {
    /// Binds a record, and its application if an older version wrote it.
    fn record<'r>(&mut self, record: &'r Record) -> Result<Option<&'r Application>> {
        let (Some(links), Some(application)) = (record.links(), &record.application) else {
            return Ok(None);
        };
        let opened: Vec<(Column, Secret)> = CELLS
            .into_iter()
            .filter_map(|column| {
                let place = Place::of_cell(self.store_id, record.binding(), column);
                let secret = seal::unseal(self.key, &place, record.cell(column)?).ok()?;
                Some((column, secret))
            })
            .collect();
        let is_older = seal::is_older(&application.client_secret);
        if !is_older || (opened.is_empty() && self.client_secret(application).is_err()) {
            return Ok(None);
        }
        for (column, secret) in &opened {
            let binding = crate::model::record::Binding { has_identity: true, ..record.binding() };
            let cell =
                seal::seal(self.key, &Place::of_cell(self.store_id, binding, *column), secret)?;
            self.keep("record", column.name(), record.id.0, &cell)?;
        }
        let place = Place::of_identity(self.store_id, links);
        let identity = seal::seal(self.key, &place, &Secret::new([]))?;
        self.keep("record", "identity", record.id.0, &identity)?;
        Ok(Some(application))
    }

    fn application(&mut self, application: &Application) -> Result<()> {
        let Ok(secret) = self.client_secret(application) else { return Ok(()) };
        let place = Place::of_client_secret(self.store_id, application);
        let cell = seal::seal(self.key, &place, &secret)?;
        self.keep("application", "client_secret", application.id.0, &cell)
    }

    fn client_secret(&self, application: &Application) -> Result<Secret, DoesNotOpen> {
        let place = Place::of_older_client_secret(self.store_id, application);
        seal::unseal(self.key, &place, &application.client_secret)
    }

    fn keep(&self, table: &str, column: &str, id: i64, cell: &SealedCell) -> Result<()> {
        self.transaction
            .execute(&format!("UPDATE {table} SET {column} = ?2 WHERE id = ?1"), (id, &cell.0))
            .map(|_| ())
            .map_err(Error::from)
    }
}

fn edited(profile: Option<&str>) -> Error {
    Error::IdentityDoesNotOpen(profile.map(str::to_owned))
}

/// Sets the company or user of a record when the tokens name it.
pub(crate) fn learn_principal(record: &mut Record, grant: &Grant) {
    if !record.has_unknown_principal() {
        return;
    }
    let is_id = |subject: &String| Uuid::try_parse(subject).is_ok();
    if let Some(subject) = grant.subject().filter(is_id) {
        record.key.username = Some(subject.clone().into_bytes());
        record.principal = subject;
    }
}
