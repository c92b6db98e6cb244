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

#[path = "../browser/support.rs"]
#[allow(dead_code, reason = "the login alone is wanted here")]
mod login;

mod binary;
#[cfg(target_os = "linux")]
mod controls;
#[cfg(target_os = "linux")]
mod dumps;
#[cfg(target_os = "linux")]
mod forms;
#[cfg(target_os = "linux")]
mod hunter;
#[cfg(target_os = "linux")]
mod memory;
mod panics;
#[cfg(target_os = "linux")]
mod rows;
#[cfg(target_os = "linux")]
mod scene;
#[cfg(target_os = "linux")]
mod search;
#[cfg(target_os = "linux")]
mod table;

/// A test that is skipped says so.
#[expect(clippy::print_stderr, reason = "for whoever reads the test's output")]
pub(crate) fn skipped(why: &str) {
    eprintln!("skipped: {why}");
}
