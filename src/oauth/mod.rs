//! Concur's token service: what is sent, how an answer is understood (both pure), and the HTTP edge
//! with its roots of trust and its resolver.

pub mod advice;
pub mod answer;
pub mod client;
pub mod form;
mod resolver;
mod tls;
