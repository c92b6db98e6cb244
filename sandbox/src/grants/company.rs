//! `password` with `credtype=authtoken`: a company and its request token. The grant of the tutorial.

use super::{Ask, Grant, Refusal, issue, must_live_here, narrowed_scope};
use crate::protocol::jwt::{Principal, PrincipalKind};
use crate::world::World;

pub(super) fn grant(world: &mut World, ask: &Ask<'_>) -> Result<Grant, Refusal> {
    let company_uuid = ask.form.get("username").ok_or(51)?;
    let request_token = ask.form.get("password").ok_or(52)?;
    must_live_here(ask)?;
    let scope = narrowed_scope(ask, &ask.config.scope)?;
    let token = world.request_tokens.get_mut(request_token).ok_or(5)?;
    if token.client_id != ask.client_id {
        return Err(136.into());
    }
    let is_used_up = ask.config.request_token_uses.is_some_and(|limit| token.uses >= limit);
    let is_of_company = token.company_uuid.eq_ignore_ascii_case(company_uuid);
    if !is_of_company || is_used_up || ask.now >= token.expires_at {
        return Err(5.into());
    }
    token.uses += 1;
    let company_uuid = token.company_uuid.clone();
    Ok(open(world, ask, company_uuid, scope))
}

/// Grants without asking for a request token: for tokens "as if obtained long ago".
pub(crate) fn open(world: &mut World, ask: &Ask<'_>, uuid: String, scope: String) -> Grant {
    let principal = Principal { kind: PrincipalKind::Company, uuid };
    let id = world.ledger.open_family(ask.client_id, &principal, ask.config, ask.now);
    issue(world, ask, id, scope)
}
