//! The settings: their sources, how they are shown, and the messages for invalid ones.

mod client_certs;
mod no_home;
mod pems;
mod set;
mod show;
mod unreadable;

use std::path::PathBuf;

use crate::harness::{World, set_mode};

/// Puts a `config.toml` where the program looks for it.
fn configure(world: &World, text: &str) -> PathBuf {
    std::fs::create_dir_all(world.config_dir()).unwrap();
    set_mode(&world.config_dir(), 0o700);
    let file = world.config_dir().join("config.toml");
    std::fs::write(&file, text).unwrap();
    set_mode(&file, 0o600);
    file
}
