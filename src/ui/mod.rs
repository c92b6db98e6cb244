//! What a person sees and is asked.

pub(crate) mod context;
pub(crate) mod prompt;
pub(crate) mod status;
pub(crate) mod times;
