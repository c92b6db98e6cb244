//! Options of a login in the browser.

#![allow(clippy::doc_markdown, reason = "these comments are what --help prints")]

use clap::Args;

/// Options of `login --grant browser`.
#[derive(Debug, Default, Args)]
pub struct BrowserOptions {
    /// With --grant browser: where Concur sends the browser back, as it is registered for the
    /// application [default: http://localhost:8017/callback]
    #[arg(long, value_name = "URI")]
    pub redirect_uri: Option<String>,
    /// With --grant browser: how long to wait for the browser [default: 5m]
    #[arg(long, value_name = "TIME", value_parser = super::tokens::duration)]
    pub timeout: Option<i64>,
    /// With --grant browser: show the address, and open no browser
    #[arg(long)]
    pub no_browser: bool,
}

impl BrowserOptions {
    /// The first option that was given.
    pub fn first_given(&self) -> Option<&'static str> {
        let Self { redirect_uri, timeout, no_browser } = self;
        if redirect_uri.is_some() {
            Some("--redirect-uri")
        } else if timeout.is_some() {
            Some("--timeout")
        } else {
            no_browser.then_some("--no-browser")
        }
    }
}
