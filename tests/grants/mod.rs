//! The grants beside the company's, what a person is told of each, and the store that remembers them.

mod support;

mod advice;
mod application;
mod older_store;
mod one_time_password;
mod pasted;
#[cfg(unix)]
mod refresh_kept;
mod refresh_token;
mod refusals;
#[cfg(target_os = "linux")]
mod set_secret;
mod user;
