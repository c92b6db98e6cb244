//! `client_credentials`: the application for itself. There is no refresh token: it renews by asking
//! again with App ID and secret.

use super::flow::{self, Ask, Principal};
use super::start::Start;
use crate::auth::oauth::form::GrantRequest;
use crate::error::Result;
use crate::ui::context::Context;

pub(crate) fn log_in(app: &mut Context<'_>, mut start: Start) -> Result<()> {
    let application = flow::application(app, &mut start, &[])?;
    let aim = flow::aim(app, &start, &application, None)?;
    let ask = Ask {
        request: GrantRequest::Application,
        principal: Principal::Answered { else_: &application.client_id },
        request_token: None,
        at: None,
    };
    flow::log_in(app, &start, &application, &aim, &ask)
}
