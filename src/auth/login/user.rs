//! The password grant of a user, which SAP advises against: for old integrations. The password is asked
//! for on a terminal alone, sent once, and not kept.

use super::flow::{self, Principal, TokenRequest};
use super::start::Start;
use crate::auth::oauth::form::GrantRequest;
use crate::error::{Error, Kind, Result};
use crate::ui::context::Context;
use crate::ui::prompt::{self, shape};

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
    app.note(ADVISED_AGAINST);
    let application = flow::application(app, &mut start, &[])?;
    let target = flow::target(app, &start, &application, None)?;
    let username = prompt::line(app, "User name (login id)", shape::anything)?;
    let password = prompt::password(app, "Password")?;
    let request = TokenRequest {
        grant: GrantRequest::User { username: &username, password: &password },
        principal: Principal::FromTokens { otherwise: &username },
        request_token: None,
        at: None,
    };
    flow::log_in(app, &start, &application, &target, &request)
}
