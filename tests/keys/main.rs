//! The store's key: where it comes from, how it moves, and how another one takes its place.

#![cfg(unix)]
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::disallowed_methods,
    reason = "a test may fail"
)]

#[path = "../harness/mod.rs"]
mod harness;

mod command;
mod crowd;
mod kills;
mod rotate;
mod set_source;
mod shown;
mod sources;
mod support;
mod systemd;
