//! Pure: the trouble of a profile and the command that fixes it, from its record, the time and the state of the
//! store's key. `status`, its JSON, `status --check` and `doctor` all use this, so that they agree.

use super::grant::GrantKind;
use super::policy::{self, Refusal};
use super::record::{OutcomeKind, Record};

const DAY: i64 = 86_400;
/// The default limit for a critical remaining time of a refresh token, seconds.
const CRITICAL_BEFORE_SECS: i64 = 7 * DAY;
/// A refresh token that was used within this time is refreshed regularly, seconds: then a short lifetime comes
/// from Concur's answer.
const KEPT_ALIVE_SECS: i64 = 2 * DAY;

/// The severity.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Severity {
    /// No person is needed.
    Ok,
    /// A person is needed soon.
    Warning,
    /// A person is needed now: something does not work, or will not at the next refresh.
    Critical,
}

/// The limits for the remaining time of a refresh token, seconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Limits {
    /// [`Severity::Warning`].
    pub warn: i64,
    /// [`Severity::Critical`].
    pub crit: i64,
}

impl Limits {
    /// The limits for a setting `warn_before`, seconds.
    pub(crate) fn of_warning(warn: i64) -> Self {
        Self { warn, crit: CRITICAL_BEFORE_SECS.min(warn) }
    }
}

/// The state of a record's sealed cells.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Cells {
    /// No fault is known.
    Sound,
    /// The store's key is missing or wrong.
    NoKey,
    /// Its identity or its cells do not open.
    Edited,
}

/// The trouble of a profile. Times in epoch seconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Trouble {
    /// See [`Cells::NoKey`].
    NoKey,
    /// See [`Cells::Edited`].
    Edited,
    /// Nothing is stored that could obtain a new token.
    NoRefreshToken,
    /// Concur called the refresh token invalid.
    RefreshTokenRefused {
        /// Concur's code; 108, or none.
        code: Option<i64>,
    },
    /// The stored tokens are another company's or user's.
    OtherPrincipal,
    /// Concur does not accept App ID and client secret.
    WrongSecret {
        /// Whether it does not know the App ID: code 61, which some data centres also answer to a wrong secret.
        is_unknown: bool,
        /// When it said so.
        since: Option<i64>,
    },
    /// Concur refused the last refresh for another reason.
    Rejected {
        /// Concur's code.
        code: Option<i64>,
        /// When it said so.
        since: Option<i64>,
    },
    /// The refresh token has expired.
    Expired {
        /// When.
        at: i64,
    },
    /// The service could not be reached at the last attempt.
    Unreachable {
        /// When that was.
        at: Option<i64>,
    },
    /// The service neither granted nor refused a token at the last attempt.
    Unavailable {
        /// When that was.
        at: Option<i64>,
        /// Concur's code.
        code: Option<i64>,
    },
    /// The refresh token expires soon.
    Expiring {
        /// Seconds.
        left: i64,
        /// The last refresh; `None` when there was none.
        refreshed_at: Option<i64>,
        /// Whether it was refreshed within the last days.
        is_kept_alive: bool,
        /// Whether it is less than [`Limits::crit`].
        is_critical: bool,
    },
}

/// The command that fixes a trouble.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fix {
    /// Log in again.
    LogIn {
        /// By this grant.
        by: Option<GrantKind>,
        /// What the login needs.
        needs: Needs,
    },
    /// Store a new client secret.
    SetSecret {
        /// Whether the application may have been replaced instead: code 61.
        is_unknown: bool,
    },
    /// Refresh now; after a refusal, when it is fixed at Concur.
    Refresh {
        /// Whether something must be fixed at Concur first.
        once_fixed: bool,
    },
    /// Install the daily refresh.
    KeepAlive,
    /// Run `doctor`.
    Examine,
}

/// What a login needs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Needs {
    /// The usual values of the grant.
    Nothing,
    /// A new company request token.
    RequestToken,
    /// A new refresh token.
    RefreshToken,
    /// The base URL, which the person must know.
    BaseUrl,
}

/// The trouble of a record at `now` (epoch seconds); `None`: no trouble.
pub(crate) fn trouble(record: &Record, cells: Cells, now: i64, limits: Limits) -> Option<Trouble> {
    match cells {
        Cells::NoKey => return Some(Trouble::NoKey),
        Cells::Edited => return Some(Trouble::Edited),
        Cells::Sound => {}
    }
    let attempt = &record.attempt;
    let (code, since) = (attempt.code, attempt.ended_at.or(attempt.started_at));
    // Also while the access token is valid: the next refresh counts.
    match policy::refusal(record, now) {
        Some(Refusal::NothingToRefreshWith) => return Some(Trouble::NoRefreshToken),
        Some(Refusal::Condemned) => return Some(Trouble::RefreshTokenRefused { code }),
        Some(Refusal::OtherPrincipal) => return Some(Trouble::OtherPrincipal),
        Some(Refusal::Rejected { .. } | Refusal::Backoff { .. }) | None => {}
    }
    let left = time_left(record, now);
    // A failure is shown until the next attempt succeeds, also after its back-off has ended.
    match (attempt.outcome, code) {
        (Some(OutcomeKind::Rejected), Some(5 | 61 | 64)) => {
            Some(Trouble::WrongSecret { is_unknown: code == Some(61), since })
        }
        (Some(OutcomeKind::Rejected), _) => Some(Trouble::Rejected { code, since }),
        _ if left == Some(0) => record.refresh_expires_at.map(|at| Trouble::Expired { at }),
        (Some(OutcomeKind::Local), _) => Some(Trouble::Unreachable { at: since }),
        (Some(OutcomeKind::Transient), _) => Some(Trouble::Unavailable { at: since, code }),
        _ => {
            let left = left.filter(|left| *left < limits.warn.max(limits.crit))?;
            let refreshed_at = record.refreshed_at;
            Some(Trouble::Expiring {
                left,
                refreshed_at,
                is_kept_alive: refreshed_at
                    .is_some_and(|at| now.saturating_sub(at) < KEPT_ALIVE_SECS),
                is_critical: left < limits.crit,
            })
        }
    }
}

/// Seconds left of the refresh token, never less than 0; `None` for a profile that needs none.
fn time_left(record: &Record, now: i64) -> Option<i64> {
    let at = record.refresh_token.as_ref().and(record.refresh_expires_at)?;
    (!record.renews_by_itself()).then(|| at.saturating_sub(now).max(0))
}

impl Trouble {
    /// The severity.
    pub(crate) const fn severity(self) -> Severity {
        match self {
            Self::Expiring { is_critical: false, .. } => Severity::Warning,
            _ => Severity::Critical,
        }
    }

    /// Whether nothing but a login helps.
    pub(crate) fn needs_login(self, record: &Record) -> bool {
        matches!(self.fix(record), Fix::LogIn { .. })
    }

    /// Whether the cells cannot be opened: then no token can be printed, even if it is valid.
    pub(crate) const fn is_locked(self) -> bool {
        matches!(self, Self::NoKey | Self::Edited)
    }

    /// The command that fixes it. It is the one that the error of a refused refresh names.
    pub(crate) fn fix(self, record: &Record) -> Fix {
        match self {
            Self::NoKey => Fix::Examine,
            Self::Edited => Fix::LogIn { by: record.login_by(), needs: Needs::BaseUrl },
            Self::NoRefreshToken
            | Self::RefreshTokenRefused { .. }
            | Self::OtherPrincipal
            | Self::Expired { .. } => log_in(record),
            Self::WrongSecret { is_unknown, .. } => Fix::SetSecret { is_unknown },
            Self::Rejected { code, .. } => of_code(code, record),
            Self::Unreachable { .. } | Self::Unavailable { .. } => {
                Fix::Refresh { once_fixed: false }
            }
            Self::Expiring { is_critical, is_kept_alive, .. } if is_critical || is_kept_alive => {
                Fix::Refresh { once_fixed: false }
            }
            Self::Expiring { .. } => Fix::KeepAlive,
        }
    }
}

fn log_in(record: &Record) -> Fix {
    let by = record.login_by();
    let needs = match by {
        Some(GrantKind::Refresh) => Needs::RefreshToken,
        Some(GrantKind::Company | GrantKind::Import) | None => Needs::RequestToken,
        Some(GrantKind::User | GrantKind::Application | GrantKind::Browser | GrantKind::Otp) => {
            Needs::Nothing
        }
    };
    Fix::LogIn { by, needs }
}

/// The fix for a refusal with this code (SAP: Authentication API, response codes).
fn of_code(code: Option<i64>, record: &Record) -> Fix {
    match code {
        Some(16) => Fix::LogIn { by: record.login_by(), needs: Needs::BaseUrl },
        Some(21) => Fix::LogIn { by: Some(GrantKind::Browser), needs: Needs::Nothing },
        Some(19 | 108 | 136) => log_in(record),
        Some(51 | 52 | 54..=58 | 62 | 63 | 65 | 80..=85 | 100..=102 | 103..=106 | 109 | 139) => {
            Fix::LogIn { by: record.login_by(), needs: Needs::Nothing }
        }
        // Without a refresh token there is nothing to refresh.
        Some(10..=14 | 20 | 53 | 59 | 60 | 107 | 123) if record.renews_by_itself() => {
            log_in(record)
        }
        _ => Fix::Refresh { once_fixed: true },
    }
}

#[cfg(test)]
mod tests;
