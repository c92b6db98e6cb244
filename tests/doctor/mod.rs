//! `doctor`: it reports every fault with its fix, and repairs without loss.

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
