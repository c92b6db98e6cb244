//! The only reader of the clock. The pure modules get the time as an argument.

use chrono::{DateTime, SecondsFormat, TimeDelta, Utc};

/// Now, in seconds since the epoch.
pub(crate) fn now_epoch() -> i64 {
    now().timestamp()
}

/// Now, as RFC 3339 in UTC with milliseconds; for the log.
pub(crate) fn now_text() -> String {
    now().to_rfc3339_opts(SecondsFormat::Millis, true)
}

/// Now, as an HTTP date (RFC 9110 §5.6.7).
pub(crate) fn now_http() -> String {
    now().format("%a, %d %b %Y %H:%M:%S GMT").to_string()
}

#[expect(clippy::disallowed_methods, reason = "the sandbox's one reader of the clock")]
fn now() -> DateTime<Utc> {
    Utc::now().checked_add_signed(test_offset()).unwrap_or(DateTime::<Utc>::MAX_UTC)
}

/// Debug builds can shift the time by an environment variable, as concur-cred can. Release builds do not read
/// it.
#[cfg(debug_assertions)]
#[expect(clippy::disallowed_methods, reason = "a test's variable, read beside the clock")]
fn test_offset() -> TimeDelta {
    std::env::var("CONCUR_SANDBOX_TEST_CLOCK_OFFSET_SECS")
        .ok()
        .and_then(|text| text.parse().ok())
        .and_then(TimeDelta::try_seconds)
        .unwrap_or_default()
}

#[cfg(not(debug_assertions))]
fn test_offset() -> TimeDelta {
    TimeDelta::zero()
}
