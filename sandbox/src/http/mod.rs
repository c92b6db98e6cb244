//! HTTP: a request is taken apart, a reply is put together. Knows nothing of Concur.

pub(crate) mod bad_end;
pub(crate) mod encoding;
pub(crate) mod payload;
pub(crate) mod reply;
pub(crate) mod request;
