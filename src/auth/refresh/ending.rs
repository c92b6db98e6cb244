//! Pure: how an attempt ended, and whether the granted tokens belong to the record's principal.

use uuid::Uuid;

use crate::auth::oauth::failure::Failure;
use crate::error::ServiceWord;
use crate::model::grant::Grant;
use crate::model::record::{Attempt, OutcomeKind, Record};
use crate::model::secret::Secret;
use crate::model::{jwt, policy, redact};
use crate::store::RenewalSecrets;

/// The attempt `begun`, ended by this grant. `other`: see [`another_principal`].
pub(super) fn granted(begun: &Attempt, grant: &Grant, other: Option<String>, now: i64) -> Attempt {
    let granted = Attempt {
        ended_at: Some(now),
        outcome: Some(OutcomeKind::Granted),
        failures: 0,
        ..begun.clone()
    };
    if other.is_some() {
        return Attempt { outcome: Some(OutcomeKind::OtherPrincipal), why: other, ..granted };
    }
    if grant.access_expires_at.is_some() {
        return granted;
    }
    let failures = begun.failures + 1;
    Attempt {
        outcome: Some(OutcomeKind::Transient),
        failures,
        why: Some("it granted a token without a plausible expiry".to_owned()),
        not_before: Some(now + policy::back_off_secs(failures)),
        ..granted
    }
}

/// The same for an end without a grant.
pub(super) fn failed(begun: &Attempt, failure: Failure, now: i64) -> Attempt {
    let base = Attempt { ended_at: Some(now), ..begun.clone() };
    match failure {
        Failure::Unreached(none) => Attempt {
            outcome: Some(OutcomeKind::Local),
            why: Some(none.to_string()),
            not_before: Some(now + policy::LOCAL_FAILURE_HOLDS_SECS),
            ..base
        },
        Failure::Rejected { condemned, word, why } => {
            let kind = if condemned { OutcomeKind::Condemned } else { OutcomeKind::Rejected };
            with_word(Attempt { outcome: Some(kind), why, ..base }, word)
        }
        Failure::Transient { why, retry_after, word } => {
            let failures = begun.failures + 1;
            let wait = match retry_after {
                Some(seconds) => seconds.min(policy::LONGEST_RETRY_AFTER_SECS),
                None => policy::back_off_secs(failures),
            };
            let attempt = Attempt {
                outcome: Some(OutcomeKind::Transient),
                why: Some(why.to_string()),
                not_before: Some(now + wait),
                failures,
                ..base
            };
            with_word(attempt, word)
        }
    }
}

fn with_word(attempt: Attempt, word: ServiceWord) -> Attempt {
    let ServiceWord { code, description, correlation_id } = word;
    Attempt { code, description, correlation_id, ..attempt }
}

/// The principal of the new tokens, if it is not the record's, as the end of a sentence.
pub(super) fn another_principal(
    record: &Record,
    grant: &Grant,
    sent: &RenewalSecrets,
) -> Option<String> {
    let other = other(record, grant, sent)?;
    Some(format!("the new tokens belong to {other} and not to {}", record.principal))
}

/// The company or user of the new tokens, if it is not the record's. Only UUIDs are compared: an application's
/// token has no other principal, and a record whose principal is not known yet has the client id instead.
fn other(record: &Record, grant: &Grant, sent: &RenewalSecrets) -> Option<String> {
    let is_known = !record.renews_by_itself() && !record.has_unknown_principal();
    let known = Uuid::try_parse(&record.principal).ok().filter(|_| is_known)?;
    let access = grant.access_token.as_ref().and_then(jwt::claims);
    let named = [access.and_then(|claims| claims.subject), grant.principal.clone()];
    let is_another = |named: &String| Uuid::try_parse(named).is_ok_and(|named| named != known);
    let other = named.into_iter().flatten().find(is_another)?;
    let tokens = [&grant.access_token, &grant.refresh_token, &sent.refresh_token];
    let secrets = tokens.into_iter().flatten().chain([&sent.client_secret]);
    let secrets: Vec<&Secret> = secrets.chain(&sent.request_token).collect();
    // A service can write anything there, also the secrets that it was sent.
    Some(if redact::repeats(&other, &secrets) { "another one".to_owned() } else { other })
}
