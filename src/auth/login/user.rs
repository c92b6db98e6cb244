//! The password grant of a user, which SAP advises against: for old integrations. The password is asked
//! for on a terminal alone, sent once, and not kept.

use super::dialog::again::{self, Corrections};
use super::flow::{self, Principal, TokenRequest};
use super::start::Start;
use crate::auth::oauth::form::GrantRequest;
use crate::error::{Error, Kind, Result};
use crate::ui::context::Context;
use crate::ui::prompt::{self, shape};

const USER_NAME: &str = "User name (login id)";
const ADVISED_AGAINST: &str = "SAP advises against the user grant: where you can, use the company \
    grant (concur-cred login) or a one-time password (--grant otp). The password is sent to Concur and \
    not kept.";

pub(crate) fn log_in(app: &mut Context<'_>, mut start: Start) -> Result<()> {
    if !prompt::is_possible() {
        return Err(Error::new(
            Kind::Usage,
            "The user grant asks for a password, and there is no terminal to ask on",
            "Run it on a terminal once: the refresh token then renews by itself. For a job, log in by \
             the company grant: concur-cred login.",
        ));
    }
    app.warn(ADVISED_AGAINST);
    let mut application = flow::application(app, &mut start, &[])?;
    // A profile that cannot be logged in is refused before anything is typed.
    flow::target(app, &start, &application, None)?;
    let mut username = prompt::line(app, USER_NAME, None, shape::anything)?;
    let password = prompt::password(app, "Password")?;
    let mut corrections = Corrections::new();
    loop {
        let target = flow::target(app, &start, &application, None)?;
        let request = TokenRequest {
            grant: GrantRequest::User { username: &username, password: &password },
            principal: Principal::FromTokens { otherwise: &username },
            request_token: None,
            at: None,
        };
        let logged_in = flow::log_in(app, &start, &application, &target, &request);
        let Err(refused) = logged_in else { return Ok(()) };
        // A wrong password ends the login: a few of them lock the account.
        match corrections.code(&refused) {
            Some(55 | 100) => {
                again::say(app, "Concur does not know this user", &refused);
                username =
                    prompt::line(app, USER_NAME, None, shape::anything).map_err(|_| refused)?;
            }
            code => again::application(app, code, &mut start, &mut application, refused)?,
        }
    }
}
