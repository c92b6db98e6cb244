//! How tokens are obtained: logging in, refreshing, the token service and the browser.

pub mod accounts;
pub mod browser;
pub(crate) mod held;
pub mod login;
pub mod oauth;
pub mod refresh;
