//! `refresh_token`.

use super::{Ask, Grant, Refusal, issue, must_live_here, narrowed_scope};
use crate::world::World;

/// Slides the six months and rotates. A token of another client is code 105; one that is unknown,
/// expired, revoked or dead is code 108.
pub(super) fn grant(world: &mut World, ask: &Ask<'_>) -> Result<Grant, Refusal> {
    let refresh_token = ask.form.get("refresh_token").ok_or(106)?;
    must_live_here(ask)?;
    let of_another = world
        .ledger
        .family_of(refresh_token)
        .is_some_and(|id| world.ledger.family(id).client_id != ask.client_id);
    if of_another {
        return Err(105.into());
    }
    let id = world.ledger.usable(refresh_token, ask.now).map_err(|_| 108)?;
    let scope = narrowed_scope(ask, &world.ledger.family(id).scope)?;
    if !ask.config.omit_refresh_token {
        world.ledger.rotate(id, refresh_token, ask.config, ask.now);
    }
    if let Some(uuid) = &ask.config.refresh_principal {
        world.ledger.hand_over(id, uuid);
    }
    Ok(issue(world, ask, id, scope))
}
