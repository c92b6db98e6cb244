//! `client_credentials`: the application for itself. There is no refresh token: it refreshes by asking
//! again with App ID and secret.

use super::dialog::again::{self, Corrections};
use super::flow::{self, Principal, TokenRequest};
use super::start::Start;
use crate::auth::oauth::form::GrantRequest;
use crate::error::Result;
use crate::ui::context::Context;

pub(crate) fn log_in(app: &mut Context<'_>, mut start: Start) -> Result<()> {
    let mut application = flow::application(app, &mut start, &[])?;
    let mut corrections = Corrections::new();
    loop {
        let target = flow::target(app, &start, &application, None)?;
        let request = TokenRequest {
            grant: GrantRequest::Application,
            principal: Principal::FromTokens { otherwise: &application.client_id },
            request_token: None,
            at: None,
        };
        let logged_in = flow::log_in(app, &start, &application, &target, &request);
        let Err(refused) = logged_in else { return Ok(()) };
        let code = corrections.code(&refused);
        again::application(app, code, &mut start, &mut application, refused)?;
    }
}
