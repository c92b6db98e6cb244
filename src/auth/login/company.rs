//! The company grant: a company UUID and the request token that an administrator made for it, or the address
//! with both to which the App Center leads.

use super::dialog::again::{self, Corrections};
use super::dialog::questions;
use super::flow::{self, Principal, TokenRequest};
use super::start::Start;
use crate::auth::oauth::form::GrantRequest;
use crate::error::Result;
use crate::ui::context::Context;

pub(crate) fn log_in(app: &mut Context<'_>, mut start: Start) -> Result<()> {
    let uuid = start.credentials.company_uuid.take();
    let token = start.credentials.request_token.take();
    let missing = [("companyUUID", uuid.is_none()), ("companyRequestToken", token.is_none())];
    let mut application = flow::application(app, &mut start, &missing)?;
    let mut values = match (uuid, token) {
        (Some(uuid), Some(token)) => (uuid, token),
        (None, Some(token)) => (questions::company_uuid(app, &application)?, token),
        (Some(uuid), None) => questions::request_token(app, &application, uuid)?,
        (None, None) => questions::company(app, &application)?,
    };
    let mut corrections = Corrections::new();
    loop {
        let (company_uuid, request_token) = &values;
        let target = flow::target(app, &start, &application, Some(company_uuid))?;
        let request = TokenRequest {
            grant: GrantRequest::Company { company_uuid, request_token },
            principal: Principal::Known(company_uuid),
            request_token: Some(request_token),
            at: None,
        };
        let logged_in = flow::log_in(app, &start, &application, &target, &request);
        let Err(refused) = logged_in else { return Ok(()) };
        match corrections.code(&refused) {
            Some(5 | 19) => {
                let is_known = target.record_id().is_some() && !start.replace;
                again::company(app, &start, &application, &mut values, is_known, refused)?;
            }
            Some(136) => again::request_token(app, &application, &mut values, refused)?,
            code => again::application(app, code, &mut start, &mut application, refused)?,
        }
    }
}
