//! `capability`: what this helper can do (git-credential(1)).

use crate::error::Result;
use crate::formats::git::CAPABILITIES;
use crate::ui::context::Context;

pub(super) fn run(context: &mut Context<'_>) -> Result<u8> {
    context.answer(CAPABILITIES.as_bytes())?;
    Ok(0)
}
