//! The refresh grant with a refresh token that the person has already, from a vendor's page or another
//! program. It is used at once: company or user, base URL and expiry come from the answer.

use super::dialog::again::{self, Corrections};
use super::dialog::questions;
use super::dialog::questions::Application;
use super::flow::{self, Principal, TokenRequest};
use super::start::Start;
use crate::auth::held;
use crate::auth::oauth::form::GrantRequest;
use crate::error::Result;
use crate::model::secret::Secret;
use crate::ui::context::Context;

pub(crate) fn log_in(app: &mut Context<'_>, mut start: Start) -> Result<()> {
    let token = start.credentials.refresh_token.take();
    let mut application = flow::application(app, &mut start, &[("refreshToken", token.is_none())])?;
    let mut refresh_token = match token {
        Some(token) => token,
        None => questions::refresh_token(app, &application)?,
    };
    let mut corrections = Corrections::new();
    loop {
        let logged_in = use_now(app, &start, &application, &refresh_token);
        let Err(refused) = logged_in else { return Ok(()) };
        match corrections.code(&refused) {
            Some(5 | 19 | 105 | 108) => {
                refresh_token = again::refresh_token(app, &start, &application, refused)?;
            }
            code => again::application(app, code, &mut start, &mut application, refused)?,
        }
    }
}

/// Uses the refresh token, and keeps what comes in its place.
pub(crate) fn use_now(
    app: &mut Context<'_>,
    start: &Start,
    application: &Application,
    refresh_token: &Secret,
) -> Result<()> {
    let target = flow::target(app, start, application, None)?;
    if let Some(store) = app.store()? {
        let own = target.record_id();
        let other = held::other_holder(&store, own, &application.client_id, refresh_token);
        if let Some(other) = other {
            return Err(held::refused(&other));
        }
    }
    let request = TokenRequest {
        grant: GrantRequest::Refresh { refresh_token },
        principal: Principal::FromTokens { otherwise: &application.client_id },
        request_token: None,
        at: None,
    };
    flow::log_in(app, start, application, &target, &request)
}
