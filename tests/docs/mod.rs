//! Tests that compare the documents with the code.

pub(crate) mod pages;

mod architecture;
mod commands;
mod completions;
mod configuration;
mod containers;
mod contributing;
#[cfg(unix)]
mod examples;
mod exit_codes;
mod language;
mod layout;
mod libraries;
mod links;
mod manual;
mod origins;
mod package;
mod peers;
mod schema;
mod security;
mod troubleshooting;
