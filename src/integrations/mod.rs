//! Sets up other programs: git, timers.

pub(crate) mod git;
pub(crate) mod timer;
