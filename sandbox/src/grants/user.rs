//! `password` with `credtype=password`, which is the default when it is omitted: a user.

use super::{Ask, Grant, Refusal, issue, must_live_here, narrowed_scope};
use crate::protocol::jwt::{Principal, PrincipalKind};
use crate::world::World;

/// Code 19 for an unknown user as for a wrong password: the answer does not say who exists.
pub(super) fn grant(world: &mut World, ask: &Ask<'_>) -> Result<Grant, Refusal> {
    let username = ask.form.get("username").ok_or(51)?;
    let password = ask.form.get("password").ok_or(52)?;
    must_live_here(ask)?;
    let scope = narrowed_scope(ask, &ask.config.scope)?;
    let user = ask.config.user.as_ref().ok_or(19)?;
    let is_named = username == user.login_id || username == user.uuid;
    if !is_named || password != user.password {
        return Err(19.into());
    }
    let principal = Principal { kind: PrincipalKind::User, uuid: user.uuid.clone() };
    let id = world.ledger.open_family(ask.client_id, &principal, ask.config, ask.now);
    Ok(issue(world, ask, id, scope))
}
