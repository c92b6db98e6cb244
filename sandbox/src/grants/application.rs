//! `client_credentials`: the application speaks for itself. No refresh token and no id token.

use super::{Ask, Grant, Refusal, claims, narrowed_scope};
use crate::protocol::jwt::{Principal, PrincipalKind};
use crate::world::World;

pub(super) fn grant(world: &mut World, ask: &Ask<'_>) -> Result<Grant, Refusal> {
    let scope = narrowed_scope(ask, &ask.config.scope)?;
    let principal = Principal { kind: PrincipalKind::Application, uuid: ask.client_id.to_owned() };
    let access_token = world.ledger.issue_access(&claims(ask, &principal, &scope), None);
    Ok(Grant { access_token, scope, refresh: None, id_token: None })
}
