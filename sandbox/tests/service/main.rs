//! The service as a client sees it: a running sandbox, and handwritten HTTP over a plain socket.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on fails")]

mod apis;
mod authorize;
mod endings;
mod faults;
mod grants;
mod http;
mod journal;
mod otp;
mod refusals;
mod rotation;
mod secrets;
mod strictness;
mod tls;
