//! The real binary against the sandbox, real files and real processes: one folder a subject, one program for
//! all, so that the harness is compiled and linked once and slow tests run beside other subjects' quick ones.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::disallowed_methods,
    reason = "a test may fail"
)]

mod harness;

mod api;
#[cfg(unix)]
mod browser;
mod docs;
mod doctor;
#[cfg(unix)]
mod files;
mod grants;
#[cfg(unix)]
mod keys;
#[cfg(all(unix, debug_assertions))]
mod leaks;
mod main_job;
#[cfg(debug_assertions)]
mod network;
#[cfg(unix)]
mod origins;
mod protocol;
#[cfg(unix)]
mod recipes;
mod refresh;
mod settings;
mod texts;
#[cfg(all(unix, debug_assertions))]
mod torture;
