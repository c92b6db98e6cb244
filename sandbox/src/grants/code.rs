//! `authorization_code`: a user who allowed the application in a browser (RFC 6749 §4.1.3).

use crate::grants::request::TokenRequest;
use crate::protocol::answer::Grant;
use crate::protocol::codes::Refusal;
use crate::protocol::jwt::{Principal, PrincipalKind};
use crate::world::World;

/// Code 103 for a code that is unknown, expired or used; 105 for a code of another client, which stays valid
/// for its own; 104 if it was issued for another `redirect_uri`.
pub(super) fn grant(world: &mut World, request: &TokenRequest<'_>) -> Result<Grant, Refusal> {
    let code = request.form.get("code").ok_or(101)?;
    let redirect_uri = request.form.get("redirect_uri").ok_or(102)?;
    let meaning = world.codes.get(code).ok_or(103)?;
    if meaning.client_id != request.client_id {
        return Err(105.into());
    }
    let meaning = world.codes.remove(code).ok_or(103)?;
    if request.now >= meaning.expires_at {
        return Err(103.into());
    }
    if meaning.redirect_uri != redirect_uri {
        return Err(104.into());
    }
    let principal = Principal { kind: PrincipalKind::User, uuid: meaning.user_uuid };
    Ok(request.open_family(world, &principal, meaning.scope))
}
