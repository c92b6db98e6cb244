//! Concur's token service: what is sent, how an answer is understood (both pure), and the client that asks.

pub(crate) mod advice;
pub(crate) mod answer;
pub(crate) mod asking;
pub(crate) mod client;
pub(crate) mod failure;
pub(crate) mod form;
pub(crate) mod redact;
