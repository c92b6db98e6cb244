//! Pure: decides what to do with a managed account, only from the record and the time.

use crate::model::record::{AccessTimes, OutcomeKind, Record};

/// The default `min_ttl`, the minimum remaining lifetime, seconds.
pub(crate) const DEFAULT_MIN_TTL_SECS: i64 = 60;
/// How long a refresh token is valid after its last use (SAP: six months), calendar months.
pub(crate) const REFRESH_TOKEN_LIFE_MONTHS: u32 = 6;
/// The same in days, for scales: six months have 181 to 184.
pub(crate) const REFRESH_TOKEN_LIFE_DAYS: i64 = 182;
/// The widest soft window, seconds.
const SOFT_WINDOW_SECS: i64 = 300;
/// If more time is left than the token ever had, by this much, the clock was set back.
const CLOCK_TOLERANCE_SECS: i64 = 60;
/// How long a refusal other than 108 prevents further attempts, seconds.
const REJECTION_HOLDS_SECS: i64 = 15 * 60;
/// The latest plausible `not before`, seconds after the attempt's start.
const LONGEST_BACK_OFF_SECS: i64 = 15 * 60 + 120;
/// First back-off after a failed attempt, seconds; doubled for each further one in a row.
const FIRST_BACK_OFF_SECS: i64 = 2;
/// The longest back-off, seconds.
const DOUBLED_BACK_OFF_SECS: i64 = 60;
/// The longest `Retry-After` that is honoured, seconds.
pub(crate) const LONGEST_RETRY_AFTER_SECS: i64 = 15 * 60;
/// How long a caller's own network failure prevents attempts of others, seconds.
pub(crate) const LOCAL_FAILURE_HOLDS_SECS: i64 = 5;
/// A token younger than this is not refreshed because a service refused it, seconds.
pub(crate) const FORCED_REFRESH_MIN_AGE_SECS: i64 = 60;

/// What a caller needs of an account.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Need {
    /// An access token with more than `min_ttl` left.
    Token {
        /// Seconds.
        min_ttl: i64,
    },
    /// New tokens, whatever the state, because a person or job requests them.
    Refresh,
    /// Another access token, because the service refused this one (the caller has asked [`may_force`]); a
    /// recorded failure still prevents an attempt.
    Replacement,
    /// A refresh, if there was none for `after` seconds.
    KeepAlive {
        /// Seconds since its last use.
        after: i64,
    },
}

/// Why no refresh is tried.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Refusal {
    /// Nothing is stored that could obtain a new token: a person must log in.
    NothingToRefreshWith,
    /// Concur called the refresh token bad or expired: a person must log in.
    Condemned,
    /// The stored tokens are another company's or user's than the profile's: a person must log in.
    OtherPrincipal,
    /// Concur refused lately for a reason that can be fixed there; no attempt before `until` (epoch seconds).
    Rejected {
        /// Epoch seconds.
        until: i64,
    },
    /// An attempt failed lately; no attempt before `until` (epoch seconds).
    Backoff {
        /// Epoch seconds.
        until: i64,
    },
}

impl Refusal {
    /// Whether only a new login helps.
    pub(crate) const fn needs_login(self) -> bool {
        matches!(self, Self::NothingToRefreshWith | Self::Condemned | Self::OtherPrincipal)
    }
}

/// What to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Decision {
    /// Return the token.
    Fresh,
    /// Return the token, and refresh it if no other process is about to.
    Soft,
    /// Refresh, then return the token.
    Stale,
    /// Neither.
    Refused(Refusal),
}

/// What to do for a caller with this need. `now` in epoch seconds.
pub(crate) fn plan(record: &Record, now: i64, need: Need) -> Decision {
    match need {
        Need::Token { min_ttl } => decide(record, now, min_ttl),
        Need::Refresh if record.can_renew(now) => Decision::Stale,
        Need::Refresh => Decision::Refused(Refusal::NothingToRefreshWith),
        Need::Replacement => refresh_or_refuse(record, now),
        Need::KeepAlive { after } => keep_alive(record, now, after),
    }
}

/// The decision, in a fixed order of rules. `min_ttl` in seconds, `now` in epoch seconds.
pub(crate) fn decide(record: &Record, now: i64, min_ttl: i64) -> Decision {
    let life = Life::of(record.access_times(), now);
    match life {
        Life::Left { remaining, .. } if remaining > min_ttl => {
            if life.is_soft() && refusal(record, now).is_none() {
                Decision::Soft
            } else {
                Decision::Fresh
            }
        }
        _ => refresh_or_refuse(record, now),
    }
}

/// Whether these times alone make the decision `Fresh`, whatever else the record holds: a hit need
/// not read the rest.
pub(crate) fn is_surely_fresh(access: AccessTimes, now: i64, min_ttl: i64) -> bool {
    let life = Life::of(access, now);
    matches!(life, Life::Left { remaining, .. } if remaining > min_ttl) && !life.is_soft()
}

/// The decision if the access token cannot be used.
fn refresh_or_refuse(record: &Record, now: i64) -> Decision {
    refusal(record, now).map_or(Decision::Stale, Decision::Refused)
}

/// Why no refresh is tried at `now` (epoch seconds); `None`: one may be.
pub(crate) fn refusal(record: &Record, now: i64) -> Option<Refusal> {
    if !record.can_renew(now) {
        return Some(Refusal::NothingToRefreshWith);
    }
    let attempt = &record.attempt;
    match (attempt.outcome, attempt.ended_at) {
        (Some(OutcomeKind::Condemned), _) => return Some(Refusal::Condemned),
        (Some(OutcomeKind::OtherPrincipal), _) => return Some(Refusal::OtherPrincipal),
        (Some(OutcomeKind::Rejected), Some(ended)) => {
            let until = ended.saturating_add(REJECTION_HOLDS_SECS);
            if now >= ended && now < until {
                return Some(Refusal::Rejected { until });
            }
        }
        _ => {}
    }
    if let (Some(until), Some(started)) = (attempt.not_before, attempt.started_at) {
        let until = until.min(started.saturating_add(LONGEST_BACK_OFF_SECS));
        if now >= started && now < until {
            return Some(Refusal::Backoff { until });
        }
    }
    None
}

/// The decision of a daily job: refresh if the last use was more than `after` seconds ago, or if the refresh
/// token would expire before the next run. Never with an invalid one, nor during a refusal or back-off.
fn keep_alive(record: &Record, now: i64, after: i64) -> Decision {
    let age = record.refreshed_at.map(|at| now.saturating_sub(at));
    // A use "in the future" was recorded before the clock was set back: its age is unknown.
    let lately = age.is_some_and(|age| (-CLOCK_TOLERANCE_SECS..after).contains(&age));
    let ends = record.refresh_expires_at.is_some_and(|at| at.saturating_sub(now) <= after);
    let has_failed = record.attempt.outcome.is_some_and(|outcome| outcome != OutcomeKind::Granted);
    let refusal = refusal(record, now);
    if lately && !ends && !has_failed {
        return Decision::Fresh;
    }
    refusal.map_or(Decision::Stale, Decision::Refused)
}

/// The `min_ttl` to use for a caller who asked for `requested` seconds: at most half of what the service
/// grants, because no token could have more. The second value says whether it was capped.
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
    // The age of a token "from the future" is unknown and does not protect it.
    let young = (0..=FORCED_REFRESH_MIN_AGE_SECS).contains(&age);
    record.generation == seen_generation && !young
}

/// Seconds to wait after the `failures`-th failed attempt in a row (the first is 1), if the service named no
/// time.
pub(crate) fn back_off_secs(failures: i64) -> i64 {
    let doublings = u32::try_from(failures.clamp(1, 16) - 1).unwrap_or(0);
    (FIRST_BACK_OFF_SECS << doublings).min(DOUBLED_BACK_OFF_SECS)
}

#[derive(Clone, Copy)]
enum Life {
    /// There is no token, or its expiry is not known.
    None,
    /// More time than the token ever had: the clock was set back.
    ClockStep,
    Left {
        remaining: i64,
        lifetime: i64,
    },
}

impl Life {
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

#[cfg(test)]
mod need_tests;
#[cfg(test)]
mod tests;
