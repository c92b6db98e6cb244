//! The company grant: a company UUID and the request token that an administrator made for it.

use super::flow::{self, Ask, Principal};
use super::start::Start;
use crate::app::App;
use crate::commands::prompt;
use crate::error::Result;
use crate::oauth::form::GrantRequest;

pub(super) fn log_in(app: &mut App<'_>, mut start: Start) -> Result<()> {
    let uuid = start.given.company_uuid.take();
    let token = start.given.request_token.take();
    let missing = [("companyUUID", uuid.is_none()), ("companyRequestToken", token.is_none())];
    let application = flow::application(app, &mut start, &missing)?;
    let company_uuid = match uuid {
        Some(uuid) => uuid,
        None => prompt::line(app, "Company UUID", prompt::company_uuid)?,
    };
    let request_token = match token {
        Some(token) => token,
        None => prompt::secret(app, "Company request token")?,
    };
    let aim = flow::aim(app, &start, &application, Some(&company_uuid))?;
    let ask = Ask {
        request: GrantRequest::Company {
            company_uuid: &company_uuid,
            request_token: &request_token,
        },
        principal: Principal::Told(&company_uuid),
        request_token: Some(&request_token),
        at: None,
    };
    flow::log_in(app, &start, &application, &aim, &ask)
}
