//! Pure: whether an answer has the shape of what was asked for. What is wrong with it is a sentence that quotes
//! nothing of it.

use uuid::Uuid;

/// The longest address (RFC 5321, section 4.5.3.1.3, without its brackets).
const MAX_EMAIL_CHARS: usize = 254;
/// The longest App ID that is believed: those that are known are UUIDs, of 36 characters.
const MAX_CLIENT_ID_CHARS: usize = 64;

/// What is wrong with an answer, as a sentence.
pub(crate) type Wrong = &'static str;

const QUOTATION_MARKS: [char; 2] = ['"', '\''];
/// For a value in quotation marks.
pub(crate) const QUOTED: Wrong = "Enter the value without quotation marks.";

/// Any answer but none.
pub(crate) fn anything(answer: &str) -> Result<(), Wrong> {
    if answer.is_empty() { Err("Nothing was entered.") } else { Ok(()) }
}

/// A value that was copied from a page or a file, and nothing else with it.
pub(crate) fn value(answer: &str) -> Result<(), Wrong> {
    alone(answer)?;
    if answer.contains(char::is_whitespace) {
        return Err("A value has no spaces: copy it alone.");
    }
    if !answer.bytes().all(|byte| byte.is_ascii_graphic()) {
        return Err("That has a character that no value of Concur has: copy it again.");
    }
    if answer.starts_with(QUOTATION_MARKS) || answer.ends_with(QUOTATION_MARKS) {
        return Err(QUOTED);
    }
    Ok(())
}

/// A value and not what stands around it in a file. Of a secret that a program wrote, any character is believed.
pub(crate) fn alone(answer: &str) -> Result<(), Wrong> {
    anything(answer)?;
    if answer.starts_with(['{', '[', '}']) || answer.contains("\":") {
        return Err(
            "That is JSON, and not a value alone. To log in with a file: concur-cred login \
             --credentials FILE",
        );
    }
    if answer.contains("://") {
        return Err("That is an address: enter the value alone.");
    }
    if answer.starts_with(QUOTATION_MARKS) && answer.ends_with(QUOTATION_MARKS) {
        return Err(QUOTED);
    }
    if answer.bytes().all(|byte| byte == b'*') {
        return Err("Those are the asterisks that hide a value: copy the value itself.");
    }
    if is_assignment(answer) {
        return Err("Enter only what stands behind the equals sign.");
    }
    Ok(())
}

/// Whether a line of an environment file was copied, `NAME=value`; padding is no value.
fn is_assignment(answer: &str) -> bool {
    let is_name = |name: &str| name.bytes().all(|byte| byte.is_ascii_alphabetic() || byte == b'_');
    answer
        .split_once('=')
        .is_some_and(|(name, value)| is_name(name) && !value.trim_matches('=').is_empty())
}

/// An App ID. Only Concur knows whether there is one; a token is none.
pub(crate) fn client_id(answer: &str) -> Result<(), Wrong> {
    value(answer)?;
    // What every JWT begins with.
    if answer.starts_with("eyJ") || answer.len() > MAX_CLIENT_ID_CHARS {
        return Err("That is a token: an App ID looks like 8ecde207-3a4e-4c1f-9d6a-5b8f3f3f0001.");
    }
    Ok(())
}

/// A company UUID, as Concur shows it.
pub(crate) fn company_uuid(answer: &str) -> Result<(), Wrong> {
    anything(answer)?;
    let is_uuid = answer.len() == uuid::fmt::Hyphenated::LENGTH && Uuid::try_parse(answer).is_ok();
    let wrong = "Invalid company UUID: it looks like 0a3ac1d5-1c0b-4c5c-9d6a-5b8f3f3f0001.";
    if is_uuid { Ok(()) } else { Err(wrong) }
}

/// The shape of an e-mail address; whether there is one, only Concur knows.
pub(crate) fn email(answer: &str) -> Result<(), Wrong> {
    anything(answer)?;
    let is_clean = answer.chars().all(|c| !c.is_whitespace() && !c.is_control())
        && answer.len() <= MAX_EMAIL_CHARS;
    let is_address = answer.rsplit_once('@').is_some_and(|(name, domain)| {
        let labels = || domain.split('.');
        !name.is_empty()
            && !name.contains('@')
            && labels().count() > 1
            && labels().all(|label| !label.is_empty())
    });
    let wrong = "Invalid e-mail address: it looks like erika@example.com.";
    if is_clean && is_address { Ok(()) } else { Err(wrong) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_must_have_the_shape_of_what_was_asked_for() {
        for good in ["erika@example.com", "o'neil+x@mail.example.co.uk", "ü@bücher.example"] {
            assert_eq!(email(good), Ok(()), "{good}");
        }
        let long = format!("{}@example.com", "x".repeat(250));
        let bad = [
            "erika",
            "@example.com",
            "a@b",
            "a@b@example.com",
            "a@.com",
            "a@b.",
            "a b@c.de",
            &long,
        ];
        for bad in bad {
            assert!(email(bad).is_err(), "{bad}");
        }
        assert_eq!(company_uuid("0A3AC1D5-1c0b-4c5c-9d6a-5b8f3f3f0001"), Ok(()));
        for bad in ["acme", "0a3ac1d51c0b4c5c9d6a5b8f3f3f0001", "{0a3ac1d5}", ""] {
            assert!(company_uuid(bad).is_err(), "{bad}");
        }
        assert!(anything("").is_err());
    }

    #[test]
    fn a_value_is_copied_alone() {
        for good in ["8ecde207-3a4e-4c1f-9d6a-5b8f3f3f0001", "0_abc.D-1~x", "c2VjcmV0IQ==", "a+/b="]
        {
            assert_eq!(value(good), Ok(()), "{good}");
        }
        for (bad, what) in [
            ("", "Nothing"),
            (r#"{"appID":"x","clientSecret":"y"}"#, "JSON"),
            ("{", "JSON"),
            (r#""appID": "x","#, "JSON"),
            ("https://us2.api.concursolutions.com", "address"),
            ("App ID: x", "spaces"),
            ("x\u{1b}[2J", "character"),
            ("8ecde207\u{2026}", "character"),
            ("\"x\"", "quotation"),
            ("x'", "quotation"),
            ("********", "asterisks"),
            ("CLIENT_SECRET=x", "equals sign"),
        ] {
            let wrong = value(bad).unwrap_err();
            assert!(wrong.contains(what), "{bad:?}: {wrong}");
        }
    }

    #[test]
    fn a_token_is_no_app_id() {
        assert_eq!(client_id("8ecde207-3a4e-4c1f-9d6a-5b8f3f3f0001"), Ok(()));
        for bad in ["eyJhbGciOiJSUzI1NiJ9.e30.c2ln", &"x".repeat(65), "a b"] {
            assert!(client_id(bad).is_err(), "{bad}");
        }
    }
}
