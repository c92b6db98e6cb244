//! What a person at a terminal reads and is asked during a login.

pub(crate) mod again;
pub(crate) mod guide;
pub(crate) mod questions;
