//! The store's key: where it comes from, how it moves, and how another one takes its place.

mod command;
mod concurrent;
mod kills;
mod rotate;
mod set_source;
mod shown;
mod sources;
mod support;
mod systemd;
