//! The state of a running sandbox, and the request being served.

pub(crate) mod call;
pub(crate) mod gate;
pub(crate) mod journal;
pub(crate) mod mutex;
pub(crate) mod shared;
