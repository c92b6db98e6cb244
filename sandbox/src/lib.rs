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

mod clock;
mod config;
mod endpoints;
mod faults;
mod grants;
mod http;
mod protocol;
mod sandbox;
mod server;
mod state;
mod world;

pub use config::{
    App, Certificate, Config, GrantType, NumberStyle, Rotation, SIX_MONTHS_SECONDS, Tls, User,
};
pub use faults::spec::{FaultSpec, Times};
pub use faults::{Fault, RetryAfter, StatusBody};
pub use http::bad_end::{BadEnd, Cut, Framing, Then};
pub use http::encoding::Coding;
pub use protocol::codes::{CODES, Code, code};
pub use sandbox::Sandbox;
pub use state::gate::Gate;
pub use state::journal::{Counters, RequestRecord, fingerprint};
