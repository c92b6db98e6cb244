//! `password` with `credtype=password`, which is the default when it is omitted: a user.

use crate::grants::request::{self, TokenRequest};
use crate::protocol::answer::Grant;
use crate::protocol::codes::Refusal;
use crate::protocol::jwt::{Principal, PrincipalKind};
use crate::world::World;

/// Code 19 for an unknown user as for a wrong password: the answer does not say who exists.
pub(super) fn grant(world: &mut World, request: &TokenRequest<'_>) -> Result<Grant, Refusal> {
    let username = request.form.get("username").ok_or(51)?;
    let password = request.form.get("password").ok_or(52)?;
    request::must_live_here(request.config)?;
    let scope = request.narrowed_scope(&request.config.scope)?;
    let user = request.config.user.as_ref().ok_or(19)?;
    let is_named = username == user.login_id || username == user.uuid;
    if !is_named || password != user.password {
        return Err(19.into());
    }
    let principal = Principal { kind: PrincipalKind::User, uuid: user.uuid.clone() };
    Ok(request.open_family(world, &principal, scope))
}
