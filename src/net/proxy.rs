//! The proxy for an origin. A proxy is used only by CONNECT: requests through it are https, and a loopback
//! address has no proxy. Its user name and password are a secret, and so is a user name alone, because it can
//! be a token.

mod exempt;
mod named;

use std::sync::Arc;

use hyper_util::client::proxy::matcher::{Intercept, Matcher};
use reqwest::header::HeaderValue;

use crate::error::{Error, Kind, Result};
use crate::model::origin::Origin;
use crate::model::printable::printable;
use crate::model::secret::Secret;
use crate::sys::env::Env;
use exempt::Exempt;
use named::{Refusal, Scheme};

/// Values of the setting that mean no proxy.
const DIRECT: [&str; 2] = ["direct", "none"];
/// What is wrong with a value that is neither.
const NOT_A_PROXY: &str = "not a proxy such as http://host:3128, or direct";
/// The description of a valid variable, which has no value for no proxy.
const EXPECTED_OF_A_VARIABLE: &str = "a proxy such as http://host:3128";

/// The variables with the proxy for https; the first one that is set counts. Upper case first, as in curl and
/// the HTTP library.
const VARIABLES: [&str; 4] = ["HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"];
/// The variables with the hosts that need no proxy.
const EXEMPT: [&str; 2] = ["NO_PROXY", "no_proxy"];

/// The proxies for all origins. A setting is validated only when it is used: desktops set `ALL_PROXY=socks://…`
/// beside a valid `HTTPS_PROXY`.
#[derive(Clone)]
pub(crate) struct Proxies {
    chosen: Chosen,
    exempt: Result<Exempt>,
}

#[derive(Clone)]
enum Chosen {
    /// No proxy.
    Direct,
    Named(Via),
    /// The deciding setting is invalid.
    Unusable(Error),
    /// The platform's proxies.
    System(Arc<Matcher>),
}

/// A proxy.
#[derive(Clone)]
pub(crate) struct Via {
    /// Scheme, host and port.
    place: String,
    auth: Option<HeaderValue>,
}

impl Proxies {
    /// The environment's proxies (`HTTPS_PROXY`, `ALL_PROXY`, `NO_PROXY`), else the platform's.
    pub(super) fn of_the_system(env: &Env) -> Self {
        let chosen = match variable(env) {
            None => Chosen::System(Arc::new(Matcher::from_system())),
            Some((name, text)) => match text.and_then(|text| of_variable(name, &text)) {
                Ok(via) => Chosen::Named(via),
                Err(error) => Chosen::Unusable(error),
            },
        };
        Self { chosen, exempt: exempt(env) }
    }

    /// The proxy of the setting of this name, except for the hosts in the environment's `NO_PROXY`.
    pub(super) fn set(value: Result<&Secret>, name: &str, env: &Env) -> Self {
        let chosen = match value.and_then(|value| read(value, name)) {
            Ok(Some(via)) => Chosen::Named(via),
            Ok(None) => Chosen::Direct,
            Err(error) => Chosen::Unusable(error),
        };
        Self { chosen, exempt: exempt(env) }
    }

    /// The proxy for an origin; an error if the deciding setting is invalid.
    pub(super) fn to(&self, origin: &Origin) -> Result<Option<Via>> {
        if origin.is_loopback() {
            return Ok(None);
        }
        let via = match &self.chosen {
            Chosen::Direct => None,
            Chosen::Named(via) => Some(Ok(via.clone())),
            Chosen::Unusable(error) => Some(Err(error.clone())),
            Chosen::System(matcher) => of_the_platform(matcher, origin).transpose(),
        };
        let Some(via) = via else { return Ok(None) };
        if self.exempt.as_ref().map_err(Clone::clone)?.covers(origin) {
            return Ok(None);
        }
        via.map(Some)
    }
}

fn of_the_platform(matcher: &Matcher, origin: &Origin) -> Result<Option<Via>> {
    let uri = format!("{origin}/").parse().ok();
    let Some(found) = uri.and_then(|uri| matcher.intercept(&uri)) else { return Ok(None) };
    let via = Via::of(&found);
    if via.place.starts_with("socks") {
        return Err(socks("the system", &via));
    }
    Ok(Some(via))
}

impl Via {
    fn of(found: &Intercept) -> Self {
        let place = found.uri().to_string();
        Self { place: place.trim_end_matches('/').to_owned(), auth: found.basic_auth().cloned() }
    }

    /// Scheme, host and port.
    pub(crate) fn shown(&self) -> String {
        printable(&self.place, 300)
    }

    /// Whether it gets a user name and password.
    pub(crate) fn has_user(&self) -> bool {
        self.auth.is_some()
    }

    /// Whether it is an https proxy.
    pub(super) fn is_https(&self) -> bool {
        self.place.starts_with("https:")
    }

    /// [`Via::shown`] with a placeholder for user name and password.
    fn marked(&self) -> String {
        let shown = self.shown();
        match shown.split_once("://") {
            Some((scheme, rest)) if self.has_user() => format!("{scheme}://…@{rest}"),
            _ => shown,
        }
    }

    /// The same for the HTTP library, for every request of a client.
    pub(super) fn to_reqwest(&self) -> reqwest::Result<reqwest::Proxy> {
        let proxy = reqwest::Proxy::all(&*self.place)?;
        Ok(match &self.auth {
            Some(auth) => proxy.custom_http_auth(auth.clone()),
            None => proxy,
        })
    }
}

/// The value of the setting of this name, without a secret.
pub(super) fn shown(value: &Secret, name: &str) -> Result<String> {
    Ok(read(value, name)?.map_or_else(|| DIRECT[0].to_owned(), |via| via.marked()))
}

/// The variable that names a proxy if the setting does not, and the proxy without a secret.
pub(crate) fn of_the_environment(env: &Env) -> Option<(&'static str, String)> {
    let (name, text) = variable(env)?;
    let shown = match text.map(|text| named::read(&text, Scheme::Assumed)) {
        Ok(Ok(via) | Err(Refusal::Socks(via))) => via.marked(),
        Ok(Err(Refusal::NotAProxy)) | Err(_) => "not a proxy".to_owned(),
    };
    Some((name, shown))
}

fn variable(env: &Env) -> Option<(&'static str, Result<String>)> {
    VARIABLES.into_iter().find_map(|name| Some((name, env.setting(name).transpose()?)))
}

fn exempt(env: &Env) -> Result<Exempt> {
    let text = EXEMPT.into_iter().find_map(|name| env.setting(name).transpose()).transpose()?;
    Ok(text.map(|text| Exempt::read(&text)).unwrap_or_default())
}

/// The proxy of this variable.
fn of_variable(name: &str, text: &str) -> Result<Via> {
    named::read(text, Scheme::Assumed).map_err(|refusal| match refusal {
        Refusal::Socks(via) => socks(name, &via),
        Refusal::NotAProxy => Error::new(
            Kind::Unusable,
            format!("{name} is not {EXPECTED_OF_A_VARIABLE}"),
            format!("Correct or unset {name}, or set CONCUR_CRED_PROXY, which takes precedence."),
        ),
    })
}

fn socks(named_by: &str, via: &Via) -> Error {
    let shown = via.shown();
    Error::new(
        Kind::Unusable,
        format!("The proxy {shown} is a SOCKS proxy, which is not supported (by {named_by})"),
        "Set CONCUR_CRED_PROXY to an HTTP proxy such as http://host:3128, or to direct.",
    )
}

/// The proxy of this setting; `None` if it means no proxy.
fn read(value: &Secret, name: &str) -> Result<Option<Via>> {
    let text = value.expose_utf8().unwrap_or_default().trim();
    if DIRECT.iter().any(|direct| text.eq_ignore_ascii_case(direct)) {
        return Ok(None);
    }
    named::read(text, Scheme::Needed).map(Some).map_err(|refusal| match refusal {
        Refusal::NotAProxy => Error::of_setting(name, NOT_A_PROXY),
        Refusal::Socks(_) => Error::new(
            Kind::Unusable,
            format!("{name} names a SOCKS proxy, which is not supported"),
            "Name an HTTP proxy such as http://host:3128, or direct.",
        ),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn proxies(text: &str, env: &Env) -> Proxies {
        Proxies::set(Ok(&Secret::from(text)), "proxy", env)
    }

    fn us2() -> Origin {
        Origin::from_operator("us2").unwrap()
    }

    fn via(text: &str, no_proxy: &str, origin: &str) -> Option<Via> {
        let origin = Origin::from_operator(origin).unwrap();
        let env = Env::fixed([("NO_PROXY", no_proxy)]);
        proxies(text, &env).to(&origin).unwrap()
    }

    #[test]
    fn the_setting_leads_everywhere_but_where_it_must_not() {
        let at = |no_proxy: &str, origin: &str| via("http://p:3128", no_proxy, origin).is_some();
        assert!(at("", "us2"));
        assert!(at("", "https://localhost:8443"));
        assert!(at("example.com", "us2"));
        for (no_proxy, origin) in [
            ("", "http://127.0.0.1:8080"),
            ("", "https://127.0.0.1:8443"),
            ("", "https://[::1]:8443"),
            ("*", "us2"),
            ("a.example, .concursolutions.com", "us2"),
            ("concursolutions.com", "us2"),
            ("us2.api.concursolutions.com", "us2"),
            ("10.0.0.0/8", "https://10.1.2.3"),
        ] {
            assert!(!at(no_proxy, origin), "NO_PROXY={no_proxy} {origin}");
        }
        for direct in ["direct", "none", " Direct "] {
            assert!(via(direct, "", "us2").is_none());
        }
    }

    #[test]
    fn what_is_no_http_proxy_is_refused_and_not_quoted() {
        for text in [
            "",
            "s3cr3t",
            "s3cr3t:3128",
            "ftp://s3cr3t:3128",
            "http://",
            "http://u:s3cr3t@",
            "http://h:3128/s3cr3t",
            "http://h:3128?s3cr3t",
            "http://h:s3cr3t",
            "http://h 1/s3cr3t",
            "socks5://u:s3cr3t@h:1080",
            "socks5h://s3cr3t",
        ] {
            let error = proxies(text, &Env::default()).to(&us2()).err().unwrap();
            assert_eq!(error.kind(), Kind::Unusable, "{text}");
            assert!(!error.to_string().contains("s3cr3t"), "{error}");
        }
    }

    #[test]
    fn a_password_of_any_characters_is_handed_over_and_never_shown() {
        use base64::prelude::{BASE64_STANDARD, Engine};
        for (written, meant) in [
            ("hunter2", "hunter2"),
            ("p%40ss%3A%2F%23", "p@ss:/#"),
            ("p@ss", "p@ss"),
            ("%C3%BC|^", "ü|^"),
        ] {
            let text = format!("https://me:{written}@proxy.example:3129/");
            let via = via(&text, "", "us2").unwrap();
            let header = via.auth.clone().unwrap();
            let sent = header.to_str().unwrap().strip_prefix("Basic ").unwrap().to_owned();
            let sent = String::from_utf8(BASE64_STANDARD.decode(sent).unwrap()).unwrap();
            assert_eq!(sent, format!("me:{meant}"));
            assert!(header.is_sensitive());
            assert_eq!(via.shown(), "https://proxy.example:3129");
            let shown = shown(&Secret::from(text), "proxy").unwrap();
            assert_eq!(shown, "https://…@proxy.example:3129");
        }
    }

    #[test]
    fn the_environments_proxy_is_the_one_of_https_and_shown_without_its_password() {
        let of =
            |variables: &[(&str, &str)]| of_the_environment(&Env::fixed(variables.iter().copied()));
        assert_eq!(of(&[("HTTP_PROXY", "http://h:1")]), None);
        let both = [("ALL_PROXY", "http://a:1"), ("https_proxy", "u:s3cr3t@h:2")];
        assert_eq!(of(&both), Some(("https_proxy", "http://…@h:2".to_owned())));
        let token = of(&[("ALL_PROXY", "socks5://s3cr3t@h:2")]);
        assert_eq!(token, Some(("ALL_PROXY", "socks5://…@h:2".to_owned())));
    }

    #[test]
    fn a_variable_that_names_no_proxy_leads_nowhere_and_not_past_it() {
        for text in [
            "http//s3cr3t",
            "htp://s3cr3t:3128",
            "s3cr3t:99999",
            "http://",
            "[::1",
            "s3cr3t name:3128",
        ] {
            let variables = [
                ("https_proxy", text),
                ("ALL_PROXY", "http://h:1"),
                ("NO_PROXY", "inside.example"),
            ];
            let env = Env::fixed(variables);
            let proxies = Proxies::of_the_system(&env);
            let to = |origin: &str| proxies.to(&Origin::from_operator(origin).unwrap());
            let error = to("us2").err().unwrap();
            let expected = "https_proxy is not a proxy such as http://host:3128";
            assert_eq!((error.kind(), error.problem()), (Kind::Unusable, expected), "{text}");
            assert!(to("https://inside.example").unwrap().is_none());
            assert!(to("http://127.0.0.1:1").unwrap().is_none());
            let shown = of_the_environment(&env);
            assert_eq!(shown, Some(("https_proxy", "not a proxy".to_owned())), "{text}");
        }
    }

    #[test]
    fn a_socks_proxy_of_the_environment_is_refused_where_it_would_be_asked() {
        let socks = ("ALL_PROXY", "socks5://u:p@h:1");
        let all = Proxies::of_the_system(&Env::fixed([socks]));
        let error = all.to(&us2()).err().unwrap();
        assert_eq!(error.kind(), Kind::Unusable);
        assert!(error.problem().contains("The proxy socks5://h:1 is a SOCKS proxy"), "{error}");
        assert!(error.problem().ends_with("(by ALL_PROXY)"), "{error}");
        let loopback = Origin::from_operator("http://127.0.0.1:1").unwrap();
        assert!(all.to(&loopback).unwrap().is_none());
        // A desktop's variables; the more specific one decides.
        let both = Proxies::of_the_system(&Env::fixed([socks, ("HTTPS_PROXY", "http://h:2")]));
        assert_eq!(both.to(&us2()).unwrap().unwrap().shown(), "http://h:2");
        let own = proxies("direct", &Env::fixed([socks]));
        assert!(own.to(&us2()).unwrap().is_none());
    }

    #[test]
    fn a_setting_that_cannot_be_used_is_an_error_only_where_it_would_be() {
        let env = Env::fixed([("NO_PROXY", "inside.example")]);
        let to =
            |origin: &str| proxies("nonsense", &env).to(&Origin::from_operator(origin).unwrap());
        assert_eq!(to("us2").err().unwrap().kind(), Kind::Unusable);
        for origin in ["https://inside.example", "http://127.0.0.1:1", "https://[::1]:8443"] {
            assert!(to(origin).unwrap().is_none(), "{origin}");
        }
    }
}
