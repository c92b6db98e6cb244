//! Concur's token service: what is sent, how an answer is understood (both pure), and the one who
//! asks.

pub mod advice;
pub mod answer;
pub mod client;
pub mod form;
pub mod silence;
