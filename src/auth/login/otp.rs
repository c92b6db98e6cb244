//! The one-time-password grant: Concur sends a code to a user's e-mail address, and who can read that
//! mail is the user.

use super::dialog::again::{self, Corrections};
use super::dialog::questions::Application;
use super::flow::{self, Principal, Target, TokenRequest};
use super::outcome;
use super::start::Start;
use crate::auth::oauth::form::GrantRequest;
use crate::error::{Error, Kind, Result};
use crate::formats::pasted;
use crate::model::origin::AllowedOrigin;
use crate::ui::context::Context;
use crate::ui::prompt::{self, shape};

/// Concur's codes for a password that is not the one in the mail.
const WRONG_CODE: [i64; 2] = [84, 85];
const ADDRESS: &str = "E-mail address of the user";
/// How often the code is asked for: a wrong one may be mistyped.
const TRIES: u32 = 3;

pub(crate) fn log_in(app: &mut Context<'_>, mut start: Start, scope: Option<&str>) -> Result<()> {
    if !prompt::is_possible() {
        return Err(Error::new(
            Kind::Usage,
            "The otp grant asks for the code in a mail, and there is no terminal to ask on",
            "Run it on a terminal once: the refresh token then renews by itself. For a job, log in by \
             the company grant: concur-cred login.",
        ));
    }
    let mut application = flow::application(app, &mut start, &[])?;
    let mut target = flow::target(app, &start, &application, None)?;
    let mut email = prompt::line(app, ADDRESS, None, shape::email)?;
    let mut corrections = Corrections::new();
    let at = loop {
        let refused = match send(app, &start, &application, &target, &email) {
            Ok(at) => break at,
            Err(refused) => refused,
        };
        match corrections.code(&refused) {
            Some(55 | 80 | 81 | 100) => {
                again::say(app, "Concur does not know a user of this address", &refused);
                email = prompt::line(app, ADDRESS, None, shape::email).map_err(|_| refused)?;
            }
            code => {
                again::application(app, code, &mut start, &mut application, refused)?;
                target = flow::target(app, &start, &application, None)?;
            }
        }
    };
    app.note(&format!(
        "Concur has sent a one-time password to {email}: enter it, or paste its link"
    ));
    for left in (0..TRIES).rev() {
        let otp = prompt::secret_in(app, "One-time password", pasted::one_time_password)?;
        let request = TokenRequest {
            grant: GrantRequest::Otp { email: &email, otp: &otp, scope },
            principal: Principal::FromTokens { otherwise: &email },
            request_token: None,
            at: Some(&at),
        };
        match flow::log_in(app, &start, &application, &target, &request) {
            Err(wrong) if left > 0 && is_wrong_code(&wrong) => {
                prompt::say_wrong(
                    app,
                    "Concur says that this is not the code; look at the newest mail.",
                );
            }
            ended => return ended,
        }
    }
    Ok(())
}

fn is_wrong_code(error: &Error) -> bool {
    error.service().code.is_some_and(|code| WRONG_CODE.contains(&code))
}

/// Has Concur send the code; returns the origin that did.
fn send(
    app: &mut Context<'_>,
    start: &Start,
    application: &Application,
    target: &Target,
    email: &str,
) -> Result<AllowedOrigin> {
    let (allowed, at) = app.config.allowed.permitting(&target.origin);
    let sent = flow::asking(app, start, application, &allowed).send_otp(&at, email);
    let request = (sent.took, sent.correlation_id);
    sent.result.map_err(|failure| outcome::failed(app, failure, request, start, &target.profile))
}
