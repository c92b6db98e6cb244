//! `DELETE /app-mgmt/v0/connections`: Concur revokes every refresh token of the token's company or user
//! for its application (SAP: Authentication API, revoking tokens).

use std::time::{Duration, Instant};

use reqwest::Method;
use uuid::Uuid;

use super::answer::Verdict;
use super::client::Call;
use super::headers;
use super::input::Input;
use super::target::Target;
use crate::error::{Error, Kind, Result};
use crate::model::origin::AllowedOrigin;
use crate::model::secret::Secret;
use crate::net::Http;

const PATH: &str = "/app-mgmt/v0/connections";

/// The result.
#[derive(Debug)]
pub(crate) struct Deleted {
    /// Whether the tokens were revoked.
    pub ended: Ended,
    /// The time from the request to the answer.
    pub took: Duration,
    /// The correlation id.
    pub correlation_id: Option<String>,
}

/// The end of the request.
#[derive(Debug)]
pub(crate) enum Ended {
    /// Every token of the application for the company or user is revoked.
    Revoked,
    /// 401 or 403: the access token is not accepted.
    TokenRefused(Error),
    /// Anything else.
    Failed(Error),
}

/// Asks Concur to delete the connections.
pub(crate) fn delete(http: &Http, to: &AllowedOrigin, token: &Secret) -> Result<Deleted> {
    let id = Uuid::new_v4().to_string();
    let headers = headers::of_request(&[], false, &id)
        .map_err(|bad| Error::new(Kind::Other, bad.to_string(), "Report this."))?;
    let target = Target::known(PATH);
    let call = Call { method: Method::DELETE, target, headers, input: Input::None };
    let started = Instant::now();
    let answer = match call.send(http, to, token) {
        Ok(answer) => answer,
        Err(error) => {
            let (ended, took) = (Ended::Failed(error), started.elapsed());
            return Ok(Deleted { ended, took, correlation_id: Some(id) });
        }
    };
    let took = started.elapsed();
    let correlation_id = answer.correlation_id().map(str::to_owned);
    let ended = match (answer.status(), Verdict::of(answer.status())) {
        (200..=299, _) => Ended::Revoked,
        (_, Verdict::Refused) => Ended::TokenRefused(answer.failure(http, token, None)),
        _ => Ended::Failed(answer.failure(http, token, None)),
    };
    Ok(Deleted { ended, took, correlation_id })
}
