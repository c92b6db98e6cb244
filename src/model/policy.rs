//! Pure: what to do with a managed account, from the record and the time alone (DESIGN: decide).

use crate::model::record::{AccessTimes, OutcomeKind, Record};

/// `min_ttl` unless the caller asks otherwise, seconds: the minimum remaining lifetime.
pub(crate) const DEFAULT_MIN_TTL_SECS: i64 = 60;
/// How long a refresh token lives from its last use (SAP: six months), calendar months.
pub(crate) const REFRESH_TOKEN_LIFE_MONTHS: u32 = 6;
/// The same in days, where it is a scale: six months have 181 to 184.
pub(crate) const REFRESH_TOKEN_LIFE_DAYS: i64 = 182;
/// The widest soft window, seconds.
const SOFT_WINDOW_SECS: i64 = 300;
/// More life left than the token ever had, by this much, means that the clock stepped back.
const CLOCK_TOLERANCE_SECS: i64 = 60;
/// How long a refusal other than 108 is taken for an answer, seconds.
const REJECTION_HOLDS_SECS: i64 = 15 * 60;
/// The longest that any recorded `not before` is believed, seconds after the attempt's start.
const LONGEST_BACK_OFF_SECS: i64 = 15 * 60 + 120;
/// First back-off after a failed attempt, seconds; doubled for each further one in a row.
const FIRST_BACK_OFF_SECS: i64 = 2;
/// Where the doubling ends, seconds.
const DOUBLED_BACK_OFF_SECS: i64 = 60;
/// The longest `Retry-After` that is honoured, seconds.
pub(crate) const LONGEST_RETRY_AFTER_SECS: i64 = 15 * 60;
/// How long a failure of this caller's own surroundings binds others, seconds.
pub(crate) const LOCAL_FAILURE_HOLDS_SECS: i64 = 5;
/// A token younger than this is not refreshed because a caller says that it does not work, seconds.
pub(crate) const FORCED_REFRESH_MIN_AGE_SECS: i64 = 60;

/// Why the current access token cannot be returned.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum StaleReason {
    /// There is none, or its expiry is not known.
    NoAccessToken,
    /// It has expired, or less than `min_ttl` is left.
    Expired,
    /// It claims more life than it was given: the clock stepped back.
    Clock,
    /// A caller found it refused, or asked for a new one.
    Forced,
    /// It may be valid: the refresh token is used so that its six months start again.
    Unused,
}

/// Why only a person can help.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum LoginReason {
    /// Nothing is stored that could obtain a new token.
    NothingToRenewWith,
    /// Concur said that the refresh token is bad or expired.
    Condemned,
    /// The stored tokens are another company's or user's than the profile's.
    OtherPrincipal,
}

/// What to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Decision {
    /// Return the token.
    Fresh,
    /// Return the token, and refresh it if no other process is about to.
    Soft,
    /// Only a new login helps.
    NeedsLogin(LoginReason),
    /// Concur refused lately for a reason that can be fixed there; not asked again before `until`
    /// (epoch seconds).
    Rejected {
        /// Epoch seconds.
        until: i64,
    },
    /// A failed attempt lately; not asked again before `until` (epoch seconds).
    Backoff {
        /// Epoch seconds.
        until: i64,
    },
    /// Renew, then hand out.
    Stale(StaleReason),
}

/// Decides in the order that DESIGN fixes. `min_ttl` in seconds, `now` in epoch seconds.
pub(crate) fn decide(record: &Record, now: i64, min_ttl: i64) -> Decision {
    let life = Life::of(record.access_times(), now);
    match life {
        Life::Left { remaining, .. } if remaining > min_ttl => {
            if life.is_soft() && renewable_now(record, now) {
                Decision::Soft
            } else {
                Decision::Fresh
            }
        }
        _ => unusable(record, now, life.why_stale()),
    }
}

/// Whether these times alone make the decision `Fresh`, whatever else the record holds: a hit need
/// not read the rest.
pub(crate) fn is_surely_fresh(access: AccessTimes, now: i64, min_ttl: i64) -> bool {
    let life = Life::of(access, now);
    matches!(life, Life::Left { remaining, .. } if remaining > min_ttl) && !life.is_soft()
}

/// The decision when the access token is of no use, for whatever `why`.
pub(crate) fn unusable(record: &Record, now: i64, why: StaleReason) -> Decision {
    if !record.can_renew(now) {
        return Decision::NeedsLogin(LoginReason::NothingToRenewWith);
    }
    let attempt = &record.attempt;
    if attempt.outcome == Some(OutcomeKind::Condemned) {
        return Decision::NeedsLogin(LoginReason::Condemned);
    }
    if attempt.outcome == Some(OutcomeKind::OtherPrincipal) {
        return Decision::NeedsLogin(LoginReason::OtherPrincipal);
    }
    if let (Some(OutcomeKind::Rejected), Some(ended)) = (attempt.outcome, attempt.ended_at) {
        let until = ended.saturating_add(REJECTION_HOLDS_SECS);
        if now >= ended && now < until {
            return Decision::Rejected { until };
        }
    }
    if let (Some(until), Some(started)) = (attempt.not_before, attempt.started_at) {
        let until = until.min(started.saturating_add(LONGEST_BACK_OFF_SECS));
        if now >= started && now < until {
            return Decision::Backoff { until };
        }
    }
    Decision::Stale(why)
}

/// What a daily job does for a refresh token: renews it when its last use is over `after` seconds ago, or
/// when it would be over before that time has passed again. Never asks for one that is condemned, nor
/// while a refusal or a back-off holds.
pub(crate) fn keep_alive(record: &Record, now: i64, after: i64) -> Decision {
    let age = record.refreshed_at.map(|at| now.saturating_sub(at));
    // A use "in the future" was written by a clock that has stepped back since: of no known age.
    let lately = age.is_some_and(|age| (-CLOCK_TOLERANCE_SECS..after).contains(&age));
    let ends = record.refresh_expires_at.is_some_and(|at| at.saturating_sub(now) <= after);
    let state = unusable(record, now, StaleReason::Unused);
    let is_dead = matches!(state, Decision::NeedsLogin(_));
    if lately && !ends && !is_dead { Decision::Fresh } else { state }
}

/// The `min_ttl` to use for a caller who asked for `requested` seconds: at most half of what the
/// service grants, because more could never be met. The second value tells that it was capped.
pub(crate) fn capped_min_ttl(access: AccessTimes, requested: i64) -> (i64, bool) {
    match access.expires_at.map(|expires| expires.saturating_sub(access.obtained_at)) {
        Some(lifetime) if lifetime > 0 && requested > lifetime / 2 => (lifetime / 2, true),
        _ => (requested, false),
    }
}

/// Whether a caller that found the token rejected may start a refresh: only if the tokens are those
/// that the caller read, and not for a token this young.
pub(crate) fn may_force(record: &Record, seen_generation: i64, now: i64) -> bool {
    let age = now.saturating_sub(record.obtained_at);
    // A token "from the future" has no age to protect it.
    let young = (0..=FORCED_REFRESH_MIN_AGE_SECS).contains(&age);
    record.generation == seen_generation && !young
}

/// Seconds to wait after the `failures`-th failed attempt in a row (the first is 1), when the
/// service did not say.
pub(crate) fn back_off_secs(failures: i64) -> i64 {
    let doublings = u32::try_from(failures.clamp(1, 16) - 1).unwrap_or(0);
    (FIRST_BACK_OFF_SECS << doublings).min(DOUBLED_BACK_OFF_SECS)
}

#[derive(Clone, Copy)]
enum Life {
    None,
    ClockStep,
    Left { remaining: i64, lifetime: i64 },
}

impl Life {
    fn why_stale(self) -> StaleReason {
        match self {
            Self::None => StaleReason::NoAccessToken,
            Self::ClockStep => StaleReason::Clock,
            Self::Left { .. } => StaleReason::Expired,
        }
    }

    fn is_soft(self) -> bool {
        matches!(self, Self::Left { remaining, lifetime } if remaining <= soft_window(lifetime))
    }

    fn of(access: AccessTimes, now: i64) -> Self {
        let Some(expires) = access.expires_at else { return Self::None };
        let remaining = expires.saturating_sub(now);
        let lifetime = expires.saturating_sub(access.obtained_at);
        if remaining > lifetime.saturating_add(CLOCK_TOLERANCE_SECS) {
            Self::ClockStep
        } else {
            Self::Left { remaining, lifetime }
        }
    }
}

fn soft_window(lifetime: i64) -> i64 {
    SOFT_WINDOW_SECS.min(lifetime / 10)
}

fn renewable_now(record: &Record, now: i64) -> bool {
    matches!(unusable(record, now, StaleReason::Expired), Decision::Stale(_))
}

#[cfg(test)]
mod tests;
#[cfg(test)]
mod unused_tests;
