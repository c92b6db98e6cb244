//! Pure: the redirect URI, to which Concur sends the browser back.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use url::{Host, Url};

/// The default. It must be registered for the application at Concur in exactly this form.
pub(crate) const DEFAULT_REDIRECT_URI: &str = "http://localhost:8017/callback";

/// A redirect URI, as it is registered and parsed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct RedirectUri {
    text: String,
    url: Url,
    place: Option<Place>,
}

/// Where to listen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Place {
    /// The loopback addresses. `localhost` means both families, because a browser may use either.
    pub addresses: Vec<IpAddr>,
    /// The port.
    pub port: u16,
    /// The `Host` that a browser sends for it.
    pub host: String,
    /// The path, without a query.
    pub path: String,
}

/// Why a redirect URI is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum BadRedirect {
    /// Not a URL with a host.
    NotAUrl,
    /// Neither https nor http.
    Scheme,
    /// http to another machine: the code would not be encrypted.
    PlainHttp,
    /// http on loopback without a port.
    NoPort,
    /// User information.
    UserInfo,
    /// A fragment (RFC 6749, section 3.1.2).
    Fragment,
}

impl fmt::Display for BadRedirect {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NotAUrl => "it is not a URL with a host",
            Self::Scheme => "its scheme is neither http nor https",
            Self::PlainHttp => "http is only for localhost, 127.0.0.1 and [::1]",
            Self::NoPort => "http on this machine needs a port other than 80",
            Self::UserInfo => "it contains user information",
            Self::Fragment => "it contains a fragment",
        })
    }
}

impl std::error::Error for BadRedirect {}

impl std::str::FromStr for RedirectUri {
    type Err = BadRedirect;

    fn from_str(text: &str) -> Result<Self, BadRedirect> {
        // The URL standard drops blanks and tabs, but Concur compares exactly what is registered.
        if text.chars().any(|c| c.is_control() || c.is_whitespace()) {
            return Err(BadRedirect::NotAUrl);
        }
        let url = Url::parse(text).map_err(|_| BadRedirect::NotAUrl)?;
        let host = url.host().ok_or(BadRedirect::NotAUrl)?.to_owned();
        if !url.username().is_empty() || url.password().is_some() {
            return Err(BadRedirect::UserInfo);
        }
        if url.fragment().is_some() {
            return Err(BadRedirect::Fragment);
        }
        let place = match url.scheme() {
            "https" => None,
            "http" => Some(place(&url, &host)?),
            _ => return Err(BadRedirect::Scheme),
        };
        Ok(Self { text: text.to_owned(), url, place })
    }
}

fn place(url: &Url, host: &Host) -> Result<Place, BadRedirect> {
    let addresses: Vec<IpAddr> = match host {
        Host::Ipv4(ip) if ip.is_loopback() => vec![(*ip).into()],
        Host::Ipv6(ip) if ip.is_loopback() => vec![(*ip).into()],
        Host::Domain(name) if name == "localhost" => {
            vec![Ipv4Addr::LOCALHOST.into(), Ipv6Addr::LOCALHOST.into()]
        }
        _ => return Err(BadRedirect::PlainHttp),
    };
    let port = url.port().filter(|port| *port != 0).ok_or(BadRedirect::NoPort)?;
    Ok(Place { addresses, port, host: format!("{host}:{port}"), path: url.path().to_owned() })
}

impl RedirectUri {
    /// As written, for Concur.
    pub(crate) fn as_str(&self) -> &str {
        &self.text
    }

    /// Where to listen; `None` if it is on another machine, so that the address must be pasted.
    pub(crate) fn place(&self) -> Option<&Place> {
        self.place.as_ref()
    }

    /// Whether `landed` is this URI with more in its query.
    pub(crate) fn is_met_by(&self, landed: &Url) -> bool {
        let place = |url: &Url| {
            let host = url.host().map(|host| host.to_owned());
            (url.scheme().to_owned(), host, url.port(), url.path().to_owned())
        };
        let own: Vec<_> = self.url.query_pairs().collect();
        let theirs: Vec<_> = landed.query_pairs().take(own.len()).collect();
        place(&self.url) == place(landed) && own == theirs
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<RedirectUri, BadRedirect> {
        text.parse()
    }

    #[test]
    fn loopback_uris_say_where_to_listen() {
        let both = [Ipv4Addr::LOCALHOST.into(), IpAddr::V6(Ipv6Addr::LOCALHOST)];
        let table: [(&str, &[IpAddr], &str, &str); 5] = [
            (DEFAULT_REDIRECT_URI, &both, "localhost:8017", "/callback"),
            ("http://LOCALHOST:1", &both, "localhost:1", "/"),
            ("http://127.0.0.1:65535/a/b", &both[..1], "127.0.0.1:65535", "/a/b"),
            ("http://[::1]:8017/cb", &both[1..], "[::1]:8017", "/cb"),
            ("http://localhost:8017/cb?app=1", &both, "localhost:8017", "/cb"),
        ];
        for (text, addresses, host, path) in table {
            let uri = read(text).unwrap();
            let place = uri.place().unwrap();
            assert_eq!(
                (place.addresses.as_slice(), &*place.host, &*place.path),
                (addresses, host, path)
            );
            assert_eq!(uri.as_str(), text, "what is registered is not spelt anew");
        }
    }

    #[test]
    fn https_is_for_pasting() {
        for text in ["https://intranet.example/cb", "https://localhost:8017/cb"] {
            assert_eq!(read(text).unwrap().place(), None, "{text}");
        }
    }

    #[test]
    fn what_cannot_be_used_is_refused_with_its_reason() {
        for (text, reason) in [
            ("", BadRedirect::NotAUrl),
            ("localhost", BadRedirect::NotAUrl),
            ("http://local host:1/", BadRedirect::NotAUrl),
            ("http://localhost:8017/cb\n", BadRedirect::NotAUrl),
            ("ftp://localhost:1/", BadRedirect::Scheme),
            ("http://intranet.example:8017/cb", BadRedirect::PlainHttp),
            ("http://10.0.0.1:8017/cb", BadRedirect::PlainHttp),
            ("http://localhost.evil.example:8017/", BadRedirect::PlainHttp),
            ("http://localhost/cb", BadRedirect::NoPort),
            ("http://localhost:80/cb", BadRedirect::NoPort),
            ("http://localhost:0/cb", BadRedirect::NoPort),
            ("http://me@localhost:8017/cb", BadRedirect::UserInfo),
            ("http://localhost:8017/cb#x", BadRedirect::Fragment),
        ] {
            assert_eq!(read(text), Err(reason), "{text:?}");
        }
    }

    #[test]
    fn a_landing_is_the_same_place_with_more_in_its_query() {
        let uri = read("https://intranet.example/cb?app=1").unwrap();
        for (landed, expected) in [
            ("https://intranet.example/cb?app=1&code=2", true),
            ("https://INTRANET.example:443/cb?app=1", true),
            ("https://intranet.example/cb?code=2&app=1", false),
            ("https://intranet.example/cb", false),
            ("https://intranet.example/cb/?app=1", false),
            ("http://intranet.example/cb?app=1", false),
            ("https://intranet.example:444/cb?app=1", false),
            ("https://evil.example/cb?app=1", false),
        ] {
            assert_eq!(uri.is_met_by(&Url::parse(landed).unwrap()), expected, "{landed}");
        }
    }
}
