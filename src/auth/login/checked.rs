//! Values from variables and files must have the shape that is demanded at the prompts, before anything is sent.

use super::another::Source;
use super::obtain::Credentials;
use crate::auth::oauth::advice::IN_VARIABLES;
use crate::error::{Error, Kind, Result};
use crate::model::grant::GrantKind;
use crate::model::secret::Secret;
use crate::ui::prompt::shape::{self, Wrong};

impl Credentials {
    /// Refuses a value of this grant that cannot be what its name says.
    pub(crate) fn check(&self, by: GrantKind) -> Result<()> {
        let has_company = matches!(by, GrantKind::Company | GrantKind::Refresh | GrantKind::Import);
        let [client_id, client_secret, company, request_token, refresh_token] = self.names().all();
        let secret = |value: Option<&Secret>| {
            value.map_or(Ok(()), |value| value.expose_utf8().map_or(Ok(()), shape::alone))
        };
        let text = |value: Option<&String>, check: fn(&str) -> Result<(), Wrong>| {
            value.map_or(Ok(()), |value| check(value))
        };
        for (name, checked) in [
            (client_id, text(self.client_id.as_ref(), shape::client_id)),
            (client_secret, secret(self.client_secret.as_ref())),
            (company, text(self.company_uuid.as_ref().filter(|_| has_company), company_uuid)),
            (
                request_token,
                secret(self.request_token.as_ref().filter(|_| by == GrantKind::Company)),
            ),
            (
                refresh_token,
                secret(self.refresh_token.as_ref().filter(|_| by == GrantKind::Refresh)),
            ),
        ] {
            checked
                .map_err(|wrong| malformed(&Source::of(name, self.file.as_deref()).text, wrong))?;
        }
        Ok(())
    }
}

/// What else was copied is said first.
fn company_uuid(value: &str) -> Result<(), Wrong> {
    shape::value(value)?;
    shape::company_uuid(value)
}

/// The error for a value of this source.
pub(crate) fn malformed(source: &str, wrong: Wrong) -> Error {
    let is_quoted = wrong == shape::QUOTED && IN_VARIABLES.all().contains(&source);
    let docker = if is_quoted { " (docker --env-file does not remove them.)" } else { "" };
    Error::new(
        Kind::Usage,
        format!("{source} is not usable; nothing was sent or changed"),
        format!("{wrong}{docker}"),
    )
}
