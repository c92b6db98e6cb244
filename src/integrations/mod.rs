//! What is set up outside of this program: git, timers.

pub(crate) mod git;
pub(crate) mod timer;
