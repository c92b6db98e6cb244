//! Which proxy leads to an origin. A proxy is asked to CONNECT and for nothing else: what goes through it
//! is https, and a loopback address has none. Its user name and password are a secret, and so is a user
//! name alone: proxies take tokens there.

use std::sync::Arc;

use hyper_util::client::proxy::matcher::{Intercept, Matcher};
use reqwest::header::HeaderValue;
use url::Url;

use crate::env::Env;
use crate::error::{Error, Kind, Result};
use crate::model::origin::Origin;
use crate::model::printable::printable;
use crate::model::secret::Secret;

/// Values of the setting that ask for no proxy at all.
const DIRECT: [&str; 2] = ["direct", "none"];
/// What a value that is none of those must be.
const EXPECTED: &str = "a proxy such as http://host:3128, or direct";
/// The same of a variable, which has no word for none.
const EXPECTED_OF_A_VARIABLE: &str = "a proxy such as http://host:3128";
/// Stands in the rules for a proxy that cannot be asked.
const NOWHERE: &str = "http://proxy.invalid";
/// An https URL that every rule for everything matches.
const ANYWHERE: &str = "https://concur.invalid/";

/// The variables that name the proxy of https, the first that is set. As curl and the HTTP library have it:
/// capitals first.
const VARIABLES: [&str; 4] = ["HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"];

/// Which proxy leads where.
#[derive(Clone)]
pub struct Proxies {
    /// `None` where no proxy is to be asked at all.
    matcher: Option<Arc<Matcher>>,
    /// The variable that ought to name the proxy, and does not.
    unusable: Option<&'static str>,
}

/// A proxy that is to be asked.
pub struct Via {
    uri: String,
    auth: Option<HeaderValue>,
    has_user: bool,
}

impl Proxies {
    /// As the environment has it (`HTTPS_PROXY`, `ALL_PROXY`, `NO_PROXY`), else the platform.
    ///
    /// What the HTTP library cannot read it leaves out in silence, and Concur would be asked directly by
    /// whoever said that it was not to be: such a variable's proxy leads nowhere.
    pub(super) fn of_the_system(env: &Env) -> Self {
        let Some((name, text)) = variable(env) else {
            return Self::by(Matcher::from_system());
        };
        let unusable = asked(&text).is_none_or(|via| !via.can_be_asked()).then_some(name);
        let text = if unusable.is_some() { NOWHERE.to_owned() } else { text };
        let matcher = Matcher::builder().all(text).no(no_proxy(env)).build();
        Self { unusable, ..Self::by(matcher) }
    }

    fn by(matcher: Matcher) -> Self {
        Self { matcher: Some(Arc::new(matcher)), unusable: None }
    }

    /// As the setting of this name has it, but for what the environment's `NO_PROXY` lists.
    pub(super) fn set(value: &Secret, name: &str, env: &Env) -> Result<Self> {
        let Some(url) = read(value, name)? else {
            return Ok(Self { matcher: None, unusable: None });
        };
        Ok(Self::by(Matcher::builder().all(String::from(url)).no(no_proxy(env)).build()))
    }

    /// The proxy that leads to an origin; an error's text when it is one that cannot be asked.
    pub(super) fn to(&self, origin: &Origin) -> Result<Option<Via>, String> {
        let Some(matcher) = self.matcher.as_ref().filter(|_| !origin.is_loopback()) else {
            return Ok(None);
        };
        let Ok(uri) = format!("{origin}/").parse() else { return Ok(None) };
        let Some(found) = matcher.intercept(&uri) else { return Ok(None) };
        if let Some(name) = self.unusable {
            return Err(format!("{name} is not {EXPECTED_OF_A_VARIABLE}"));
        }
        let via = Via::of(&found);
        if is_socks(&via.uri) {
            let shown = via.shown();
            return Err(format!("the proxy {shown} is a SOCKS proxy, which cannot be asked"));
        }
        Ok(Some(via))
    }
}

impl Via {
    fn of(found: &Intercept) -> Self {
        Self {
            uri: found.uri().to_string(),
            auth: found.basic_auth().cloned(),
            has_user: found.basic_auth().is_some() || found.raw_auth().is_some(),
        }
    }

    /// Scheme, host and port.
    pub fn shown(&self) -> String {
        printable(self.uri.trim_end_matches('/'), 300)
    }

    /// Whether it is given a user name and password.
    pub fn has_user(&self) -> bool {
        self.has_user
    }

    /// Whether the HTTP library can do so, or [`Proxies::to`] says why not.
    fn can_be_asked(&self) -> bool {
        is_socks(&self.uri) || self.to_reqwest().is_ok()
    }

    /// The same with a mark in the place of user name and password.
    fn marked(&self) -> String {
        let shown = self.shown();
        match shown.split_once("://") {
            Some((scheme, rest)) if self.has_user => format!("{scheme}://…@{rest}"),
            _ => shown,
        }
    }

    /// The same for the HTTP library, for every request of a client.
    pub(super) fn to_reqwest(&self) -> reqwest::Result<reqwest::Proxy> {
        let proxy = reqwest::Proxy::all(self.uri.as_str())?;
        Ok(match &self.auth {
            Some(auth) => proxy.custom_http_auth(auth.clone()),
            None => proxy,
        })
    }
}

/// The value of the setting of this name, without a secret.
pub(super) fn shown(value: &Secret, name: &str) -> Result<String> {
    Ok(match read(value, name)? {
        None => DIRECT[0].to_owned(),
        Some(url) => asked(url.as_str()).map_or_else(String::new, |via| via.marked()),
    })
}

/// The variable that names a proxy where the setting does not, and the proxy without a secret.
pub fn of_the_environment(env: &Env) -> Option<(&'static str, String)> {
    let (name, text) = variable(env)?;
    let via = asked(&text).filter(Via::can_be_asked);
    Some((name, via.map_or_else(|| "not a proxy".to_owned(), |via| via.marked())))
}

fn variable(env: &Env) -> Option<(&'static str, String)> {
    VARIABLES.into_iter().find_map(|name| Some((name, env.text(name)?)))
}

fn no_proxy(env: &Env) -> String {
    env.text("NO_PROXY").or_else(|| env.text("no_proxy")).unwrap_or_default()
}

/// What would be asked, were this the proxy for everything; `None` if it is no proxy.
fn asked(text: &str) -> Option<Via> {
    let matcher = Matcher::builder().all(text).build();
    matcher.intercept(&ANYWHERE.parse().ok()?).map(|found| Via::of(&found))
}

/// The proxy that the setting of this name names; `None` when it says that there is to be none.
fn read(value: &Secret, name: &str) -> Result<Option<Url>> {
    let text = value.expose_utf8().unwrap_or_default().trim();
    if DIRECT.iter().any(|direct| text.eq_ignore_ascii_case(direct)) {
        return Ok(None);
    }
    let url = parsed(text).ok_or_else(|| Error::of_setting(name, EXPECTED))?;
    if is_socks(url.as_str()) {
        return Err(Error::new(
            Kind::Unusable,
            format!("The setting {name} names a SOCKS proxy, which cannot be asked"),
            "Name an HTTP proxy such as http://host:3128, or direct.",
        ));
    }
    let is_http = ["http", "https"].contains(&url.scheme());
    // What the HTTP library cannot read it would leave out in silence.
    let good = is_http && asked(url.as_str()).is_some();
    if good { Ok(Some(url)) } else { Err(Error::of_setting(name, EXPECTED)) }
}

/// A URL of scheme, host, port and user information, and nothing more.
fn parsed(text: &str) -> Option<Url> {
    // The URL standard drops tabs and newlines; nothing honest holds them.
    if text.contains(|c: char| c.is_control() || c.is_whitespace()) {
        return None;
    }
    let url = Url::parse(text).ok()?;
    let bare = ["", "/"].contains(&url.path()) && url.query().is_none() && url.fragment().is_none();
    (bare && url.host_str().is_some_and(|host| !host.is_empty())).then_some(url)
}

fn is_socks(uri: &str) -> bool {
    uri.starts_with("socks")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn proxies(text: &str, env: &Env) -> Result<Proxies> {
        Proxies::set(&Secret::from(text), "proxy", env)
    }

    fn via(text: &str, no_proxy: &str, origin: &str) -> Option<Via> {
        let origin = Origin::from_operator(origin).unwrap();
        let env = Env::fixed([("NO_PROXY", no_proxy)]);
        proxies(text, &env).unwrap().to(&origin).unwrap()
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
            let error = proxies(text, &Env::default()).err().unwrap();
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
            assert_eq!(error, "https_proxy is not a proxy such as http://host:3128", "{text}");
            assert!(to("https://inside.example").unwrap().is_none());
            assert!(to("http://127.0.0.1:1").unwrap().is_none());
            let shown = of_the_environment(&env);
            assert_eq!(shown, Some(("https_proxy", "not a proxy".to_owned())), "{text}");
        }
    }

    #[test]
    fn a_socks_proxy_of_the_environment_is_refused_where_it_would_be_asked() {
        let all = Proxies::of_the_system(&Env::fixed([("ALL_PROXY", "socks5://u:p@h:1")]));
        let error = all.to(&Origin::from_operator("us2").unwrap()).err().unwrap();
        assert!(error.contains("socks5://h:1 is a SOCKS proxy"), "{error}");
        let loopback = Origin::from_operator("http://127.0.0.1:1").unwrap();
        assert!(all.to(&loopback).unwrap().is_none());
    }
}
