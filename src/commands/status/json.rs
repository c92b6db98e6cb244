//! `status --json`; `docs/status.schema.json` describes it, and a test compares them.

use serde_json::{Value, json};

use crate::model::grant::GrantKind;
use crate::model::health::Trouble;
use crate::model::policy::{self, Decision};
use crate::model::principal::PrincipalType;
use crate::model::record::OutcomeKind;
use crate::ui::status::{Profile, words};
use crate::ui::times::rfc3339;

/// One profile. Fields may be added; none is ever removed or gets another meaning.
pub(super) fn as_json(profile: &Profile<'_>, is_used: bool, now: i64, min_ttl: i64) -> Value {
    let Profile { record, trouble, .. } = *profile;
    let is_edited = trouble == Some(Trouble::Edited);
    let attempt = &record.attempt;
    let has_token = match policy::decide(record, now, min_ttl) {
        Decision::Fresh | Decision::Soft | Decision::Stale => true,
        Decision::Refused(_) => false,
    };
    let seconds_left = |at: Option<i64>| at.map(|at| at.saturating_sub(now).max(0));
    json!({
        "profile": record.profile_name(),
        "used": is_used,
        // Unverified in an edited record.
        "company_uuid": if is_edited { "" } else { &record.principal },
        "principal_type": record.principal_type().map(PrincipalType::name),
        "client_id": record.client_id(),
        "grant": record.obtained_by.map(GrantKind::name),
        "application": record.application.as_ref().map(|application| &application.name),
        "base_url": record.geolocation,
        "scope": record.scope,
        "access_token": {
            "present": record.access_token.is_some(),
            "expires_at": record.access_expires_at,
            "expires_at_rfc3339": record.access_expires_at.and_then(rfc3339),
            "seconds_left": seconds_left(record.access_expires_at),
        },
        "refresh_token": {
            "present": record.refresh_token.is_some(),
            "expires_at": record.refresh_expires_at,
            "expires_at_rfc3339": record.refresh_expires_at.and_then(rfc3339),
            "seconds_left": seconds_left(record.refresh_expires_at),
            "expiry_is_assumed": record.refresh_expiry_assumed,
        },
        "refreshed_at": record.refreshed_at,
        "usable": has_token && !trouble.is_some_and(Trouble::is_locked),
        "needs_login": trouble.is_some_and(|trouble| trouble.needs_login(record)),
        "state": words::of_state(trouble, now),
        "last_attempt": {
            "number": attempt.number,
            "started_at": attempt.started_at,
            "ended_at": attempt.ended_at,
            "outcome": attempt.outcome.map(OutcomeKind::name),
            "why": attempt.why,
            "code": attempt.code,
            "correlation_id": attempt.correlation_id,
            "not_before": attempt.not_before,
        },
    })
}
