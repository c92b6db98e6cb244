//! Asking a person, on a terminal alone. Secrets are never echoed. A wrong answer is asked for again,
//! with one sentence that says what is wrong.

pub(crate) mod shape;
#[cfg(unix)]
mod unseen;

use std::io::{self, IsTerminal};

use zeroize::Zeroizing;

use crate::error::{Error, Kind, Result};
use crate::formats::pasted::{self, Connection};
use crate::model::lenient::trimmed;
use crate::model::origin::{Origin, SHORT_NAMES};
use crate::model::printable::printable;
use crate::model::secret::Secret;
use crate::sys::{progress, streams};
use crate::ui::context::Context;
use crate::ui::status::view::short_name;
use shape::Wrong;

/// How often a question is asked.
const TRIES: u32 = 3;

/// Whether there is a person to ask.
pub(crate) fn is_possible() -> bool {
    io::stdin().is_terminal() && io::stderr().is_terminal()
}

/// Discards what was typed ahead of a person's questions. Of questions that were given up the next line may be a
/// secret, and a shell would run it and keep it in its history.
pub(crate) fn discard_unread(context: &Context<'_>) {
    #[cfg(unix)]
    if context.has_asked {
        unseen::discard();
    }
    #[cfg(not(unix))]
    let _ = context;
}

/// Asks for a line that may be seen; no answer is `default`, where there is one. `check` says what is wrong
/// with it.
pub(crate) fn line(
    context: &mut Context<'_>,
    question: &str,
    default: Option<&str>,
    check: impl Fn(&str) -> Result<(), Wrong>,
) -> Result<String> {
    asked(context, &with_default(question, default), |answer| {
        let answer = default.filter(|_| answer.is_empty()).unwrap_or(answer);
        check(answer).map(|()| answer.to_owned()).map_err(str::to_owned)
    })
}

fn with_default(question: &str, default: Option<&str>) -> String {
    let default = default.map(|default| format!(" [{}]", printable(default, 80)));
    format!("{question}{}", default.unwrap_or_default())
}

/// Asks for the data centre to log in at; `default` is what no answer means.
pub(crate) fn data_centre(context: &mut Context<'_>, default: &str) -> Result<Origin> {
    let shown = short_name(default).unwrap_or(default);
    let question = with_default("Data centre (us2, eu2, apj1, ... or an origin)", Some(shown));
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

/// Before a question: nothing of the progress is left on its line.
fn begin(context: &mut Context<'_>) {
    progress::wipe();
    context.has_asked = true;
}

fn asked<T>(
    context: &mut Context<'_>,
    question: &str,
    read: impl Fn(&str) -> Result<T, String>,
) -> Result<T> {
    begin(context);
    for _ in 0..TRIES {
        let _ = write!(context.err, "{question}: ");
        let _ = context.err.flush();
        let mut answer = String::new();
        let count = streams::read_line(&mut answer).map_err(|_| not_answered())?;
        if count == 0 {
            return Err(not_answered());
        }
        match read(trimmed(&answer)) {
            Ok(value) => return Ok(value),
            Err(wrong) => say_wrong(context, &wrong),
        }
    }
    Err(given_up())
}

/// Asks for a secret, without echo, that `read` takes out of the answer, or says what is wrong with it.
pub(crate) fn secret_in<T>(
    context: &mut Context<'_>,
    question: &str,
    read: impl Fn(&str) -> Result<T, Wrong>,
) -> Result<T> {
    asked_unseen(context, &format!("{question} (not shown): "), |answer| {
        let answer = trimmed(answer);
        shape::anything(answer).and_then(|()| read(answer))
    })
}

/// Asks for a company, where an address of the App Center may be pasted that holds a secret, too: so it is
/// not echoed, and a UUID alone is said again. `check` says what else is wrong with one.
pub(crate) fn company(
    context: &mut Context<'_>,
    default: Option<&str>,
    check: impl Fn(&str) -> Result<(), Wrong>,
) -> Result<Company> {
    let question = format!("{}: ", with_default("Company UUID", default));
    let company = asked_unseen(context, &question, |answer| {
        let answer = trimmed(answer);
        let answer = default.filter(|_| answer.is_empty()).unwrap_or(answer);
        match pasted::connection(answer) {
            Some(connection) => connection.map(Company::Connection),
            None => shape::company_uuid(answer)
                .and_then(|()| check(answer))
                .map(|()| Company::Uuid(answer.to_owned())),
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
        shape::anything(answer).map(|()| Secret::from(answer))
    })
}

fn asked_unseen<T>(
    context: &mut Context<'_>,
    question: &str,
    read: impl Fn(&str) -> Result<T, Wrong>,
) -> Result<T> {
    begin(context);
    for _ in 0..TRIES {
        let answer = unseen(context, question).map_err(|_| not_answered())?;
        match read(&answer) {
            Ok(value) => return Ok(value),
            Err(wrong) => say_wrong(context, wrong),
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
            "Invalid data centre: {bad}. Enter one of {}, or an origin such as \
             https://us2.api.concursolutions.com.",
            SHORT_NAMES.join(", ")
        )
    })
}

/// Said even with `--quiet`: who is asked must know why again.
pub(crate) fn say(context: &mut Context<'_>, wrong: &str) {
    let _ = progress::beside(|| writeln!(context.err, "{wrong}"));
}

/// Says what is wrong with an answer. What was pasted behind it is no answer to the question that is asked again.
pub(crate) fn say_wrong(context: &mut Context<'_>, wrong: &str) {
    discard_unread(context);
    say(context, wrong);
}

fn not_answered() -> Error {
    Error::new(Kind::Usage, "The question was not answered", "Run it again; nothing was changed.")
}

fn given_up() -> Error {
    Error::new(
        Kind::Usage,
        "No valid answer after three tries",
        "Look the value up and run it again; nothing was changed.",
    )
}

#[cfg(test)]
mod tests {
    use super::*;

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
