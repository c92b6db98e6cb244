//! Logging in: what is asked for, sent and stored.

pub(crate) mod another;
pub(crate) mod application;
pub(crate) mod browser;
pub(crate) mod checked;
pub(crate) mod company;
pub(crate) mod dialog;
pub(crate) mod flow;
pub(crate) mod keeping;
pub(crate) mod known;
pub(crate) mod obtain;
pub(crate) mod otp;
pub(crate) mod outcome;
pub(crate) mod refresh;
pub(crate) mod start;
pub(crate) mod user;
