//! What the grants have in common: the token request, the check of its client, and the issue of tokens.

use crate::config::Config;
use crate::protocol::answer::Grant;
use crate::protocol::codes::Refusal;
use crate::protocol::form::Form;
use crate::protocol::jwt::{self, Claims, Principal};
use crate::world::World;
use crate::world::ledger::FamilyId;

/// A token request of an authenticated client.
pub(crate) struct TokenRequest<'a> {
    pub(crate) form: &'a Form,
    pub(crate) config: &'a Config,
    pub(crate) client_id: &'a str,
    /// The sandbox's own origin: the `iss` of tokens.
    pub(crate) origin: &'a str,
    /// Epoch seconds.
    pub(crate) now: i64,
}

impl<'a> TokenRequest<'a> {
    /// The scope to grant: the requested one, if every word of it is in `granted`; else code 54. RFC 6749 §6.
    pub(super) fn narrowed_scope(&self, granted: &str) -> Result<String, Refusal> {
        let Some(asked) = self.form.get("scope") else { return Ok(granted.to_owned()) };
        let is_granted = |word: &str| granted.split_ascii_whitespace().any(|known| known == word);
        if asked.split_ascii_whitespace().all(is_granted) {
            Ok(asked.to_owned())
        } else {
            Err(54.into())
        }
    }

    /// Starts a family of refresh tokens, and issues its first tokens.
    pub(crate) fn open_family(
        &self,
        world: &mut World,
        principal: &Principal,
        scope: String,
    ) -> Grant {
        let id = world.ledger.open_family(self.client_id, principal, self.config, self.now);
        self.issue(world, id, scope)
    }

    /// Issues tokens of a family.
    pub(super) fn issue(&self, world: &mut World, id: FamilyId, scope: String) -> Grant {
        let principal = world.ledger.family(id).principal.clone();
        let claims = self.claims(&principal, &scope);
        let access_token = world.ledger.issue_access(&claims, Some(id));
        let id_token = jwt::id_token(&claims);
        world.ledger.note(&id_token);
        let (current, expires_at) = world.ledger.current(id);
        let refresh = (!self.config.omit_refresh_token).then(|| (current.to_owned(), expires_at));
        Grant { access_token, scope, refresh, id_token: Some(id_token) }
    }

    pub(super) fn claims(&self, principal: &'a Principal, scope: &'a str) -> Claims<'a> {
        Claims {
            issuer: self.origin,
            client_id: self.client_id,
            principal,
            scope,
            issued_at: self.now,
            expires_at: self.now.saturating_add(self.config.access_lifetime_seconds),
        }
    }
}

/// The client that a form names, and its secret.
pub(crate) fn credentials(form: &Form) -> Result<(&str, &str), Refusal> {
    Ok((form.get("client_id").ok_or(62)?, form.get("client_secret").ok_or(63)?))
}

/// Checks that the client is known, has this secret, and is not disabled.
pub(crate) fn authenticate(
    world: &World,
    (client_id, client_secret): (&str, &str),
    config: &Config,
) -> Result<(), Refusal> {
    let client = world.client(client_id).filter(|_| !config.unknown_client).ok_or(61)?;
    if !client.has_secret(client_secret) {
        return Err(config.wrong_secret_code.into());
    }
    if client.disabled {
        return Err(59.into());
    }
    Ok(())
}

/// Code 16 if the principals belong to another data centre.
pub(crate) fn must_live_here(config: &Config) -> Result<(), Refusal> {
    match &config.lives_elsewhere {
        None => Ok(()),
        Some(origin) => Err(Refusal { code: 16, redirect_to: Some(origin.clone()) }),
    }
}
