//! A faithful, strict SAP Concur `OAuth2` token service on loopback.
//!
//! It is what the tests, benches and the quickstart of concur-cred talk to, and what an integrator can
//! point a script at to see what happens when a token expires, without a Concur entity:
//!
//! ```
//! let sandbox = concur_sandbox::Sandbox::start(concur_sandbox::Config::default())?;
//! assert!(sandbox.origin().starts_with("http://127.0.0.1:"));
//! # Ok::<(), std::io::Error>(())
//! ```
//!
//! The map of the house, edge first:
//! - [`Sandbox`]: the handle; owns the thread that listens (`server`), stops it on drop;
//! - `tls`: its own CA and certificate, when it speaks https;
//! - `service`, `token`, `otp`, `api`, `reports`, `echo`: one request in, one reply out; `strict` says what
//!   Concur would not take;
//! - `authorize`, `page`: where a user signs in with a browser and allows an application;
//! - `grants/`: one file a grant, each a function of (world, request, configuration, time);
//! - `world`, `ledger`: who may ask, and what was issued; pure, they are told the time;
//! - `answer`, `codes`, `jwt`, `form`, `wire`: what is on the wire;
//! - `faults`, `gate`: what a test scripts; `journal`: what a test asserts on.

mod answer;
mod api;
mod authorize;
mod call;
mod clock;
mod codes;
mod config;
mod echo;
mod effects;
mod fault_spec;
mod faults;
mod form;
mod gate;
mod grants;
mod journal;
mod jwt;
mod ledger;
mod mutex;
mod otp;
mod page;
mod payload;
mod principal;
mod reply;
mod reports;
mod sandbox;
mod server;
mod service;
mod shared;
mod strict;
mod tls;
mod token;
mod wire;
mod world;

pub use codes::{CODES, Code, code};
pub use config::{App, Config, GrantType, NumberStyle, Rotation, SIX_MONTHS_SECONDS, User};
pub use fault_spec::{FaultSpec, Times};
pub use faults::{Fault, RetryAfter, StatusBody};
pub use gate::Gate;
pub use journal::{Counters, RequestRecord, fingerprint};
pub use sandbox::Sandbox;
pub use tls::{Certificate, Tls};
pub use wire::{BadEnd, Coding, Cut, Framing, Then};
