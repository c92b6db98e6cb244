//! `authorization_code`: a user who allowed the application in a browser (RFC 6749 §4.1.3).

use super::{Ask, Grant, Refusal, issue};
use crate::config::{Config, User, random_uuid};
use crate::endpoints::authorize;
use crate::protocol::jwt::{Principal, PrincipalKind};
use crate::world::World;

/// What a code stands for. It is gone as soon as it was presented with the right client.
pub(crate) struct Code {
    client_id: String,
    redirect_uri: String,
    scope: String,
    user_uuid: String,
    /// Epoch seconds.
    expires_at: i64,
}

/// A code for what this user has just allowed.
pub(crate) fn open(
    world: &mut World,
    ask: &authorize::Ask<'_>,
    user: &User,
    config: &Config,
    now: i64,
) -> String {
    let code = random_uuid();
    let meaning = Code {
        client_id: ask.client_id.to_owned(),
        redirect_uri: ask.redirect_uri.to_owned(),
        scope: ask.scope.to_owned(),
        user_uuid: user.uuid.clone(),
        expires_at: now.saturating_add(config.code_lifetime_seconds),
    };
    world.codes.insert(code.clone(), meaning);
    code
}

/// Code 103 for one that is unknown, over or used; 105 for another client's, which stays good for its
/// own; 104 for another `redirect_uri` than it was given out for.
pub(super) fn grant(world: &mut World, ask: &Ask<'_>) -> Result<Grant, Refusal> {
    let code = ask.form.get("code").ok_or(101)?;
    let redirect_uri = ask.form.get("redirect_uri").ok_or(102)?;
    let meaning = world.codes.get(code).ok_or(103)?;
    if meaning.client_id != ask.client_id {
        return Err(105.into());
    }
    let meaning = world.codes.remove(code).ok_or(103)?;
    if ask.now >= meaning.expires_at {
        return Err(103.into());
    }
    if meaning.redirect_uri != redirect_uri {
        return Err(104.into());
    }
    let principal = Principal { kind: PrincipalKind::User, uuid: meaning.user_uuid };
    let id = world.ledger.open_family(ask.client_id, &principal, ask.config, ask.now);
    Ok(issue(world, ask, id, meaning.scope))
}
