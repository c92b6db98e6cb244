//! concur-cred: a git-style credential helper for SAP Concur's OAuth2 tokens.
//!
//! The modules, from the top down; each imports only modules below it (ARCHITECTURE.md says which, and
//! `tests/docs/layout.rs` holds it):
//!
//! [`commands`] → [`doctor`] → [`integrations`] → [`auth`] → [`ui`] → [`cli`] → [`api`] → [`config`] →
//! [`store`] → [`net`] → [`sys`] → [`formats`] → [`error`] → [`model`]

pub mod api;
pub mod auth;
pub mod cli;
pub mod commands;
pub mod config;
pub mod doctor;
pub mod error;
pub mod formats;
#[cfg(fuzzing)]
#[doc(hidden)]
pub mod fuzzing;
pub mod integrations;
pub mod model;
pub mod net;
pub mod store;
pub mod sys;
pub mod ui;
