//! What a login begins with.

use crate::commands::obtain::Given;
use crate::error::login_again;
use crate::model::grant::GrantKind;
use crate::model::origin::Origin;
use crate::model::profile::ProfileName;
use crate::model::secret::Secret;
use crate::oauth::client::TokenService;

/// What the command line, files and environment say.
pub(super) struct Start {
    pub(super) base_url: Option<Origin>,
    pub(super) service: TokenService,
    pub(super) given: Given,
    /// `--replace`.
    pub(super) replace: bool,
    pub(super) kind: GrantKind,
    /// The options with which the same login is run again: a profile that was not made remembers none.
    pub(super) options: String,
    /// Unknown fields of an imported file.
    pub(super) unknown_fields: Option<Secret>,
}

impl Start {
    /// The command that does the same again.
    pub(super) fn again(&self, profile: &ProfileName) -> String {
        let command = match self.kind {
            GrantKind::Import => format!("concur-cred import --profile {profile}"),
            kind => login_again(Some(profile.as_str()), Some(kind)),
        };
        command + &self.options
    }
}
