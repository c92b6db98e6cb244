//! Stored credentials: credentials that a caller stored for a host, returned unchanged.

use rusqlite::{OptionalExtension, Transaction, named_params};

use super::put;
use super::rows::CredentialFilter;
use crate::model::host;
use crate::model::record::{Column, GitKey, Record, RecordId};
use crate::model::secret::Secret;
use crate::store::Store;
use crate::store::error::{Error, Result};
use crate::sys::{failpoint, random};

/// How often storing is tried while other processes store the same key.
const STORE_TRIES: u32 = 20;

/// A credential that is stored and returned unchanged.
#[derive(Debug)]
pub(crate) struct NewStoredCredential {
    /// What it is looked up by; the host in its canonical form.
    pub key: GitKey,
    /// git's `authtype`, when `secret` is a `credential` and not a password.
    pub authtype: Option<Vec<u8>>,
    /// Password or credential.
    pub secret: Secret,
    /// Epoch seconds; `None`: never.
    pub expires_at: Option<i64>,
    /// git's `oauth_refresh_token`.
    pub refresh_token: Option<Secret>,
}

impl Store {
    /// Stores a credential, replacing the one with exactly the same key.
    pub(crate) fn store_credential(&mut self, new: &NewStoredCredential, now: i64) -> Result<()> {
        for _ in 1..STORE_TRIES {
            if self.with_current_key(|store| store.try_store_credential(new, now))? {
                return Ok(());
            }
        }
        if self.with_current_key(|store| store.try_store_credential(new, now))? {
            Ok(())
        } else {
            Err(Error::Changed)
        }
    }

    /// `Some(false)` if another process stored or erased the same key meanwhile: then the cells, which are
    /// sealed for one record, are useless.
    fn try_store_credential(
        &mut self,
        new: &NewStoredCredential,
        now: i64,
    ) -> Result<Option<bool>> {
        let NewStoredCredential { key, authtype, secret, expires_at, refresh_token } = new;
        let store_id = self.meta()?.store_id.clone();
        let exact = CredentialFilter {
            protocol: &key.protocol,
            host: &key.host,
            path: key.path.as_deref(),
            username: key.username.as_deref(),
        };
        // The row of the same host is replaced, also if an earlier version spelt it differently.
        let is_same = |found: &GitKey| (&found.path, &found.username) == (&key.path, &key.username);
        let old = self.stored_credentials(&exact)?.into_iter().find(|record| is_same(&record.key));
        let id = old.as_ref().map_or_else(|| random::id().map(RecordId), |old| Ok(old.id))?;
        let mut record = put::blank_record(id, now);
        record.created_at = old.as_ref().map_or(now, |old| old.created_at);
        record.key = old.as_ref().map_or(key, |old| &old.key).clone();
        record.authtype.clone_from(authtype);
        record.access_expires_at = *expires_at;
        self.put_cell(&mut record, &store_id, Column::AccessToken, Some(secret))?;
        self.put_cell(&mut record, &store_id, Column::RefreshToken, refresh_token.as_ref())?;
        failpoint::pass("foreign-sealed");
        let mut record = self.bound(record)?;
        self.write_sealed(|transaction| {
            if id_of_key(transaction, record.record())? != old.as_ref().map(|old| old.id) {
                return Ok(false);
            }
            // The order in which credentials of one host were stored, independent of the clock.
            record.set_generation(newest_of_host(transaction, key)? + 1);
            put::record(transaction, &record)?;
            Ok(true)
        })
    }

    /// Removes these stored credentials, if they are unchanged since they were read.
    pub(crate) fn erase_credentials(&mut self, entries: &[Record]) -> Result<()> {
        self.write(|transaction| {
            for entry in entries {
                transaction.execute(
                    "DELETE FROM record WHERE id = ?1 AND generation = ?2 AND profile IS NULL",
                    [entry.id.0, entry.generation],
                )?;
            }
            Ok(())
        })
    }
}

fn newest_of_host(transaction: &Transaction<'_>, key: &GitKey) -> Result<i64> {
    let GitKey { protocol, host, .. } = key;
    transaction
        .query_row(
            "SELECT ifnull(max(generation), 0) FROM record WHERE host IN (?1, ?2) AND profile IS NULL",
            (host, host::with_default_port(protocol, host)),
            |row| row.get(0),
        )
        .map_err(Error::from)
}

fn id_of_key(transaction: &Transaction<'_>, record: &Record) -> Result<Option<RecordId>> {
    let GitKey { protocol, host, path, username } = &record.key;
    transaction
        .query_row(
            "SELECT id FROM record WHERE host = :host AND protocol = :protocol \
             AND path_given = :path_given AND path = :path \
             AND username_given = :username_given AND username = :username AND profile IS NULL",
            named_params! {
                ":host": host,
                ":protocol": protocol,
                ":path_given": path.is_some(),
                ":path": path.as_deref().unwrap_or_default(),
                ":username_given": username.is_some(),
                ":username": username.as_deref().unwrap_or_default(),
            },
            |row| row.get(0).map(RecordId),
        )
        .optional()
        .map_err(Error::from)
}
