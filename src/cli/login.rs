//! The options of `login`.

#![allow(clippy::doc_markdown, reason = "these comments are what --help prints")]

use std::path::PathBuf;

use clap::{Args, ValueEnum};

use super::duration;
use crate::model::grant::GrantKind;

pub(super) const EXAMPLES: &str = "\
Examples:
  concur-cred login --base-url us2 --credentials acme.json --profile acme
  concur-cred login --grant app --profile batch
  concur-cred login --grant refresh --base-url us2
  concur-cred login --grant browser --base-url us2 --profile me";

/// Options of `login`.
#[derive(Debug, Args)]
pub struct Login {
    /// How the tokens are obtained [default: asked for on a terminal, else company]
    #[arg(long, value_enum, value_name = "GRANT")]
    pub grant: Option<LoginGrant>,
    /// Read App ID, secret, company UUID, request or refresh token from here [default: credentials.json]
    #[arg(long, value_name = "FILE")]
    pub credentials: Option<PathBuf>,
    /// The data centre to log in at: a short name such as us2, a URL of its host, or an origin
    #[arg(long, value_name = "NAME|URL")]
    pub base_url: Option<String>,
    /// The data centre, like --base-url
    #[arg(value_name = "PLACE", conflicts_with = "base_url")]
    pub place: Option<String>,
    /// With --grant browser or otp: request only these scopes [default: all of the application's]
    #[arg(long, value_name = "WORDS")]
    pub scope: Option<String>,
    /// Options of a login in the browser.
    #[command(flatten)]
    pub browser: BrowserOptions,
    /// Log in even if the profile has another company, user or application
    #[arg(long)]
    pub replace: bool,
}

/// The values of `login --grant`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum LoginGrant {
    /// A company UUID and its request token
    Company,
    /// A user's name and password, which SAP advises against
    User,
    /// App ID and secret only: the application itself logs in
    App,
    /// A user who signs in at Concur in a browser, also by SSO
    Browser,
    /// A one-time password that Concur sends to a user by e-mail
    Otp,
    /// A refresh token that you already have; it is refreshed at once
    Refresh,
}

impl LoginGrant {
    /// The grant.
    pub fn kind(self) -> GrantKind {
        match self {
            Self::Company => GrantKind::Company,
            Self::User => GrantKind::User,
            Self::App => GrantKind::Application,
            Self::Browser => GrantKind::Browser,
            Self::Otp => GrantKind::Otp,
            Self::Refresh => GrantKind::Refresh,
        }
    }

    /// Whether `--scope` is allowed.
    pub fn takes_scope(self) -> bool {
        matches!(self, Self::Browser | Self::Otp)
    }
}

/// Options of `login --grant browser`.
#[derive(Debug, Default, Args)]
pub struct BrowserOptions {
    /// With --grant browser: the redirect URI that is registered for the
    /// application [default: http://localhost:8017/callback]
    #[arg(long, value_name = "URI")]
    pub redirect_uri: Option<String>,
    /// With --grant browser: how long to wait for the browser [default: 5m]
    #[arg(long, value_name = "TIME", value_parser = duration)]
    pub timeout: Option<i64>,
    /// With --grant browser: show the address, and do not open a browser
    #[arg(long)]
    pub no_browser: bool,
}

impl BrowserOptions {
    /// The first given option.
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
