//! The endpoints: one file each.

pub(crate) mod api;
pub(crate) mod authorize;
pub(crate) mod echo;
pub(crate) mod otp;
pub(crate) mod page;
pub(crate) mod reports;
pub(crate) mod token;
