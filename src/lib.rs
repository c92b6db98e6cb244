//! concur-cred: a git-style credential helper for SAP Concur's OAuth2 tokens.
//!
//! The modules, from the top down; each imports only modules below it (ARCHITECTURE.md lists them, and
//! `tests/docs/layout.rs` checks that):
//!
//! `commands` → `doctor` → `integrations` → `auth` → `ui` → `cli` → `api` → `config` →
//! `store` → `net` → `sys` → `formats` → `error` → `model`

mod api;
mod auth;
mod cli;
mod commands;
mod config;
mod doctor;
mod error;
mod formats;
#[doc(hidden)]
pub mod fuzzing;
mod integrations;
mod model;
mod net;
mod store;
mod sys;
mod ui;

use std::io::{self, IsTerminal};
use std::process::ExitCode;

use crate::sys::streams::{self, BlockingStream};
use crate::sys::{clock, hardening};
use crate::ui::context::Surroundings;

// Items that tests compare with the documents and use for processes.
pub use crate::cli::Cli;
pub use crate::error::Kind;
pub use crate::formats::format::Format;
pub use crate::model::origin::SHORT_NAMES;
pub use crate::store::audit::KEPT_PER_PROFILE;
pub use crate::sys::env::{Env, SECRET_VARIABLES, VARIABLES};
pub use crate::sys::failpoint;
pub use crate::sys::paths::Paths;

/// Runs the program on this process's arguments, streams, environment and clock.
pub fn main() -> ExitCode {
    hardening::begin();
    let mut out = BlockingStream(io::stdout().lock());
    let mut err = streams::stderr();
    let around = Surroundings {
        env: Env::of_process(),
        clock: clock::now_epoch,
        out_is_terminal: || io::stdout().is_terminal(),
        out: &mut out,
        err: &mut err,
    };
    let code = commands::main(std::env::args_os().collect(), around);
    failpoint::pass("end");
    ExitCode::from(code)
}
