//! Nothing lost: processes killed at named and at random moments, over one store and one service in
//! its strictest rotation mode.
//!
//! The long form by hand: `TORTURE_SEED=7 TORTURE_ROUNDS=500 cargo test --test torture mixed -- --nocapture`

#![cfg(all(unix, debug_assertions))]
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::disallowed_methods,
    reason = "a test may fail"
)]

#[path = "../harness/mod.rs"]
mod harness;

mod kills;
mod mixed;
