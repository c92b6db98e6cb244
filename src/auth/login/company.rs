//! The company grant: a company UUID and the request token that an administrator made for it, or the address
//! with both to which the App Center leads.

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
    let application = flow::application(app, &mut start, &missing)?;
    let (company_uuid, request_token) = match (uuid, token) {
        (Some(uuid), Some(token)) => (uuid, token),
        (None, Some(token)) => (questions::company_uuid(app, &application)?, token),
        (Some(uuid), None) => questions::request_token(app, &application, uuid)?,
        (None, None) => questions::company(app, &application)?,
    };
    let target = flow::target(app, &start, &application, Some(&company_uuid))?;
    let request = TokenRequest {
        grant: GrantRequest::Company { company_uuid: &company_uuid, request_token: &request_token },
        principal: Principal::Known(&company_uuid),
        request_token: Some(&request_token),
        at: None,
    };
    flow::log_in(app, &start, &application, &target, &request)
}
