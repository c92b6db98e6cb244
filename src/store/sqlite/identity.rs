//! What vouches for the links between rows: which profile a record is, whose application's client secret goes
//! with its tokens and where to, and whose they are. Each is edited without touching any other cell; so every
//! managed record has a cell with nothing in it that opens for them alone.
//!
//! The records of an earlier program have none. They are bound as they stand by the first write of this one,
//! all at once, and their cells sealed in the format that needs an identity: from then on a record without one
//! is an edited one.

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

/// A record as it may be written: its identity is of what stands in it. Nothing else makes one than what
/// seals that, but for [`Bound::as_it_stood`].
#[derive(Debug)]
pub(crate) struct Bound(Record);

impl Bound {
    /// A row of a damaged store as it was read, identity included: a repair proves nothing that was not
    /// proven before.
    pub(crate) fn as_it_stood(record: Record) -> Self {
        Self(record)
    }

    /// Another generation, which no identity is of.
    pub(crate) fn set_generation(&mut self, generation: i64) {
        self.0.generation = generation;
    }

    /// The record.
    pub(crate) fn record(&self) -> &Record {
        &self.0
    }

    /// The record, once it is written.
    pub(crate) fn into_record(self) -> Record {
        self.0
    }
}

impl Store {
    /// Makes a record one that may be written. A stored credential has no links.
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

    /// Proves that profile, application, its origin, client id, principal and grant of a record are those
    /// that were kept together. To be asked before any of them decides where a secret goes or whose it is
    /// called; what opens a managed record's cells asks it itself. A stored credential has nothing to prove.
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

    /// The same of an account. One of the cache is vouched for by that.
    pub(crate) fn prove_account(&self, account: &Account) -> Result<()> {
        let profile = account.profile.as_str();
        let Some(AccountLinks { application, obtained_by, identity }) = &account.links else {
            return Ok(());
        };
        let (Some((application, origin)), Some(identity)) = (application, identity) else {
            // Its other cells say whether an earlier program wrote it.
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

    /// Whether an earlier program wrote a record that has no identity: something of it opens in the format
    /// of before, and its application was not bound since.
    fn is_of_before(&self, record: &Record) -> Result<bool> {
        let Some(application) = &record.application else { return Ok(false) };
        if !seal::is_older(&application.client_secret) {
            return Ok(false);
        }
        // An error of the key is one; a cell that does not open is an answer.
        self.key()?;
        let opens = |column| matches!(self.open_stored(record, column), Ok(Some(_)));
        Ok(self.unseal_client_secret(application).is_ok() || CELLS.into_iter().any(opens))
    }

    /// The key for [`bind_all`], where there is anything to bind and no program must be run for it.
    pub(crate) fn binder(&self) -> Option<Key> {
        // An older schema has no such column.
        if ids(self.connection().ok()?, UNBOUND).is_ok_and(|unbound| unbound.is_empty()) {
            return None;
        }
        self.key_without_asking().map(Key::copied)
    }

    /// Whether a record's identity is known not to open, or none of its cells, which its base URL and host
    /// are bound to: for commands that only look. Not known without the key, for which no program is run.
    pub(crate) fn is_known_to_be_edited(&self, record: &Record) -> bool {
        self.key_without_asking().is_some()
            && self.sealing_key().is_ok()
            && (self.prove_identity(record).is_err() || self.has_closed_cells_alone(record))
    }

    /// Whether the store's key is known to be missing or wrong: for commands that only look. Not known where a
    /// program must be run for it.
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

/// Binds every record that an earlier program wrote as it stands, inside the transaction of the first write.
/// Without the store's key they stay as they are.
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
        // A row that makes no sense is reported where it is read.
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
    /// Binds a record; its application, when an earlier program wrote it.
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

/// Names the company or user of a record, once the tokens say whose they are.
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
