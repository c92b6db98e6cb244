//! The HTTP edge: a client for one origin that was found allowed. It never follows a redirect, and is
//! built when the first request is made, so that a hit never pays for it.

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

/// How long reaching the service may take at the most; half of a short timeout, so that a
/// failed connection can be distinguished from a missing answer.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);
/// The most headers of an answer. The library's own limit is 100, and with an answer that is over it a
/// refresh token would be lost; their size has a limit of its own.
const MAX_HEADERS: usize = 16_384;
const USER_AGENT: &str = concat!("concur-cred/", env!("CARGO_PKG_VERSION"));

/// Concur's header for the id that SAP support asks for; sent, and echoed.
pub(crate) const CORRELATION_HEADER: &str = "concur-correlationid";

/// How requests are made; all of it can be set.
#[derive(Debug, Clone)]
pub(crate) struct HttpSettings {
    /// How long one request may take. Hanging up early can lose a rotated token, so it is generous by
    /// default (60 s).
    pub timeout: Duration,
    /// A file of root certificates that are trusted besides the bundled ones; read with a request only.
    pub ca_bundle: Option<PathBuf>,
    /// The configuration's file of a certificate and its key; see [`HttpSettings::client_cert`].
    pub client_cert: Option<PathBuf>,
    /// The configuration's proxy, which may hold a password; see [`HttpSettings::proxies`].
    pub proxy: Option<Secret>,
    /// Where what only a request needs is looked for first: a hit does not look.
    pub env: Env,
    /// What a person should know about the configuration file, when there is a secret in it.
    pub warning: Option<String>,
}

/// A setting that a request needs, as it was found.
#[derive(Debug)]
pub(crate) struct Part {
    /// The key in `config.toml`.
    pub key: &'static str,
    /// What is wrong with it; or what is good, and what a person should know nevertheless.
    pub found: Result<(String, Option<String>)>,
}

impl HttpSettings {
    /// The file of the certificate, and its key, that is shown to a service that asks for one.
    pub(crate) fn client_cert(&self) -> Option<PathBuf> {
        self.env.path(&variable("client_cert")).or_else(|| self.client_cert.clone())
    }

    /// Which proxy leads where: by the setting, else as the system has it.
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

    /// Each setting that is set, and what is to be said of it. Reads the files; sends nothing.
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

/// How a body ended before its end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Broke {
    /// The connection did, or what came over it made no sense.
    Off,
    /// The rest did not come in time.
    Late,
}

impl Broke {
    /// What an error while a body was read means.
    pub(crate) fn of(error: &io::Error) -> Self {
        let held = error.get_ref().and_then(|held| held.downcast_ref::<reqwest::Error>());
        if held.is_some_and(reqwest::Error::is_timeout) { Self::Late } else { Self::Off }
    }
}

/// Makes clients. The files that the settings name are read when it is made, so that a bad one is found
/// before anything is spent.
#[derive(Clone)]
pub(crate) struct Http {
    timeout: Duration,
    tls: Tls,
    proxies: Proxies,
    warnings: Vec<String>,
}

impl Http {
    /// Reads what the settings name.
    pub(crate) fn new(settings: &HttpSettings) -> Result<Self> {
        let proxies = settings.proxies();
        let client_cert = settings.client_cert();
        let (tls, warning) = Tls::new(settings.ca_bundle.as_deref(), client_cert.as_deref())?;
        let warnings = settings.warning.iter().cloned().chain(warning).collect();
        Ok(Self { timeout: settings.timeout, tls, proxies, warnings })
    }

    /// What a person should know about files with secrets in them.
    pub(crate) fn warnings(&self) -> &[String] {
        &self.warnings
    }

    /// A client for requests to this origin alone.
    pub(crate) fn client(&self, to: &AllowedOrigin) -> Result<Client, NoAnswer> {
        self.client_waiting(to, Duration::ZERO)
    }

    /// The same for a request whose sending may take so much longer. The timeout holds for what comes
    /// before the answer's body, and then for each piece of that.
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
            // An invalid header that is not read must not cost the answer.
            .http1_ignore_invalid_headers_in_responses(true)
            .tls_backend_preconfigured(self.tls.config(via.as_ref()))
            // The proxy that is shown is the one in use: it is chosen here alone.
            .no_proxy();
        if let Some(via) = via {
            builder = builder.proxy(via.to_reqwest().map_err(no_client)?);
        }
        resolver::set(builder).build().map_err(no_client)
    }

    /// The beginning of a body, at most `room` bytes: what came until the timeout was over, and how that
    /// ended. The client's own timeout holds for each piece, and a service that sends a byte now and then
    /// would never be let go.
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

    /// The proxy that leads to this origin; an error when the setting that decides cannot be used. To be
    /// called before a request's attempt is recorded or its token spent.
    pub(crate) fn via(&self, to: &AllowedOrigin) -> Result<Option<Via>> {
        self.proxies.to(to.origin())
    }

    /// What a failed request to this origin means.
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

/// Refuses a setting that a request needs, by its name.
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
