//! Where a secret may go: every way in which a place comes to us, against every kind of place.

#![cfg(unix)]
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

mod callers;
mod link_edits;
mod links;
mod places;
mod senders;
mod spellings;
mod trap;
mod ways;
