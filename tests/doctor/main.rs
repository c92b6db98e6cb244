//! `doctor`: every fault is found and told with what mends it; what is mended loses nothing.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::disallowed_methods,
    reason = "a test may fail"
)]

#[path = "../harness/mod.rs"]
mod harness;
mod support;

#[cfg(unix)]
mod checks;
#[cfg(unix)]
mod for_support;
#[cfg(unix)]
mod online;
#[cfg(unix)]
mod refusals;
#[cfg(unix)]
mod repairs;
