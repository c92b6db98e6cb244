//! The pages of `docs/recipes/` run, with the sandbox in Concur's place: the very text is what runs.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::disallowed_methods,
    clippy::print_stderr,
    reason = "a test may fail"
)]
#![cfg(unix)]

#[path = "../harness/mod.rs"]
mod harness;
#[path = "../docs/pages.rs"]
#[allow(dead_code, reason = "a part of it is enough here")]
mod pages;
mod recipe;

mod containers;
mod extract;
mod github;
mod house;
mod jobs;
mod moving;
mod scripts;
mod systemd;
