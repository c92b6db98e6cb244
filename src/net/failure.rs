//! What a failed request means, in words for a person. No text names a URL's path, a header or a secret.

use std::error::Error as StdError;

use super::proxy::Via;
use super::{NoAnswer, tls};
use crate::model::printable::printable;
use crate::sys::files;

/// The way that a request went.
pub(super) struct Way<'a> {
    /// The host that was meant, with its port.
    pub(super) host: &'a str,
    /// The proxy that was asked for it.
    pub(super) via: Option<Via>,
    /// Whether there was a client certificate to show.
    pub(super) has_identity: bool,
}

/// What a failed request means.
pub(super) fn no_answer(error: reqwest::Error, way: &Way<'_>) -> NoAnswer {
    // The URL holds no secret, but errors are shown with the host alone.
    let error = error.without_url();
    let host = way.host;
    if error.is_connect() {
        return NoAnswer::Local(unreached(&error, way));
    }
    // TLS 1.3 has the client speak first: whom the service did not let in learns it when reading.
    if let Some(why) = tls::turned_away(&error, host, way.has_identity) {
        return NoAnswer::Local(why);
    }
    NoAnswer::Transient(if error.is_timeout() {
        format!("{host} did not answer in time")
    } else {
        format!("{host} hung up without an answer: {}", root_cause(&error))
    })
}

fn unreached(error: &reqwest::Error, way: &Way<'_>) -> String {
    let host = way.host;
    let Some(via) = &way.via else {
        let refusal = tls::refusal(error, host, way.has_identity);
        return refusal.map_or_else(
            || format!("could not connect to {host}: {}", root_cause(error)),
            |why| printable(&why, 300),
        );
    };
    let proxy = via.shown();
    let at = stage(error);
    // A proxy that is asked by https has a certificate of its own, and is never shown ours.
    if at.is_some() && tls::wants_certificate(error) {
        return format!("the proxy {proxy} asks for a client certificate, which no proxy is shown");
    }
    let (party, has_identity) =
        if at.is_some() { (&*proxy, false) } else { (host, way.has_identity) };
    if let Some(why) = tls::refusal(error, party, has_identity) {
        return printable(&why, 300);
    }
    match at {
        Some(Stage::Password) if via.has_user() => {
            format!("the proxy {proxy} does not accept the user name and password it was given")
        }
        Some(Stage::Password) => format!(
            "the proxy {proxy} wants a user name and password, which can stand in the setting proxy \
             (http://USER:PASSWORD@HOST:PORT)"
        ),
        // Some proxies say so in place of 407, and the library keeps their status to itself.
        Some(Stage::Tunnel) if via.has_user() => format!(
            "the proxy {proxy} refused to connect to {host}, or could not, or does not accept the user \
             name and password it was given"
        ),
        Some(Stage::Tunnel) => {
            format!("the proxy {proxy} refused to connect to {host}, or could not")
        }
        _ if error.is_timeout() => {
            format!("the proxy {proxy} did not open a connection to {host} in time")
        }
        Some(Stage::Proxy) => {
            format!("could not connect to the proxy {proxy}: {}", root_cause(error))
        }
        None => {
            format!("could not connect to {host} through the proxy {proxy}: {}", root_cause(error))
        }
    }
}

/// Where a tunnel failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stage {
    /// On the way to the proxy.
    Proxy,
    /// The proxy wants to know who asks.
    Password,
    /// At the proxy, or behind it.
    Tunnel,
}

/// The library keeps the type of these errors to itself, so that only their texts tell them apart; the
/// tests hold each text against a real proxy.
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

/// The innermost reason, which names neither a URL nor a header.
pub(super) fn root_cause(error: &reqwest::Error) -> String {
    let mut cause: &dyn StdError = error;
    while let Some(inner) = cause.source() {
        cause = inner;
    }
    printable(files::without_number(&cause.to_string()), 200)
}
