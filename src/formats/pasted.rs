//! Pure: links that people paste at a prompt for a secret. The mail of a one-time password may contain a link
//! with the password, and the App Center sends the browser to an address with a request token.

use url::form_urlencoded;
use uuid::Uuid;

use crate::model::secret::Secret;

/// The values in an address of the App Center (SAP: company-level connection, authorization flow).
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Connection {
    /// `id`: the company or user, sent as `username`.
    pub id: String,
    /// `requestToken`, sent as `password`.
    pub request_token: Secret,
}

/// Parses a one-time password, or a link with one: `token=`, which in SAP's sample follows a `&` without a `?`
/// before it. The error is a sentence.
pub(crate) fn one_time_password(pasted: &str) -> Result<Secret, &'static str> {
    let text = plain(pasted);
    if !has_field(text, "token") && !text.contains("://") {
        return Ok(Secret::from(text));
    }
    field(text, "token").ok_or("This link contains no one-time password (token=): copy all of it.")
}

/// Parses an address of the App Center; `None`: it is not one, and may be the requested value itself. The error
/// is a sentence.
pub(crate) fn connection(pasted: &str) -> Option<Result<Connection, &'static str>> {
    let text = plain(pasted);
    if !has_field(text, "requestToken") && !text.contains("://") {
        return None;
    }
    let wrong = "This address contains no id with a requestToken: copy all of it.";
    let id = field(text, "id").and_then(|id| id.expose_utf8().map(str::to_owned));
    let id = id.filter(|id| Uuid::try_parse(id).is_ok());
    let found = id.zip(field(text, "requestToken"));
    Some(found.map(|(id, request_token)| Connection { id, request_token }).ok_or(wrong))
}

/// Whether a text is a link with such a secret: on a command line, all users of the machine can read it.
pub(crate) fn is_secret(text: &str) -> bool {
    has_field(text, "requestToken") || (text.contains("://") && has_field(text, "token"))
}

/// Removes what mails and chats add.
fn plain(pasted: &str) -> &str {
    pasted.trim_matches(|c: char| c.is_whitespace() || matches!(c, '"' | '\'' | '<' | '>'))
}

/// The fields behind `?`, `&` or `#`; a mail's source has `&amp;` for `&`.
fn fields(text: &str) -> impl Iterator<Item = (&str, &str)> {
    let pieces =
        text.split(['?', '&', '#']).map(|piece| piece.strip_prefix("amp;").unwrap_or(piece));
    pieces.filter_map(|piece| piece.split_once('='))
}

fn has_field(text: &str, name: &str) -> bool {
    fields(text).any(|(known, _)| known.eq_ignore_ascii_case(name))
}

/// The decoded value of a field that occurs once, valid for a form.
fn field(text: &str, name: &str) -> Option<Secret> {
    let mut values = fields(text).filter(|(known, _)| known.eq_ignore_ascii_case(name));
    let (Some((_, value)), None) = (values.next(), values.next()) else { return None };
    // A plus sign means itself in all known links, and none of these values contains a blank.
    let value = value.replace('+', "%2B");
    let (decoded, _) = form_urlencoded::parse(value.as_bytes()).next()?;
    let decoded = Secret::from(decoded.into_owned());
    let is_good = decoded.expose().iter().all(u8::is_ascii_graphic) && !decoded.is_empty();
    is_good.then_some(decoded)
}

#[cfg(test)]
mod tests {
    use super::*;

    const ID: &str = "08bcca1e-0d4f-4261-9f1b-f778d96617d6";

    #[test]
    fn a_one_time_password_comes_alone_or_in_a_link() {
        for pasted in [
            "12345678",
            " 12345678\r\n",
            "https://vendor.example/login?token=12345678",
            "https://vendor.example/login&token=12345678",
            "https://vendor.example/login?a=b&amp;token=12345678#top",
            "<https://vendor.example/#token=12345678&x=1>",
            "'https://vendor.example/?TOKEN=1234%35678'",
            "token=12345678",
        ] {
            assert_eq!(one_time_password(pasted), Ok(Secret::from("12345678")), "{pasted}");
        }
        for pasted in [
            "https://vendor.example/login",
            "https://vendor.example/login?token=",
            "https://vendor.example/login?requestToken=1",
            "https://vendor.example/login?token=1&token=2",
            "https://vendor.example/login?token=1%0a2",
        ] {
            assert!(one_time_password(pasted).is_err(), "{pasted}");
        }
    }

    #[test]
    fn an_address_of_the_app_center_holds_both() {
        for pasted in [
            format!("https://vendor.example/connect?id={ID}&requestToken=rt-1&userId=7"),
            format!(" <https://vendor.example/?userId=7&requestToken=rt-1&id={ID}#x> "),
            format!("https://vendor.example/connect&amp;id={ID}&amp;requesttoken=rt%2d1"),
            format!("?id={ID}&requestToken=rt-1"),
        ] {
            let read = connection(&pasted);
            let expected = Connection { id: ID.to_owned(), request_token: Secret::from("rt-1") };
            assert_eq!(read, Some(Ok(expected)), "{pasted}");
        }
        for pasted in [
            "https://vendor.example/connect".to_owned(),
            "https://vendor.example/?requestToken=rt-1".to_owned(),
            format!("https://vendor.example/?id={ID}"),
            format!("https://vendor.example/?id={ID}&requestToken="),
            format!("https://vendor.example/?id={ID}&id={ID}&requestToken=x"),
            "https://vendor.example/?id=acme&requestToken=rt-1".to_owned(),
        ] {
            assert!(connection(&pasted).is_some_and(|read| read.is_err()), "{pasted}");
        }
        assert_eq!((connection(ID), connection("rt-1")), (None, None));
    }

    #[test]
    fn a_link_with_a_secret_is_distinguished_from_a_base_url() {
        assert!(is_secret("https://vendor.example/?id=1&requestToken=x"));
        assert!(is_secret("https://vendor.example/login&token=1"));
        for text in ["us2", "https://us2.api.concursolutions.com/oauth2/v0/token", "a.json"] {
            assert!(!is_secret(text), "{text}");
        }
    }
}
