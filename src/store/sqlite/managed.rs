//! Creates, renames and removes managed accounts. Functions that change tokens demand the record's lock.

use rusqlite::{OptionalExtension, Transaction};

use super::put;
use crate::model::grant::{Grant, GrantKind};
use crate::model::origin::Origin;
use crate::model::profile::ProfileName;
use crate::model::record::{Application, ApplicationId, Binding, Column, Record, SealedCell};
use crate::model::secret::Secret;
use crate::store::Store;
use crate::store::error::{Error, Result};
use crate::store::keys::seal;
use crate::store::lock::RecordLock;
use crate::sys::{failpoint, random};

/// A company request token and when it expires (epoch seconds).
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct RequestToken {
    /// The token.
    pub secret: Secret,
    /// Epoch seconds.
    pub expires_at: i64,
}

/// A managed account as `login`, `import` or `store --application` obtained it.
#[derive(Debug)]
pub(crate) struct NewAccount {
    /// Its name.
    pub profile: ProfileName,
    /// The OAuth client id.
    pub client_id: String,
    /// The OAuth client secret.
    pub client_secret: Secret,
    /// The origin that the operator named for obtaining tokens.
    pub application_origin: Origin,
    /// Company or user UUID.
    pub principal: String,
    /// By which grant; `None` when that is not known.
    pub obtained_by: Option<GrantKind>,
    /// Kept while it is valid, for use if the refresh token is refused.
    pub request_token: Option<RequestToken>,
    /// The tokens.
    pub grant: Grant,
    /// Epoch seconds when the access token was obtained.
    pub obtained_at: i64,
    /// Unknown fields of an imported file.
    pub unknown_fields: Option<Secret>,
}

impl Store {
    /// Creates or renews the managed account with the record id of `lock`.
    pub(crate) fn save_account(
        &mut self,
        lock: &RecordLock,
        new: &NewAccount,
        now: i64,
    ) -> Result<Record> {
        self.with_current_key(|store| store.try_save_account(lock, new, now))
    }

    fn try_save_account(
        &mut self,
        lock: &RecordLock,
        new: &NewAccount,
        now: i64,
    ) -> Result<Option<Record>> {
        let id = lock.record_id();
        let store_id = self.meta()?.store_id.clone();
        let old = self.reread(id)?;
        let application = self.application_for(new, old.as_ref())?;
        let geolocation = new.grant.geolocation.as_ref().unwrap_or(&new.application_origin);
        let mut record = put::blank_record(id, now);
        record.created_at = old.as_ref().map_or(now, |old| old.created_at);
        record.generation = old.as_ref().map_or(1, |old| old.generation.wrapping_add(1));
        record.attempt.number = old.as_ref().map_or(0, |old| old.attempt.number);
        record.profile = Some(new.profile.clone());
        record.application = Some(application);
        record.key.username = Some(new.principal.clone().into_bytes());
        record.principal.clone_from(&new.principal);
        record.obtained_by = new.obtained_by;
        record.obtained_at = new.obtained_at;
        record.refreshed_at = Some(new.obtained_at);
        settle_at(&mut record, geolocation);
        take_plain(&mut record, &new.grant);
        record.request_token_expires_at = new.request_token.as_ref().map(|t| t.expires_at);
        let request_token = new.request_token.as_ref().map(|token| &token.secret);
        let cells = [
            (Column::AccessToken, new.grant.access_token.as_ref()),
            (Column::RefreshToken, new.grant.refresh_token.as_ref()),
            (Column::IdToken, new.grant.id_token.as_ref()),
            (Column::RequestToken, request_token),
            (Column::UnknownFields, new.unknown_fields.as_ref()),
        ];
        for (column, secret) in cells {
            self.put_cell(&mut record, &store_id, column, secret)?;
        }
        let record = self.with_sealed_client_secret(record, &new.client_secret)?;
        let bound = self.bound(record)?;
        failpoint::pass("account-sealed");
        let written = self.write_sealed(|transaction| {
            refuse_taken_profile(transaction, bound.record())?;
            put::application(transaction, bound.record())?;
            put::record(transaction, &bound)?;
            choose_first(transaction, bound.record())?;
            put::drop_unused_applications(transaction)
        })?;
        Ok(written.map(|()| bound.into_record()))
    }

    /// Removes a managed account, and its application if no other account uses it.
    pub(crate) fn forget(&mut self, lock: &RecordLock) -> Result<()> {
        let id = lock.record_id();
        self.write(|transaction| {
            transaction.execute("DELETE FROM record WHERE id = ?1", [id.0]).and_then(|_| {
                transaction.execute(
                    "UPDATE meta SET used_profile = NULL WHERE used_profile NOT IN \
                         (SELECT profile FROM record WHERE profile IS NOT NULL)",
                    [],
                )
            })?;
            put::drop_unused_applications(transaction)
        })?;
        self.remove_cache();
        Ok(())
    }

    /// Renames a managed account; the default profile stays the default.
    pub(crate) fn rename_profile(
        &mut self,
        lock: &RecordLock,
        old: &ProfileName,
        new: &ProfileName,
    ) -> Result<()> {
        self.with_current_key(|store| store.try_rename_profile(lock, old, new))
    }

    fn try_rename_profile(
        &mut self,
        lock: &RecordLock,
        old: &ProfileName,
        new: &ProfileName,
    ) -> Result<Option<()>> {
        let id = lock.record_id();
        let mut record = self.reread(id)?.ok_or(Error::Changed)?;
        // A rename must not authenticate edited values.
        self.prove_identity(&record)?;
        record.profile = Some(new.clone());
        let identity = self.bound(record)?.into_record().identity.map(|cell| cell.0);
        self.write_sealed(|transaction| {
            // Another process may have renamed it or used the name since both were checked.
            let renamed = transaction.execute(
                "UPDATE record SET profile = ?1, identity = ?4 WHERE id = ?2 AND profile = ?3 \
                     AND NOT EXISTS (SELECT 1 FROM record WHERE profile = ?1 AND id <> ?2)",
                (new.as_str(), id.0, old.as_str(), &identity),
            )?;
            if renamed != 1 {
                return Err(Error::Changed);
            }
            transaction
                .execute(
                    "UPDATE meta SET used_profile = ?1 WHERE used_profile = ?2",
                    (new.as_str(), old.as_str()),
                )
                .map(|_| ())
                .map_err(Error::from)
        })
    }

    /// Sets the default profile.
    pub(crate) fn use_profile(&mut self, profile: &ProfileName) -> Result<()> {
        self.write(|transaction| {
            transaction
                .execute("UPDATE meta SET used_profile = ?1", [profile.as_str()])
                .map(|_| ())
                .map_err(Error::from)
        })
    }

    /// The application to bind an account to: the one with the same client id and origin, else a new one. Its
    /// client secret is sealed later, when the record is complete.
    fn application_for(&self, new: &NewAccount, old: Option<&Record>) -> Result<Application> {
        let origin = new.application_origin.as_str();
        let all = self.applications()?;
        // One whose secret does not open was edited, perhaps its name, too.
        let same = |a: &&Application| {
            a.client_id == new.client_id
                && a.origin == origin
                && self.unseal_client_secret(a).is_ok()
        };
        if let Some(known) = all.iter().find(same) {
            return Ok(known.clone());
        }
        let mine = old.and_then(|record| record.application.as_ref()).map(|a| a.name.as_str());
        let taken = |name: &str| all.iter().any(|a| a.name == name && mine != Some(name));
        let profile = new.profile.as_str();
        let mut name = profile.to_owned();
        let mut count = 2;
        while taken(&name) {
            name = format!("{profile}-{count}");
            count += 1;
        }
        Ok(Application {
            id: ApplicationId(random::id()?),
            name,
            client_id: new.client_id.clone(),
            client_secret: SealedCell(Vec::new()),
            origin: origin.to_owned(),
        })
    }

    fn with_sealed_client_secret(&self, mut record: Record, secret: &Secret) -> Result<Record> {
        if let Some(application) = &mut record.application {
            let place = seal::Place::of_client_secret(&self.meta()?.store_id, application);
            application.client_secret = seal::seal(self.sealing_key()?, &place, secret)?;
        }
        Ok(record)
    }

    pub(crate) fn put_cell(
        &self,
        record: &mut Record,
        store_id: &[u8],
        column: Column,
        secret: Option<&Secret>,
    ) -> Result<()> {
        let cell = match secret {
            Some(secret) => {
                let has_identity = record.profile.is_some();
                let binding = Binding { has_identity, ..record.binding() };
                let place = seal::Place::of_cell(store_id, binding, column);
                Some(seal::seal(self.sealing_key()?, &place, secret)?)
            }
            None => None,
        };
        *record.cell_mut(column) = cell;
        Ok(())
    }
}

/// The parts of a grant that are stored unsealed; missing ones stay as they were.
pub(super) fn take_plain(record: &mut Record, grant: &Grant) {
    record.access_expires_at = grant.access_token.as_ref().and(grant.access_expires_at);
    if grant.refresh_token.is_some() || grant.refresh_expires_at.is_some() {
        record.refresh_expires_at = grant.refresh_expires_at;
        record.refresh_expiry_assumed = grant.refresh_expiry_assumed;
    }
    record.principal_type = grant.principal_type().or(record.principal_type);
    if let Some(scope) = &grant.scope {
        record.scope = Some(scope.clone());
    }
}

/// Sets a record's base URL together with its git key.
pub(super) fn settle_at(record: &mut Record, origin: &Origin) {
    origin.as_str().clone_into(&mut record.geolocation);
    record.key.protocol = origin.scheme().as_bytes().to_vec();
    record.key.host = origin.host().as_bytes().to_vec();
}

/// The first profile is the default profile until `use` chooses another: a second one changes nothing for
/// callers that name none. In an older store, the only profile counts as the first.
fn choose_first(transaction: &Transaction<'_>, record: &Record) -> Result<()> {
    let profile = record.profile_name();
    transaction
        .execute(
            "UPDATE meta SET used_profile = coalesce((SELECT profile FROM record \
             WHERE profile IS NOT NULL AND id <> ?1), ?2) WHERE used_profile IS NULL \
             AND (SELECT count(*) FROM record WHERE profile IS NOT NULL AND id <> ?1) < 2",
            (record.id.0, profile),
        )
        .map(|_| ())
        .map_err(Into::into)
}

fn refuse_taken_profile(transaction: &Transaction<'_>, record: &Record) -> Result<()> {
    let other: Option<i64> = transaction
        .query_row(
            "SELECT id FROM record WHERE profile = ?1 AND id <> ?2",
            (record.profile_name(), record.id.0),
            |row| row.get(0),
        )
        .optional()?;
    if other.is_some() { Err(Error::Changed) } else { Ok(()) }
}
