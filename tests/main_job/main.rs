//! The main job, end to end: the tutorial's path with the real binary.

#![allow(clippy::unwrap_used, clippy::panic, clippy::disallowed_methods, reason = "a test may fail")]

#[path = "../harness/mod.rs"]
mod harness;

mod flow;
