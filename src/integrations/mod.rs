//! What is set up outside of this program: git, timers.

pub mod git;
pub mod timer;
