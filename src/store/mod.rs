//! The store: one SQLite file with sealed cells.
//!
//! A query never creates anything: an absent store is an empty one. Opening is read-write without CREATE even
//! for a hit, because otherwise the journal of a killed writer could not be rolled back.

pub(crate) mod audit;
mod cache;
pub(crate) mod error;
#[cfg(fuzzing)]
pub(crate) mod fuzzing;
mod hit;
pub(crate) mod keys;
pub(crate) mod lock;
pub(crate) mod reserve;
pub(crate) mod sqlite;
mod stamp;

use std::cell::OnceCell;
use std::time::Duration;

use rusqlite::{Connection, Transaction, TransactionBehavior};

use crate::model::record::Account;
use crate::store::sqlite::{connecting, identity, migrate, rows, schema};
use crate::sys::paths::Paths;
use crate::sys::{files, random, trace};
pub(crate) use error::{Error, Result};
use hit::Hit;
pub(crate) use hit::Wanted;
pub(crate) use keys::keyed::{KeyLook, KeyState};
pub(crate) use keys::opening::RenewalSecrets;
use keys::{KeySettings, KeySource};
pub(crate) use sqlite::managed::{NewAccount, RequestToken};
use sqlite::migrate::NewStore;
pub(crate) use sqlite::rows::CredentialFilter;
pub(crate) use sqlite::stored_credentials::NewStoredCredential;
use stamp::{FileId, Stamp};

/// How long SQLite waits for another process's commit: below the lock timeout, far above a commit.
const BUSY_TIMEOUT: Duration = Duration::from_secs(10);

/// The store's metadata.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Meta {
    /// 16 random bytes, bound into every cell.
    pub store_id: Vec<u8>,
    /// Where the key is.
    pub key_source: KeySource,
    /// Which key it is.
    pub key_id: Vec<u8>,
    /// The default profile.
    pub used_profile: Option<String>,
}

/// An open store.
pub(crate) struct Store {
    /// Opened by the first query that the cache cannot answer.
    connection: OnceCell<Connection>,
    /// The identity of the database file when it was opened.
    file: FileId,
    /// Its stamp at that time.
    stamp: Option<Stamp>,
    /// The cache, after the first look for it: `None` inside if there is no valid one.
    cached: OnceCell<Option<Hit>>,
    paths: Paths,
    keys: KeySettings,
    meta: OnceCell<Meta>,
    key: OnceCell<keys::Loaded>,
    writes: bool,
}

impl std::fmt::Debug for Store {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Store").field("paths", &self.paths).finish_non_exhaustive()
    }
}

impl Store {
    /// The store, if there is one.
    pub(crate) fn open(paths: &Paths, keys: &KeySettings) -> Result<Option<Self>> {
        let Some((file, meta)) = files::open_private_to_read(&paths.store())? else {
            return Ok(None);
        };
        files::check_private_dir(paths.state_dir())?;
        let store = Self {
            connection: OnceCell::new(),
            file: FileId::of(&meta),
            stamp: Stamp::of(&file, &meta, paths),
            cached: OnceCell::new(),
            paths: paths.clone(),
            keys: keys.clone(),
            meta: OnceCell::new(),
            key: OnceCell::new(),
            writes: false,
        };
        Ok(Some(store))
    }

    /// The store; a new one with its key when there is none. For `login`, `import` and a non-empty
    /// `store` alone.
    pub(crate) fn open_or_create(paths: &Paths, keys: &KeySettings) -> Result<Self> {
        if let Some(store) = Self::open(paths, keys)? {
            let emptied = store.emptied();
            if migrate::version(store.connection()?)? > 0 {
                return Ok(store);
            }
            emptied.map_or(Ok(()), Err)?;
        }
        let source = keys.chosen()?;
        files::ensure_private_dir(paths.state_dir())?;
        let loaded = keys::load_or_create(source, paths, keys)?;
        files::create_private(&paths.store())?;
        let mut store = Self::open(paths, keys)?.ok_or(Error::Vanished)?;
        store.prepare_to_write()?;
        let mut store_id = [0; 16];
        random::fill(&mut store_id)?;
        let new = NewStore { store_id, key_source: source.name(), key_id: &loaded.key.id() };
        migrate::migrate(store.connection_mut()?, Some(&new))?;
        // A pipe can be read only once.
        store.key = OnceCell::from(loaded);
        Ok(store)
    }

    fn connection(&self) -> Result<&Connection> {
        if self.connection.get().is_none() {
            let connection = connect(&self.paths.store())?;
            trace::step("database opened");
            return Ok(self.connection.get_or_init(|| connection));
        }
        self.connection.get().ok_or(Error::Internal)
    }

    fn connection_mut(&mut self) -> Result<&mut Connection> {
        self.connection()?;
        self.connection.get_mut().ok_or(Error::Internal)
    }

    /// Whether this process has changed anything.
    pub(crate) fn has_written(&self) -> bool {
        self.writes
    }

    /// The store's metadata.
    pub(crate) fn meta(&self) -> Result<&Meta> {
        if self.meta.get().is_none() {
            let meta = rows::read_meta(self.connection()?)?;
            return Ok(self.meta.get_or_init(|| meta));
        }
        self.meta.get().ok_or(Error::Internal)
    }

    /// The wanted accounts, by name: from the cache if [`Store::open_cache`] found a valid one, else from the
    /// database.
    pub(crate) fn find(&self, wanted: Wanted<'_>) -> Result<Vec<Account>> {
        let cached = self.cached.get().and_then(Option::as_ref);
        if let Some(found) = cached.and_then(|hit| hit.find(wanted)) {
            return Ok(found);
        }
        let stored = self.load_hit(wanted)?;
        Ok(stored.and_then(|hit| hit.into_found(wanted)).unwrap_or_default())
    }

    /// Whether no store was created in this file yet. A file whose profiles are lost is an error.
    pub(crate) fn is_blank(&self) -> Result<bool> {
        let emptied = self.emptied();
        let is_blank = migrate::version(self.connection()?)? == 0;
        emptied.filter(|_| is_blank).map_or(Ok(is_blank), Err)
    }

    /// The error for an empty file if the files beside it show that there was a store. Check this before
    /// opening the file: the first run of another process may create all of them meanwhile, the store first.
    fn emptied(&self) -> Option<Error> {
        let reserves = std::fs::read_dir(self.paths.reserves_dir());
        let is_there = |path: std::path::PathBuf| path.symlink_metadata().is_ok();
        let was_used = reserves.is_ok_and(|mut entries| entries.next().is_some())
            || is_there(self.paths.events())
            || is_there(self.paths.cache());
        was_used.then(|| Error::Emptied(self.paths.store()))
    }

    /// Migrates an older store. Returns the resulting schema version; 0 if no store was created in the file
    /// yet.
    pub(crate) fn bring_up_to_date(&self) -> Result<i64> {
        let connection = self.connection()?;
        let version = migrate::version(connection)?;
        migrate::refuse_newer(version)?;
        if version == 0 || version == schema::CURRENT_VERSION {
            return Ok(version);
        }
        let binder = self.binder();
        make_durable(connection)?;
        // No statement or transaction is open on it, so the shared borrow is safe.
        let transaction = Transaction::new_unchecked(connection, TransactionBehavior::Immediate)
            .map_err(|error| Error::not_upgraded(version, error))?;
        migrate::bring_up_to_date(&transaction)?;
        identity::bind_all(&transaction, binder.as_ref())?;
        transaction.commit().map_err(|error| Error::not_upgraded(version, error))?;
        trace::step("schema brought up to date");
        Ok(schema::CURRENT_VERSION)
    }

    /// Lets the end of the process close the database: with nothing to write, closing it in SQLite is only a
    /// cost. The key is wiped nevertheless.
    pub(crate) fn leave_open(self) {
        let Self { connection, .. } = self;
        std::mem::forget(connection);
    }

    /// The paths of its files.
    pub(crate) fn paths(&self) -> &Paths {
        &self.paths
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
        // The cache is of the previous state.
        self.cached = OnceCell::from(None);
        let binder = self.binder();
        let transaction =
            self.connection_mut()?.transaction_with_behavior(TransactionBehavior::Immediate)?;
        migrate::bring_up_to_date(&transaction)?;
        identity::bind_all(&transaction, binder.as_ref())?;
        let result = work(&transaction)?;
        transaction.commit()?;
        Ok(result)
    }
}

fn connect(file: &std::path::Path) -> Result<Connection> {
    connecting::connect(file, BUSY_TIMEOUT)
}

/// FULL does not sync the folder after the journal is gone: a committed rotation could come back undone after a
/// power cut. And deleted cells are overwritten: SQLite would leave them in free space, where an attacker with
/// file and key could open them.
fn make_durable(connection: &Connection) -> Result<()> {
    connection
        .execute_batch(
            "PRAGMA synchronous = EXTRA; PRAGMA foreign_keys = ON; PRAGMA secure_delete = ON",
        )
        .map_err(Error::from)
}
