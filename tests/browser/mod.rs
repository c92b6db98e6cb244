//! Logins in the browser, with the real binary, the real sandbox and (where it is) a real browser.

pub(crate) mod support;

mod chromium;
mod endings;
mod opening;
mod pasting;
mod receiver;
#[cfg(target_os = "linux")]
mod strangers;
mod usage;
