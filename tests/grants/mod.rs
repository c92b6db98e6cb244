//! The grants other than the company grant, their messages, and the migration of the store.

mod support;

mod advice;
mod application;
#[cfg(target_os = "linux")]
mod corrected;
#[cfg(target_os = "linux")]
mod first_login;
mod given_values;
mod older_store;
mod one_time_password;
mod pasted;
#[cfg(unix)]
mod refresh_kept;
mod refresh_token;
mod refusals;
#[cfg(target_os = "linux")]
mod renewed;
#[cfg(target_os = "linux")]
mod replaced_application;
#[cfg(target_os = "linux")]
mod set_secret;
mod user;
