//! What changes the store. Everything that touches a managed account's tokens demands its lock.

use rusqlite::{OptionalExtension, Transaction, named_params};

use super::rows::ForeignFilter;
use super::{Store, failed, random_id, seal};
use crate::error::{Error, Kind, Result};
use crate::lock::RecordLock;
use crate::model::grant::Grant;
use crate::model::origin::Origin;
use crate::model::profile::ProfileName;
use crate::model::record::{
    Application, ApplicationId, Attempt, Column, GitKey, Record, RecordId, SealedCell,
};
use crate::model::secret::Secret;

/// A company request token and when its 24 hours are over (epoch seconds).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RequestToken {
    /// The token.
    pub secret: Secret,
    /// Epoch seconds.
    pub expires_at: i64,
}

/// A managed account as `login`, `import` or `store --application` obtained it.
#[derive(Debug)]
pub struct NewAccount {
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
    /// Kept while it lives: the way back when the refresh token is refused.
    pub request_token: Option<RequestToken>,
    /// The tokens.
    pub grant: Grant,
    /// Epoch seconds when the access token was obtained.
    pub obtained_at: i64,
    /// Unknown fields of an imported file.
    pub unknown_fields: Option<Secret>,
}

/// An entry that a caller stores and gets back as it was.
#[derive(Debug)]
pub struct NewForeign {
    /// What it is looked up by; the host lower-cased.
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
    /// Makes or renews the managed account `lock` holds the record id of.
    pub fn save_account(&mut self, lock: &RecordLock, new: NewAccount, now: i64) -> Result<Record> {
        let id = lock.record_id();
        let store_id = self.meta()?.store_id.clone();
        self.key()?;
        let old = self.reread(id)?;
        let application = self.application_for(&new, old.as_ref())?;
        let geolocation = new.grant.geolocation.as_ref().unwrap_or(&new.application_origin);
        let mut record = blank_record(id, now);
        record.created_at = old.as_ref().map_or(now, |old| old.created_at);
        record.generation = old.as_ref().map_or(1, |old| old.generation + 1);
        record.attempt.number = old.as_ref().map_or(0, |old| old.attempt.number);
        record.profile = Some(new.profile);
        record.application = Some(application);
        record.key.username = Some(new.principal.clone().into_bytes());
        record.principal = new.principal;
        record.obtained_at = new.obtained_at;
        record.refreshed_at = Some(new.obtained_at);
        settle_at(&mut record, geolocation);
        take_plain(&mut record, &new.grant);
        record.request_token_expires_at = new.request_token.as_ref().map(|t| t.expires_at);
        let request_token = new.request_token.map(|token| token.secret);
        let cells = [
            (Column::AccessToken, new.grant.access_token),
            (Column::RefreshToken, new.grant.refresh_token),
            (Column::IdToken, new.grant.id_token),
            (Column::RequestToken, request_token),
            (Column::UnknownFields, new.unknown_fields),
        ];
        for (column, secret) in cells {
            self.put_cell(&mut record, &store_id, column, secret.as_ref())?;
        }
        let record = self.with_sealed_client_secret(record, &new.client_secret)?;
        self.write(|transaction| {
            refuse_taken_profile(transaction, &record)?;
            put_application(transaction, &record)?;
            put_record(transaction, &record)?;
            drop_unused_applications(transaction)
        })?;
        Ok(record)
    }

    /// Records that an attempt begins, before anything is sent. Returns the record with it.
    pub fn begin_attempt(&mut self, lock: &RecordLock, record: &Record, now: i64) -> Result<Record> {
        let mut begun = same(lock, record).clone();
        begun.attempt = Attempt {
            number: record.attempt.number + 1,
            started_at: Some(now),
            failures: record.attempt.failures,
            ..Attempt::default()
        };
        self.write(|transaction| put_attempt(transaction, &begun))?;
        Ok(begun)
    }

    /// Records how an attempt ended when nothing was granted.
    pub fn end_attempt(&mut self, lock: &RecordLock, record: &Record, ended: Attempt) -> Result<()> {
        let mut record = same(lock, record).clone();
        record.attempt = ended;
        self.write(|transaction| put_attempt(transaction, &record))
    }

    /// Keeps what was granted: one transaction with everything, every cell sealed for where the
    /// tokens live from now on. Returns the record as it then is.
    pub fn commit_grant(
        &mut self,
        lock: &RecordLock,
        record: &Record,
        grant: &Grant,
        now: i64,
    ) -> Result<Record> {
        let old = same(lock, record);
        let store_id = self.meta()?.store_id.clone();
        let mut renewed = old.clone();
        if let Some(origin) = &grant.geolocation {
            settle_at(&mut renewed, origin);
        }
        take_plain(&mut renewed, grant);
        if !old.has_live_request_token(now) {
            renewed.request_token = None;
            renewed.request_token_expires_at = None;
        }
        self.put_cell(&mut renewed, &store_id, Column::AccessToken, grant.access_token.as_ref())?;
        let fresh = [
            (Column::RefreshToken, grant.refresh_token.as_ref()),
            (Column::IdToken, grant.id_token.as_ref()),
            (Column::RequestToken, None),
            (Column::UnknownFields, None),
        ];
        let moved = renewed.key != old.key || renewed.geolocation != old.geolocation;
        for (column, secret) in fresh {
            if secret.is_some() {
                self.put_cell(&mut renewed, &store_id, column, secret)?;
            } else if moved && renewed.cell(column).is_some() {
                // A cell that did not open before is left as it is: it opens nowhere either way.
                if let Ok(kept) = self.unseal(old, column) {
                    self.put_cell(&mut renewed, &store_id, column, kept.as_ref())?;
                }
            }
        }
        renewed.obtained_at = now;
        renewed.refreshed_at = Some(now);
        renewed.updated_at = now;
        renewed.generation = old.generation + 1;
        self.write(|transaction| {
            let here = generation_of(transaction, old.id)?;
            if here != Some(old.generation) {
                return Err(changed_meanwhile());
            }
            put_record(transaction, &renewed)
        })?;
        Ok(renewed)
    }

    /// Forgets the access token alone, so that the next `get` renews.
    pub fn drop_access_token(&mut self, lock: &RecordLock, record: &Record, now: i64) -> Result<()> {
        let mut dropped = same(lock, record).clone();
        dropped.access_token = None;
        dropped.access_expires_at = None;
        dropped.updated_at = now;
        dropped.generation += 1;
        self.write(|transaction| put_record(transaction, &dropped))
    }

    /// Forgets a managed account, and its application when nobody else uses it.
    pub fn forget(&mut self, lock: &RecordLock) -> Result<()> {
        let id = lock.record_id();
        self.write(|transaction| {
            transaction
                .execute("DELETE FROM record WHERE id = ?1", [id.0])
                .and_then(|_| {
                    transaction.execute(
                        "UPDATE meta SET used_profile = NULL WHERE used_profile NOT IN \
                         (SELECT profile FROM record WHERE profile IS NOT NULL)",
                        [],
                    )
                })
                .map_err(|error| failed(&error))?;
            drop_unused_applications(transaction)
        })
    }

    /// Sets the profile that is meant when none is named.
    pub fn use_profile(&mut self, profile: &ProfileName) -> Result<()> {
        self.write(|transaction| {
            transaction
                .execute("UPDATE meta SET used_profile = ?1", [profile.as_str()])
                .map(|_| ())
                .map_err(|error| failed(&error))
        })
    }

    /// Keeps a foreign entry in place of the one with exactly the same key.
    pub fn store_foreign(&mut self, new: NewForeign, now: i64) -> Result<()> {
        let NewForeign { key, authtype, secret, expires_at, refresh_token } = new;
        let store_id = self.meta()?.store_id.clone();
        let exact = ForeignFilter {
            protocol: &key.protocol,
            host: &key.host,
            path: key.path.as_deref(),
            username: key.username.as_deref(),
        };
        let old = self.foreign(&exact)?.into_iter().find(|record| record.key == key);
        let id = old.as_ref().map_or_else(random_record_id, |old| Ok(old.id))?;
        let mut record = blank_record(id, now);
        record.created_at = old.map_or(now, |old| old.created_at);
        record.key = key;
        record.authtype = authtype;
        record.access_expires_at = expires_at;
        self.put_cell(&mut record, &store_id, Column::AccessToken, Some(&secret))?;
        self.put_cell(&mut record, &store_id, Column::RefreshToken, refresh_token.as_ref())?;
        self.write(|transaction| {
            // The order in which entries of one host were stored, whatever the clock did.
            record.generation = newest_of_host(transaction, &record.key.host)? + 1;
            record.id = id_of_key(transaction, &record)?.unwrap_or(record.id);
            if record.id != id {
                return Err(changed_meanwhile());
            }
            put_record(transaction, &record)
        })
    }

    /// Forgets these foreign entries, where they are still what was read.
    pub fn erase_foreign(&mut self, entries: &[Record]) -> Result<()> {
        self.write(|transaction| {
            for entry in entries {
                transaction
                    .execute(
                        "DELETE FROM record WHERE id = ?1 AND generation = ?2 AND profile IS NULL",
                        [entry.id.0, entry.generation],
                    )
                    .map_err(|error| failed(&error))?;
            }
            Ok(())
        })
    }

    /// The application to bind an account to: the one with the same client id and origin, else a new
    /// one. Its client secret is sealed later, when the record is whole.
    fn application_for(&self, new: &NewAccount, old: Option<&Record>) -> Result<Application> {
        let origin = new.application_origin.as_str();
        let all = self.applications()?;
        let same = |a: &&Application| a.client_id == new.client_id && a.origin == origin;
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
            id: ApplicationId(random_id()?),
            name,
            client_id: new.client_id.clone(),
            client_secret: SealedCell(Vec::new()),
            origin: origin.to_owned(),
        })
    }

    fn with_sealed_client_secret(&self, mut record: Record, secret: &Secret) -> Result<Record> {
        if let Some(application) = &mut record.application {
            let place = seal::Place::of_client_secret(&self.meta()?.store_id, application);
            application.client_secret = seal::seal(self.key()?, &place, secret)?;
        }
        Ok(record)
    }

    fn put_cell(
        &self,
        record: &mut Record,
        store_id: &[u8],
        column: Column,
        secret: Option<&Secret>,
    ) -> Result<()> {
        let cell = match secret {
            Some(secret) => {
                let place = seal::Place::of_cell(store_id, record, column);
                Some(seal::seal(self.key()?, &place, secret)?)
            }
            None => None,
        };
        *match column {
            Column::AccessToken => &mut record.access_token,
            Column::RefreshToken => &mut record.refresh_token,
            Column::IdToken => &mut record.id_token,
            Column::RequestToken => &mut record.request_token,
            Column::UnknownFields => &mut record.unknown_fields,
        } = cell;
        Ok(())
    }
}

/// The record, once it is sure that the lock is its own.
fn same<'r>(lock: &RecordLock, record: &'r Record) -> &'r Record {
    assert_eq!(lock.record_id(), record.id, "a lock serves its own record only");
    record
}

fn random_record_id() -> Result<RecordId> {
    random_id().map(RecordId)
}

fn changed_meanwhile() -> Error {
    Error::new(
        Kind::Temporary,
        "Another process changed the credential at the same moment",
        "Run it again.",
    )
}

/// The parts of a grant that are kept in the clear; what it lacks stays as it was.
fn take_plain(record: &mut Record, grant: &Grant) {
    record.access_expires_at = grant.access_token.as_ref().and(grant.access_expires_at);
    if grant.refresh_token.is_some() || grant.refresh_expires_at.is_some() {
        record.refresh_expires_at = grant.refresh_expires_at;
        record.refresh_expiry_assumed = grant.refresh_expiry_assumed;
    }
    if let Some(scope) = &grant.scope {
        record.scope = Some(scope.clone());
    }
}

/// Puts a record where its tokens live: base URL and git key together.
fn settle_at(record: &mut Record, origin: &Origin) {
    origin.as_str().clone_into(&mut record.geolocation);
    record.key.protocol = origin.scheme().as_bytes().to_vec();
    record.key.host = origin.host().as_bytes().to_vec();
}

fn blank_record(id: RecordId, now: i64) -> Record {
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
        id_token: None,
        request_token: None,
        request_token_expires_at: None,
        unknown_fields: None,
        created_at: now,
        obtained_at: now,
        refreshed_at: None,
        updated_at: now,
        generation: 0,
        attempt: Attempt::default(),
    }
}

fn generation_of(transaction: &Transaction<'_>, id: RecordId) -> Result<Option<i64>> {
    transaction
        .query_row("SELECT generation FROM record WHERE id = ?1", [id.0], |row| row.get(0))
        .optional()
        .map_err(|error| failed(&error))
}

fn newest_of_host(transaction: &Transaction<'_>, host: &[u8]) -> Result<i64> {
    transaction
        .query_row(
            "SELECT ifnull(max(generation), 0) FROM record WHERE host = ?1 AND profile IS NULL",
            [host],
            |row| row.get(0),
        )
        .map_err(|error| failed(&error))
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
        .map_err(|error| failed(&error))
}

fn refuse_taken_profile(transaction: &Transaction<'_>, record: &Record) -> Result<()> {
    let other: Option<i64> = transaction
        .query_row(
            "SELECT id FROM record WHERE profile = ?1 AND id <> ?2",
            (record.profile_name(), record.id.0),
            |row| row.get(0),
        )
        .optional()
        .map_err(|error| failed(&error))?;
    if other.is_some() { Err(changed_meanwhile()) } else { Ok(()) }
}

fn put_application(transaction: &Transaction<'_>, record: &Record) -> Result<()> {
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

fn drop_unused_applications(transaction: &Transaction<'_>) -> Result<()> {
    transaction
        .execute(
            "DELETE FROM application WHERE id NOT IN \
             (SELECT application_id FROM record WHERE application_id IS NOT NULL)",
            [],
        )
        .map(|_| ())
        .map_err(|error| failed(&error))
}

fn put_attempt(transaction: &Transaction<'_>, record: &Record) -> Result<()> {
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
                outcome.map(crate::model::record::OutcomeKind::name),
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
fn put_record(transaction: &Transaction<'_>, record: &Record) -> Result<()> {
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
        id_token,
        request_token,
        request_token_expires_at,
        unknown_fields,
        created_at,
        obtained_at,
        refreshed_at,
        updated_at,
        generation,
        attempt,
    } = record;
    let columns: &[(&str, &dyn rusqlite::ToSql)] = &[
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
        ("id_token", &id_token.as_ref().map(|cell| &cell.0)),
        ("request_token", &request_token.as_ref().map(|cell| &cell.0)),
        ("request_token_expires_at", request_token_expires_at),
        ("unknown_fields", &unknown_fields.as_ref().map(|cell| &cell.0)),
        ("created_at", created_at),
        ("obtained_at", obtained_at),
        ("refreshed_at", refreshed_at),
        ("updated_at", updated_at),
        ("generation", generation),
        ("attempt", &attempt.number),
        ("attempt_failures", &attempt.failures),
    ];
    let names: Vec<&str> = columns.iter().map(|(name, _)| *name).collect();
    let places: Vec<String> = (1..=columns.len()).map(|n| format!("?{n}")).collect();
    let updates: Vec<String> =
        names.iter().skip(1).map(|name| format!("{name} = excluded.{name}")).collect();
    let sql = format!(
        "INSERT INTO record ({}) VALUES ({}) ON CONFLICT (id) DO UPDATE SET {}",
        names.join(", "),
        places.join(", "),
        updates.join(", ")
    );
    let values: Vec<&dyn rusqlite::ToSql> = columns.iter().map(|(_, value)| *value).collect();
    transaction.execute(&sql, values.as_slice()).map_err(|error| failed(&error))?;
    put_attempt(transaction, record)
}
