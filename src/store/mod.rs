//! The store's edge: one SQLite file, sealed cells, and the questions asked of them.
//!
//! A question never creates anything: an absent store is an empty one. Opening is read-write without
//! CREATE even for a hit, because only so can the journal of a killed writer be rolled back.

mod columns;
pub mod events;
mod foreign;
#[cfg(fuzzing)]
pub mod fuzzing;
pub mod inspect;
pub mod key;
mod managed;
mod migrate;
mod put;
mod refusals;
pub mod reserve;
mod rows;
pub mod salvage;
mod seal;
mod ticket;

use std::cell::OnceCell;
use std::time::Duration;

use rusqlite::{Connection, OpenFlags, Transaction, TransactionBehavior};

use crate::env::Env;
use crate::error::{Error, Kind, Result, login_command};
use crate::files;
use crate::model::origin::Origin;
use crate::model::record::{Account, Application, Binding, Column, Record, RecordId, SealedCell};
use crate::model::secret::Secret;
use crate::paths::Paths;
use crate::random;
use crate::trace;
pub use foreign::NewForeign;
use key::{Key, KeySource};
pub use managed::{NewAccount, RequestToken};
use migrate::NewStore;
pub(crate) use refusals::failed;
use refusals::{changed_meanwhile, unwritable};
pub use rows::ForeignFilter;
pub use seal::DoesNotOpen;
use ticket::{Identity, Stamp, Ticket};

/// How long SQLite waits for another process's commit: below the lock timeout, far above a commit.
const BUSY_TIMEOUT: Duration = Duration::from_secs(10);

/// What the store says of itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Meta {
    /// 16 random bytes, bound into every cell.
    pub store_id: Vec<u8>,
    /// Where the key is.
    pub key_source: KeySource,
    /// Which key it is.
    pub key_id: Vec<u8>,
    /// The profile chosen by `use`.
    pub used_profile: Option<String>,
}

/// An open store.
pub struct Store {
    /// Opened by the first question that the ticket cannot answer.
    connection: OnceCell<Connection>,
    /// Which file the database was when it was opened.
    identity: Identity,
    /// Its state at that time.
    stamp: Option<Stamp>,
    ticket: OnceCell<Option<Ticket>>,
    paths: Paths,
    env: Env,
    meta: OnceCell<Meta>,
    key: OnceCell<key::Loaded>,
    writes: bool,
}

impl std::fmt::Debug for Store {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Store").field("paths", &self.paths).finish_non_exhaustive()
    }
}

/// A managed account's secrets that are needed to renew it, opened together so that the geolocation
/// they are sent to is one that a cell has vouched for.
#[derive(Debug)]
pub struct RenewalSecrets {
    /// The application's client secret.
    pub client_secret: Secret,
    /// The refresh token.
    pub refresh_token: Option<Secret>,
    /// The company request token, if it is still alive.
    pub request_token: Option<Secret>,
    /// The origin that the operator named when the application was made.
    pub application_origin: Origin,
    /// The record's geolocation, authenticated by the cells above.
    pub geolocation: Origin,
}

impl Store {
    /// The store, if there is one.
    pub fn open(paths: &Paths, env: &Env) -> Result<Option<Self>> {
        let Some((file, meta)) = files::open_private_to_read(&paths.store())? else {
            return Ok(None);
        };
        files::check_private_dir(paths.state_dir())?;
        let store = Self {
            connection: OnceCell::new(),
            identity: Identity::of(&meta),
            stamp: Stamp::of(&file, &meta, paths),
            ticket: OnceCell::new(),
            paths: paths.clone(),
            env: env.clone(),
            meta: OnceCell::new(),
            key: OnceCell::new(),
            writes: false,
        };
        Ok(Some(store))
    }

    /// The store; a new one with its key when there is none. For `login`, `import` and a non-empty
    /// `store` alone.
    pub fn open_or_create(paths: &Paths, env: &Env) -> Result<Self> {
        if let Some(store) = Self::open(paths, env)?
            && migrate::version(store.connection()?)? > 0
        {
            return Ok(store);
        }
        let source = KeySource::chosen(env);
        files::ensure_private_dir(paths.state_dir())?;
        let key = key::load_or_create(source, paths, env)?.key;
        files::create_private(&paths.store())?;
        let mut store = Self::open(paths, env)?.ok_or_else(|| {
            Error::new(Kind::Temporary, "The store vanished while it was made", "Run it again.")
        })?;
        store.prepare_to_write()?;
        let mut store_id = [0; 16];
        random::fill(&mut store_id)?;
        let new = NewStore { store_id, key_source: source.name(), key_id: &key.id() };
        migrate::migrate(store.connection_mut()?, Some(&new))?;
        Ok(store)
    }

    fn connection(&self) -> Result<&Connection> {
        if self.connection.get().is_none() {
            let connection = connect(&self.paths.store())?;
            trace::step("database opened");
            return Ok(self.connection.get_or_init(|| connection));
        }
        self.connection.get().ok_or_else(unreachable_state)
    }

    fn connection_mut(&mut self) -> Result<&mut Connection> {
        self.connection()?;
        self.connection.get_mut().ok_or_else(unreachable_state)
    }

    /// Whether this process has changed anything.
    pub fn has_written(&self) -> bool {
        self.writes
    }

    /// What the store says of itself.
    pub fn meta(&self) -> Result<&Meta> {
        if self.meta.get().is_none() {
            let meta = rows::read_meta(self.connection()?)?;
            return Ok(self.meta.get_or_init(|| meta));
        }
        self.meta.get().ok_or_else(unreachable_state)
    }

    /// Whether this is a file in which no store was made yet.
    fn is_blank(&self) -> Result<bool> {
        Ok(migrate::version(self.connection()?)? == 0)
    }

    /// Brings the schema of an earlier program's store up to date, for whoever looks into it first.
    /// Returns the version that it then has; 0 when no store was made in the file yet.
    pub fn bring_up_to_date(&self) -> Result<i64> {
        let connection = self.connection()?;
        let version = migrate::version(connection)?;
        migrate::refuse_newer(version)?;
        if version == 0 || version == migrate::CURRENT_VERSION {
            return Ok(version);
        }
        make_durable(connection)?;
        // No statement is open on it and no transaction: the borrow is shared, the work is not.
        let transaction = Transaction::new_unchecked(connection, TransactionBehavior::Immediate)
            .map_err(|error| migrate::cannot_upgrade(version, &error))?;
        migrate::bring_up_to_date(&transaction)?;
        transaction.commit().map_err(|error| migrate::cannot_upgrade(version, &error))?;
        trace::step("schema brought up to date");
        Ok(migrate::CURRENT_VERSION)
    }

    /// Leaves the database to the end of the process, which closes it at once: with nothing to be
    /// written, SQLite's own way there is work for nobody. The key is wiped all the same.
    pub fn leave_open(self) {
        let Self { connection, .. } = self;
        std::mem::forget(connection);
    }

    /// The paths it lies at.
    pub fn paths(&self) -> &Paths {
        &self.paths
    }

    /// The key for opening cells, read when the first one needs it. That it is the right one is
    /// proved by whatever opens.
    fn key(&self) -> Result<&Key> {
        self.loaded_key().map(|loaded| &loaded.key)
    }

    fn loaded_key(&self) -> Result<&key::Loaded> {
        if self.key.get().is_none() {
            let meta = self.meta()?;
            let loaded = key::load(meta.key_source, &self.paths, &self.env)?;
            return Ok(self.key.get_or_init(|| loaded));
        }
        self.key.get().ok_or_else(unreachable_state)
    }

    /// The key for sealing, once it is sure to be the one that the store names: nothing is ever
    /// sealed with another.
    fn sealing_key(&self) -> Result<&Key> {
        let (meta, key) = (self.meta()?, self.key()?);
        if meta.key_id == key.id() { Ok(key) } else { Err(self.wrong_key(meta)) }
    }

    /// Proves that what will be obtained can be sealed and read again, before anything is sent for
    /// it. Returns what is to be said about the permissions of the key's file.
    pub fn prove_key(&self) -> Result<Option<&str>> {
        self.sealing_key()?;
        Ok(self.loaded_key()?.warning.as_deref())
    }

    fn wrong_key(&self, meta: &Meta) -> Error {
        Error::new(
            Kind::Unusable,
            format!(
                "{} is not the key that this store is sealed with",
                meta.key_source.describe(&self.paths, &self.env)
            ),
            "Put the right key back. Without it nothing stored can be read.",
        )
    }

    /// Opens one of a record's cells. `Ok(None)`: there is no such cell.
    pub fn unseal(&self, record: &Record, column: Column) -> Result<Option<Secret>> {
        let open = |cell| self.open_cell(record.binding(), column, cell, record.profile_name());
        record.cell(column).map(open).transpose()
    }

    /// Opens an account's access token. `Ok(None)`: there is none.
    pub fn unseal_access_token(&self, account: &Account) -> Result<Option<Secret>> {
        let profile = Some(account.profile.as_str());
        let open = |cell| self.open_cell(account.binding(), Column::AccessToken, cell, profile);
        account.access_token.as_ref().map(open).transpose()
    }

    fn open_cell(
        &self,
        binding: Binding<'_>,
        column: Column,
        cell: &SealedCell,
        profile: Option<&str>,
    ) -> Result<Secret> {
        let place = seal::Place::of_cell(&self.meta()?.store_id, binding, column);
        seal::unseal(self.key()?, &place, cell)
            .map_err(|DoesNotOpen| self.why_not_open(profile, column))
    }

    /// Opens what is needed to renew a managed account. An edited geolocation, host or application
    /// origin makes this fail, so that nothing is sent anywhere.
    pub fn unseal_renewal(&self, record: &Record, now: i64) -> Result<RenewalSecrets> {
        let application = record.application.as_ref().ok_or_else(unreachable_state)?;
        let client_secret = self.unseal_client_secret(application)?;
        let refresh_token = self.unseal(record, Column::RefreshToken)?;
        // A damaged one must not keep a good refresh token from being used.
        let request_token = match self.unseal(record, Column::RequestToken) {
            Ok(token) => token.filter(|_| record.has_live_request_token(now)),
            Err(damaged) if refresh_token.is_none() => return Err(damaged),
            Err(_) => None,
        };
        Ok(RenewalSecrets {
            client_secret,
            refresh_token,
            request_token,
            application_origin: stored_origin(&application.origin)?,
            geolocation: stored_origin(&record.geolocation)?,
        })
    }

    /// Opens an application's client secret.
    pub fn unseal_client_secret(&self, application: &Application) -> Result<Secret> {
        let place = seal::Place::of_client_secret(&self.meta()?.store_id, application);
        seal::unseal(self.key()?, &place, &application.client_secret).map_err(|DoesNotOpen| {
            let what = format!("The client secret of application {}", application.name);
            self.key_or_damage(&what, None)
        })
    }

    /// Seals an answer that could not be committed, for the reserve file.
    pub fn seal_spill(&self, id: RecordId, generation: i64, answer: &Secret) -> Result<SealedCell> {
        let place = seal::Place::of_spill(&self.meta()?.store_id, id, generation);
        seal::seal(self.sealing_key()?, &place, answer)
    }

    /// Opens a spilled answer; `None` when it is not for this record at this generation.
    pub fn unseal_spill(
        &self,
        id: RecordId,
        generation: i64,
        spill: &SealedCell,
    ) -> Result<Option<Secret>> {
        let place = seal::Place::of_spill(&self.meta()?.store_id, id, generation);
        Ok(seal::unseal(self.key()?, &place, spill).ok())
    }

    fn why_not_open(&self, profile: Option<&str>, column: Column) -> Error {
        let what = format!("The stored {}", column.name().replace('_', " "));
        self.key_or_damage(&what, profile).of_profile(profile)
    }

    fn key_or_damage(&self, what: &str, profile: Option<&str>) -> Error {
        match (self.meta(), self.key()) {
            (Ok(meta), Ok(key)) if meta.key_id != key.id() => self.wrong_key(meta),
            _ => Error::new(
                Kind::Unusable,
                format!(
                    "{what} does not open: the store was edited or damaged, and it is not used"
                ),
                format!("Log in again: {}", login_command(profile)),
            ),
        }
    }

    fn prepare_to_write(&mut self) -> Result<()> {
        if !self.writes {
            make_durable(self.connection()?)?;
            self.writes = true;
        }
        Ok(())
    }

    /// Runs `work` in one IMMEDIATE transaction with the version read inside it.
    fn write<T>(&mut self, work: impl FnOnce(&Transaction<'_>) -> Result<T>) -> Result<T> {
        self.prepare_to_write()?;
        // Whatever is changed, the ticket is of the database as it was.
        self.ticket = OnceCell::from(None);
        let transaction = self
            .connection_mut()?
            .transaction_with_behavior(TransactionBehavior::Immediate)
            .map_err(|error| failed(&error))?;
        migrate::bring_up_to_date(&transaction)?;
        let result = work(&transaction)?;
        transaction.commit().map_err(|error| failed(&error))?;
        Ok(result)
    }
}

fn connect(file: &std::path::Path) -> Result<Connection> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(file, flags).map_err(|error| failed(&error))?;
    connection.busy_timeout(BUSY_TIMEOUT).map_err(|error| failed(&error))?;
    Ok(connection)
}

/// FULL does not sync the folder after the journal is gone: a committed rotation could come back undone
/// after a power cut.
fn make_durable(connection: &Connection) -> Result<()> {
    connection
        .execute_batch("PRAGMA synchronous = EXTRA; PRAGMA foreign_keys = ON")
        .map_err(|error| failed(&error))
}

fn stored_origin(text: &str) -> Result<Origin> {
    Origin::from_operator(text).map_err(|bad| {
        Error::new(
            Kind::Unusable,
            format!("The store names a base URL that is none ({bad})"),
            format!("Log in again: {}", login_command(None)),
        )
    })
}

fn unreachable_state() -> Error {
    Error::new(Kind::Other, "The program is in a state that it cannot be in", "Report this.")
}
