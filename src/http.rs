//! The HTTP edge: a client for one origin that was found allowed. It never follows a redirect, and is
//! built when the first request is made, so that a hit never pays for it.

mod resolver;
mod tls;

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use reqwest::blocking::Client;
use rustls::RootCertStore;

use crate::error::Result;
use crate::files;
use crate::model::origin::AllowedOrigin;
use crate::model::printable::printable;

const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);
const USER_AGENT: &str = concat!("concur-cred/", env!("CARGO_PKG_VERSION"));

/// Concur's header for the id that SAP support asks for; sent, and echoed.
pub const CORRELATION_HEADER: &str = "concur-correlationid";

/// How requests are made; all of it can be set.
#[derive(Debug, Clone)]
pub struct HttpSettings {
    /// How long one request may take. Hanging up early can lose a rotated token, so it is generous by
    /// default (60 s).
    pub timeout: Duration,
    /// A file of root certificates that are trusted besides the bundled ones; read with a request only.
    pub ca_bundle: Option<PathBuf>,
}

/// Why there is no answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NoAnswer {
    /// This caller could not reach the service: name resolution, connect, TLS, proxy. Nothing was
    /// sent.
    Local(String),
    /// The service was reached and did not answer whole: the request may have been carried out.
    Transient(String),
}

/// Makes clients. The files that the settings name are read when it is made, so that a bad one is found
/// before anything is spent.
#[derive(Debug, Clone)]
pub struct Http {
    timeout: Duration,
    roots: Arc<RootCertStore>,
}

impl Http {
    /// Reads what the settings name.
    pub fn new(settings: &HttpSettings) -> Result<Self> {
        let HttpSettings { timeout, ca_bundle } = settings;
        Ok(Self { timeout: *timeout, roots: tls::roots(ca_bundle.as_deref())? })
    }

    /// A client for requests to this origin alone.
    pub fn client(&self, to: &AllowedOrigin) -> Result<Client, NoAnswer> {
        self.client_waiting(to, Duration::ZERO)
    }

    /// The same for a request whose sending may take so much longer. The timeout holds for what comes
    /// before the answer's body, and then for each piece of that.
    pub fn client_waiting(&self, to: &AllowedOrigin, longer: Duration) -> Result<Client, NoAnswer> {
        let tls_config =
            tls::client_config(&self.roots).map_err(|error| NoAnswer::Local(error.to_string()))?;
        let mut builder = Client::builder()
            .user_agent(USER_AGENT)
            .redirect(reqwest::redirect::Policy::none())
            .referer(false)
            .connect_timeout(CONNECT_TIMEOUT)
            .timeout(self.timeout.saturating_add(longer))
            .pool_max_idle_per_host(0)
            .tls_backend_preconfigured(tls_config);
        if to.origin().is_loopback() {
            // http is only ever spoken to loopback, and then never through a proxy.
            builder = builder.no_proxy();
        }
        resolver::set(builder)
            .build()
            .map_err(|error| NoAnswer::Local(root_cause(&error.without_url())))
    }
}

/// What a failed request means.
pub fn no_answer(error: reqwest::Error, to: &AllowedOrigin) -> NoAnswer {
    // The URL holds no secret, but errors are shown with the host alone.
    let error = error.without_url();
    let host = to.origin().host();
    if error.is_connect() {
        let refusal = tls::refusal(&error, host).map(|why| printable(&why, 300));
        NoAnswer::Local(
            refusal
                .unwrap_or_else(|| format!("could not connect to {host}: {}", root_cause(&error))),
        )
    } else if error.is_timeout() {
        NoAnswer::Transient(format!("{host} did not answer in time"))
    } else {
        NoAnswer::Transient(format!("{host} hung up without an answer: {}", root_cause(&error)))
    }
}

/// The innermost reason, which names neither a URL nor a header.
fn root_cause(error: &reqwest::Error) -> String {
    let mut cause: &dyn std::error::Error = error;
    while let Some(inner) = cause.source() {
        cause = inner;
    }
    printable(files::without_number(&cause.to_string()), 200)
}
