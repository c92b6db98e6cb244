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
//! The layout, from the top; a module imports only modules below it (`tests/layout.rs` checks this):
//!
//! | module | contains |
//! |---|---|
//! | `main`, `cli` | the program `concur-sandbox` |
//! | `sandbox` | [`Sandbox`], the handle that tests and programs hold |
//! | `server/` | the listener, TLS, and `dispatch`, which alone knows all endpoints |
//! | `endpoints/` | one file an endpoint; `post` and `guard` are what they have in common |
//! | `grants/` | one file a grant, each a function of a token request and the world |
//! | `state/` | the state shared by handle and server; the journal; the request being served |
//! | `faults/` | scripted faults, and their effect on an answer |
//! | `world/` | what the service knows and has issued; pure: the time is an argument |
//! | `protocol/` | what Concur documents: paths, error codes, answers, tokens, forms, and what it refuses |
//! | `http/` | replies, request headers, encodings, and endings that break HTTP |
//! | `config`, `clock` | what a test configures; the only reader of the clock |

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
