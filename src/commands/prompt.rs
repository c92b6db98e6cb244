//! Asking a person, on a terminal alone. Secrets are never echoed. A wrong answer is asked for again,
//! with one sentence that says what is wrong.

use std::io::{self, IsTerminal};

use uuid::Uuid;

use crate::app::App;
use crate::error::{Error, Kind, Result};
use crate::model::secret::Secret;

/// How often a question is asked.
const TRIES: u32 = 3;
/// The longest address (RFC 5321, section 4.5.3.1.3, without its brackets).
const MAX_EMAIL_CHARS: usize = 254;

/// What is wrong with an answer, as a sentence.
pub(super) type Wrong = &'static str;

/// Whether there is a person to ask.
pub(super) fn is_possible() -> bool {
    io::stdin().is_terminal() && io::stderr().is_terminal()
}

/// Asks for a line that may be seen. `check` says what is wrong with it.
pub(super) fn line(
    app: &mut App<'_>,
    question: &str,
    check: fn(&str) -> Result<(), Wrong>,
) -> Result<String> {
    for _ in 0..TRIES {
        let _ = write!(app.err, "{question}: ");
        let _ = app.err.flush();
        let mut answer = String::new();
        let read = io::stdin().read_line(&mut answer).map_err(|_| nobody())?;
        if read == 0 {
            return Err(nobody());
        }
        let answer = answer.trim();
        match anything(answer).and_then(|()| check(answer)) {
            Ok(()) => return Ok(answer.to_owned()),
            Err(wrong) => say(app, wrong),
        }
    }
    Err(given_up())
}

/// Asks for a secret, without echo.
pub(super) fn secret(app: &mut App<'_>, question: &str) -> Result<Secret> {
    for _ in 0..TRIES {
        let answer = rpassword::prompt_password(format!("{question} (not shown): "));
        let answer = zeroize::Zeroizing::new(answer.map_err(|_| nobody())?);
        let answer = answer.trim();
        match anything(answer) {
            Ok(()) => return Ok(Secret::from(answer)),
            Err(wrong) => say(app, wrong),
        }
    }
    Err(given_up())
}

/// Any answer but none.
pub(super) fn anything(answer: &str) -> Result<(), Wrong> {
    if answer.is_empty() { Err("Nothing was entered.") } else { Ok(()) }
}

/// A company UUID, as Concur shows it.
pub(super) fn company_uuid(answer: &str) -> Result<(), Wrong> {
    let is_uuid = answer.len() == uuid::fmt::Hyphenated::LENGTH && Uuid::try_parse(answer).is_ok();
    let wrong = "That is no UUID: it looks like 0a3ac1d5-1c0b-4c5c-9d6a-5b8f3f3f0001.";
    if is_uuid { Ok(()) } else { Err(wrong) }
}

/// The shape of an e-mail address; whether there is one, only Concur knows.
pub(super) fn email(answer: &str) -> Result<(), Wrong> {
    let is_clean = answer.chars().all(|c| !c.is_whitespace() && !c.is_control())
        && answer.len() <= MAX_EMAIL_CHARS;
    let is_address = answer.rsplit_once('@').is_some_and(|(name, domain)| {
        let labels = || domain.split('.');
        !name.is_empty()
            && !name.contains('@')
            && labels().count() > 1
            && labels().all(|label| !label.is_empty())
    });
    let wrong = "That is no e-mail address: it looks like erika@example.com.";
    if is_clean && is_address { Ok(()) } else { Err(wrong) }
}

/// Said even with `--quiet`: who is asked must know why again.
fn say(app: &mut App<'_>, wrong: Wrong) {
    let _ = writeln!(app.err, "{wrong}");
}

fn nobody() -> Error {
    Error::new(
        Kind::Usage,
        "The question was not answered",
        "Fill in credentials.json (concur-cred init) and run it again.",
    )
}

fn given_up() -> Error {
    Error::new(
        Kind::Usage,
        "The question was answered wrongly three times",
        "Look the value up and run it again; nothing was changed.",
    )
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
}
