//! At a terminal the value that Concur refused is asked for again, and all others are kept. Where one code is for
//! several values they are asked for one after the other, until one is changed.

use super::questions::{self, Application, Known};
use crate::auth::login::flow;
use crate::auth::login::start::Start;
use crate::auth::oauth::advice::{Names, TOKEN_PAGE};
use crate::error::{Error, Kind, Result};
use crate::model::origin::Origin;
use crate::model::secret::Secret;
use crate::ui::context::Context;
use crate::ui::prompt;

/// How often a person may correct something in one login.
const CORRECTIONS: u32 = 5;
/// No such App ID there.
const UNKNOWN_CLIENT: i64 = 61;
/// Another client secret than that of the App ID.
const WRONG_SECRET: i64 = 64;

/// How often values may still be corrected.
pub(crate) struct Corrections(u32);

impl Corrections {
    pub(crate) fn new() -> Self {
        Self(CORRECTIONS)
    }

    /// Concur's code, if a person may be asked again for what it refuses.
    pub(crate) fn code(&mut self, refused: &Error) -> Option<i64> {
        let is_refusal = refused.kind() == Kind::LoginNeeded && prompt::is_possible();
        self.0 = if is_refusal { self.0.checked_sub(1)? } else { return None };
        refused.service().code
    }
}

/// Asks again for what the code refuses of the application. The error: it refuses something else, or no answer
/// came.
pub(crate) fn application(
    app: &mut Context<'_>,
    code: Option<i64>,
    start: &mut Start,
    application: &mut Application,
    refused: Error,
) -> Result<()> {
    let Names { client_id, client_secret, .. } = start.names.clone();
    match code {
        Some(UNKNOWN_CLIENT) => {
            let target = flow::target(app, start, application, None)?;
            let host = target.origin.host();
            say(app, &format!("Concur does not know {client_id} at {host}"), &refused);
            keep_with_enter(app);
            if target.record_id().is_none() || start.replace {
                correct_client(app, start, application, &target.origin)
            } else {
                replace_client(app, start, application)
            }
        }
        Some(WRONG_SECRET) => {
            say(app, &format!("Concur refused {client_secret}"), &refused);
            correct_secret(app, application)
        }
        _ => return Err(refused),
    }
    .map_err(|_| refused)
}

/// App ID, then the data centre, then the secret.
fn correct_client(
    app: &mut Context<'_>,
    start: &mut Start,
    application: &mut Application,
    origin: &Origin,
) -> Result<()> {
    let current = application.client_id.clone();
    let client_secret = Some(&application.client_secret);
    let known = Known { client_secret, ..Known::default() };
    application.client_id = questions::client_id(app, Some(&current), known)?;
    if application.client_id != current {
        return Ok(());
    }
    let named = prompt::data_centre(app, origin.as_str())?;
    if named != *origin {
        start.base_url = Some(named);
        return Ok(());
    }
    correct_secret(app, application)
}

/// App ID and secret of a profile, at its own data centre. Another App ID is another application, which replaces that
/// of the profile.
fn replace_client(
    app: &mut Context<'_>,
    start: &mut Start,
    application: &mut Application,
) -> Result<()> {
    let current = application.client_id.clone();
    application.client_id = questions::client_id(app, Some(&current), Known::default())?;
    start.replaces_application |= application.client_id != current;
    correct_secret(app, application)
}

fn correct_secret(app: &mut Context<'_>, application: &mut Application) -> Result<()> {
    application.client_secret =
        questions::client_secret(app, "Client secret", &application.client_id)?;
    Ok(())
}

/// Company UUID, where it may be another one, else its request token.
pub(crate) fn company(
    app: &mut Context<'_>,
    start: &Start,
    application: &Application,
    values: &mut (String, Secret),
    is_known: bool,
    refused: Error,
) -> Result<()> {
    let Names { company, request_token, .. } = &start.names;
    if is_known {
        say(app, &format!("Concur refused {request_token}"), &refused);
    } else {
        say(app, &format!("Concur refused {company} or {request_token}"), &refused);
    }
    new_request_token(app);
    let asked = if is_known {
        questions::request_token(app, application, values.0.clone())
    } else {
        keep_with_enter(app);
        questions::other_company(app, application, values)
    };
    *values = asked.map_err(|_| refused)?;
    Ok(())
}

/// The request token, which is of another application.
pub(crate) fn request_token(
    app: &mut Context<'_>,
    application: &Application,
    values: &mut (String, Secret),
    refused: Error,
) -> Result<()> {
    say(app, "The request token is of another App ID", &refused);
    new_request_token(app);
    let asked = questions::request_token(app, application, values.0.clone());
    *values = asked.map_err(|_| refused)?;
    Ok(())
}

/// The refresh token.
pub(crate) fn refresh_token(
    app: &mut Context<'_>,
    start: &Start,
    application: &Application,
    refused: Error,
) -> Result<Secret> {
    say(app, &format!("Concur refused {}", start.names.refresh_token), &refused);
    questions::refresh_token(app, application).map_err(|_| refused)
}

/// Says what was refused, with what Concur said.
pub(crate) fn say(app: &mut Context<'_>, what: &str, refused: &Error) {
    // A person may end the program at the next question.
    app.write_audit_log();
    prompt::say_wrong(app, &format!("{what}{}.", refused.service()));
}

fn keep_with_enter(app: &mut Context<'_>) {
    prompt::say(app, "Enter the right value; press Enter to keep the one in brackets.");
}

fn new_request_token(app: &mut Context<'_>) {
    prompt::say(app, "A request token is valid for 24 hours. Make a new one from the App ID at");
    prompt::say(app, &format!("  {TOKEN_PAGE}"));
}
