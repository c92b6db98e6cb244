//! Origins, and the only decision whether a secret may be sent to one.
//!
//! An [`Origin`] is scheme, host and port in canonical lower-case form. It says nothing about
//! trust: only [`AllowList::permit`] turns one into an [`AllowedOrigin`], and every function that
//! sends a secret takes an [`AllowedOrigin`].

use std::fmt;
use std::net::IpAddr;

use url::{Host, Url};

/// The domains of Concur's base URIs (SAP: Base URIs). A host is Concur's if it ends in one of these, at a
/// label boundary.
const CONCUR_SUFFIXES: [&str; 2] = [".api.concursolutions.com", ".api.concurcdc.cn"];

/// The same as git's configuration writes it (gitcredentials(7)): `*` is one label of a host.
pub(crate) const CONCUR_PATTERNS: [&str; 2] =
    ["https://*.api.concursolutions.com", "https://*.api.concurcdc.cn"];

/// Short names for `--base-url`: SAP's list of base URIs and those that it no longer lists, all below
/// `.api.concursolutions.com` except the Chinese one.
pub const SHORT_NAMES: [&str; 11] =
    ["us2", "eu2", "apj1", "usg", "glz", "us-impl", "emea-impl", "us", "eu", "emea", "cn"];

/// Scheme, host and port of a service, canonical: lower case, default port left out, no path.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Origin {
    text: String,
    host_start: usize,
    loopback: bool,
}

/// Why a text is not an acceptable origin.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BadOrigin {
    /// Not a URL with a host.
    NotAUrl,
    /// Neither https nor http.
    Scheme,
    /// http to something that is not a literal loopback address.
    PlainHttp,
    /// `user@` or `user:password@` in it.
    UserInfo,
    /// A path, query or fragment.
    MoreThanOrigin,
    /// A legacy host of Concur, which does not accept these tokens; the short name of the right one.
    Legacy(&'static str),
}

impl fmt::Display for BadOrigin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NotAUrl => "it is neither a known short name nor a URL with a host",
            Self::Scheme => "its scheme is not https",
            Self::PlainHttp => {
                "http is allowed only for a literal loopback address (127.0.0.0/8 or [::1])"
            }
            Self::UserInfo => "it contains user information",
            Self::MoreThanOrigin => "it contains more than scheme, host and port",
            Self::Legacy(instead) => {
                return write!(
                    f,
                    "it is a legacy host of Concur, which does not accept these tokens; use \
                     {instead}"
                );
            }
        })
    }
}

impl std::error::Error for BadOrigin {}

/// Parses a URL, stricter than the URL standard, which would change it: without control characters (the
/// standard drops tabs and newlines), with a plain ASCII host (the standard decodes `%41` and translates
/// international names; Concur has none, and look-alikes use them), and without empty user information (the
/// standard drops it).
pub(crate) fn parse_url(text: &str) -> Option<Url> {
    let after_scheme = text.split_once(':').map_or(text, |(_, rest)| rest);
    let authority = after_scheme.trim_start_matches(['/', '\\']);
    let authority = authority.split(['/', '\\', '?', '#']).next().unwrap_or_default();
    let is_plain = authority.bytes().all(|byte| byte.is_ascii() && byte != b'%');
    if !is_plain || text.chars().any(char::is_control) {
        return None;
    }
    let url = Url::parse(text).ok()?;
    let is_dropped = url.username().is_empty() && url.password().is_none();
    (!is_dropped || !authority.contains('@')).then_some(url)
}

impl Origin {
    /// Parses an origin as this program writes it, or a short name (`us2`), strictly. [`Origin::from_person`]
    /// parses what people type.
    pub fn from_operator(text: &str) -> Result<Self, BadOrigin> {
        let text = text.trim();
        if text == "cn" {
            return Self::from_operator("https://cn.api.concurcdc.cn");
        }
        if SHORT_NAMES.contains(&text) {
            return Self::from_operator(&format!("https://{text}.api.concursolutions.com"));
        }
        let url = Self::url(text)?;
        if url.path() != "/" || url.query().is_some() || url.fragment().is_some() {
            return Err(BadOrigin::MoreThanOrigin);
        }
        Self::from_url(&url)
    }

    /// Parses a `geolocation` of the service or an imported file. Real ones have mixed case, a trailing slash
    /// and even a path: everything after the host is dropped.
    pub fn from_geolocation(text: &str) -> Result<Self, BadOrigin> {
        Self::from_url(&Self::url(text.trim())?)
    }

    fn url(text: &str) -> Result<Url, BadOrigin> {
        parse_url(text).ok_or(BadOrigin::NotAUrl)
    }

    fn from_url(url: &Url) -> Result<Self, BadOrigin> {
        let host = url.host().ok_or(BadOrigin::NotAUrl)?;
        if !url.username().is_empty() || url.password().is_some() {
            return Err(BadOrigin::UserInfo);
        }
        let loopback = match &host {
            Host::Ipv4(ip) => ip.is_loopback(),
            Host::Ipv6(ip) => IpAddr::V6(*ip).is_loopback(),
            Host::Domain(_) => false,
        };
        match url.scheme() {
            "https" => {}
            "http" if loopback => {}
            "http" => return Err(BadOrigin::PlainHttp),
            _ => return Err(BadOrigin::Scheme),
        }
        let port = url.port().map(|port| format!(":{port}")).unwrap_or_default();
        let scheme = url.scheme();
        Ok(Self {
            text: format!("{scheme}://{host}{port}"),
            host_start: scheme.len() + "://".len(),
            loopback,
        })
    }

    /// `https://us2.api.concursolutions.com`: no trailing slash.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// `https` or `http`.
    pub fn scheme(&self) -> &str {
        &self.text[..self.host_start - "://".len()]
    }

    /// Host, and the port if it is not the scheme's default: git's `host`.
    pub fn host(&self) -> &str {
        &self.text[self.host_start..]
    }

    /// Whether the host is a literal loopback address. A proxy is never used for it.
    pub fn is_loopback(&self) -> bool {
        self.loopback
    }

    /// Whether this is one of Concur's own: https, default port, a host below Concur's domains.
    pub fn is_concur(&self) -> bool {
        self.scheme() == "https" && is_concur_host(self.host())
    }

    /// The part of the host before Concur's domain, such as `us2`. `None` for another domain.
    pub fn data_centre(&self) -> Option<&str> {
        data_centre(self.host())
    }
}

/// Whether a host in lower case, without a port, is one of Concur's own.
pub(crate) fn is_concur_host(host: &str) -> bool {
    data_centre(host).is_some_and(are_host_labels)
}

fn data_centre(host: &str) -> Option<&str> {
    // With a port, the text would not end with the suffix.
    CONCUR_SUFFIXES.iter().find_map(|suffix| host.strip_suffix(suffix))
}

/// Whether a text is labels of a host name (RFC 952 and 1123, and nothing more): a URL's host may contain
/// quotes and empty labels.
fn are_host_labels(text: &str) -> bool {
    let is_label = |label: &str| {
        let good = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-';
        !label.is_empty() && label.bytes().all(good)
    };
    text.split('.').all(is_label)
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// An allowed origin. Only an [`AllowList`] creates one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AllowedOrigin(Origin);

impl AllowedOrigin {
    /// The origin itself.
    pub fn origin(&self) -> &Origin {
        &self.0
    }
}

/// The allowed origins: Concur's own, and those that the operator named at `login` or in the configuration. A
/// service's answer or an imported file can never add one.
#[derive(Debug, Clone, Default)]
pub struct AllowList {
    named: Vec<Origin>,
}

impl AllowList {
    /// Concur's own origins and these.
    pub fn with_named(named: impl IntoIterator<Item = Origin>) -> Self {
        Self { named: named.into_iter().collect() }
    }

    /// This list and one more that the operator named.
    #[must_use]
    pub fn and(&self, origin: &Origin) -> Self {
        let mut wider = self.clone();
        wider.named.push(origin.clone());
        wider
    }

    /// [`AllowList::and`], and the allowed origin itself.
    pub(crate) fn permitting(&self, origin: &Origin) -> (Self, AllowedOrigin) {
        (self.and(origin), AllowedOrigin(origin.clone()))
    }

    /// Those that the operator named.
    pub fn named(&self) -> impl Iterator<Item = &Origin> {
        self.named.iter()
    }

    /// The only decision whether a secret may be sent to an origin.
    pub fn permit(&self, origin: &Origin) -> Option<AllowedOrigin> {
        (origin.is_concur() || self.named.contains(origin)).then(|| AllowedOrigin(origin.clone()))
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn geolocations_seen_in_the_wild_become_one_origin() {
        for text in [
            "https://us2.api.concursolutions.com",
            "https://US2.api.ConcurSolutions.com/",
            "https://us2.api.concursolutions.com:443",
            "https://us2.api.concursolutions.com/oauth2/v0/token",
            " https://us2.api.concursolutions.com \n",
        ] {
            let origin = Origin::from_geolocation(text).unwrap();
            assert_eq!(origin.as_str(), "https://us2.api.concursolutions.com", "{text:?}");
        }
    }

    #[test]
    fn only_concur_and_named_origins_may_be_sent_a_secret() {
        let named = Origin::from_operator("http://127.0.0.1:8080").unwrap();
        let list = AllowList::with_named([named]);
        let table = [
            ("https://us.api.concursolutions.com", true),
            ("https://www-us2.api.concursolutions.com", true),
            ("https://cn.api.concurcdc.cn", true),
            ("http://127.0.0.1:8080", true),
            ("http://127.0.0.1:8081", false),
            ("http://[::1]:8080", false),
            ("https://us.api.concursolutions.com:8443", false),
            ("https://us.api.concursolutions.com.", false),
            ("https://api.concursolutions.com", false),
            ("https://evilapi.concursolutions.com", false),
            ("https://us.api.concursolutions.com.evil.example", false),
            ("https://us.api.concursolutions.com%2eevil.example", false),
            ("https://us.api.concursolutiοns.com", false), // a Greek omicron
            ("https://$(x)`.api.concursolutions.com", false),
            ("https://a'b.api.concursolutions.com", false),
            ("https://*.api.concursolutions.com", false),
            ("https://..api.concursolutions.com", false),
            ("https://x..api.concursolutions.com", false),
            ("https://evil.example", false),
            ("https://10.0.0.1", false),
        ];
        for (text, expected) in table {
            let allowed = Origin::from_geolocation(text).ok().and_then(|o| list.permit(&o));
            assert_eq!(allowed.is_some(), expected, "{text}");
        }
    }

    #[test]
    fn what_is_no_origin_is_refused_with_its_reason() {
        let table = [
            ("http://us.api.concursolutions.com", BadOrigin::PlainHttp),
            ("http://localhost:8080", BadOrigin::PlainHttp),
            ("https://user@us.api.concursolutions.com", BadOrigin::UserInfo),
            ("https://:pw@us.api.concursolutions.com", BadOrigin::UserInfo),
            ("ftp://us.api.concursolutions.com", BadOrigin::Scheme),
            ("https://us.api.concur\nsolutions.com", BadOrigin::NotAUrl),
            ("us.api.concursolutions.com", BadOrigin::NotAUrl),
            ("https://us.api.concursolutiοns.com", BadOrigin::NotAUrl), // a Greek omicron
            ("https://ⓤⓢ.api.concursolutions.com", BadOrigin::NotAUrl),
            ("https:Aⓢ.api.concursolutions.com", BadOrigin::NotAUrl),
            ("https://%75s.api.concursolutions.com", BadOrigin::NotAUrl),
            ("https://@us.api.concursolutions.com", BadOrigin::NotAUrl),
            ("https://:@us.api.concursolutions.com", BadOrigin::NotAUrl),
            ("", BadOrigin::NotAUrl),
        ];
        for (text, reason) in table {
            assert_eq!(Origin::from_geolocation(text), Err(reason), "{text:?}");
        }
    }

    #[test]
    fn an_operator_names_an_origin_and_nothing_more() {
        assert_eq!(
            Origin::from_operator("us2").unwrap().as_str(),
            "https://us2.api.concursolutions.com"
        );
        assert_eq!(Origin::from_operator("cn").unwrap().as_str(), "https://cn.api.concurcdc.cn");
        for text in ["https://a.example/x", "https://a.example/?q", "https://a.example/#f"] {
            assert_eq!(Origin::from_operator(text), Err(BadOrigin::MoreThanOrigin));
        }
    }

    #[test]
    fn every_short_name_is_concurs_own() {
        for name in SHORT_NAMES {
            assert!(Origin::from_operator(name).unwrap().is_concur(), "{name}");
        }
    }

    #[test]
    fn the_patterns_for_git_are_the_same_hosts() {
        let patterns = CONCUR_SUFFIXES.map(|suffix| format!("https://*{suffix}"));
        assert_eq!(CONCUR_PATTERNS.map(str::to_owned), patterns);
    }

    /// Texts as a service or an attacker would send, and any others.
    fn url_like() -> impl Strategy<Value = String> {
        let scheme =
            prop::sample::select(vec!["https://", "http://", "HTTPS:", "//", "ftp://", ""]);
        let host = prop_oneof![
            prop::sample::select(vec![
                "us2.api.concursolutions.com",
                "us2.api.concursolutions.com.evil.example",
                "evilapi.concursolutions.com",
                "api.concursolutions.com.",
                "127.0.0.1",
                "127.1",
                "[::1]",
                "0x7f.1",
                "localhost",
                "u@us2.api.concursolutions.com",
            ])
            .prop_map(str::to_owned),
            "[a-zA-Z0-9.ä:@%-]{0,20}",
        ];
        let rest = prop_oneof!["(:[0-9]{0,6})?(/[a-z?#@\\\\]{0,8})?", ".{0,12}"];
        prop_oneof![
            (scheme, host, rest).prop_map(|(scheme, host, rest)| format!("{scheme}{host}{rest}")),
            ".{0,60}",
        ]
    }

    proptest! {
        #[test]
        fn an_origin_is_settled_and_only_concurs_own_is_concurs(text in url_like()) {
            for origin in [Origin::from_geolocation(&text), Origin::from_operator(&text)] {
                let Ok(origin) = origin else { continue };
                let again = Origin::from_geolocation(origin.as_str());
                prop_assert_eq!(again.as_ref(), Ok(&origin), "reading twice changes nothing");
                prop_assert_eq!(Origin::from_operator(origin.as_str()), again);
                prop_assert!(origin.scheme() == "https" || origin.is_loopback(), "{}", origin);
                let is_below = CONCUR_SUFFIXES.iter().any(|suffix| origin.host().ends_with(suffix));
                prop_assert_eq!(origin.is_concur(), is_below && origin.scheme() == "https");
            }
        }
    }
}
