//! Pure: the callback, whether the browser sent it or a person pasted its address.

use std::fmt;

use url::{Url, form_urlencoded};

use super::link;
use super::redirect::RedirectUri;
use crate::model::secret::Secret;

/// The longest accepted value: a code is a UUID.
const MAX_VALUE_BYTES: usize = 4096;

/// A callback whose state is that of this login.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Landing {
    /// The user allowed the application.
    Code {
        /// Can be exchanged once.
        code: Secret,
        /// Where to exchange it, as received; not yet checked against the allowed origins.
        geolocation: Option<String>,
    },
    /// The user or Concur refused.
    Refused {
        /// `error_code`, as received.
        code: String,
        /// `error_description`, as received.
        description: Option<String>,
    },
}

/// Why a callback is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum InvalidCallback {
    /// Not an address at all.
    NotAnAddress,
    /// The address of the sign-in page.
    TooEarly,
    /// Another address.
    Elsewhere,
    /// No state: an attacker may have started this login.
    NoState,
    /// Another state: an earlier login, or an attempt to end this one in an attacker's account.
    OtherState,
    /// Neither a code nor an error.
    NoCode,
    /// A repeated or invalid value.
    Malformed,
}

impl fmt::Display for InvalidCallback {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NotAnAddress => "this is not an address: it must begin with http:// or https://",
            Self::TooEarly => {
                "this is the address to open: sign in there, then paste the address at which the \
                 browser ends"
            }
            Self::Elsewhere => {
                "this is another page: the address must begin with the redirect URI of this login"
            }
            Self::NoState => "the address contains no state: copy all of it",
            Self::OtherState => "the address belongs to another login: use the newest one",
            Self::NoCode => "the address contains no code: copy all of it",
            Self::Malformed => "the address is damaged: copy it again",
        })
    }
}

/// Parses the query of the request to the redirect URI.
pub(crate) fn of_query(query: &str, state: &Secret) -> Result<Landing, InvalidCallback> {
    let field = |name: &str| -> Result<Option<Secret>, InvalidCallback> {
        let mut values =
            form_urlencoded::parse(query.as_bytes()).filter(|(known, _)| known == name);
        let first = values.next().map(|(_, value)| Secret::from(value.into_owned()));
        let is_too_long = first.as_ref().is_some_and(|value| value.len() > MAX_VALUE_BYTES);
        if values.next().is_some() || is_too_long {
            return Err(InvalidCallback::Malformed);
        }
        Ok(first.filter(|value| !value.is_empty()))
    };
    let text = |name: &str| {
        field(name).map(|value| value.and_then(|value| value.expose_utf8().map(str::to_owned)))
    };
    if field("state")?.ok_or(InvalidCallback::NoState)? != *state {
        return Err(InvalidCallback::OtherState);
    }
    let error = text("error_code")?.or(text("error")?);
    match (field("code")?, error) {
        (None, Some(code)) => {
            Ok(Landing::Refused { code, description: text("error_description")? })
        }
        (Some(code), None) if code.expose().iter().all(u8::is_ascii_graphic) => {
            Ok(Landing::Code { code, geolocation: text("geolocation")? })
        }
        (Some(_), _) => Err(InvalidCallback::Malformed),
        (None, None) => Err(InvalidCallback::NoCode),
    }
}

/// Parses a pasted address.
pub(crate) fn of_pasted(
    line: &str,
    redirect_uri: &RedirectUri,
    state: &Secret,
) -> Result<Landing, InvalidCallback> {
    // Mails and chats add quotes and angle brackets.
    let line = line.trim().trim_matches(|c| matches!(c, '"' | '\'' | '<' | '>'));
    let url = Url::parse(line).map_err(|_| InvalidCallback::NotAnAddress)?;
    if !matches!(url.scheme(), "http" | "https") {
        return Err(InvalidCallback::NotAnAddress);
    }
    if !redirect_uri.is_met_by(&url) {
        let early = link::is_authorize_page(&url);
        return Err(if early { InvalidCallback::TooEarly } else { InvalidCallback::Elsewhere });
    }
    of_query(url.query().unwrap_or_default(), state)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn read(query: &str) -> Result<Landing, InvalidCallback> {
        of_query(query, &Secret::from("st"))
    }

    #[test]
    fn a_code_comes_with_its_state_and_perhaps_a_geolocation() {
        let code = |geolocation: Option<&str>| Landing::Code {
            code: Secret::from("c-1"),
            geolocation: geolocation.map(str::to_owned),
        };
        assert_eq!(read("code=c-1&state=st"), Ok(code(None)));
        let geolocation = Some("https://us.api.concursolutions.com");
        let query = "geolocation=https%3A%2F%2Fus.api.concursolutions.com&code=c-1&state=st&more=1";
        assert_eq!(read(query), Ok(code(geolocation)));
    }

    #[test]
    fn a_refusal_is_told_as_concur_and_as_the_rfc_spell_it() {
        let refused = |code: &str, description: Option<&str>| Landing::Refused {
            code: code.to_owned(),
            description: description.map(str::to_owned),
        };
        assert_eq!(
            read("error_code=10&error_description=Account+is+disabled&state=st"),
            Ok(refused("10", Some("Account is disabled")))
        );
        assert_eq!(read("error=access_denied&state=st"), Ok(refused("access_denied", None)));
    }

    #[test]
    fn what_is_not_the_landing_of_this_login_is_told_apart() {
        for (query, expected) in [
            ("", InvalidCallback::NoState),
            ("code=c", InvalidCallback::NoState),
            ("code=c&state=", InvalidCallback::NoState),
            ("code=c&state=ST", InvalidCallback::OtherState),
            ("code=c&state=st2", InvalidCallback::OtherState),
            ("error_code=59", InvalidCallback::NoState),
            ("error_code=59&state=x", InvalidCallback::OtherState),
            ("state=st", InvalidCallback::NoCode),
            ("state=st&code=", InvalidCallback::NoCode),
            ("state=st&state=st&code=c", InvalidCallback::Malformed),
            ("state=st&code=c&code=d", InvalidCallback::Malformed),
            ("state=st&code=c&geolocation=a&geolocation=b", InvalidCallback::Malformed),
            ("state=st&code=c&error_code=59", InvalidCallback::Malformed),
            ("state=st&code=a%0Ab", InvalidCallback::Malformed),
            ("state=st&code=%FF", InvalidCallback::Malformed),
        ] {
            assert_eq!(read(query), Err(expected), "{query:?}");
        }
        let long = format!("state=st&code={}", "c".repeat(MAX_VALUE_BYTES + 1));
        assert_eq!(read(&long), Err(InvalidCallback::Malformed));
    }

    #[test]
    fn each_wrong_paste_has_its_own_sentence() {
        let uri: RedirectUri = "http://localhost:8017/callback".parse().unwrap();
        let state = Secret::from("st");
        let read = |line: &str| of_pasted(line, &uri, &state);
        for line in [
            "http://localhost:8017/callback?code=c&state=st",
            "  <http://localhost:8017/callback?code=c&state=st>\r\n",
            "'http://LOCALHOST:8017/callback?code=c&state=st'",
        ] {
            assert!(matches!(read(line), Ok(Landing::Code { .. })), "{line:?}");
        }
        for (line, expected) in [
            ("", InvalidCallback::NotAnAddress),
            ("code=c&state=st", InvalidCallback::NotAnAddress),
            ("localhost:8017/callback?code=c&state=st", InvalidCallback::NotAnAddress),
            (
                "https://www-us.api.concursolutions.com/oauth2/v0/authorize?state=st",
                InvalidCallback::TooEarly,
            ),
            ("http://localhost:8017/callback/?code=c&state=st", InvalidCallback::Elsewhere),
            ("http://localhost:8018/callback?code=c&state=st", InvalidCallback::Elsewhere),
            ("https://localhost:8017/callback?code=c&state=st", InvalidCallback::Elsewhere),
            ("http://localhost:8017/callback", InvalidCallback::NoState),
            ("http://localhost:8017/callback?code=c&state=other", InvalidCallback::OtherState),
            ("http://localhost:8017/callback?state=st", InvalidCallback::NoCode),
        ] {
            assert_eq!(read(line), Err(expected), "{line:?}");
        }
    }

    proptest! {
        #[test]
        fn only_the_very_state_is_taken(query in ".{0,80}", state in "[a-z]{1,8}") {
            let landed = of_query(&query, &Secret::from(state.as_str()));
            let has_it = form_urlencoded::parse(query.as_bytes())
                .any(|(name, value)| name == "state" && value == state.as_str());
            prop_assert!(has_it || landed.is_err());
        }
    }
}
