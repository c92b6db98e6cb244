//! concur-cred: a git-style credential helper for SAP Concur's OAuth2 tokens.
//!
//! # The map
//!
//! | room | what it is for | knows |
//! |---|---|---|
//! | [`model`], [`policy`], [`protocol`], [`exchange`], [`oauth::form`], [`oauth::answer`] | pure: types, decisions, wire and file formats | bytes, values and `now` |
//! | [`env`], [`clock`], [`child`], [`files`], [`stdin`], [`streams`], [`paths`], [`random`], [`config`], [`trace`], [`progress`], [`hardening`] | edges: one for each kind of authority | their own piece of the outside |
//! | [`store`], [`lock`], [`http`], [`git`], [`oauth::client`] | edges: SQLite, the lock files, HTTP, git | theirs, and the model |
//! | [`browser`] | a login in the browser: what came back (pure), the receiver and the opener (edges) | theirs, and the model |
//! | [`schedule`] | has a job of ours run daily, by systemd or cron | unit files, `systemctl`, `crontab` |
//! | [`refresh`] | joins lock, store and token service | those three |
//! | [`api`] | one request behind the token: words to a request and answers (pure), the wire, bodies | the model; HTTP |
//! | [`doctor`] | looks at everything above and mends what is safe to mend | those, but no secret leaves it |
//! | [`commands`] | one file a command, thin: arguments → library → output | everything above |
//!
//! Arrows go one way: commands → refresh → {oauth, store, lock} → {protocol, exchange, policy} →
//! model. Pure rooms know no clock, file, socket or environment; that is why their tests need no
//! mocks.

pub mod accounts;
pub mod api;
pub mod app;
pub mod browser;
pub mod child;
pub mod cli;
pub mod clock;
pub mod commands;
pub mod config;
pub mod doctor;
pub mod env;
pub mod error;
pub mod exchange;
pub mod failpoint;
pub mod files;
#[cfg(fuzzing)]
#[doc(hidden)]
pub mod fuzzing;
pub mod git;
pub mod hardening;
pub mod http;
pub mod lock;
pub mod model;
pub mod oauth;
pub mod paths;
pub mod policy;
pub mod progress;
pub mod protocol;
pub mod random;
pub mod refresh;
pub mod schedule;
pub mod signals;
pub mod stdin;
pub mod store;
pub mod streams;
pub mod trace;
