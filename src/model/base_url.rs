//! Base URLs as people write them: on the command line, at a prompt, in a configuration or a file.
//!
//! Any spelling of one of Concur's own hosts stands for its origin. Any other origin must be spelled
//! exactly, because naming it is what allows it.

use super::lenient::trimmed;
use super::origin::{BadOrigin, Origin, SHORT_NAMES};

/// Concur's hosts of before, below `.concursolutions.com`, which do not take these tokens, and the data
/// centre in their place (SAP: Base URIs).
const LEGACY_NAMES: [(&str, &str); 7] = [
    ("www", "us2"),
    ("us1", "us2"),
    ("eu1", "eu2"),
    ("implementation", "us-impl"),
    ("usimp", "us-impl"),
    ("eu1imp", "emea-impl"),
    ("cn1", "cn"),
];
/// Where they are.
const LEGACY_DOMAINS: [&str; 2] = [".concursolutions.com", ".concurcdc.cn"];
/// The legacy host of China has the name of the one of the United States.
const CHINA: &str = ".concurcdc.cn";

impl Origin {
    /// Reads a base URL that a person wrote: a short name in any case (`US2`), any spelling of one of
    /// Concur's hosts (without scheme, a `www-` name, with a path, a trailing dot), or exactly an origin.
    pub fn from_person(text: &str) -> Result<Self, BadOrigin> {
        let text = trimmed(text);
        let name = text.trim_end_matches('/').to_ascii_lowercase();
        let name = name.strip_prefix("www-").unwrap_or(&name);
        if SHORT_NAMES.contains(&name) {
            return Self::from_operator(name);
        }
        if let Some((_, instead)) = LEGACY_NAMES.iter().find(|(legacy, _)| *legacy == name) {
            return Err(BadOrigin::Legacy(instead));
        }
        let Some(origin) = host_of(text)? else { return Self::from_operator(text) };
        if let Some(instead) = instead_of(&origin) {
            return Err(BadOrigin::Legacy(instead));
        }
        concurs(&origin).map_or_else(|| Self::from_operator(text), Ok)
    }
}

/// Scheme, host and port of a URL, which need not name its scheme when the host is Concur's. `None`: it is
/// for the strict reader to say what is wrong.
fn host_of(text: &str) -> Result<Option<Origin>, BadOrigin> {
    let begins =
        |scheme: &str| text.get(..scheme.len()).is_some_and(|t| t.eq_ignore_ascii_case(scheme));
    let has_scheme = text.contains("://") || begins("https:") || begins("http:");
    // What is wrong with plain http is another thing for a legacy host, and not the path for Concur's.
    if let Some(rest) = text.get("http:".len()..).filter(|_| begins("http:")) {
        let https = Origin::from_geolocation(&format!("https:{rest}")).ok();
        if let Some(instead) = https.as_ref().and_then(instead_of) {
            return Err(BadOrigin::Legacy(instead));
        }
        if https.as_ref().and_then(concurs).is_some() {
            return Err(BadOrigin::PlainHttp);
        }
    }
    if has_scheme || text.starts_with(['/', '\\']) {
        return Ok(Origin::from_geolocation(text).ok());
    }
    let origin = Origin::from_geolocation(&format!("https://{text}"))?;
    let is_known = concurs(&origin).is_some() || instead_of(&origin).is_some();
    if is_known { Ok(Some(origin)) } else { Err(BadOrigin::NotAUrl) }
}

/// The same origin as Concur writes it, if it is Concur's: without `www-` and without a trailing dot.
fn concurs(origin: &Origin) -> Option<Origin> {
    let host = origin.host();
    let host = host.strip_suffix('.').unwrap_or(host);
    let host = host.strip_prefix("www-").unwrap_or(host);
    let plain = Origin::from_geolocation(&format!("{}://{host}", origin.scheme())).ok()?;
    plain.is_concur().then_some(plain)
}

/// The data centre to name instead of a legacy host, also of one that only serves Concur's pages.
fn instead_of(origin: &Origin) -> Option<&'static str> {
    let host = origin.host();
    let host = host.strip_suffix('.').unwrap_or(host);
    let (domain, label) =
        LEGACY_DOMAINS.into_iter().find_map(|d| Some((d, host.strip_suffix(d)?)))?;
    let label = if label == "www" { label } else { label.strip_prefix("www-").unwrap_or(label) };
    if domain == CHINA {
        return ["www", "cn", "cn1"].contains(&label).then_some("cn");
    }
    let is_label = |name: &&&str| **name == label;
    let legacy = LEGACY_NAMES.iter().find(|(name, _)| *name == label).map(|(_, instead)| *instead);
    legacy.or_else(|| SHORT_NAMES.iter().find(is_label).copied())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]

    use proptest::prelude::*;

    use super::*;

    #[test]
    fn each_spelling_of_a_host_of_concurs_is_its_origin() {
        for text in [
            "us2",
            "US2",
            " Us2\n",
            "us2/",
            "www-us2",
            "us2.api.concursolutions.com",
            "US2.API.ConcurSolutions.com",
            "us2.api.concursolutions.com/",
            "us2.api.concursolutions.com.",
            "us2.api.concursolutions.com:443",
            "us2.api.concursolutions.com:443/oauth2/v0/token",
            "us2.api.concursolutions.com?x=1#y",
            "www-us2.api.concursolutions.com",
            "https://us2.api.concursolutions.com",
            "HTTPS://WWW-US2.api.concursolutions.com:443/",
            "https://us2.api.concursolutions.com.",
            "https://us2.api.concursolutions.com.:443/x",
            "https://us2.api.concursolutions.com/oauth2/v0/token",
            "https://us2.api.concursolutions.com//",
            "https://us2.api.concursolutions.com/?a=b#c",
            "\u{feff}https://us2.api.concursolutions.com\u{200b}",
        ] {
            let origin = Origin::from_person(text).map(|origin| origin.as_str().to_owned());
            assert_eq!(origin.as_deref(), Ok("https://us2.api.concursolutions.com"), "{text:?}");
        }
        for (text, host) in [
            ("CN", "cn.api.concurcdc.cn"),
            ("www-cn.api.concurcdc.cn/x", "cn.api.concurcdc.cn"),
            ("US-Impl", "us-impl.api.concursolutions.com"),
        ] {
            assert_eq!(Origin::from_person(text).unwrap().host(), host, "{text}");
        }
    }

    #[test]
    fn a_legacy_host_is_refused_with_the_one_to_name() {
        for (text, instead) in [
            ("https://www.concursolutions.com", "us2"),
            ("www.concursolutions.com/api/v3.0", "us2"),
            ("HTTPS://EU1.concursolutions.com/", "eu2"),
            ("eu1", "eu2"),
            ("Implementation", "us-impl"),
            ("implementation.concursolutions.com", "us-impl"),
            ("https://eu1imp.concursolutions.com.", "emea-impl"),
            ("eu1imp", "emea-impl"),
            ("https://us2.concursolutions.com/home", "us2"),
            ("https://www-eu2.concursolutions.com", "eu2"),
            ("https://www.concurcdc.cn", "cn"),
            ("http://www.concursolutions.com/api", "us2"),
            ("HTTP://eu1.concursolutions.com", "eu2"),
        ] {
            assert_eq!(Origin::from_person(text), Err(BadOrigin::Legacy(instead)), "{text}");
        }
    }

    #[test]
    fn another_origin_is_named_exactly() {
        for (text, origin) in [
            ("https://gateway.example", "https://gateway.example"),
            ("https://Gateway.example:8443/", "https://gateway.example:8443"),
            ("http://127.0.0.1:8080", "http://127.0.0.1:8080"),
            ("https://www-gateway.example", "https://www-gateway.example"),
            (
                "https://us2.api.concursolutions.com:8443",
                "https://us2.api.concursolutions.com:8443",
            ),
        ] {
            assert_eq!(Origin::from_person(text).unwrap().as_str(), origin, "{text}");
        }
        for (text, bad) in [
            ("https://gateway.example/x", BadOrigin::MoreThanOrigin),
            ("https://gateway.example?x", BadOrigin::MoreThanOrigin),
            ("gateway.example", BadOrigin::NotAUrl),
            ("gateway.example:8443", BadOrigin::NotAUrl),
            ("us3", BadOrigin::NotAUrl),
            ("evil.example/.api.concursolutions.com", BadOrigin::NotAUrl),
            ("//us2.api.concursolutions.com", BadOrigin::NotAUrl),
            ("http://us2.api.concursolutions.com", BadOrigin::PlainHttp),
            ("http://us2.api.concursolutions.com/oauth2/v0/token", BadOrigin::PlainHttp),
            ("http://localhost:8080", BadOrigin::PlainHttp),
            ("ftp://us2.api.concursolutions.com", BadOrigin::Scheme),
            ("https://u:p@us2.api.concursolutions.com", BadOrigin::UserInfo),
            ("u:p@us2.api.concursolutions.com", BadOrigin::UserInfo),
            ("us2.api.concursolutions.com@evil.example", BadOrigin::UserInfo),
            ("us2.api.concursolutions.com%2eevil.example", BadOrigin::NotAUrl),
            ("us2.api.concursolutiοns.com", BadOrigin::NotAUrl), // a Greek omicron
            ("", BadOrigin::NotAUrl),
        ] {
            assert_eq!(Origin::from_person(text), Err(bad), "{text}");
        }
    }

    proptest! {
        #[test]
        fn only_what_is_concurs_is_read_generously(
            text in "(https?:)?(//)?[a-z0-9.@:-]{0,12}(\\.api\\.concursolutions\\.com|\\.example)?[.:/?#@\\\\a-z0-9]{0,12}"
        ) {
            let Ok(origin) = Origin::from_person(&text) else { return Ok(()) };
            let strict = Origin::from_operator(&text);
            prop_assert!(origin.is_concur() || strict.as_ref() == Ok(&origin), "{}", origin);
            prop_assert_eq!(Origin::from_person(origin.as_str()), Ok(origin));
        }
    }
}
