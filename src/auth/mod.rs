//! How tokens are obtained: logging in, refreshing, the token service and the browser.

pub(crate) mod accounts;
pub(crate) mod browser;
mod committing;
pub(crate) mod held;
pub(crate) mod login;
pub(crate) mod no_profile;
pub(crate) mod oauth;
pub(crate) mod refresh;
