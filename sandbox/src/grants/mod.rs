//! The grants. Each is one function in one file: it reads the form, says who the principal is, and
//! answers with a [`Grant`] or the documented code.

mod application;
mod code;
mod company;
mod otp;
mod refresh;
mod user;

use crate::config::{Config, GrantType};
use crate::http::form::Form;
use crate::protocol::answer::Grant;
use crate::protocol::codes::Refusal;
use crate::protocol::jwt::Principal;
use crate::protocol::jwt::{self, Claims};
use crate::world::World;
use crate::world::ledger::FamilyId;

pub(crate) use code::{Code, open as open_code};
pub(crate) use company::open as open_company;

/// What a grant function is given.
pub(crate) struct Ask<'a> {
    pub(crate) form: &'a Form,
    pub(crate) config: &'a Config,
    pub(crate) client_id: &'a str,
    /// The sandbox's own origin: the `iss` of tokens.
    pub(crate) origin: &'a str,
    /// Epoch seconds.
    pub(crate) now: i64,
}

/// One token request, once its shape has been found good: authenticates the client, then grants.
pub(crate) fn grant(
    world: &mut World,
    form: &Form,
    config: &Config,
    origin: &str,
    now: i64,
) -> Result<Grant, Refusal> {
    let client @ (client_id, _) = credentials(form)?;
    let grant_type = form.get("grant_type").ok_or(65)?;
    authenticate(world, client, config)?;
    let grant_type = GrantType::from_form(grant_type).ok_or(60)?;
    if !config.allowed_grants.contains(&grant_type) {
        let is_refresh = grant_type == GrantType::RefreshToken;
        return Err(if is_refresh { 107 } else { 60 }.into());
    }
    let ask = Ask { form, config, client_id, origin, now };
    let granted = match (grant_type, form.get("credtype")) {
        (GrantType::Password, Some("authtoken")) => company::grant(world, &ask),
        (GrantType::Password, None | Some("password")) => user::grant(world, &ask),
        (GrantType::Password, Some(_)) => Err(120.into()),
        (GrantType::RefreshToken, _) => refresh::grant(world, &ask),
        (GrantType::ClientCredentials, _) => application::grant(world, &ask),
        (GrantType::Otp, _) => otp::grant(world, &ask),
        (GrantType::AuthorizationCode, _) => code::grant(world, &ask),
    };
    if granted.is_ok() {
        world.count_grant();
    }
    granted
}

/// The client that a form names, and its secret.
pub(crate) fn credentials(form: &Form) -> Result<(&str, &str), Refusal> {
    Ok((form.get("client_id").ok_or(62)?, form.get("client_secret").ok_or(63)?))
}

/// Makes sure that the client is known here, is who it says, and is not disabled.
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

/// Code 16 if the principals are said to live at another data centre.
fn must_live_here(ask: &Ask<'_>) -> Result<(), Refusal> {
    match &ask.config.lives_elsewhere {
        None => Ok(()),
        Some(origin) => Err(Refusal { code: 16, elsewhere: Some(origin.clone()) }),
    }
}

/// The scope to grant: the one asked for, if every word of it is in `granted`; else code 54. RFC 6749 §6.
fn narrowed_scope(ask: &Ask<'_>, granted: &str) -> Result<String, Refusal> {
    let Some(asked) = ask.form.get("scope") else { return Ok(granted.to_owned()) };
    let is_granted = |word: &str| granted.split_ascii_whitespace().any(|known| known == word);
    if asked.split_ascii_whitespace().all(is_granted) {
        Ok(asked.to_owned())
    } else {
        Err(54.into())
    }
}

/// Issues the tokens of a family: what every grant with a refresh token ends in.
fn issue(world: &mut World, ask: &Ask<'_>, id: FamilyId, scope: String) -> Grant {
    let principal = world.ledger.family(id).principal.clone();
    let claims = claims(ask, &principal, &scope);
    let access_token = world.ledger.issue_access(&claims, Some(id));
    let id_token = jwt::id_token(&claims);
    world.ledger.note(&id_token);
    let (current, expires_at) = world.ledger.current(id);
    let refresh = (!ask.config.omit_refresh_token).then(|| (current.to_owned(), expires_at));
    Grant { access_token, scope, refresh, id_token: Some(id_token) }
}

fn claims<'a>(ask: &Ask<'a>, principal: &'a Principal, scope: &'a str) -> Claims<'a> {
    Claims {
        issuer: ask.origin,
        client_id: ask.client_id,
        principal,
        scope,
        issued_at: ask.now,
        expires_at: ask.now.saturating_add(ask.config.access_lifetime_seconds),
    }
}
