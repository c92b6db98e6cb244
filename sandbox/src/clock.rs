//! The one reader of the clock. Everything behind it is told the time.

use chrono::{DateTime, SecondsFormat, Utc};

/// Now, in seconds since the epoch.
pub(crate) fn now_epoch() -> i64 {
    now().timestamp()
}

/// Now, as RFC 3339 in UTC with milliseconds; for the log.
pub(crate) fn now_text() -> String {
    now().to_rfc3339_opts(SecondsFormat::Millis, true)
}

#[expect(clippy::disallowed_methods, reason = "the sandbox's one reader of the clock")]
fn now() -> DateTime<Utc> {
    Utc::now()
}
