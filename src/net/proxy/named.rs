//! A proxy in a setting or a variable: `[scheme://][user[:password]@]host[:port][/]`.

use base64::prelude::{BASE64_STANDARD, Engine};
use percent_encoding::percent_decode_str;
use reqwest::header::HeaderValue;
use zeroize::Zeroizing;

use super::Via;
use crate::model::origin::parse_url;

/// Why a proxy is invalid.
pub(super) enum Refusal {
    /// It is not a proxy.
    NotAProxy,
    /// A SOCKS proxy.
    Socks(Via),
}

/// Whether the scheme may be missing.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Scheme {
    /// It is required, so that a misspelt word does not become a host.
    Needed,
    /// `http` is the default, as in all programs that read these variables.
    Assumed,
}

/// Parses a proxy. The user information is everything before the last `@`, so that no part of a password ever
/// counts as a host; it is split at the first `:` and percent-decoded.
pub(super) fn read(text: &str, needs: Scheme) -> Result<Via, Refusal> {
    let text = text.trim();
    if text.chars().any(char::is_control) {
        return Err(Refusal::NotAProxy);
    }
    let (scheme, rest) = match text.split_once("://") {
        Some((scheme, rest)) if is_scheme(scheme) => (scheme.to_ascii_lowercase(), rest),
        _ if needs == Scheme::Assumed => ("http".to_owned(), text),
        _ => return Err(Refusal::NotAProxy),
    };
    let (user_information, place) = match rest.rsplit_once('@') {
        Some((user_information, place)) => (Some(user_information), place),
        None => (None, rest),
    };
    let user_information = user_information.filter(|text| !["", ":"].contains(text));
    let is_socks = scheme.starts_with("socks");
    if !is_socks && !["http", "https"].contains(&&*scheme) {
        return Err(Refusal::NotAProxy);
    }
    let place = place.strip_suffix('/').unwrap_or(place);
    // The URL standard has no host and port for unknown schemes.
    let checked = format!("{}://{place}", if is_socks { "http" } else { &*scheme });
    let url = parse_url(&checked).filter(|url| {
        let is_bare = url.path() == "/" && url.query().is_none() && url.fragment().is_none();
        is_bare && !place.contains(char::is_whitespace) && !place.ends_with('/')
    });
    let url = url.ok_or(Refusal::NotAProxy)?;
    let auth = user_information.and_then(basic);
    if is_socks {
        return Err(Refusal::Socks(Via { place: format!("{scheme}://{place}"), auth }));
    }
    let place = url.as_str().trim_end_matches('/').to_owned();
    // The HTTP library could not use it.
    reqwest::Proxy::all(&*place).map_err(|_| Refusal::NotAProxy)?;
    Ok(Via { place, auth })
}

/// Whether a text is a scheme (RFC 3986, section 3.1): the text before `://` can also be the beginning of a
/// user name and password.
fn is_scheme(text: &str) -> bool {
    let is_of_one = |b: u8| b.is_ascii_alphanumeric() || b"+-.".contains(&b);
    text.starts_with(|c: char| c.is_ascii_alphabetic()) && text.bytes().all(is_of_one)
}

/// `Basic` credentials (RFC 7617) for this user information.
fn basic(user_information: &str) -> Option<HeaderValue> {
    let (user, password) = user_information.split_once(':').unwrap_or((user_information, ""));
    let mut pair = Zeroizing::new(Vec::with_capacity(user_information.len() + 1));
    pair.extend(percent_decode_str(user));
    pair.push(b':');
    pair.extend(percent_decode_str(password));
    let encoded = Zeroizing::new(format!("Basic {}", BASE64_STANDARD.encode(&*pair)));
    let mut header = HeaderValue::from_str(&encoded).ok()?;
    header.set_sensitive(true);
    Some(header)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sent(via: &Via) -> String {
        let header = via.auth.as_ref().unwrap();
        assert!(header.is_sensitive());
        let sent = header.to_str().unwrap().strip_prefix("Basic ").unwrap();
        String::from_utf8(BASE64_STANDARD.decode(sent).unwrap()).unwrap()
    }

    #[test]
    fn user_information_ends_at_the_last_at_sign_and_is_split_at_the_first_colon() {
        for (written, meant) in [
            ("me:hunter2", "me:hunter2"),
            ("me", "me:"),
            (":hunter2", ":hunter2"),
            ("me@corp.test:hun@ter2", "me@corp.test:hun@ter2"),
            ("me:hun:ter2", "me:hun:ter2"),
            ("me:hun/ter2", "me:hun/ter2"),
            ("me:12/ter2", "me:12/ter2"),
            ("me:hun?ter2", "me:hun?ter2"),
            ("me:hun#ter2", "me:hun#ter2"),
            ("me:hun%ter2", "me:hun%ter2"),
            ("me:%", "me:%"),
            ("me:hun\\ter2", "me:hun\\ter2"),
            ("me:hun ter2", "me:hun ter2"),
            ("me:hün|^ter2", "me:hün|^ter2"),
            ("me:a://b", "me:a://b"),
            ("me:@@", "me:@@"),
            ("me:p%40ss%3A%2F%23%25", "me:p@ss:/#%"),
            ("m%3Ae:%C3%BC", "m:e:ü"),
        ] {
            for (scheme, needs) in
                [("", Scheme::Assumed), ("http://", Scheme::Needed), ("HTTPS://", Scheme::Assumed)]
            {
                for slash in ["", "/"] {
                    let text = format!(" {scheme}{written}@proxy.example:3128{slash}\n");
                    let via = read(&text, needs).ok().unwrap_or_else(|| panic!("{text}"));
                    assert_eq!(sent(&via), meant, "{text}");
                    let scheme = if scheme.starts_with('H') { "https" } else { "http" };
                    assert_eq!(via.shown(), format!("{scheme}://proxy.example:3128"), "{text}");
                    assert_eq!(via.marked(), format!("{scheme}://…@proxy.example:3128"), "{text}");
                }
            }
        }
    }

    #[test]
    fn without_user_information_nothing_is_sent_and_nothing_marked() {
        for text in ["http://h:1", "h:1", "http://@h:1", "http://:@h:1/"] {
            let via = read(text, Scheme::Assumed).ok().unwrap();
            assert!(via.auth.is_none(), "{text}");
            assert_eq!(via.marked(), "http://h:1");
        }
        let literal = read("https://[::1]:3129", Scheme::Needed).ok().unwrap();
        assert_eq!(literal.shown(), "https://[::1]:3129");
    }

    #[test]
    fn what_names_no_proxy_is_refused_and_nothing_of_it_kept() {
        for text in [
            "",
            "http://",
            "http://u:s3cr3t@",
            "u:s3cr3t@",
            "ftp://u:s3cr3t@h:1",
            "http//s3cr3t",
            "http:/h:1",
            "http://h:3128/s3cr3t",
            "http://h:3128//",
            "http://h:3128?s3cr3t",
            "http://h:3128#s3cr3t",
            "http://u@h:s3cr3t",
            "http://u@h:99999",
            "http://u@h 1",
            "http://u@s3cr3t name",
            "http://u@s3cr3t%41",
            "http://u@schlüssel",
            "http://u@h\\s3cr3t",
            "http://u:s3cr3t\n@h:1",
            "[::1",
        ] {
            let refused = read(text, Scheme::Assumed).err();
            assert!(matches!(refused, Some(Refusal::NotAProxy)), "{text}");
        }
        assert!(matches!(read("proxy:3128", Scheme::Needed), Err(Refusal::NotAProxy)));
        for (text, shown, marked) in [
            ("socks5h://u@v:s3/cr3t@h:1080", "socks5h://h:1080", "socks5h://…@h:1080"),
            ("SOCKS4://h", "socks4://h", "socks4://h"),
        ] {
            let refused = read(text, Scheme::Assumed).err();
            let Some(Refusal::Socks(via)) = refused else { panic!("{text}") };
            assert_eq!((&*via.shown(), &*via.marked()), (shown, marked));
        }
    }
}
