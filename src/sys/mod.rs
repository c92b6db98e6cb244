//! The operating system: environment, clock, files, paths, streams and signals; only these modules access them.

pub(crate) mod child;
pub(crate) mod clock;
pub(crate) mod env;
pub mod failpoint;
pub(crate) mod files;
pub(crate) mod hardening;
pub(crate) mod message;
pub(crate) mod paths;
pub(crate) mod progress;
pub(crate) mod random;
pub(crate) mod signals;
pub(crate) mod stdin;
pub(crate) mod streams;
pub(crate) mod trace;
pub(crate) mod user;
