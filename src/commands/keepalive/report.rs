//! The report of `keepalive`.

use serde_json::{Value, json};

use crate::error::{self, Error};
use crate::model::printable::printable;
use crate::model::record::Record;
use crate::ui::times::{ago, local_date, rfc3339};

/// The outcome for a profile.
#[derive(Debug)]
pub(super) enum Kind {
    /// It was refreshed.
    Refreshed,
    /// It was refreshed lately.
    Fresh,
    /// It has no refresh token, and needs none.
    Nothing,
    /// It failed.
    Failed(Error),
}

/// A profile and its outcome.
#[derive(Debug)]
pub(super) struct Line {
    /// The outcome.
    pub kind: Kind,
    /// The profile as it is now.
    pub record: Record,
}

impl Line {
    /// The error.
    pub(super) fn failure(&self) -> Option<&Error> {
        match &self.kind {
            Kind::Failed(error) => Some(error),
            _ => None,
        }
    }

    fn name(&self) -> &str {
        self.record.profile_name().unwrap_or_default()
    }

    /// As one line for people, the name in `width` characters.
    pub(super) fn text(&self, width: usize, now: i64) -> String {
        let text = match &self.kind {
            Kind::Refreshed => match self.record.refresh_expires_at {
                Some(at) => {
                    let assumed =
                        if self.record.refresh_expiry_assumed { " (assumed)" } else { "" };
                    format!("refreshed, valid until {}{assumed}", local_date(at))
                }
                None => "refreshed".to_owned(),
            },
            Kind::Fresh => match self.record.refreshed_at {
                Some(at) => format!("fresh, refreshed {}", ago(at, now)),
                None => "fresh".to_owned(),
            },
            Kind::Nothing => "nothing to keep alive: there is no refresh token".to_owned(),
            Kind::Failed(error) => failure(error),
        };
        // Shortened to one line, whatever the service's message is.
        format!("{:width$}  {}", self.name(), printable(&text, 600))
    }

    fn outcome(&self) -> &'static str {
        match &self.kind {
            Kind::Refreshed => "refreshed",
            Kind::Fresh => "fresh",
            Kind::Nothing => "nothing",
            Kind::Failed(error) => match error.kind() {
                error::Kind::LoginNeeded => "login_needed",
                error::Kind::Temporary => "temporary",
                error::Kind::NotFound => "gone",
                error::Kind::Unusable | error::Kind::Other | error::Kind::Usage => "failed",
            },
        }
    }

    fn json(&self, now: i64) -> Value {
        let Record { refresh_token, refresh_expires_at: at, refreshed_at, .. } = &self.record;
        let at = refresh_token.as_ref().and(*at);
        json!({
            "profile": self.name(),
            "outcome": self.outcome(),
            "refreshed_at": refreshed_at,
            "refresh_token": {
                "expires_at": at,
                "expires_at_rfc3339": at.and_then(rfc3339),
                "seconds_left": at.map(|at| at.saturating_sub(now).max(0)),
                "expiry_is_assumed": self.record.refresh_expiry_assumed,
            },
            "error": self.failure().map(|error| json!({
                "problem": error.problem(),
                "remedy": error.remedy(),
                "code": error.service().code,
                "description": error.service().description,
                "correlation_id": error.service().correlation_id,
            })),
        })
    }
}

/// The whole report, for scripts.
pub(super) fn json(lines: &[Line], now: i64, exit_code: u8) -> Value {
    let profiles: Vec<Value> = lines.iter().map(|line| line.json(now)).collect();
    json!({ "profiles": profiles, "exit_code": exit_code })
}

fn failure(error: &Error) -> String {
    let begin = match (error.kind(), error.service().code) {
        (error::Kind::LoginNeeded, None | Some(108)) => "log in again",
        (error::Kind::LoginNeeded, Some(_)) => "a person is needed",
        (error::Kind::Temporary, _) => "not now",
        (error::Kind::NotFound, _) => "gone",
        _ => "failed",
    };
    format!("{begin}: {}{}", error.problem(), error.service())
}
