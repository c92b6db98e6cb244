//! `doctor`: every fault is found and told with what mends it; what is mended loses nothing.

mod support;

#[cfg(unix)]
mod checks;
#[cfg(unix)]
mod for_support;
#[cfg(unix)]
mod online;
#[cfg(unix)]
mod refusals;
#[cfg(unix)]
mod repairs;
