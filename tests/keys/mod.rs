//! The store's key: its sources, and its rotation.

mod command;
mod concurrent;
mod kills;
mod rotate;
mod set_source;
mod shown;
mod sources;
mod support;
mod systemd;
