//! `otp`: a user who can read the mail that the one-time password came in.

use super::{Ask, Grant, Refusal, issue, must_live_here, narrowed_scope};
use crate::endpoints::otp::EMAIL;
use crate::protocol::jwt::{Principal, PrincipalKind};
use crate::world::World;

/// Code 83 for a password that was never sent, is used or is over; 85 for one that is not the one in the
/// mail, which may be tried again.
pub(super) fn grant(world: &mut World, ask: &Ask<'_>) -> Result<Grant, Refusal> {
    let channel_type = ask.form.get("channel_type").ok_or(57)?;
    let email = ask.form.get("channel_handle").ok_or(58)?;
    let otp = ask.form.get("otp").ok_or(56)?;
    if channel_type != EMAIL {
        return Err(80.into());
    }
    must_live_here(ask)?;
    let scope = narrowed_scope(ask, &ask.config.scope)?;
    let user = ask.config.user.as_ref().filter(|user| user.has_address(email)).ok_or(55)?;
    world.otps.spend(ask.client_id, email, otp, ask.form, ask.now)?;
    let principal = Principal { kind: PrincipalKind::User, uuid: user.uuid.clone() };
    let id = world.ledger.open_family(ask.client_id, &principal, ask.config, ask.now);
    Ok(issue(world, ask, id, scope))
}
