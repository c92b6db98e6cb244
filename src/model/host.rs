//! Host names in requests and URLs: git's `host` (with the port when there is one) and the host of a URL.
//!
//! A host has several spellings. The canonical one is stored and compared.

use url::Url;

use super::origin::is_concur_host;

/// The default ports (the URL standard's special schemes).
const DEFAULT_PORTS: [(&[u8], &[u8]); 3] =
    [(b"https", b":443"), (b"http", b":80"), (b"ftp", b":21")];

/// A host in the form that is stored and compared: lower case, without the default port of its scheme.
pub(crate) fn canonical(protocol: &[u8], host: &[u8]) -> Vec<u8> {
    let mut host = host.to_ascii_lowercase();
    let without = default_port(protocol).and_then(|port| host.strip_suffix(port));
    // An IPv6 address without port ends in its bracket; `::443` is not host and port.
    if let Some(name) = without.filter(|name| !name.contains(&b':') || name.ends_with(b"]")) {
        host.truncate(name.len());
    }
    host
}

/// The same host with the default port of its scheme: the form in which earlier versions stored it. The host
/// itself if its scheme has no default port.
pub(crate) fn with_default_port(protocol: &[u8], host: &[u8]) -> Vec<u8> {
    [host, default_port(protocol).unwrap_or_default()].concat()
}

fn default_port(protocol: &[u8]) -> Option<&'static [u8]> {
    DEFAULT_PORTS.iter().find(|(scheme, _)| *scheme == protocol).map(|(_, port)| *port)
}

/// The host of Concur's whose `www-` twin a canonical host is (SAP: Base URIs). For any other host, the name
/// with `www-` in front may belong to someone else.
pub(crate) fn twin_of<'h>(protocol: &[u8], host: &'h [u8]) -> Option<&'h [u8]> {
    let plain = host.strip_prefix(b"www-").filter(|plain| !plain.starts_with(b"www-"))?;
    let is_concurs = protocol == b"https" && std::str::from_utf8(plain).is_ok_and(is_concur_host);
    is_concurs.then_some(plain)
}

/// Whether the host in the text of a URL is in canonical form by the URL standard, except for case. Programs
/// read other spellings differently: `012.0.0.1`, `0xa.0.0.1` and `10.1` are 10.0.0.1 to some, other addresses
/// or names to others.
pub(crate) fn is_canonical_in(text: &str, url: &Url) -> bool {
    let rest = text.split_once("://").map_or("", |(_, rest)| rest);
    let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
    let host_and_port = authority.rsplit('@').next().unwrap_or_default();
    let host = match host_and_port.find(']') {
        Some(end) => &host_and_port[..=end],
        None => host_and_port.split(':').next().unwrap_or_default(),
    };
    url.host_str().is_some_and(|canonical| canonical.eq_ignore_ascii_case(host))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_default_port_is_no_other_host() {
        for (protocol, host, expected) in [
            ("https", "Git.Example:443", "git.example"),
            ("http", "git.example:80", "git.example"),
            ("ftp", "git.example:21", "git.example"),
            ("https", "[::1]:443", "[::1]"),
            ("https", "127.0.0.1:443", "127.0.0.1"),
            ("https", "git.example:80", "git.example:80"),
            ("http", "git.example:443", "git.example:443"),
            ("https", "git.example:4443", "git.example:4443"),
            ("https", "git.example:0443", "git.example:0443"),
            ("https", "git.example:443:443", "git.example:443:443"),
            ("https", "::443", "::443"),
            ("https", "git.example:", "git.example:"),
            ("HTTPS", "git.example:443", "git.example:443"),
            ("ssh", "git.example:22", "git.example:22"),
            ("https", ":443", ""),
            ("https", "", ""),
        ] {
            let host = canonical(protocol.as_bytes(), host.as_bytes());
            assert_eq!(host, expected.as_bytes(), "{protocol}");
        }
        assert_eq!(with_default_port(b"https", b"h"), b"h:443");
        assert_eq!(with_default_port(b"ssh", b"h"), b"h");
    }

    #[test]
    fn only_a_host_of_concurs_has_a_twin() {
        for (protocol, host, expected) in [
            ("https", "www-us2.api.concursolutions.com", Some("us2.api.concursolutions.com")),
            ("https", "www-cn.api.concurcdc.cn", Some("cn.api.concurcdc.cn")),
            ("https", "us2.api.concursolutions.com", None),
            ("http", "www-us2.api.concursolutions.com", None),
            ("https", "www-us2.api.concursolutions.com:8443", None),
            ("https", "www-www-us2.api.concursolutions.com", None),
            ("https", "www-us2.api.concursolutions.com.evil.example", None),
            ("https", "www-.api.concursolutions.com", None),
            ("https", "www-api.concursolutions.com", None),
            ("https", "www-a'b.api.concursolutions.com", None),
            ("https", "www-gateway.example", None),
            ("https", "www-127.0.0.1:8080", None),
            ("https", "www-", None),
        ] {
            let twin = twin_of(protocol.as_bytes(), host.as_bytes());
            assert_eq!(twin, expected.map(str::as_bytes), "{protocol}://{host}");
        }
        assert_eq!(twin_of(b"https", b"www-\xff.api.concursolutions.com"), None);
    }

    #[test]
    fn a_host_that_readers_differ_on_is_not_canonical() {
        for (text, expected) in [
            ("https://us2.api.concursolutions.com/a:b@c?d", true),
            ("https://US2.api.concursolutions.com:443/", true),
            ("https://a.example?b", true),
            ("http://127.0.0.1:8080/", true),
            ("http://[::1]:8080/", true),
            ("http://127.1/", false),
            ("http://2130706433/", false),
            ("http://0x7f000001/", false),
            ("http://0x7f.0.0.1/", false),
            ("http://0177.0.0.1:8080/", false),
            ("http://127.0.0.01/", false),
            ("http://127.0.0.1./", false),
            ("http://[0::1]/", false),
            ("http://[::127.0.0.1]/", false),
            ("http://[::ffff:127.0.0.1]/", false),
            ("https://%75s2.api.concursolutions.com/", false),
        ] {
            let url = Url::parse(text).unwrap();
            assert_eq!(is_canonical_in(text, &url), expected, "{text}");
        }
    }
}
