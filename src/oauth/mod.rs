//! Concur's token service: what is sent, how an answer is understood (both pure), and the HTTP edge
//! with its roots of trust.

pub mod advice;
pub mod answer;
pub mod client;
pub mod form;
mod tls;
