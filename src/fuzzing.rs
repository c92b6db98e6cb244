//! Doors to private rooms, for the targets in `fuzz/` alone: cargo-fuzz sets `cfg(fuzzing)`, nothing
//! else does.

pub use crate::config::parse_text as config;
pub use crate::store::fuzzing::{open_cell, seal_cell};
