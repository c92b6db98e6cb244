//! `set-secret`: stores the new client secret of an application.

use std::path::Path;

use crate::auth::accounts;
use crate::auth::login::checked;
use crate::auth::login::dialog::again::{self, Corrections};
use crate::auth::login::dialog::questions;
use crate::auth::refresh::{Refresher, or_another_application};
use crate::error::{Error, Kind, Result, ServiceWord, set_secret_command};
use crate::model::printable::printable;
use crate::model::record::Record;
use crate::model::secret::Secret;
use crate::store::Store;
use crate::store::audit::Event;
use crate::sys::{files, stdin, streams};
use crate::ui::context::Context;
use crate::ui::prompt::{self, shape};

const VARIABLE: &str = "CONCUR_CRED_CLIENT_SECRET";

pub(super) fn run(context: &mut Context<'_>) -> Result<u8> {
    let mut store = accounts::store(context)?;
    let record = accounts::selected_record(context, &store)?;
    // No lock is held during a prompt.
    let (mut secret, source) = new_secret(context, record.client_id())?;
    if let Some(warning) = store.prove_key()? {
        context.warn(warning);
    }
    let mut corrections = Corrections::new();
    loop {
        let replaced = Refresher::with(context, |refresher| {
            refresher.replace_client_secret(&mut store, &record, &secret)
        });
        let replaced = replaced.map_err(|error| match source {
            Source::Variable => with_variable_named(error, &record),
            Source::Pipe | Source::Person => error,
        });
        audit(context, record.profile_name(), &replaced);
        let refused = match replaced {
            Ok(profiles) => return Ok(done(context, &store, &profiles)),
            Err(refused) => refused,
        };
        match (source, corrections.code(&refused)) {
            (Source::Person, Some(5 | 61 | 64)) => {
                again::say(context, "Concur refused the new client secret", &refused);
                secret = typed_secret(context, record.client_id()).map_err(|_| refused)?;
            }
            _ => return Err(refused),
        }
    }
}

/// Says in which profiles the secret was replaced.
fn done(context: &mut Context<'_>, store: &Store, profiles: &[String]) -> u8 {
    store.leave_cache();
    let whose = if profiles.len() == 1 { "profile" } else { "profiles" };
    context.note(&format!("client secret replaced in the {whose} {}", profiles.join(", ")));
    0
}

/// The source of the new secret.
#[derive(Clone, Copy)]
enum Source {
    Variable,
    Pipe,
    Person,
}

/// From the environment, from stdin, or from a prompt.
fn new_secret(context: &mut Context<'_>, client_id: &str) -> Result<(Secret, Source)> {
    if let Some(text) = context.env.setting(VARIABLE)? {
        return Ok((read_as_secret(text.trim(), VARIABLE)?, Source::Variable));
    }
    if stdin::is_terminal() {
        if !prompt::is_possible() {
            return Err(not_given());
        }
        return Ok((typed_secret(context, client_id)?, Source::Person));
    }
    let bytes = files::read_bounded(&mut streams::stdin(), Path::new("stdin"))?;
    let text = std::str::from_utf8(&bytes).map_err(|_| malformed("stdin"))?;
    Ok((read_as_secret(text.trim_start_matches('\u{feff}').trim(), "stdin")?, Source::Pipe))
}

fn typed_secret(context: &mut Context<'_>, client_id: &str) -> Result<Secret> {
    let question = format!("New client secret of App ID {client_id}");
    questions::client_secret(context, &question, client_id)
}

/// The same command would read the variable again.
fn with_variable_named(error: Error, record: &Record) -> Error {
    if !matches!(error.service().code, Some(5 | 61 | 64)) {
        return error;
    }
    let remedy = format!(
        "Correct {VARIABLE} (the client secret of App ID {} is in Concur's OAuth 2.0 Application Management), and \
         run: {}{}",
        printable(record.client_id(), 80),
        set_secret_command(record.profile_name()),
        or_another_application(record, error.service().code)
    );
    Error::new(error.kind(), error.problem(), remedy)
        .with_service(error.service().clone())
        .of_profile(record.profile_name())
}

fn read_as_secret(text: &str, from: &str) -> Result<Secret> {
    match text {
        "" => Err(not_given()),
        text if text.contains(char::is_control) => Err(malformed(from)),
        text => match shape::alone(text) {
            Ok(()) => Ok(Secret::from(text)),
            Err(wrong) => Err(checked::malformed(from, wrong)),
        },
    }
}

fn not_given() -> Error {
    Error::new(
        Kind::Usage,
        "No client secret was given; nothing was changed",
        format!(
            "Set {VARIABLE}, or write the secret into a pipe: vault-command | concur-cred set-secret"
        ),
    )
}

fn malformed(from: &str) -> Error {
    Error::new(
        Kind::Usage,
        format!("{from} has more than one line, or no text; nothing was changed"),
        "Send only the client secret.",
    )
}

fn audit(context: &mut Context<'_>, profile: Option<&str>, replaced: &Result<Vec<String>>) {
    let word = match replaced {
        Ok(_) => ServiceWord::default(),
        Err(error) => error.service().clone(),
    };
    context.audit(Event {
        at: context.now(),
        profile: profile.map(str::to_owned),
        action: "set-secret".to_owned(),
        outcome: if replaced.is_ok() { "replaced" } else { "kept" }.to_owned(),
        code: word.code,
        correlation_id: word.correlation_id,
        detail: match replaced {
            Ok(profiles) => Some(format!("in {}", profiles.join(", "))),
            Err(error) => Some(error.problem().to_owned()),
        },
        ..Event::default()
    });
}
