//! Asking a person, on a terminal alone. Secrets are never echoed. A wrong answer is asked for again,
//! with one sentence that says what is wrong.

#[cfg(unix)]
mod unseen;

use std::io::{self, IsTerminal};

use uuid::Uuid;
use zeroize::Zeroizing;

use crate::error::{Error, Kind, Result};
use crate::formats::pasted::{self, Connection};
use crate::model::origin::{Origin, SHORT_NAMES};
use crate::model::secret::Secret;
use crate::sys::streams;
use crate::ui::context::Context;

/// How often a question is asked.
const TRIES: u32 = 3;
/// The longest address (RFC 5321, section 4.5.3.1.3, without its brackets).
const MAX_EMAIL_CHARS: usize = 254;

/// What is wrong with an answer, as a sentence.
pub(crate) type Wrong = &'static str;

/// Whether there is a person to ask.
pub(crate) fn is_possible() -> bool {
    io::stdin().is_terminal() && io::stderr().is_terminal()
}

/// Asks for a line that may be seen. `check` says what is wrong with it.
pub(crate) fn line(
    context: &mut Context<'_>,
    question: &str,
    check: fn(&str) -> Result<(), Wrong>,
) -> Result<String> {
    asked(context, question, |answer| {
        anything(answer).and_then(|()| check(answer)).map_err(str::to_owned)?;
        Ok(answer.to_owned())
    })
}

/// Asks for the data centre to log in at; `default` is what no answer means.
pub(crate) fn data_centre(context: &mut Context<'_>, default: &str) -> Result<Origin> {
    let question = format!("Data centre (us2, eu2, apj1, ... or an origin) [{default}]");
    asked(context, &question, |answer| origin(answer, default))
}

/// Asks for one of these by its number, and returns its place; no answer is the first.
pub(crate) fn choice<const N: usize>(
    context: &mut Context<'_>,
    question: &str,
    choices: &[&str; N],
) -> Result<usize> {
    say(context, question);
    for (at, choice) in choices.iter().enumerate() {
        say(context, &format!("  {}  {choice}", at + 1));
    }
    asked(context, &format!("Enter 1 to {N} [1]"), |answer| chosen(answer, N))
}

fn asked<T>(
    context: &mut Context<'_>,
    question: &str,
    read: impl Fn(&str) -> Result<T, String>,
) -> Result<T> {
    for _ in 0..TRIES {
        let _ = write!(context.err, "{question}: ");
        let _ = context.err.flush();
        let mut answer = String::new();
        let count = streams::read_line(&mut answer).map_err(|_| not_answered())?;
        if count == 0 {
            return Err(not_answered());
        }
        match read(answer.trim()) {
            Ok(value) => return Ok(value),
            Err(wrong) => say(context, &wrong),
        }
    }
    Err(given_up())
}

/// Asks for a secret, without echo. Blanks around it come along from pages and mails, and go.
pub(crate) fn secret(context: &mut Context<'_>, question: &str) -> Result<Secret> {
    secret_in(context, question, |answer| Ok(Secret::from(answer)))
}

/// The same for a secret that `read` takes out of the answer, or says what is wrong with it.
pub(crate) fn secret_in<T>(
    context: &mut Context<'_>,
    question: &str,
    read: impl Fn(&str) -> Result<T, Wrong>,
) -> Result<T> {
    asked_unseen(context, &format!("{question} (not shown): "), |answer| {
        let answer = answer.trim();
        anything(answer).and_then(|()| read(answer))
    })
}

/// Asks for a company, where an address of the App Center may be pasted that holds a secret, too: so it is
/// not echoed, and a UUID alone is said again.
pub(crate) fn company(context: &mut Context<'_>) -> Result<Company> {
    let company = asked_unseen(context, "Company UUID: ", |answer| {
        let answer = answer.trim();
        anything(answer)?;
        match pasted::connection(answer) {
            Some(connection) => connection.map(Company::Connection),
            None => company_uuid(answer).map(|()| Company::Uuid(answer.to_owned())),
        }
    })?;
    let (Company::Uuid(id) | Company::Connection(Connection { id, .. })) = &company;
    say(context, &format!("Company {id}"));
    Ok(company)
}

/// What is answered when a company is asked for.
pub(crate) enum Company {
    /// Its UUID.
    Uuid(String),
    /// A pasted address with its UUID and request token.
    Connection(Connection),
}

/// The same for a password that a person chose: every blank of it counts, and a wrong one more locks the
/// account.
pub(crate) fn password(context: &mut Context<'_>, question: &str) -> Result<Secret> {
    asked_unseen(context, &format!("{question} (not shown): "), |answer| {
        anything(answer).map(|()| Secret::from(answer))
    })
}

fn asked_unseen<T>(
    context: &mut Context<'_>,
    question: &str,
    read: impl Fn(&str) -> Result<T, Wrong>,
) -> Result<T> {
    for _ in 0..TRIES {
        let answer = unseen(context, question).map_err(|_| not_answered())?;
        match read(&answer) {
            Ok(value) => return Ok(value),
            Err(wrong) => say(context, wrong),
        }
    }
    Err(given_up())
}

#[cfg(unix)]
fn unseen(context: &mut Context<'_>, question: &str) -> io::Result<Zeroizing<String>> {
    unseen::line(context.err, question)
}

#[cfg(not(unix))]
fn unseen(_: &mut Context<'_>, question: &str) -> io::Result<Zeroizing<String>> {
    rpassword::prompt_password(question).map(Zeroizing::new)
}

/// Any answer but none.
pub(crate) fn anything(answer: &str) -> Result<(), Wrong> {
    if answer.is_empty() { Err("Nothing was entered.") } else { Ok(()) }
}

/// A company UUID, as Concur shows it.
pub(crate) fn company_uuid(answer: &str) -> Result<(), Wrong> {
    let is_uuid = answer.len() == uuid::fmt::Hyphenated::LENGTH && Uuid::try_parse(answer).is_ok();
    let wrong = "That is no UUID: it looks like 0a3ac1d5-1c0b-4c5c-9d6a-5b8f3f3f0001.";
    if is_uuid { Ok(()) } else { Err(wrong) }
}

/// The shape of an e-mail address; whether there is one, only Concur knows.
pub(crate) fn email(answer: &str) -> Result<(), Wrong> {
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

/// The place of a choice among so many; the first when nothing was entered.
fn chosen(answer: &str, count: usize) -> Result<usize, String> {
    let number = answer.trim_end_matches(['.', ')']);
    let number = if number.is_empty() { Ok(1) } else { number.parse::<usize>() };
    let place = number.ok().filter(|number| (1..=count).contains(number)).map(|number| number - 1);
    place.ok_or_else(|| {
        format!("Enter a number from 1 to {count}; the values themselves are asked for next.")
    })
}

/// What `--base-url` takes; `default` when nothing was entered.
fn origin(answer: &str, default: &str) -> Result<Origin, String> {
    let text = if answer.is_empty() { default } else { answer };
    Origin::from_person(text).map_err(|bad| {
        format!(
            "That is no data centre ({bad}). Enter one of {}, or an origin such as \
             https://us2.api.concursolutions.com.",
            SHORT_NAMES.join(", ")
        )
    })
}

/// Said even with `--quiet`: who is asked must know why again.
pub(crate) fn say(context: &mut Context<'_>, wrong: &str) {
    let _ = writeln!(context.err, "{wrong}");
}

fn not_answered() -> Error {
    Error::new(
        Kind::Usage,
        "The question was not answered",
        "Run it again; what credentials.json (concur-cred init) or the environment holds is not asked for.",
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

    #[test]
    fn a_choice_is_a_number_and_nothing_is_the_first() {
        for (answer, place) in [("", 0), ("1", 0), ("2.", 1), ("5)", 4)] {
            assert_eq!(chosen(answer, 5), Ok(place), "{answer}");
        }
        for bad in ["0", "6", "-1", "two", "1 2", "99999999999999999999"] {
            assert!(chosen(bad, 5).is_err_and(|wrong| wrong.contains("from 1 to 5")), "{bad}");
        }
    }

    #[test]
    fn a_data_centre_is_what_base_url_takes_and_nothing_is_the_default() {
        let host = |answer| origin(answer, "glz").map(|origin| origin.host().to_owned());
        assert_eq!(host("").as_deref(), Ok("glz.api.concursolutions.com"));
        assert_eq!(host("us2").as_deref(), Ok("us2.api.concursolutions.com"));
        assert_eq!(
            host("https://EU.api.concursolutions.com/").as_deref(),
            Ok("eu.api.concursolutions.com")
        );
        for bad in ["us3", "http://us2.api.concursolutions.com", "https://u:p@h.example", "y"] {
            let wrong = host(bad).unwrap_err();
            assert!(wrong.contains("us2, eu2, apj1") && !wrong.contains("u:p"), "{bad}: {wrong}");
        }
    }
}
