//! The endpoints, one file each. `post` is what those of OAuth have in common, `guard` what the APIs have.

pub(crate) mod authorize;
pub(crate) mod connections;
pub(crate) mod echo;
pub(crate) mod guard;
pub(crate) mod keys;
pub(crate) mod otp;
pub(crate) mod page;
pub(crate) mod post;
pub(crate) mod reports;
pub(crate) mod token;
pub(crate) mod users;
