//! HTTP: a client for one allowed origin. It never follows a redirect, and is built for the first request, so
//! that it costs a hit nothing.

pub(crate) mod encoding;
mod failure;
pub(crate) mod proxy;
mod resolver;
mod tls;

use std::fmt;
use std::io::{self, Read};
use std::path::PathBuf;
use std::time::{Duration, Instant};

use reqwest::blocking::Client;
use zeroize::Zeroizing;

use crate::error::{Error, Result};
use crate::model::origin::AllowedOrigin;
use crate::model::secret::Secret;
use crate::sys::clock;
use crate::sys::env::{Env, variable};
pub(crate) use failure::NoAnswer;
use proxy::{Proxies, Via};
use tls::Tls;

/// The longest time for connecting; half of a short timeout, so that a failed connection can be distinguished
/// from a missing answer.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);
/// The most headers of an answer. The library's limit is 100, and a refresh token in an answer with more would
/// be lost; their size has a separate limit.
const MAX_HEADERS: usize = 16_384;
const USER_AGENT: &str = concat!("concur-cred/", env!("CARGO_PKG_VERSION"));

/// Concur's header for the correlation id, which SAP support asks for; sent, and returned in the answer.
pub(crate) const CORRELATION_HEADER: &str = "concur-correlationid";

/// The settings for requests.
#[derive(Debug, Clone)]
pub(crate) struct HttpSettings {
    /// How long one request may take. A short timeout can lose a rotated token, so it is generous by default
    /// (60 s).
    pub timeout: Duration,
    /// A file of root certificates to trust besides the bundled ones; read only for a request.
    pub ca_bundle: Option<PathBuf>,
    /// The configuration's file of a certificate and its key; see [`HttpSettings::client_cert`].
    pub client_cert: Option<PathBuf>,
    /// The configuration's proxy, which may contain a password; see [`HttpSettings::proxies`].
    pub proxy: Option<Secret>,
    /// The environment, for settings that only a request needs.
    pub env: Env,
    /// A warning about the configuration file, if it contains a secret.
    pub warning: Option<String>,
}

/// The result of checking a setting that a request needs.
#[derive(Debug)]
pub(crate) struct Part {
    /// The key in `config.toml`.
    pub key: &'static str,
    /// Its error; or its value and a warning.
    pub found: Result<(String, Option<String>)>,
}

impl HttpSettings {
    /// The file with the client certificate and its key.
    pub(crate) fn client_cert(&self) -> Option<PathBuf> {
        self.env.path(&variable("client_cert")).or_else(|| self.client_cert.clone())
    }

    /// The proxies: of the setting, else of the system.
    pub(crate) fn proxies(&self) -> Proxies {
        match self.set_proxy() {
            None => Proxies::of_the_system(&self.env),
            Some((value, name)) => {
                Proxies::set(value.as_ref().map_err(Clone::clone), &name, &self.env)
            }
        }
    }

    /// The setting `proxy` without its user name and password.
    pub(crate) fn proxy_shown(&self) -> Result<Option<String>> {
        self.set_proxy().map(|(value, name)| proxy::shown(&value?, &name)).transpose()
    }

    fn set_proxy(&self) -> Option<(Result<Secret>, String)> {
        let name = variable("proxy");
        match (self.env.setting(&name).transpose(), &self.proxy) {
            (Some(text), _) => Some((text.map(Secret::from), name)),
            (None, Some(value)) => Some((Ok(value.clone()), "proxy".to_owned())),
            (None, None) => None,
        }
    }

    /// Checks each setting that is set. Reads the files; sends nothing.
    pub(crate) fn parts(&self) -> Vec<Part> {
        let mut parts = Vec::new();
        if let Some(shown) = self.proxy_shown().transpose() {
            let of_the_file = self.warning.clone().filter(|_| !self.env.is_set(&variable("proxy")));
            parts.push(Part { key: "proxy", found: shown.map(|shown| (shown, of_the_file)) });
        }
        if let Some(path) = &self.ca_bundle {
            let shown = path.display().to_string();
            let found = tls::roots(Some(path)).map(|_| (shown, None));
            parts.push(Part { key: "ca_bundle", found });
        }
        if let Some(path) = self.client_cert() {
            let found = Tls::new(None, Some(&path))
                .map(|(_, warning)| (path.display().to_string(), warning));
            parts.push(Part { key: "client_cert", found });
        }
        parts
    }
}

/// Why a body is incomplete.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Broke {
    /// The connection ended, or its data was invalid.
    Off,
    /// The rest was not received in time.
    Late,
}

impl Broke {
    /// Classifies an error while reading a body.
    pub(crate) fn of(error: &io::Error) -> Self {
        let held = error.get_ref().and_then(|held| held.downcast_ref::<reqwest::Error>());
        if held.is_some_and(reqwest::Error::is_timeout) { Self::Late } else { Self::Off }
    }
}

/// Creates clients. It reads the files of the settings when it is created, so that an invalid one is found
/// before a token is used.
#[derive(Clone)]
pub(crate) struct Http {
    timeout: Duration,
    tls: Tls,
    proxies: Proxies,
    warnings: Vec<String>,
}

impl Http {
    /// Reads the files of the settings.
    pub(crate) fn new(settings: &HttpSettings) -> Result<Self> {
        let proxies = settings.proxies();
        let client_cert = settings.client_cert();
        let (tls, warning) = Tls::new(settings.ca_bundle.as_deref(), client_cert.as_deref())?;
        let warnings = settings.warning.iter().cloned().chain(warning).collect();
        Ok(Self { timeout: settings.timeout, tls, proxies, warnings })
    }

    /// Warnings about files with secrets.
    pub(crate) fn warnings(&self) -> &[String] {
        &self.warnings
    }

    /// A client for requests to this origin only.
    pub(crate) fn client(&self, to: &AllowedOrigin) -> Result<Client, NoAnswer> {
        self.client_waiting(to, Duration::ZERO)
    }

    /// The same for a request whose upload may take this much longer. The timeout applies until the answer's
    /// body begins, and then to each piece of the body.
    pub(crate) fn client_waiting(
        &self,
        to: &AllowedOrigin,
        longer: Duration,
    ) -> Result<Client, NoAnswer> {
        let via = self.via(to).map_err(NoAnswer::Setting)?;
        let mut builder = Client::builder()
            .user_agent(USER_AGENT)
            .redirect(reqwest::redirect::Policy::none())
            .referer(false)
            .connect_timeout(clock::limit(CONNECT_TIMEOUT).min(self.timeout / 2))
            .timeout(self.timeout.saturating_add(longer))
            .pool_max_idle_per_host(0)
            .http1_max_headers(MAX_HEADERS)
            // An invalid header that is not used must not make the answer fail.
            .http1_ignore_invalid_headers_in_responses(true)
            .tls_backend_preconfigured(self.tls.config(via.as_ref()))
            // Only this function chooses the proxy, so that messages show the one in use.
            .no_proxy();
        if let Some(via) = via {
            builder = builder.proxy(via.to_reqwest().map_err(no_client)?);
        }
        resolver::set(builder).build().map_err(no_client)
    }

    /// The beginning of a body, at most `room` bytes, as far as it was received within the timeout, and how it
    /// ended. The client's own timeout applies to each piece: a service that sends a byte now and then would
    /// never reach it.
    pub(crate) fn beginning(
        &self,
        body: &mut dyn Read,
        room: usize,
    ) -> (Zeroizing<Vec<u8>>, Result<(), Broke>) {
        let started = Instant::now();
        let mut bytes = Zeroizing::new(vec![0; room]);
        let mut length = 0;
        let ended = loop {
            if length == room {
                break Ok(());
            }
            if started.elapsed() >= self.timeout {
                break Err(Broke::Late);
            }
            match body.read(&mut bytes[length..]) {
                Ok(0) => break Ok(()),
                Ok(count) => length += count,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => break Err(Broke::of(&error)),
            }
        };
        bytes.truncate(length);
        (bytes, ended)
    }

    /// The proxy for this origin; an error if the deciding setting is invalid. Call it before an attempt is
    /// recorded or a token is used.
    pub(crate) fn via(&self, to: &AllowedOrigin) -> Result<Option<Via>> {
        self.proxies.to(to.origin())
    }

    /// Classifies a failed request to this origin.
    pub(crate) fn no_answer(&self, error: reqwest::Error, to: &AllowedOrigin) -> NoAnswer {
        let via = self.via(to).ok().flatten();
        let host = to.origin().host();
        failure::no_answer(
            error,
            &failure::Way { host, via, has_identity: self.tls.has_identity() },
        )
    }
}

fn no_client(error: reqwest::Error) -> NoAnswer {
    NoAnswer::NoClient(error.without_url())
}

/// Neither a key nor a password is shown.
impl fmt::Debug for Http {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Http").field("timeout", &self.timeout).finish_non_exhaustive()
    }
}

/// The error for an invalid setting that a request needs.
fn not_usable(name: &str, why: &str, remedy: &str) -> Error {
    let problem = format!("The {name} cannot be used: {why}");
    Error::new(crate::error::Kind::Unusable, problem, remedy)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A service that sends a byte now and then, for ever.
    struct Dripping;

    impl Read for Dripping {
        fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
            std::thread::sleep(Duration::from_millis(1));
            into[0] = b' ';
            Ok(1)
        }
    }

    fn with_timeout(timeout: Duration) -> Http {
        let settings = HttpSettings {
            timeout,
            ca_bundle: None,
            client_cert: None,
            proxy: None,
            env: Env::fixed([]),
            warning: None,
        };
        Http::new(&settings).unwrap()
    }

    #[test]
    fn a_body_that_drips_is_let_go_when_the_timeout_is_over() {
        const ROOM: usize = 100_000;
        let http = with_timeout(Duration::from_millis(5));
        let (began, ended) = http.beginning(&mut Dripping, ROOM);
        assert!(began.len() < ROOM);
        assert_eq!(ended, Err(Broke::Late));
    }

    #[test]
    fn the_beginning_of_a_body_has_what_there_is_room_for() {
        let http = with_timeout(Duration::from_secs(60));
        let of = |body: &[u8]| http.beginning(&mut &*body, 3).0.to_vec();
        assert_eq!(of(b"ab"), b"ab");
        assert_eq!(of(b"abcd"), b"abc");
        assert_eq!(of(b""), b"");
    }
}
