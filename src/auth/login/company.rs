//! The company grant: a company UUID and the request token that an administrator made for it, or the address
//! with both to which the App Center leads.

use super::flow::{self, Principal, TokenRequest};
use super::start::Start;
use crate::auth::oauth::form::GrantRequest;
use crate::error::Result;
use crate::formats::pasted::{self, Connection};
use crate::model::secret::Secret;
use crate::ui::context::Context;
use crate::ui::prompt::{self, Company};

pub(crate) fn log_in(app: &mut Context<'_>, mut start: Start) -> Result<()> {
    let uuid = start.credentials.company_uuid.take();
    let token = start.credentials.request_token.take();
    let missing = [("companyUUID", uuid.is_none()), ("companyRequestToken", token.is_none())];
    let application = flow::application(app, &mut start, &missing)?;
    let (company_uuid, request_token) = match (uuid, token) {
        (Some(uuid), Some(token)) => (uuid, token),
        (None, Some(token)) => (prompt::line(app, "Company UUID", prompt::company_uuid)?, token),
        (Some(uuid), None) => request_token_of(app, uuid)?,
        (None, None) => match prompt::company(app)? {
            Company::Uuid(uuid) => request_token_of(app, uuid)?,
            Company::Connection(Connection { id, request_token }) => (id, request_token),
        },
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

/// Asks for the request token of a company; an address with it must be that company's.
fn request_token_of(app: &mut Context<'_>, uuid: String) -> Result<(String, Secret)> {
    let token =
        prompt::secret_in(app, "Company request token", |answer| {
            match pasted::connection(answer) {
                None => Ok(Secret::from(answer)),
                Some(Ok(of)) if of.id.eq_ignore_ascii_case(&uuid) => Ok(of.request_token),
                Some(Ok(_)) => Err("That address is for another company than the one given."),
                Some(Err(wrong)) => Err(wrong),
            }
        })?;
    Ok((uuid, token))
}
