//! `refresh_token`.

use crate::grants::request::{self, TokenRequest};
use crate::protocol::answer::Grant;
use crate::protocol::codes::Refusal;
use crate::world::World;

/// Slides the six months and rotates. A token of another client is code 105; one that is unknown,
/// expired, revoked or spent is code 108.
pub(super) fn grant(world: &mut World, request: &TokenRequest<'_>) -> Result<Grant, Refusal> {
    let refresh_token = request.form.get("refresh_token").ok_or(106)?;
    request::must_live_here(request.config)?;
    let of_another = world
        .ledger
        .family_of(refresh_token)
        .is_some_and(|id| world.ledger.family(id).client_id != request.client_id);
    if of_another {
        return Err(105.into());
    }
    let id = world.ledger.usable(refresh_token, request.now).ok_or(108)?;
    let scope = request.narrowed_scope(&world.ledger.family(id).scope)?;
    if !request.config.omit_refresh_token {
        world.ledger.rotate(id, refresh_token, request.config, request.now);
    }
    if let Some(uuid) = &request.config.refresh_principal {
        world.ledger.hand_over(id, uuid);
    }
    Ok(request.issue(world, id, scope))
}
