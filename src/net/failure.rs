//! Why a request has no answer, and the message for it. No text contains a URL's path, a header or a secret,
//! and no source the URL.

use std::error::Error as StdError;
use std::fmt;

use super::proxy::Via;
use super::tls;
use crate::error::Error;
use crate::model::printable::printable;
use crate::sys::files;

/// Why there is no answer. A host is shown with its port, a proxy without user name and password.
#[derive(Debug)]
pub enum NoAnswer {
    /// The value to send (described by this text) is not text.
    NotText(&'static str),
    /// The setting that names the proxy cannot be used.
    Setting(Error),
    /// A client cannot be created.
    NoClient(reqwest::Error),
    /// There is no connection to the host.
    NotConnected { host: String, source: reqwest::Error },
    /// There is no TLS with the host, or with the proxy.
    Tls { party: String, why: tls::Refusal, source: reqwest::Error },
    /// After the handshake, the host refused a client without the right certificate.
    TurnedAway { host: String, why: tls::Refusal, source: reqwest::Error },
    /// There is no way to the host through the proxy.
    Proxy { proxy: String, host: String, why: AtProxy, source: reqwest::Error },
    /// The host did not answer in time.
    Late { host: String, source: reqwest::Error },
    /// The host closed the connection before it answered.
    HungUp { host: String, source: reqwest::Error },
}

/// How far a request through a proxy came.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AtProxy {
    /// There is no connection to the proxy.
    NotConnected,
    /// The proxy asks for a client certificate.
    WantsCertificate,
    /// The proxy requires a user name and password, and got none.
    WantsPassword,
    /// The proxy does not accept the user name and password.
    PasswordRefused,
    /// The proxy refused or failed to connect. Some answer a wrong password in the same way.
    NoTunnel { with_password: bool },
    /// The proxy opened no connection in time.
    Late,
    /// There is no connection behind the proxy.
    NotThrough,
}

impl NoAnswer {
    /// Whether the service was not reached: nothing was sent or received. Otherwise the answer is missing or
    /// incomplete: the request may have been carried out.
    pub(crate) fn is_local(&self) -> bool {
        !matches!(self, Self::Late { .. } | Self::HungUp { .. })
    }
}

/// The route of a request.
pub(super) struct Way<'a> {
    /// The host, with its port.
    pub(super) host: &'a str,
    /// The proxy, if there was one.
    pub(super) via: Option<Via>,
    /// Whether there was a client certificate.
    pub(super) has_identity: bool,
}

/// Classifies a failed request.
pub(super) fn no_answer(error: reqwest::Error, way: &Way<'_>) -> NoAnswer {
    // The URL contains no secret, but errors show only the host.
    let source = error.without_url();
    let host = way.host.to_owned();
    if source.is_connect() {
        return match &way.via {
            Some(via) => not_through(via, source, way),
            None => match tls::refusal(&source, way.has_identity) {
                Some(why) => NoAnswer::Tls { party: host, why, source },
                None => NoAnswer::NotConnected { host, source },
            },
        };
    }
    // In TLS 1.3 the client may send first: it learns of the refusal when it reads.
    if let Some(why) = tls::turned_away(&source, way.has_identity) {
        return NoAnswer::TurnedAway { host, why, source };
    }
    if source.is_timeout() {
        NoAnswer::Late { host, source }
    } else {
        NoAnswer::HungUp { host, source }
    }
}

fn not_through(via: &Via, source: reqwest::Error, way: &Way<'_>) -> NoAnswer {
    let (proxy, host) = (via.shown(), way.host.to_owned());
    let at = stage(&source);
    // An https proxy has its own certificate, and never gets ours.
    if at.is_some() && tls::wants_certificate(&source) {
        return NoAnswer::Proxy { proxy, host, why: AtProxy::WantsCertificate, source };
    }
    let has_identity = at.is_none() && way.has_identity;
    if let Some(why) = tls::refusal(&source, has_identity) {
        let party = if at.is_some() { proxy } else { host };
        return NoAnswer::Tls { party, why, source };
    }
    let why = match at {
        Some(Stage::Password) if via.has_user() => AtProxy::PasswordRefused,
        Some(Stage::Password) => AtProxy::WantsPassword,
        // Some proxies answer with another status than 407, and the library does not expose it.
        Some(Stage::Tunnel) => AtProxy::NoTunnel { with_password: via.has_user() },
        _ if source.is_timeout() => AtProxy::Late,
        Some(Stage::Proxy) => AtProxy::NotConnected,
        None => AtProxy::NotThrough,
    };
    NoAnswer::Proxy { proxy, host, why, source }
}

/// Where a tunnel failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stage {
    /// On the way to the proxy.
    Proxy,
    /// The proxy requires a user name and password.
    Password,
    /// At the proxy, or behind it.
    Tunnel,
}

/// The library does not export the type of these errors, so only their texts distinguish them; tests compare
/// each text with a real proxy.
fn stage(error: &(dyn StdError + 'static)) -> Option<Stage> {
    let mut next = Some(error);
    while let Some(error) = next {
        if let Some(what) = error.to_string().strip_prefix("tunnel error: ") {
            return Some(match what {
                "failed to create underlying connection" => Stage::Proxy,
                "proxy authorization required" => Stage::Password,
                _ => Stage::Tunnel,
            });
        }
        next = error.source();
    }
    None
}

/// As the middle of a sentence.
impl fmt::Display for NoAnswer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotText(what) => write!(f, "{what} is not text"),
            Self::Setting(error) => match error.problem().strip_prefix("The ") {
                Some(rest) => write!(f, "the {rest}"),
                None => f.write_str(error.problem()),
            },
            Self::NoClient(source) => f.write_str(&root_cause(source)),
            Self::NotConnected { host, source } => {
                write!(f, "could not connect to {host}: {}", root_cause(source))
            }
            Self::Tls { party, why, .. } => f.write_str(&printable(&why.of(party), 300)),
            Self::TurnedAway { host, why, .. } => f.write_str(&why.of(host)),
            Self::Proxy { proxy, host, why, source } => why.write(f, proxy, host, source),
            Self::Late { host, .. } => write!(f, "{host} did not answer in time"),
            Self::HungUp { host, source } => {
                write!(f, "{host} closed the connection without an answer: {}", root_cause(source))
            }
        }
    }
}

impl AtProxy {
    fn write(
        self,
        f: &mut fmt::Formatter<'_>,
        proxy: &str,
        host: &str,
        source: &reqwest::Error,
    ) -> fmt::Result {
        match self {
            Self::NotConnected => {
                write!(f, "could not connect to the proxy {proxy}: {}", root_cause(source))
            }
            Self::WantsCertificate => write!(
                f,
                "the proxy {proxy} asks for a client certificate, which is never sent to a proxy"
            ),
            Self::WantsPassword => write!(
                f,
                "the proxy {proxy} requires a user name and password; put them into the setting \
                 proxy (http://USER:PASSWORD@HOST:PORT)"
            ),
            Self::PasswordRefused => {
                write!(f, "the proxy {proxy} does not accept the user name and password")
            }
            Self::NoTunnel { with_password: true } => write!(
                f,
                "the proxy {proxy} refused or failed to connect to {host}, or does not accept \
                 the user name and password"
            ),
            Self::NoTunnel { with_password: false } => {
                write!(f, "the proxy {proxy} refused or failed to connect to {host}")
            }
            Self::Late => {
                write!(f, "the proxy {proxy} did not open a connection to {host} in time")
            }
            Self::NotThrough => write!(
                f,
                "could not connect to {host} through the proxy {proxy}: {}",
                root_cause(source)
            ),
        }
    }
}

impl StdError for NoAnswer {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        match self {
            Self::NotText(_) => None,
            Self::Setting(error) => Some(error),
            Self::NoClient(source)
            | Self::NotConnected { source, .. }
            | Self::Tls { source, .. }
            | Self::TurnedAway { source, .. }
            | Self::Proxy { source, .. }
            | Self::Late { source, .. }
            | Self::HungUp { source, .. } => Some(source),
        }
    }
}

/// The innermost reason, which names neither a URL nor a header.
fn root_cause(error: &reqwest::Error) -> String {
    let mut cause: &dyn StdError = error;
    while let Some(inner) = cause.source() {
        cause = inner;
    }
    printable(files::without_number(&cause.to_string()), 200)
}

#[cfg(test)]
mod tests {
    use std::net::TcpListener;
    use std::time::Duration;

    use super::*;
    use crate::model::origin::{AllowList, Origin};
    use crate::net::{Http, HttpSettings};
    use crate::sys::env::Env;

    #[test]
    fn no_source_of_an_error_names_a_path() {
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let origin = Origin::from_operator(&format!("http://127.0.0.1:{port}")).unwrap();
        let to = AllowList::default().and(&origin).permit(&origin).unwrap();
        let settings = HttpSettings {
            timeout: Duration::from_secs(10),
            ca_bundle: None,
            client_cert: None,
            proxy: None,
            env: Env::fixed([]),
            warning: None,
        };
        let http = Http::new(&settings).unwrap();
        let request = http.client(&to).unwrap().get(format!("{origin}/s3cr3t?s3cr3t"));
        let none = http.no_answer(request.send().unwrap_err(), &to);
        assert!(matches!(none, NoAnswer::NotConnected { .. }) && none.is_local(), "{none:?}");
        assert!(none.source().is_some());
        let shown = format!("{none} {none:?} {:?}", none.source());
        assert!(shown.contains(&port.to_string()) && !shown.contains("s3cr3t"), "{shown}");
    }
}
