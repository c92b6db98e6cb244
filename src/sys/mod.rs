//! The machine: environment, clock, files, paths, streams and signals; one edge for each kind of authority.

pub mod child;
pub mod clock;
pub mod env;
pub mod failpoint;
pub mod files;
pub mod hardening;
pub mod paths;
pub mod progress;
pub mod random;
pub mod signals;
pub mod stdin;
pub mod streams;
pub mod trace;
