//! `capability`: what this helper can do (git-credential(1)).

use crate::error::Result;
use crate::formats::git::CAPABILITIES;
use crate::ui::context::App;

pub(super) fn run(app: &mut App<'_>) -> Result<u8> {
    app.answer(CAPABILITIES.as_bytes())?;
    Ok(0)
}
