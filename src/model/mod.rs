//! Pure types: no clock, file, socket or environment.

pub(crate) mod base_url;
pub(crate) mod grant;
pub(crate) mod health;
pub(crate) mod host;
pub mod jwt;
pub(crate) mod lenient;
pub(crate) mod origin;
pub(crate) mod policy;
pub(crate) mod principal;
pub(crate) mod printable;
pub(crate) mod profile;
pub(crate) mod record;
pub(crate) mod redact;
pub(crate) mod secret;
pub(crate) mod similar;
pub(crate) mod skew;
pub(crate) mod span;
pub(crate) mod wiping;
