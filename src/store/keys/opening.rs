//! Opens cells. A cell that does not open with the loaded key is read again, because another process may have
//! rotated the key meanwhile.

use super::keyed::LOOKS;
use super::seal;
use super::seal::DoesNotOpen;
use crate::model::origin::Origin;
use crate::model::record::{Account, Application, Binding, Column, Record, RecordId, SealedCell};
use crate::model::secret::Secret;
use crate::store::Store;
use crate::store::error::{Error, Result};

/// The secrets for renewing a managed account, opened together, so that the geolocation that they are sent to
/// is authenticated by a cell.
#[derive(Debug)]
pub(crate) struct RenewalSecrets {
    /// The application's client secret.
    pub client_secret: Secret,
    /// The refresh token.
    pub refresh_token: Option<Secret>,
    /// The company request token, if it is still valid.
    pub request_token: Option<Secret>,
    /// The origin that the operator named at the application's first login.
    pub application_origin: Origin,
    /// The record's geolocation, authenticated by the cells above.
    pub geolocation: Origin,
}

impl Store {
    /// Opens one of a record's cells, after proving its identity. `Ok(None)`: there is no such cell.
    pub(crate) fn unseal(&self, record: &Record, column: Column) -> Result<Option<Secret>> {
        self.prove_identity(record)?;
        self.open_stored(record, column)
    }

    /// Opens one of a record's cells without that proof: for cells that are sealed again or only checked.
    pub(crate) fn open_stored(&self, record: &Record, column: Column) -> Result<Option<Secret>> {
        let open = |cell| self.open_cell(record.binding(), column, cell, record.profile_name());
        record.cell(column).map(open).transpose()
    }

    /// Opens an account's access token, after proving its identity. `Ok(None)`: there is none.
    pub(crate) fn unseal_access_token(&self, account: &Account) -> Result<Option<Secret>> {
        self.prove_account(account)?;
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
        seal::unseal(self.key()?, &place, cell).or_else(|DoesNotOpen| {
            let row = format!("SELECT {} FROM record WHERE id = ?1", column.name());
            let opened = self.open_again(&place, cell, &row, binding.id.0);
            opened
                .and_then(|secret| secret.ok_or_else(|| does_not_open(column, profile)))
                .map_err(|error| error.of_profile(profile))
        })
    }

    /// Opens a cell that did not open with the loaded key. `Ok(None)`: it is damaged.
    ///
    /// A cell names the key that it was sealed with. If that is another one, the key may have been rotated
    /// since the row or the key was read: both are read again.
    #[cold]
    pub(crate) fn open_again(
        &self,
        place: &seal::Place,
        cell: &SealedCell,
        row: &str,
        id: i64,
    ) -> Result<Option<Secret>> {
        if seal::key_id(cell) == Some(&self.key()?.id()) && self.sealing_key().is_ok() {
            return Ok(None);
        }
        let mut cell = cell.clone();
        for _ in 0..LOOKS {
            let (_, loaded) = self.agreed()?;
            if let Ok(secret) = seal::unseal(&loaded.key, place, &cell) {
                return Ok(Some(secret));
            }
            match self.cell_again(row, id) {
                Some(now) if now != cell => cell = now,
                _ => return Ok(None),
            }
        }
        Ok(None)
    }

    fn cell_again(&self, row: &str, id: i64) -> Option<SealedCell> {
        let read = |row: &rusqlite::Row<'_>| row.get::<_, Option<Vec<u8>>>(0);
        self.connection().ok()?.query_row(row, [id], read).ok()?.map(SealedCell)
    }

    /// Opens the secrets for renewing a managed account. An edited geolocation, host or application origin
    /// makes this fail, and so does any edited link, so that nothing is sent anywhere.
    pub(crate) fn unseal_renewal(&self, record: &Record, now: i64) -> Result<RenewalSecrets> {
        self.prove_identity(record)?;
        // Only an edited row names a missing one.
        let application = record.application.as_ref().ok_or_else(|| {
            damaged(
                "The client secret of the profile's application".to_owned(),
                record.profile_name(),
            )
        })?;
        let client_secret = self.client_secret(application, record.profile_name())?;
        let refresh_token = self.unseal(record, Column::RefreshToken)?;
        // A damaged one must not keep a valid refresh token from being used.
        let request_token = match self.unseal(record, Column::RequestToken) {
            Ok(token) => token.filter(|_| record.has_live_request_token(now)),
            Err(damaged) if refresh_token.is_none() => return Err(damaged),
            Err(_) => None,
        };
        Ok(RenewalSecrets {
            client_secret,
            refresh_token,
            request_token,
            application_origin: application.registered_at().map_err(Error::InvalidOrigin)?,
            geolocation: record.base_url().map_err(Error::InvalidOrigin)?,
        })
    }

    /// Opens an application's client secret.
    pub(crate) fn unseal_client_secret(&self, application: &Application) -> Result<Secret> {
        self.client_secret(application, None)
    }

    /// The same, for an error that names the profile to log in to.
    fn client_secret(&self, application: &Application, profile: Option<&str>) -> Result<Secret> {
        let place = seal::Place::of_stored_client_secret(&self.meta()?.store_id, application);
        let cell = &application.client_secret;
        seal::unseal(self.key()?, &place, cell).or_else(|DoesNotOpen| {
            let row = "SELECT client_secret FROM application WHERE id = ?1";
            let opened = self.open_again(&place, cell, row, application.id.0)?;
            opened.ok_or_else(|| {
                damaged(format!("The client secret of application {}", application.name), profile)
            })
        })
    }

    /// Seals a pending grant, for the reserve file.
    pub(crate) fn seal_pending_grant(
        &mut self,
        id: RecordId,
        generation: i64,
        answer: &Secret,
    ) -> Result<SealedCell> {
        self.ensure_current_key()?;
        let place = seal::Place::of_pending_grant(&self.meta()?.store_id, id, generation);
        seal::seal(self.sealing_key()?, &place, answer)
    }

    /// Opens a pending grant; `None` when it is not for this record at this generation.
    pub(crate) fn unseal_pending_grant(
        &self,
        id: RecordId,
        generation: i64,
        pending: &SealedCell,
    ) -> Result<Option<Secret>> {
        let place = seal::Place::of_pending_grant(&self.meta()?.store_id, id, generation);
        Ok(seal::unseal(self.key()?, &place, pending).ok())
    }
}

fn does_not_open(column: Column, profile: Option<&str>) -> Error {
    damaged(format!("The stored {}", column.name().replace('_', " ")), profile)
}

fn damaged(what: String, profile: Option<&str>) -> Error {
    Error::CellDoesNotOpen(what, profile.map(str::to_owned))
}
