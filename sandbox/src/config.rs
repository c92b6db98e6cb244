//! The configuration of a sandbox.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::PathBuf;

use uuid::Uuid;

/// Six months in seconds (182 days): how long an unused refresh token lives.
pub const SIX_MONTHS_SECONDS: i64 = 182 * 86_400;

/// How a sandbox behaves. Start with [`Config::default`] and change what matters; most fields may also be
/// changed while it runs, by [`Sandbox::configure`](crate::Sandbox::configure).
#[derive(Clone, Debug)]
#[expect(clippy::struct_excessive_bools, reason = "each is an independent switch")]
pub struct Config {
    /// Address to listen on; default 127.0.0.1. Read at the start only.
    pub bind: IpAddr,
    /// Port to listen on; default 0, a free one. Read at the start only.
    pub port: u16,
    /// Serve https, by this; default `None`, plain http. Read at the start only.
    pub tls: Option<Tls>,
    /// The first application and company with its request token; made up when `None` (the default). Read
    /// at the start only. Give the same to two sandboxes to play two data centres.
    pub app: Option<App>,
    /// A user who can log in with `credtype=password`, by one-time password, or in a browser; default none.
    pub user: Option<User>,
    /// Seconds a one-time password can be used; default 600, which nothing documents.
    pub otp_lifetime_seconds: i64,
    /// How many one-time passwords of an address may be open; default 3, which nothing documents.
    pub otp_open_limit: usize,
    /// Where the mails with one-time passwords go, a line each; `-` is stdout; default `None`, nowhere.
    pub mailbox: Option<PathBuf>,
    /// Seconds an access token lives; default 3600. Zero or less gives tokens that are born expired.
    pub access_lifetime_seconds: i64,
    /// Seconds a refresh token lives after its last use (it slides); default [`SIX_MONTHS_SECONDS`].
    pub refresh_lifetime_seconds: i64,
    /// Seconds a company request token lives; default 24 h.
    pub request_token_lifetime_seconds: i64,
    /// How many grants a company request token is valid for; default `None`, any number.
    pub request_token_uses: Option<u32>,
    /// What a refresh does to the refresh token; default [`Rotation::Same`].
    pub rotation: Rotation,
    /// What every refresh token ends in; default nothing. For tests that look for them in every encoding.
    pub refresh_token_tail: String,
    /// JSON type of `expires_in` and `refresh_expires_in`; default [`NumberStyle::Number`].
    pub number_style: NumberStyle,
    /// The `geolocation` of answers, verbatim; default `None`, the sandbox's own origin.
    pub geolocation: Option<String>,
    /// Leave `geolocation` out of answers.
    pub omit_geolocation: bool,
    /// Leave `refresh_expires_in` out of answers.
    pub omit_refresh_expires_in: bool,
    /// Leave `refresh_token` and `refresh_expires_in` out of answers: "there are certain conditions where
    /// a refresh token is not returned". Then nothing is rotated either.
    pub omit_refresh_token: bool,
    /// Every company and user belongs to this origin: grants for them are answered with code 16 and this origin.
    pub lives_elsewhere: Option<String>,
    /// Refreshes answer with tokens of this company or user, regardless of whom the refresh token was issued to; default
    /// `None`.
    pub refresh_principal: Option<String>,
    /// The applications are unknown here, like those of a migrated entity at a production host: every
    /// request is answered with code 61. Issued tokens stay valid.
    pub unknown_client: bool,
    /// The code that answers a wrong or replaced client secret: 64 (the default) or 61.
    pub wrong_secret_code: u32,
    /// Status with which APIs answer a bad, expired or revoked access token: 403 (the default) or 401.
    pub forbidden_status: u16,
    /// The grants the app has; default `password`, `refresh_token`, `client_credentials`.
    pub allowed_grants: Vec<GrantType>,
    /// The granted scope: words separated by spaces.
    pub scope: String,
    /// The redirect URIs that are registered for the app, compared byte for byte; default none. The
    /// browser grant needs one of them, and [`GrantType::AuthorizationCode`] among the app's grants.
    pub redirect_uris: Vec<String>,
    /// Seconds an authorization code lives; default 300.
    pub code_lifetime_seconds: i64,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            bind: IpAddr::V4(Ipv4Addr::LOCALHOST),
            port: 0,
            tls: None,
            app: None,
            user: None,
            otp_lifetime_seconds: 600,
            otp_open_limit: 3,
            mailbox: None,
            access_lifetime_seconds: 3600,
            refresh_lifetime_seconds: SIX_MONTHS_SECONDS,
            request_token_lifetime_seconds: 86_400,
            request_token_uses: None,
            rotation: Rotation::Same,
            refresh_token_tail: String::new(),
            number_style: NumberStyle::Number,
            geolocation: None,
            omit_geolocation: false,
            omit_refresh_expires_in: false,
            omit_refresh_token: false,
            lives_elsewhere: None,
            refresh_principal: None,
            unknown_client: false,
            wrong_secret_code: 64,
            forbidden_status: 403,
            allowed_grants: vec![
                GrantType::Password,
                GrantType::RefreshToken,
                GrantType::ClientCredentials,
            ],
            scope: "openid EXPRPT identity.user.ids.read identity.user.core.read".to_owned(),
            redirect_uris: Vec::new(),
            code_lifetime_seconds: 300,
        }
    }
}

/// How a sandbox speaks https.
#[derive(Clone, Debug)]
pub struct Tls {
    /// The host name of [`Sandbox::origin`](crate::Sandbox::origin); default `None`, the address. For
    /// any other name, clients need a way to resolve it to the sandbox.
    pub host: Option<String>,
    /// Names and addresses that the certificate is for; default `127.0.0.1`, `localhost`, `::1`.
    pub names: Vec<String>,
    /// What is wrong with the certificate; default nothing.
    pub certificate: Certificate,
    /// Require a client certificate of this sandbox's CA, as Concur's bare hosts can; default
    /// `false`. [`Sandbox::client_pem`](crate::Sandbox::client_pem) is one.
    pub wants_client: bool,
}

/// The certificate that a sandbox shows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Certificate {
    /// A valid one.
    #[default]
    Good,
    /// It expired long ago.
    Expired,
    /// Valid, but signed by a CA of the same name with another key than that of
    /// [`Sandbox::ca_pem`](crate::Sandbox::ca_pem).
    OfAnotherCa,
    /// It is not valid yet.
    NotYetValid,
    /// Signed by its own key.
    SelfSigned,
}

impl Default for Tls {
    fn default() -> Self {
        Self {
            host: None,
            names: ["127.0.0.1", "localhost", "::1"].map(str::to_owned).to_vec(),
            certificate: Certificate::Good,
            wants_client: false,
        }
    }
}

impl Tls {
    /// The origin has this host name, and the certificate is for it alone.
    pub fn named(host: &str) -> Self {
        Self { host: Some(host.to_owned()), names: vec![host.to_owned()], ..Self::default() }
    }

    /// Host and port of the origin of a sandbox that listens on this address.
    pub(crate) fn host(&self, address: SocketAddr) -> String {
        match &self.host {
            None => address.to_string(),
            Some(host) => format!("{host}:{}", address.port()),
        }
    }
}

/// What a refresh does to the refresh token. SAP documents none of it beyond "treat all returned refresh
/// tokens as new and overwrite".
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Rotation {
    /// The same value is answered again.
    #[default]
    Same,
    /// A new value is answered; the old one stays valid.
    NewKeepOld,
    /// A new value is answered and the old one is spent: its reuse revokes the whole family, access tokens
    /// too (RFC 9700 §4.14.2).
    NewRevokeFamily,
}

/// JSON type of the numbers of a token answer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum NumberStyle {
    /// `3600`, as in real answers.
    #[default]
    Number,
    /// `"3600"`, as in the documentation's samples.
    Text,
}

/// A value of `grant_type` that the service knows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum GrantType {
    /// `password`: a company with its request token, or a user with a password.
    Password,
    /// `refresh_token`.
    RefreshToken,
    /// `client_credentials`.
    ClientCredentials,
    /// `authorization_code`.
    AuthorizationCode,
    /// `otp`.
    Otp,
}

impl GrantType {
    /// The grant of the form's `grant_type`.
    pub(crate) fn from_form(text: &str) -> Option<Self> {
        Some(match text {
            "password" => Self::Password,
            "refresh_token" => Self::RefreshToken,
            "client_credentials" => Self::ClientCredentials,
            "authorization_code" => Self::AuthorizationCode,
            "otp" => Self::Otp,
            _ => return None,
        })
    }
}

/// An application as one company sees it: what a person copies into `credentials.json`. All made up.
#[derive(Clone, PartialEq, Eq)]
pub struct App {
    /// The app id; a UUID.
    pub client_id: String,
    /// The app's secret; a UUID.
    pub client_secret: String,
    /// The company; a UUID.
    pub company_uuid: String,
    /// The company request token for this app; a UUID.
    pub request_token: String,
}

impl App {
    /// A new application of a new company, with random values.
    pub fn made_up() -> Self {
        Self {
            client_id: random_uuid(),
            client_secret: random_uuid(),
            company_uuid: random_uuid(),
            request_token: random_uuid(),
        }
    }
}

impl fmt::Debug for App {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { client_id, client_secret: _, company_uuid, request_token: _ } = self;
        f.debug_struct("App")
            .field("client_id", client_id)
            .field("client_secret", &"[redacted]")
            .field("company_uuid", company_uuid)
            .field("request_token", &"[redacted]")
            .finish()
    }
}

/// A user who can log in with a password.
#[derive(Clone, PartialEq, Eq)]
pub struct User {
    /// The user; a UUID.
    pub uuid: String,
    /// What is typed as user name: a login id such as `erika@example.com`; the e-mail address too.
    pub login_id: String,
    /// The password.
    pub password: String,
}

impl User {
    /// A user with this login id, and a made-up UUID and password.
    pub fn made_up(login_id: &str) -> Self {
        Self { uuid: random_uuid(), login_id: login_id.to_owned(), password: random_uuid() }
    }

    pub(crate) fn has_address(&self, email: &str) -> bool {
        self.login_id.eq_ignore_ascii_case(email)
    }
}

impl fmt::Debug for User {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { uuid, login_id, password: _ } = self;
        f.debug_struct("User")
            .field("uuid", uuid)
            .field("login_id", login_id)
            .field("password", &"[redacted]")
            .finish()
    }
}

/// A random (version 4) UUID in its usual spelling.
pub(crate) fn random_uuid() -> String {
    Uuid::new_v4().to_string()
}
