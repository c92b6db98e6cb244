//! Concur's token service: the forms, the classification of answers (both pure), and the client.

pub(crate) mod advice;
pub(crate) mod answer;
pub(crate) mod asking;
pub(crate) mod client;
pub(crate) mod failure;
pub(crate) mod form;
pub(crate) mod redact;
