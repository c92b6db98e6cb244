//! Pure: the target of a request. Its origin is always the base URL's; only path and query come from the
//! caller.

use std::fmt;

use url::Url;

use crate::model::host;
use crate::model::origin::Origin;

/// A path and query.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Target {
    path: String,
    query: Option<String>,
}

/// Why a path is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum BadTarget {
    /// Nothing.
    Empty,
    /// Control characters, or a backslash: programs read them differently.
    Characters,
    /// `//host` or `user@host`: some programs read it as a host.
    Host,
    /// An absolute URL of another origin, or with user information.
    AnotherOrigin,
    /// A fragment, which is never sent.
    Fragment,
}

impl fmt::Display for BadTarget {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Empty => "it is empty",
            Self::Characters => "it contains control characters or a backslash",
            Self::Host => "it begins with //, like a host",
            Self::AnotherOrigin => "it is a URL of another origin than the profile's base URL",
            Self::Fragment => "it contains a fragment (write # as %23)",
        })
    }
}

impl std::error::Error for BadTarget {}

impl Target {
    /// A path of this program.
    pub(crate) fn known(path: &'static str) -> Self {
        Self { path: path.to_owned(), query: None }
    }

    /// Parses a path with its query (the slash before it may be missing), or an absolute URL of exactly `base`
    /// or of its `www-` twin, as SAP's guides print it. The request goes to `base` in any case.
    pub(crate) fn parse(text: &str, base: &Origin) -> Result<Self, BadTarget> {
        if text.is_empty() {
            return Err(BadTarget::Empty);
        }
        if text.chars().any(|c| c.is_control() || c == '\\') {
            return Err(BadTarget::Characters);
        }
        if text.contains('#') {
            return Err(BadTarget::Fragment);
        }
        let (before_query, _) = text.split_once('?').unwrap_or((text, ""));
        let (first, _) = before_query.split_once('/').unwrap_or((before_query, ""));
        if first.contains(':') {
            return Self::absolute(text, base);
        }
        if text.starts_with("//") || first.contains('@') {
            return Err(BadTarget::Host);
        }
        let (path, query) = match text.split_once('?') {
            Some((path, query)) => (path, Some(query.to_owned())),
            None => (text, None),
        };
        let slash = if path.starts_with('/') { "" } else { "/" };
        Ok(Self { path: format!("{slash}{path}"), query })
    }

    fn absolute(text: &str, base: &Origin) -> Result<Self, BadTarget> {
        let url = Url::parse(text).map_err(|_| BadTarget::AnotherOrigin)?;
        let origin = Origin::from_geolocation(text).map_err(|_| BadTarget::AnotherOrigin)?;
        let twin_of = host::twin_of(origin.scheme().as_bytes(), origin.host().as_bytes());
        let is_twin = twin_of == Some(base.host().as_bytes()) && base.is_concur();
        if (origin != *base && !is_twin) || !host::is_canonical_in(text, &url) {
            return Err(BadTarget::AnotherOrigin);
        }
        Ok(Self { path: url.path().to_owned(), query: url.query().map(str::to_owned) })
    }

    /// Adds fields to the query.
    #[must_use]
    pub(crate) fn with_fields<'a>(
        mut self,
        fields: impl Iterator<Item = (&'a str, &'a str)>,
    ) -> Self {
        let mut more = url::form_urlencoded::Serializer::new(String::new());
        more.extend_pairs(fields);
        let more = more.finish();
        if !more.is_empty() {
            self.query = Some(match self.query.filter(|query| !query.is_empty()) {
                Some(query) => format!("{query}&{more}"),
                None => more,
            });
        }
        self
    }

    /// The URL at this origin. `None` cannot happen after [`Target::parse`]; this is the last check before a
    /// token is sent.
    pub(crate) fn at(&self, origin: &Origin) -> Option<Url> {
        let mut url = Url::parse(origin.as_str()).ok()?;
        url.set_path(&self.path);
        url.set_query(self.query.as_deref());
        (Origin::from_geolocation(url.as_str()).as_ref() == Ok(origin)).then_some(url)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn base() -> Origin {
        Origin::from_operator("us2").unwrap()
    }

    fn url(text: &str) -> Result<String, BadTarget> {
        Target::parse(text, &base()).map(|target| target.at(&base()).unwrap().to_string())
    }

    #[test]
    fn a_path_stays_on_the_base_url() {
        let b = "https://us2.api.concursolutions.com";
        for (text, expected) in [
            ("/a/b?c=d&e", "/a/b?c=d&e"),
            ("a/b", "/a/b"),
            ("/a?user=erika@example.com", "/a?user=erika@example.com"),
            ("/u/erika@example.com", "/u/erika@example.com"),
            ("/a?next=https://evil.example/", "/a?next=https://evil.example/"),
            ("/a b?filter=x eq \"ü\"", "/a%20b?filter=x%20eq%20%22%C3%BC%22"),
            ("/a/../../b", "/b"),
            ("/x/..//evil.example", "//evil.example"),
            ("/%2e%2e//evil", "//evil"),
            ("?count=1", "/?count=1"),
            ("https://us2.api.concursolutions.com/a?b", "/a?b"),
            ("HTTPS://US2.api.concursolutions.com:443/a", "/a"),
            ("https://www-us2.api.concursolutions.com/a?b", "/a?b"),
            ("https://www-us2.api.concursolutions.com:443/a", "/a"),
        ] {
            assert_eq!(url(text), Ok(format!("{b}{expected}")), "{text}");
        }
    }

    #[test]
    fn what_could_name_another_origin_is_refused() {
        for text in [
            "//evil.example/a",
            "///evil.example",
            "https://evil.example/",
            "http://us2.api.concursolutions.com/",
            "https://us2.api.concursolutions.com:8443/",
            "https://us2.api.concursolutions.com@evil.example/",
            "https://www-us2.api.concursolutions.com:8443/",
            "http://www-us2.api.concursolutions.com/",
            "https://www-www-us2.api.concursolutions.com/",
            "https://www-eu2.api.concursolutions.com/",
            "https://user@us2.api.concursolutions.com/",
            "https://us2.api.concursolutions.com.evil.example/",
            "https:/evil.example",
            "https:evil.example",
            "javascript:x",
            "file:///etc/passwd",
            "us2.api.concursolutions.com:443/a",
            "@evil.example/a",
            "user@evil.example",
            ":8443/a",
            "/\\evil.example",
            "\\\\evil.example",
            "/a\r\nHost: evil.example",
            "/a\0",
            "/a\u{85}",
            "/a#b",
            "",
        ] {
            assert!(url(text).is_err(), "{text:?}");
        }
    }

    #[test]
    fn a_full_url_names_its_host_as_all_read_it_and_no_twin_but_concurs() {
        let loopback = Origin::from_operator("http://127.0.0.1:8080").unwrap();
        let gateway = Origin::from_operator("https://gateway.example").unwrap();
        for (base, text, is_good) in [
            (&loopback, "http://127.0.0.1:8080/a", true),
            (&loopback, "http://127.1:8080/a", false),
            (&loopback, "http://2130706433:8080/a", false),
            (&loopback, "http://0x7f.0.0.1:8080/a", false),
            (&loopback, "http://0177.0.0.1:8080/a", false),
            (&loopback, "http://www-127.0.0.1:8080/a", false),
            (&gateway, "https://gateway.example/a", true),
            (&gateway, "https://www-gateway.example/a", false),
        ] {
            assert_eq!(Target::parse(text, base).is_ok(), is_good, "{text}");
        }
    }

    #[test]
    fn fields_join_the_query() {
        let target = |text| Target::parse(text, &base()).unwrap();
        let fields = [("user", "erika@example.com"), ("a b", "&=#?")];
        let with = |text| target(text).with_fields(fields.into_iter()).query.unwrap();
        assert_eq!(with("/a"), "user=erika%40example.com&a+b=%26%3D%23%3F");
        assert_eq!(with("/a?x=1"), "x=1&user=erika%40example.com&a+b=%26%3D%23%3F");
        assert_eq!(with("/a?"), "user=erika%40example.com&a+b=%26%3D%23%3F");
    }

    /// Texts of characters with a meaning in a URL.
    fn url_like() -> impl Strategy<Value = String> {
        let piece = prop_oneof![
            Just("/"),
            Just("//"),
            Just("\\"),
            Just("@"),
            Just(":"),
            Just("?"),
            Just("#"),
            Just("https:"),
            Just("http://"),
            Just("evil.example"),
            Just("127.0.0.1"),
            Just(".."),
            Just("%2f"),
            Just("%00"),
            Just("\t"),
            Just("us2.api.concursolutions.com"),
            Just("a"),
            Just("["),
            Just("]"),
            Just(" "),
            Just("\u{3002}"),
            Just("\u{ff0f}"),
        ];
        proptest::collection::vec(piece, 0..7).prop_map(|pieces| pieces.concat())
    }

    proptest! {
        #[test]
        fn no_text_leads_elsewhere(text in url_like()) {
            if let Ok(target) = Target::parse(&text, &base()) {
                let url = target.at(&base()).unwrap();
                prop_assert_eq!(url.host_str(), Some("us2.api.concursolutions.com"));
                prop_assert_eq!((url.scheme(), url.port()), ("https", None));
                prop_assert!(url.username().is_empty() && url.password().is_none());
            }
        }
    }
}
