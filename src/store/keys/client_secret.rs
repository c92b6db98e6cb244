//! Replaces an application's client secret wherever it is stored.

use rusqlite::Transaction;

use super::seal;
use crate::model::record::{Application, Record};
use crate::model::secret::Secret;
use crate::store::Store;
use crate::store::error::Result;

impl Store {
    /// The record's application, and every other row of its client id and origin, with this client secret.
    /// None without one.
    pub(crate) fn with_client_secret(
        &self,
        record: &Record,
        secret: Option<&Secret>,
    ) -> Result<Vec<Application>> {
        let (Some(secret), Some(own)) = (secret, &record.application) else {
            return Ok(Vec::new());
        };
        let mut all = self.applications()?;
        // A row whose secret does not open was edited, perhaps its name, too: it is not sealed again.
        all.retain(|other| {
            other.client_id == own.client_id
                && other.origin == own.origin
                && self.unseal_client_secret(other).is_ok()
        });
        for application in &mut all {
            let place = seal::Place::of_client_secret(&self.meta()?.store_id, application);
            application.client_secret = seal::seal(self.sealing_key()?, &place, secret)?;
        }
        Ok(all)
    }
}

/// Writes them, and clears the recorded refusals of the previous client secret for every profile.
pub(crate) fn put(transaction: &Transaction<'_>, applications: &[Application]) -> Result<()> {
    for Application { id, name: _, client_id, client_secret, origin } in applications {
        transaction
            .execute(
                "UPDATE application SET client_secret = ?2 \
                 WHERE id = ?1 AND client_id = ?3 AND origin = ?4",
                (id.0, &client_secret.0, client_id, origin),
            )
            .and_then(|_| {
                transaction.execute(
                    "UPDATE record SET attempt_outcome = NULL, attempt_why = NULL, attempt_code = NULL, \
                     attempt_description = NULL WHERE application_id = ?1 \
                     AND attempt_outcome = 'rejected' AND attempt_code IN (5, 61, 64)",
                    [id.0],
                )
            })?;
    }
    Ok(())
}
