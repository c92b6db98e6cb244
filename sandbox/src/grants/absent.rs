//! The browser grant: no sandbox app has it.

use super::{Grant, Refusal};

/// Code 60, "these are not the grants you are looking for": also what Concur answers when the grant was
/// not ticked for the app.
pub(super) fn grant() -> Result<Grant, Refusal> {
    Err(60.into())
}
