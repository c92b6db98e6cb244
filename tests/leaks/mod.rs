//! The leak search: it plants secrets that are recognisable in every encoding, runs every command, successfully
//! and with failures, and searches everything that the command left.

mod binary;
#[cfg(target_os = "linux")]
mod controls;
#[cfg(target_os = "linux")]
mod dumps;
#[cfg(target_os = "linux")]
mod finder;
#[cfg(target_os = "linux")]
mod forms;
#[cfg(target_os = "linux")]
mod memory;
mod panics;
#[cfg(target_os = "linux")]
mod rows;
#[cfg(target_os = "linux")]
mod scene;
#[cfg(target_os = "linux")]
mod search;
#[cfg(target_os = "linux")]
mod table;
