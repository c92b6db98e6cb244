//! What a login begins with.

use super::another::{self, Source};
use super::obtain::Credentials;
use crate::auth::oauth::advice::Names;
use crate::auth::oauth::client::TokenService;
use crate::error::{Result, login_again};
use crate::model::grant::GrantKind;
use crate::model::origin::Origin;
use crate::model::profile::ProfileName;
use crate::model::record::Record;
use crate::model::secret::Secret;
use crate::ui::context::Context;

/// What the command line, files and environment say.
pub(crate) struct Start {
    pub(crate) base_url: Option<Origin>,
    pub(crate) service: TokenService,
    pub(crate) credentials: Credentials,
    /// What their values are called, for messages.
    pub(crate) names: Names,
    /// `--replace`.
    pub(crate) replace: bool,
    /// Whether a person has named another application for the profile, whose company or user stays.
    pub(crate) replaces_application: bool,
    pub(crate) kind: GrantKind,
    /// The options with which the same login is run again: a profile that was not made remembers none.
    pub(crate) options: String,
    /// Which profile is logged in again with what it has already, in lines;
    /// none for any other login.
    pub(crate) renewal: Vec<String>,
    /// Unknown fields of an imported file.
    pub(crate) unknown_fields: Option<Secret>,
}

/// The company or user of a login.
#[derive(Clone, Copy)]
pub(crate) enum Whose<'a> {
    /// That was given.
    Given(&'a str),
    /// Of the tokens that Concur granted.
    Tokens(&'a str),
}

impl Start {
    /// Refuses another company, user or application than the profile's, unless that is to be replaced.
    pub(crate) fn refuse_another(
        &self,
        old: Option<&Record>,
        client_id: &str,
        principal: Option<Whose<'_>>,
    ) -> Result<()> {
        let file = self.credentials.file.as_deref();
        let application = Source::of(self.names.client_id, file);
        let company = match principal {
            Some(Whose::Tokens(_)) => Source::tokens(),
            Some(Whose::Given(_)) | None => Source::of(self.names.company, file),
        };
        let principal = principal.map(|(Whose::Given(id) | Whose::Tokens(id))| (id, &company));
        let Some(old) = old.filter(|_| self.replaces_application) else {
            return another::refuse(old, (client_id, &application), principal, self.replace);
        };
        // An application that logs in for itself is its own principal.
        let principal = principal.filter(|_| !old.renews_by_itself());
        another::refuse(Some(old), (old.client_id(), &application), principal, self.replace)
    }

    /// The command that does the same again.
    pub(crate) fn again(&self, profile: &ProfileName) -> String {
        let command = match self.kind {
            GrantKind::Import => format!("concur-cred import --profile {profile}"),
            kind => login_again(Some(profile.as_str()), Some(kind)),
        };
        command + &self.options
    }
}

/// The token service by the settings; warnings about their files are shown.
pub(crate) fn token_service(app: &mut Context<'_>) -> Result<TokenService> {
    let service = TokenService::new(&app.config.http)?;
    for warning in service.warnings() {
        app.warn(warning);
    }
    Ok(service)
}
