//! No lost tokens, no stampede: processes killed at named and at random moments, disks that refuse
//! writes, clocks that step, and herds, over one store and one service in its strictest rotation mode.
//!
//! The long forms by hand are in `docs/reliability.md`.

mod choices;
mod disk;
mod herd;
mod kills;
mod mixed;
mod mixture;
#[cfg(target_os = "linux")]
mod real_disk;
#[cfg(target_os = "linux")]
mod soak;
mod suspended;
mod time;
mod window;
