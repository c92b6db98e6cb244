//! The grants. Each is one function in one file: it reads the form, says who the principal is, and answers
//! with a [`Grant`] or the documented code.

mod application;
mod code;
mod company;
mod otp;
mod refresh;
pub(crate) mod request;
mod user;

use self::request::TokenRequest;
use crate::config::{Config, GrantType};
use crate::protocol::answer::Grant;
use crate::protocol::codes::Refusal;
use crate::protocol::form::Form;
use crate::world::World;

/// Answers a token request whose shape is valid: authenticates the client, then grants.
pub(crate) fn grant(
    world: &mut World,
    form: &Form,
    config: &Config,
    origin: &str,
    now: i64,
) -> Result<Grant, Refusal> {
    let client @ (client_id, _) = request::credentials(form)?;
    let grant_type = form.get("grant_type").ok_or(65)?;
    request::authenticate(world, client, config)?;
    let grant_type = GrantType::from_form(grant_type).ok_or(60)?;
    if !config.allowed_grants.contains(&grant_type) {
        let is_refresh = grant_type == GrantType::RefreshToken;
        return Err(if is_refresh { 107 } else { 60 }.into());
    }
    let request = TokenRequest { form, config, client_id, origin, now };
    let granted = match (grant_type, form.get("credtype")) {
        (GrantType::Password, Some("authtoken")) => company::grant(world, &request),
        (GrantType::Password, None | Some("password")) => user::grant(world, &request),
        (GrantType::Password, Some(_)) => Err(120.into()),
        (GrantType::RefreshToken, _) => refresh::grant(world, &request),
        (GrantType::ClientCredentials, _) => application::grant(world, &request),
        (GrantType::Otp, _) => otp::grant(world, &request),
        (GrantType::AuthorizationCode, _) => code::grant(world, &request),
    };
    if granted.is_ok() {
        world.count_grant();
    }
    granted
}
