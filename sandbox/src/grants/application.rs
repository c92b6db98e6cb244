//! `client_credentials`: the application itself is the principal. No refresh token and no id token.

use crate::grants::request::TokenRequest;
use crate::protocol::answer::Grant;
use crate::protocol::codes::Refusal;
use crate::protocol::jwt::{Principal, PrincipalKind};
use crate::world::World;

pub(super) fn grant(world: &mut World, request: &TokenRequest<'_>) -> Result<Grant, Refusal> {
    let scope = request.narrowed_scope(&request.config.scope)?;
    let principal =
        Principal { kind: PrincipalKind::Application, uuid: request.client_id.to_owned() };
    let access_token = world.ledger.issue_access(&request.claims(&principal, &scope), None);
    Ok(Grant { access_token, scope, refresh: None, id_token: None })
}
