//! The command line: clap types only.
#![allow(clippy::doc_markdown, reason = "the comments are the text of --help")]

use std::path::PathBuf;

use clap::{Parser, ValueEnum};
use concur_sandbox::{Config, FaultSpec, GrantType, NumberStyle, Rotation, Tls, User};

/// Who logs in with a browser when no user was named.
const DEFAULT_USER: &str = "erika@example.com";

const AFTER_HELP: &str = "\
Fault specs: 503, 429:7 (any status, with Retry-After), drop-before, drop-after, reset-before, \
reset-after, truncate, stall, silence, latency:MILLISECONDS, code:N, geolocation:TEXT, omit:FIELD,FIELD, \
field:NAME=JSON, encode:CODING, end:FRAMING[,OPTION...], headers:N, redirect:STATUS:LOCATION, not-json, \
array, huge. Each applies to one token request, in \
the order given; 3x503 applies to three, always:503 to every one that finds the queue empty.";

/// An SAP Concur OAuth2 token service on loopback, with made-up tokens.
///
/// Serves POST /oauth2/v0/token and /oauth2/v0/otp, GET /profile/identity/v4.1/Users and DELETE /app-mgmt/v0/connections as
/// Concur documents them, and fails on request. Runs until interrupted.
#[derive(Debug, Parser)]
#[command(name = "concur-sandbox", version, after_help = AFTER_HELP)]
#[expect(clippy::struct_excessive_bools, reason = "flags are bools")]
pub(crate) struct Cli {
    /// Port to listen on, on 127.0.0.1; 0 takes a free one
    #[arg(long, value_name = "PORT", default_value_t = 0)]
    port: u16,
    /// How long access tokens are valid
    #[arg(long, value_name = "SECONDS", default_value_t = 3600, allow_negative_numbers = true)]
    access_lifetime: i64,
    /// What a refresh does to the refresh token
    #[arg(long, value_name = "MODE", value_enum, default_value_t = RotationMode::Same)]
    rotation: RotationMode,
    /// Answer expires_in and refresh_expires_in as strings
    #[arg(long)]
    text_numbers: bool,
    /// Leave geolocation out of answers
    #[arg(long)]
    no_geolocation: bool,
    /// Leave refresh_expires_in out of answers
    #[arg(long)]
    no_refresh_expiry: bool,
    /// Answer code 16, "user lives elsewhere", with this origin
    #[arg(long, value_name = "ORIGIN")]
    lives_elsewhere: Option<String>,
    /// Answer code 61 (unknown client) to every request, as a production host does to a migrated entity
    #[arg(long)]
    unknown_client: bool,
    /// Replace the client secret after N grants; the new one is printed at the start
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    pub(crate) change_secret: Option<u64>,
    /// Answer refreshes with tokens of this company or user
    #[arg(long, value_name = "UUID")]
    refresh_principal: Option<String>,
    /// Add a user with this login id and e-mail address, and a made-up password
    #[arg(long, value_name = "EMAIL")]
    user: Option<String>,
    /// Let that user log in by one-time password; the mails go to FILE, one line each, or to stdout for -
    #[arg(long, value_name = "FILE", requires = "user")]
    otp: Option<PathBuf>,
    /// Register this redirect URI, so that the user (by default erika@example.com) can log in with a
    /// browser; may be repeated
    #[arg(long, value_name = "URI")]
    redirect_uri: Vec<String>,
    /// Let a token request fail; may be repeated
    #[arg(long, value_name = "SPEC")]
    pub(crate) fault: Vec<FaultSpec>,
    /// Write a line of JSON for every request to FILE, or to stdout for -; secrets are hashed
    #[arg(long, value_name = "FILE")]
    pub(crate) log: Option<PathBuf>,
    /// Write a filled credentials.json to FILE (mode 0600), which must not exist
    #[arg(long, value_name = "FILE")]
    pub(crate) credentials: Option<PathBuf>,
    /// Use https, with a certificate for 127.0.0.1, localhost and ::1 by a CA made at the start
    #[arg(long)]
    tls: bool,
    /// Write the certificate of that CA to FILE, as PEM, which must not exist
    #[arg(long, value_name = "FILE", requires = "tls")]
    pub(crate) ca: Option<PathBuf>,
    /// Require a client certificate of that CA; write one and its key to FILE, as PEM, which
    /// must not exist
    #[arg(long, value_name = "FILE", requires = "tls")]
    pub(crate) client_cert: Option<PathBuf>,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum RotationMode {
    /// The same value is returned
    Same,
    /// A new value; the old one stays valid
    New,
    /// A new value; the old one is invalid, and its reuse revokes all tokens of the login
    Revoke,
}

impl Cli {
    /// Whether the user can log in by one-time password.
    pub(crate) fn has_otp(&self) -> bool {
        self.otp.is_some()
    }

    /// What the flags say about the service.
    pub(crate) fn config(&self) -> Config {
        let mut allowed_grants = Config::default().allowed_grants;
        allowed_grants.extend(self.otp.as_ref().map(|_| GrantType::Otp));
        let in_browser = !self.redirect_uri.is_empty();
        allowed_grants.extend(in_browser.then_some(GrantType::AuthorizationCode));
        let user = self.user.as_deref().or(in_browser.then_some(DEFAULT_USER));
        Config {
            user: user.map(User::made_up),
            redirect_uris: self.redirect_uri.clone(),
            mailbox: self.otp.clone(),
            allowed_grants,
            port: self.port,
            tls: self
                .tls
                .then(|| Tls { wants_client: self.client_cert.is_some(), ..Tls::default() }),
            access_lifetime_seconds: self.access_lifetime,
            rotation: match self.rotation {
                RotationMode::Same => Rotation::Same,
                RotationMode::New => Rotation::NewKeepOld,
                RotationMode::Revoke => Rotation::NewRevokeFamily,
            },
            number_style: if self.text_numbers { NumberStyle::Text } else { NumberStyle::Number },
            omit_geolocation: self.no_geolocation,
            omit_refresh_expires_in: self.no_refresh_expiry,
            lives_elsewhere: self.lives_elsewhere.clone(),
            unknown_client: self.unknown_client,
            refresh_principal: self.refresh_principal.clone(),
            ..Config::default()
        }
    }
}
