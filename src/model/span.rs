//! Spans of time as people say them.

pub(crate) const MINUTE: i64 = 60;
pub(crate) const HOUR: i64 = 60 * MINUTE;
pub(crate) const DAY: i64 = 24 * HOUR;

/// A span of seconds in its largest sensible unit: `90 s`, `43 min`, `3 h`, `171 d`, and never more than one unit.
/// Hours and minutes to the nearest; a day counts as whole until it has lost an hour, so that six months are six
/// months right after a login.
pub(crate) fn span(seconds: impl TryInto<i64>) -> String {
    let seconds = seconds.try_into().unwrap_or(i64::MAX).max(0);
    let nearest = |unit: i64| seconds.saturating_add(unit / 2) / unit;
    if seconds < 2 * MINUTE {
        format!("{seconds} s")
    } else if seconds < 2 * HOUR {
        format!("{} min", nearest(MINUTE))
    } else if seconds < 2 * DAY {
        format!("{} h", nearest(HOUR))
    } else {
        format!("{} d", whole_days(seconds))
    }
}

pub(crate) const fn whole_days(seconds: i64) -> i64 {
    seconds.saturating_add(HOUR) / DAY
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_span_is_one_number_in_a_sensible_unit() {
        for (seconds, text) in [
            (-5, "0 s"),
            (60, "60 s"),
            (119, "119 s"),
            (2 * MINUTE, "2 min"),
            (43 * MINUTE + 10, "43 min"),
            (HOUR, "60 min"),
            (2 * HOUR, "2 h"),
            (30 * HOUR, "30 h"),
            (2 * DAY, "2 d"),
            (182 * DAY - 3, "182 d"),
            (22 * DAY - 2 * HOUR, "21 d"),
            (i64::MAX, "106751991167300 d"),
        ] {
            assert_eq!(span(seconds), text, "{seconds}");
        }
        assert_eq!(span(90_u64), "90 s");
        assert_eq!(span(u64::MAX), span(i64::MAX));
    }
}
