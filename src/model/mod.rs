//! Pure types: no clock, file, socket or environment.

pub mod base_url;
pub mod echo;
pub mod grant;
pub mod host;
pub mod jwt;
pub mod lenient;
pub mod origin;
pub mod policy;
pub mod printable;
pub mod profile;
pub mod record;
pub mod secret;
pub mod wiping;
