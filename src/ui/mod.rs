//! Output for people, and prompts.

pub(crate) mod context;
pub(crate) mod prompt;
pub(crate) mod status;
pub(crate) mod times;
