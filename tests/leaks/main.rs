//! The leak hunt: secrets that are recognisable in every encoding are planted, every command is run, well
//! and badly, and everything that it left anywhere is searched for them.

#![cfg(all(unix, debug_assertions))]
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::disallowed_methods,
    reason = "a test may fail"
)]

#[path = "../harness/mod.rs"]
mod harness;

#[cfg(target_os = "linux")]
mod dumps;
mod panics;

/// A test that is skipped says so.
#[expect(clippy::print_stderr, reason = "for whoever reads the test's output")]
pub(crate) fn skipped(why: &str) {
    eprintln!("skipped: {why}");
}
