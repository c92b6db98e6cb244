//! The questions for the values of a login. An answer must have the shape of what was asked for, and must not
//! be a value that is known already: what was copied last is what is pasted by mistake.

use crate::error::Result;
use crate::formats::pasted;
use crate::model::secret::Secret;
use crate::ui::context::Context;
use crate::ui::prompt::shape::{self, Wrong};
use crate::ui::prompt::{self, Company};

/// The OAuth client.
pub(crate) struct Application {
    pub(crate) client_id: String,
    pub(crate) client_secret: Secret,
}

/// The values that are known when another one is asked for.
#[derive(Clone, Copy, Default)]
pub(crate) struct Known<'a> {
    pub(crate) client_id: Option<&'a str>,
    pub(crate) client_secret: Option<&'a Secret>,
    pub(crate) company_uuid: Option<&'a str>,
}

impl<'a> Known<'a> {
    /// App ID and secret.
    pub(crate) fn of(application: &'a Application) -> Self {
        let Application { client_id, client_secret } = application;
        Self { client_id: Some(client_id), client_secret: Some(client_secret), company_uuid: None }
    }

    /// Refuses an answer that is one of them.
    fn refuse(&self, answer: &str) -> Result<(), Wrong> {
        let Self { client_id, client_secret, company_uuid } = *self;
        let is =
            |known: Option<&str>| known.is_some_and(|known| known.eq_ignore_ascii_case(answer));
        if is(client_id) {
            Err("That is the App ID: copy the value that is asked for.")
        } else if is(company_uuid) {
            Err("That is the company UUID: copy the value that is asked for.")
        } else if client_secret.is_some_and(|known| *known == Secret::from(answer)) {
            Err("That is the client secret: copy the value that is asked for.")
        } else {
            Ok(())
        }
    }

    fn secret(&self, answer: &str) -> Result<Secret, Wrong> {
        shape::value(answer).and_then(|()| self.refuse(answer))?;
        Ok(Secret::from(answer))
    }
}

/// The App ID; no answer is `current`, where there is one.
pub(crate) fn client_id(
    app: &mut Context<'_>,
    current: Option<&str>,
    known: Known<'_>,
) -> Result<String> {
    prompt::line(app, "App ID (client id)", current, |answer| {
        shape::client_id(answer).and_then(|()| known.refuse(answer))
    })
}

/// The client secret of this App ID.
pub(crate) fn client_secret(
    app: &mut Context<'_>,
    question: &str,
    client_id: &str,
) -> Result<Secret> {
    let known = Known { client_id: Some(client_id), ..Known::default() };
    prompt::secret_in(app, question, |answer| known.secret(answer))
}

pub(crate) fn refresh_token(app: &mut Context<'_>, application: &Application) -> Result<Secret> {
    let known = Known::of(application);
    prompt::secret_in(app, "Refresh token", |answer| known.secret(answer))
}

pub(crate) fn company_uuid(app: &mut Context<'_>, application: &Application) -> Result<String> {
    let known = Known::of(application);
    prompt::line(app, "Company UUID", None, |answer| {
        shape::company_uuid(answer).and_then(|()| known.refuse(answer))
    })
}

/// A company and its request token, or an address with both.
pub(crate) fn company(
    app: &mut Context<'_>,
    application: &Application,
) -> Result<(String, Secret)> {
    let known = Known::of(application);
    match prompt::company(app, None, |answer| known.refuse(answer))? {
        Company::Uuid(uuid) => request_token(app, application, uuid),
        Company::Connection(pasted::Connection { id, request_token }) => Ok((id, request_token)),
    }
}

/// Another company than the one of `values`, or else another request token of that one.
pub(crate) fn other_company(
    app: &mut Context<'_>,
    application: &Application,
    values: &(String, Secret),
) -> Result<(String, Secret)> {
    let known = Known::of(application);
    let (current, token) = values;
    match prompt::company(app, Some(current), |answer| known.refuse(answer))? {
        Company::Uuid(uuid) if uuid == *current => request_token(app, application, uuid),
        Company::Uuid(uuid) => Ok((uuid, token.clone())),
        Company::Connection(pasted::Connection { id, request_token }) => Ok((id, request_token)),
    }
}

/// The request token of a company; an address with it must be that company's.
pub(crate) fn request_token(
    app: &mut Context<'_>,
    application: &Application,
    uuid: String,
) -> Result<(String, Secret)> {
    let known = Known { company_uuid: Some(&uuid), ..Known::of(application) };
    let token =
        prompt::secret_in(app, "Company request token", |answer| {
            match pasted::connection(answer) {
                None => known.secret(answer),
                Some(Ok(of)) if of.id.eq_ignore_ascii_case(&uuid) => Ok(of.request_token),
                Some(Ok(_)) => Err("That address is for another company than the one given."),
                Some(Err(wrong)) => Err(wrong),
            }
        })?;
    Ok((uuid, token))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_that_is_known_is_not_another_one() {
        let client_secret = Secret::from("s-1");
        let known = Known {
            client_id: Some("A-1"),
            client_secret: Some(&client_secret),
            company_uuid: Some("c-1"),
        };
        for (answer, what) in [("a-1", "App ID"), ("C-1", "company"), ("s-1", "client secret")] {
            assert!(known.secret(answer).is_err_and(|wrong| wrong.contains(what)), "{answer}");
        }
        assert_eq!(known.secret("S-1"), Ok(Secret::from("S-1")));
        assert!(known.secret("r 1").is_err());
        assert_eq!(Known::default().refuse(""), Ok(()));
    }
}
