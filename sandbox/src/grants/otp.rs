//! `otp`: a user who can read the mail that the one-time password came in.

use crate::grants::request::{self, TokenRequest};
use crate::protocol::answer::Grant;
use crate::protocol::codes::Refusal;
use crate::protocol::jwt::{Principal, PrincipalKind};
use crate::world::World;
use crate::world::otps::{EMAIL, Facts};

/// Code 83 if no password is open for this address (none was sent, it was used, or it has expired); 85 for a
/// wrong one, after which another attempt may follow.
pub(super) fn grant(world: &mut World, request: &TokenRequest<'_>) -> Result<Grant, Refusal> {
    let channel_type = request.form.get("channel_type").ok_or(57)?;
    let email = request.form.get("channel_handle").ok_or(58)?;
    let otp = request.form.get("otp").ok_or(56)?;
    if channel_type != EMAIL {
        return Err(80.into());
    }
    request::must_live_here(request.config)?;
    let scope = request.narrowed_scope(&request.config.scope)?;
    let user = request.config.user.as_ref().filter(|user| user.has_address(email)).ok_or(55)?;
    world.otps.spend(request.client_id, email, otp, &Facts::of(request.form), request.now)?;
    let principal = Principal { kind: PrincipalKind::User, uuid: user.uuid.clone() };
    Ok(request.open_family(world, &principal, scope))
}
