//! `client_credentials`: the application for itself. There is no refresh token: it refreshes by asking
//! again with App ID and secret.

use super::flow::{self, Principal, TokenRequest};
use super::start::Start;
use crate::auth::oauth::form::GrantRequest;
use crate::error::Result;
use crate::ui::context::Context;

pub(crate) fn log_in(app: &mut Context<'_>, mut start: Start) -> Result<()> {
    let application = flow::application(app, &mut start, &[])?;
    let target = flow::target(app, &start, &application, None)?;
    let request = TokenRequest {
        grant: GrantRequest::Application,
        principal: Principal::FromTokens { otherwise: &application.client_id },
        request_token: None,
        at: None,
    };
    flow::log_in(app, &start, &application, &target, &request)
}
