//! Logins in the browser, with the real binary, the real sandbox and (where it is) a real browser.

#![cfg(unix)]
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::disallowed_methods,
    reason = "a test may fail"
)]

#[path = "../harness/mod.rs"]
mod harness;
mod support;

mod chromium;
mod endings;
mod opening;
mod pasting;
mod receiver;
#[cfg(target_os = "linux")]
mod strangers;
mod usage;
