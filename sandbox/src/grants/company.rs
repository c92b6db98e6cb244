//! `password` with `credtype=authtoken`: a company and its request token. The grant of the tutorial.

use crate::grants::request::{self, TokenRequest};
use crate::protocol::answer::Grant;
use crate::protocol::codes::Refusal;
use crate::protocol::jwt::{Principal, PrincipalKind};
use crate::world::World;

pub(super) fn grant(world: &mut World, request: &TokenRequest<'_>) -> Result<Grant, Refusal> {
    let company_uuid = request.form.get("username").ok_or(51)?;
    let request_token = request.form.get("password").ok_or(52)?;
    request::must_live_here(request.config)?;
    let scope = request.narrowed_scope(&request.config.scope)?;
    let token = world.request_tokens.get_mut(request_token).ok_or(5)?;
    if token.client_id != request.client_id {
        return Err(136.into());
    }
    let is_used_up = request.config.request_token_uses.is_some_and(|limit| token.uses >= limit);
    let is_of_company = token.company_uuid.eq_ignore_ascii_case(company_uuid);
    if !is_of_company || is_used_up || request.now >= token.expires_at {
        return Err(5.into());
    }
    token.uses += 1;
    let principal = Principal { kind: PrincipalKind::Company, uuid: token.company_uuid.clone() };
    Ok(request.open_family(world, &principal, scope))
}
