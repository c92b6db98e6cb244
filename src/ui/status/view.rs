//! The texts for a profile, before the layout.

use crate::model::health::{Limits, Severity, Trouble};
use crate::model::origin::{Origin, SHORT_NAMES};
use crate::model::policy;
use crate::model::principal::PrincipalType;
use crate::model::printable::printable;
use crate::model::record::Record;
use crate::ui::times::{DAY, ago, local_clock, local_date, local_time, span};

use super::{Profile, words};

/// How many parts a bar has.
pub(crate) const BAR_PARTS: usize = 10;
/// The time of a full bar of a refresh token, seconds.
const REFRESH_TOKEN_LIFE_SECS: i64 = policy::REFRESH_TOKEN_LIFE_DAYS * DAY;
/// The longest text of the store that is shown.
const MAX_CHARS: usize = 200;

/// The urgency of a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Urgency {
    /// Expired, which is normal here.
    None,
    /// Fine.
    Good,
    /// Soon.
    Warning,
    /// Now.
    Critical,
}

impl Urgency {
    /// The urgency of a severity.
    pub(crate) const fn of(severity: Severity) -> Self {
        match severity {
            Severity::Ok => Self::Good,
            Severity::Warning => Self::Warning,
            Severity::Critical => Self::Critical,
        }
    }
}

/// A token's lifetime.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Life {
    /// Full parts of its bar; `None` without a token, or if its lifetime is unknown.
    pub parts: Option<usize>,
    /// The remaining time, in words.
    pub left: String,
    /// When it expires, in words; empty if it is unknown.
    pub until: String,
    /// Its urgency.
    pub urgency: Urgency,
}

/// A profile.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct View {
    /// Its name, with a star if it is the default profile.
    pub name: String,
    /// The word for its principal.
    pub noun: &'static str,
    /// Company or user UUID.
    pub company: String,
    /// The base URL without its scheme.
    pub host: String,
    /// The same, short: the short name of `--base-url`, else host and port.
    pub short_host: String,
    /// The access token.
    pub access: Life,
    /// The refresh token.
    pub refresh: Life,
    /// When it was last refreshed.
    pub refreshed_at: String,
    /// How long ago that was.
    pub refreshed_ago: String,
    /// Its trouble, if any.
    pub state: String,
    /// Its urgency.
    pub urgency: Urgency,
}

impl View {
    /// The view of a profile at `now` (epoch seconds). A profile whose identity does not open has an unverified
    /// principal and base URL, which are not shown.
    pub(crate) fn of(profile: &Profile<'_>, now: i64, limits: Limits) -> Self {
        let Profile { record, trouble, is_default } = *profile;
        let is_edited = trouble == Some(Trouble::Edited);
        let verified = |text: String| if is_edited { "?".to_owned() } else { text };
        let mark = if is_default { "*" } else { "" };
        let host = record.geolocation.trim_start_matches("https://");
        let urgency = Urgency::of(profile.severity());
        Self {
            name: format!("{}{mark}", record.profile_name().unwrap_or_default()),
            noun: record.principal_type().unwrap_or(PrincipalType::Company).name(),
            company: verified(printable(&record.principal, MAX_CHARS)),
            host: verified(printable(host, MAX_CHARS)),
            short_host: verified(short_place(record)),
            access: access(record, urgency, now),
            refresh: refresh(record, trouble, now, limits),
            refreshed_at: record.refreshed_at.map_or_else(|| "never".to_owned(), local_time),
            refreshed_ago: record
                .refreshed_at
                .map_or_else(|| "never".to_owned(), |at| ago(at, now)),
            state: words::of_state(trouble, now),
            urgency,
        }
    }
}

/// The base URL, short: the short name of `--base-url`, else host and port.
pub(crate) fn short_place(record: &Record) -> String {
    let host = record.geolocation.trim_start_matches("https://").trim_start_matches("http://");
    printable(short_name(&record.geolocation).unwrap_or(host), MAX_CHARS)
}

/// The short name of an origin of Concur for `--base-url`.
pub(crate) fn short_name(geolocation: &str) -> Option<&'static str> {
    let is_it = |name: &&str| Origin::from_operator(name).is_ok_and(|o| o.as_str() == geolocation);
    SHORT_NAMES.into_iter().find(is_it)
}

fn access(record: &Record, urgency: Urgency, now: i64) -> Life {
    // An expired access token is normal if it can be refreshed.
    let expired = if urgency == Urgency::Critical { urgency } else { Urgency::None };
    match record.access_times().expires_at {
        Some(at) if at > now => Life {
            parts: Some(parts(at - now, at.saturating_sub(record.obtained_at))),
            left: span(at - now),
            until: format!("until {}", local_clock(at)),
            urgency: Urgency::Good,
        },
        Some(_) => Life {
            parts: Some(0),
            left: "expired".to_owned(),
            until: String::new(),
            urgency: expired,
        },
        None => {
            Life { parts: None, left: "none".to_owned(), until: String::new(), urgency: expired }
        }
    }
}

fn refresh(record: &Record, trouble: Option<Trouble>, now: i64, limits: Limits) -> Life {
    let without = |left: &str| Life {
        parts: None,
        left: left.to_owned(),
        until: String::new(),
        urgency: Urgency::None,
    };
    if record.refresh_token.is_none() && record.renews_by_itself() {
        return without("not needed");
    }
    let (Some(_), Some(at)) = (&record.refresh_token, record.refresh_expires_at) else {
        return without("none");
    };
    if matches!(trouble, Some(Trouble::RefreshTokenRefused { .. })) {
        return Life { parts: Some(0), urgency: Urgency::Critical, ..without("refused") };
    }
    let assumed = if record.refresh_expiry_assumed { "~" } else { "" };
    let left = at.saturating_sub(now);
    Life {
        parts: Some(parts(left, REFRESH_TOKEN_LIFE_SECS)),
        left: if left > 0 { format!("in {assumed}{}", span(left)) } else { "expired".to_owned() },
        until: local_date(at),
        urgency: if left <= 0 || left < limits.crit {
            Urgency::Critical
        } else if left < limits.warn {
            Urgency::Warning
        } else {
            Urgency::Good
        },
    }
}

/// The full parts of a bar.
fn parts(left: i64, all: i64) -> usize {
    let (left, all) = (i128::from(left.max(0)), i128::from(all.max(1)));
    // Rounded by one part in two thousand, so that the bar of a new token is full.
    let parts = (left * i128::from(BAR_PARTS as u64) + all / 200) / all;
    usize::try_from(parts).map_or(BAR_PARTS, |parts| parts.min(BAR_PARTS))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bar_is_full_at_six_months_and_empty_at_none() {
        for (left, full) in [
            (REFRESH_TOKEN_LIFE_SECS, 10),
            (REFRESH_TOKEN_LIFE_SECS - 60, 10),
            (REFRESH_TOKEN_LIFE_SECS / 2, 5),
            (171 * DAY, 9),
            (21 * DAY, 1),
            (0, 0),
            (-3, 0),
            (i64::MAX, 10),
            (i64::MIN, 0),
        ] {
            assert_eq!(parts(left, REFRESH_TOKEN_LIFE_SECS), full, "{left}");
        }
        assert_eq!(parts(3600, 3600), 10);
        assert_eq!(parts(3599, 3600), 10);
        assert_eq!(parts(3590, 3600), 9);
        assert_eq!(parts(43 * 60, 3600), 7);
        assert_eq!(parts(5, 0), 10, "a token without a life of its own divides nothing by zero");
    }

    #[test]
    fn concurs_own_hosts_have_short_names_and_no_other() {
        assert_eq!(short_name("https://us2.api.concursolutions.com"), Some("us2"));
        assert_eq!(short_name("https://cn.api.concurcdc.cn"), Some("cn"));
        assert_eq!(short_name("https://gateway.example.com:8443"), None);
        assert_eq!(short_name("http://us2.api.concursolutions.com"), None);
    }
}
