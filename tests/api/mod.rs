//! Commands that use a token for the caller: `exec`, `api` and `logout --revoke`, with the real binary,
//! the sandbox and a real shell.

mod support;

mod bodies;
mod calls;
mod encodings;
#[cfg(unix)]
mod exec;
#[cfg(unix)]
mod exec_child;
#[cfg(windows)]
mod exec_waits;
mod failures;
#[cfg(unix)]
mod limits;
mod messages;
mod refused;
mod revoke;
#[cfg(target_os = "linux")]
mod secrets;
