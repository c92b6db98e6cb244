//! Times for people.

use chrono::{DateTime, Local, SecondsFormat, Utc};

use crate::model::skew::Skew;
pub(crate) use crate::model::span::{DAY, span};
use crate::model::span::{MINUTE, whole_days};

/// The remaining time of something that is valid for months: whole days, and below two days like [`span`].
pub(crate) fn left(seconds: i64) -> String {
    if seconds < 2 * DAY { span(seconds) } else { format!("{} days", whole_days(seconds)) }
}

/// How long ago `at` is; a future moment counts as just now.
pub(crate) fn ago(at: i64, now: i64) -> String {
    let age = now.saturating_sub(at);
    if age < MINUTE { "just now".to_owned() } else { format!("{} ago", span(age)) }
}

/// How far a clock is from another one: `2 h behind`, `45 s ahead of`.
pub(crate) fn apart(skew: Skew) -> String {
    let side = if skew.ahead < 0 { "behind" } else { "ahead of" };
    format!("{} {side}", span(skew.ahead.saturating_abs()))
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

/// Its date for people, `29 May 2027`; without the year in that of `now`.
pub(crate) fn day(at: i64, now: i64) -> String {
    let is_this_year = local(at, "%Y") == local(now, "%Y");
    local(at, if is_this_year { "%-d %b" } else { "%-d %b %Y" })
}

/// A point in time for people: `22:34`, with its date on another day than that of `now`.
pub(crate) fn moment(at: i64, now: i64) -> String {
    let is_today = local_date(at) == local_date(now);
    if is_today { local_clock(at) } else { format!("{} {}", day(at, now), local_clock(at)) }
}

/// Now, with the local zone: `28 Nov 22:34 +01:00`.
pub(crate) fn clock_and_zone(now: i64) -> String {
    local(now, "%-d %b %H:%M %:z").replace("+00:00", "UTC")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::span::HOUR;

    #[test]
    fn a_moment_is_just_now_or_a_span_ago() {
        assert_eq!(ago(100, 130), "just now");
        assert_eq!(ago(200, 100), "just now");
        assert_eq!(ago(0, 3 * HOUR), "3 h ago");
    }

    #[test]
    fn what_is_left_is_whole_days_and_never_nothing_of_a_larger_unit() {
        for (seconds, text) in [
            (20, "20 s"),
            (90 * MINUTE, "90 min"),
            (7 * HOUR, "7 h"),
            (47 * HOUR, "47 h"),
            (2 * DAY, "2 days"),
            (22 * DAY - 1, "22 days"),
            (22 * DAY - HOUR - 1, "21 days"),
        ] {
            assert_eq!(left(seconds), text, "{seconds}");
        }
    }

    #[test]
    fn a_moment_has_its_date_on_another_day_and_its_year_in_another_year() {
        // The fifteenth of a month at noon in UTC: the same month and year in every zone.
        let noon = 1_781_524_800;
        assert_eq!(moment(noon, noon), local_clock(noon));
        let before = moment(noon - 3 * DAY, noon);
        assert!(before.ends_with(&local_clock(noon)) && before.contains(" Jun "), "{before}");
        assert!(day(noon, noon).ends_with(" Jun"), "{}", day(noon, noon));
        assert!(day(noon, noon - 365 * DAY).ends_with(" Jun 2026"));
        assert!(clock_and_zone(noon).contains(&local_clock(noon)));
    }

    #[test]
    fn no_number_is_too_large_for_the_calendar() {
        assert_eq!(local_date(i64::MAX), "beyond the calendar");
        assert_eq!(rfc3339(i64::MAX), None);
        assert_eq!(rfc3339(0).as_deref(), Some("1970-01-01T00:00:00Z"));
    }
}
