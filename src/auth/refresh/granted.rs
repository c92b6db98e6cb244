//! What an attempt was granted, and whose it is. Pure.

use uuid::Uuid;

use crate::model::grant::Grant;
use crate::model::record::{Attempt, OutcomeKind, Record};
use crate::model::secret::Secret;
use crate::model::{jwt, policy, redact};
use crate::store::RenewalSecrets;

/// New tokens, about to be kept.
pub(super) struct Granted {
    /// The tokens; without an expiry when the access token must not be printed.
    pub(super) grant: Grant,
    /// What was odd about the answer.
    pub(super) odd: Vec<String>,
    /// Whose they are, where they are not the record's: a sentence's end.
    pub(super) whose: Option<String>,
}

impl Granted {
    /// Of an answer to a request with these secrets. Tokens of another principal are the only valid ones, so
    /// they are kept; without an expiry nobody prints them.
    pub(super) fn new(
        mut grant: Grant,
        odd: Vec<String>,
        record: &Record,
        sent: &RenewalSecrets,
    ) -> Self {
        let other = another_principal(record, &grant, sent);
        if other.is_some() {
            grant.access_expires_at = None;
        }
        let whose = other.map(|other| {
            format!("the new tokens are those of {other} and not of {}", record.principal)
        });
        Self { grant, odd, whose }
    }

    /// How the attempt ended at `now` (epoch seconds).
    pub(super) fn ending(&self, begun: &Attempt, now: i64) -> Attempt {
        let granted = Attempt {
            ended_at: Some(now),
            outcome: Some(OutcomeKind::Granted),
            failures: 0,
            ..begun.clone()
        };
        if let Some(whose) = &self.whose {
            let (outcome, why) = (Some(OutcomeKind::OtherPrincipal), Some(whose.clone()));
            return Attempt { outcome, why, ..granted };
        }
        if self.grant.access_expires_at.is_some() {
            return granted;
        }
        let failures = begun.failures + 1;
        Attempt {
            outcome: Some(OutcomeKind::Transient),
            failures,
            why: Some("it granted a token of unknown life".to_owned()),
            not_before: Some(now + policy::back_off_secs(failures)),
            ..granted
        }
    }
}

/// The company or user of the new tokens, where it is not the record's. Nobody is known by anything but a UUID
/// here, and an application's token is its own; its client id stands for whoever was not known yet.
fn another_principal(record: &Record, grant: &Grant, sent: &RenewalSecrets) -> Option<String> {
    let is_known = !record.renews_by_itself() && !record.has_unknown_principal();
    let known = Uuid::try_parse(&record.principal).ok().filter(|_| is_known)?;
    let access = grant.access_token.as_ref().and_then(jwt::claims);
    let told = [access.and_then(|claims| claims.subject), grant.principal.clone()];
    let is_another = |told: &String| Uuid::try_parse(told).is_ok_and(|told| told != known);
    let other = told.into_iter().flatten().find(is_another)?;
    let tokens = [&grant.access_token, &grant.refresh_token, &sent.refresh_token];
    let secrets = tokens.into_iter().flatten().chain([&sent.client_secret]);
    let secrets: Vec<&Secret> = secrets.chain(&sent.request_token).collect();
    // A service can write anything there, what it was sent too.
    Some(if redact::repeats(&other, &secrets) { "another one".to_owned() } else { other })
}
