//! Times as people read them.

use chrono::{DateTime, Local, SecondsFormat, Utc};

const MINUTE: i64 = 60;
const HOUR: i64 = 60 * MINUTE;
pub(crate) const DAY: i64 = 24 * HOUR;

/// A span in its largest sensible unit: `43 min`, `3 h`, `171 d`. To the nearest, so that six months are
/// six months right after a login, and never more than one unit.
pub(crate) fn span(seconds: i64) -> String {
    let seconds = seconds.max(0);
    let nearest = |unit: i64| seconds.saturating_add(unit / 2) / unit;
    if seconds < MINUTE {
        format!("{seconds} s")
    } else if seconds < 2 * HOUR {
        format!("{} min", nearest(MINUTE))
    } else if seconds < 2 * DAY {
        format!("{} h", nearest(HOUR))
    } else {
        format!("{} d", nearest(DAY))
    }
}

/// How long ago `at` is; a moment that has not come yet is just now.
pub(crate) fn ago(at: i64, now: i64) -> String {
    let age = now.saturating_sub(at);
    if age < MINUTE { "just now".to_owned() } else { format!("{} ago", span(age)) }
}

/// RFC 3339 in UTC, for programs.
pub(crate) fn rfc3339(at: i64) -> Option<String> {
    let at: DateTime<Utc> = DateTime::from_timestamp(at, 0)?;
    Some(at.to_rfc3339_opts(SecondsFormat::Secs, true))
}

fn local(at: i64, format: &str) -> String {
    match DateTime::from_timestamp(at, 0) {
        Some(time) => time.with_timezone(&Local).format(format).to_string(),
        None => "beyond the calendar".to_owned(),
    }
}

/// A point in time in the local zone.
pub(crate) fn local_time(at: i64) -> String {
    local(at, "%Y-%m-%d %H:%M")
}

/// Its date in the local zone.
pub(crate) fn local_date(at: i64) -> String {
    local(at, "%Y-%m-%d")
}

/// Its time of day in the local zone.
pub(crate) fn local_clock(at: i64) -> String {
    local(at, "%H:%M")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_span_is_one_number_in_a_sensible_unit() {
        for (seconds, text) in [
            (-5, "0 s"),
            (59, "59 s"),
            (60, "1 min"),
            (43 * MINUTE + 10, "43 min"),
            (HOUR, "60 min"),
            (2 * HOUR, "2 h"),
            (30 * HOUR, "30 h"),
            (2 * DAY, "2 d"),
            (182 * DAY - 3, "182 d"),
            (i64::MAX, "106751991167300 d"),
        ] {
            assert_eq!(span(seconds), text, "{seconds}");
        }
        assert_eq!(ago(100, 130), "just now");
        assert_eq!(ago(200, 100), "just now");
        assert_eq!(ago(0, 3 * HOUR), "3 h ago");
    }

    #[test]
    fn no_number_is_too_large_for_the_calendar() {
        assert_eq!(local_date(i64::MAX), "beyond the calendar");
        assert_eq!(rfc3339(i64::MAX), None);
        assert_eq!(rfc3339(0).as_deref(), Some("1970-01-01T00:00:00Z"));
    }
}
