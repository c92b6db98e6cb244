//! Pure: how far this clock is from the service's.

use super::report::{Report, counted};

/// The tolerated clock difference, seconds. `Date` has whole seconds, and is older when it arrives.
const TOLERANCE_SECS: i64 = 30;
/// The difference that makes expiries of tokens and certificates wrong, seconds.
const LIMIT_SECS: i64 = 60;
const REMEDY: &str = "Set this clock by NTP (on Linux: timedatectl set-ntp true)";

/// `date` is the service's time at `now`, both epoch seconds.
pub(super) fn judge(host: &str, now: i64, date: Option<i64>, report: &mut Report) {
    let Some(date) = date else {
        return report.ok("service clock", format!("{host} does not send its time"));
    };
    let ahead = now.saturating_sub(date);
    let off = ahead.saturating_abs();
    let side = if ahead < 0 { "behind" } else { "ahead of" };
    let seconds = usize::try_from(off).unwrap_or(usize::MAX);
    let detail = format!("this clock is {} {side} that of {host}", counted(seconds, "second"));
    if off > LIMIT_SECS {
        report.fail("service clock", detail, REMEDY);
    } else if off > TOLERANCE_SECS {
        report.warn("service clock", detail, REMEDY);
    } else {
        report.ok("service clock", detail);
    }
}

#[cfg(test)]
mod tests {
    use super::super::report::State;
    use super::*;

    #[test]
    fn half_a_minute_is_nothing_and_more_than_a_minute_is_wrong() {
        for (ahead, state, says) in [
            (0, State::Ok, "0 seconds ahead of"),
            (30, State::Ok, "30 seconds ahead of"),
            (-30, State::Ok, "30 seconds behind"),
            (31, State::Warn, "31 seconds ahead of"),
            (-60, State::Warn, "60 seconds behind"),
            (61, State::Fail, "61 seconds ahead of"),
            (-7200, State::Fail, "7200 seconds behind"),
            (i64::MAX, State::Fail, "ahead of"),
        ] {
            let mut report = Report::default();
            judge("h", ahead, Some(0), &mut report);
            let check = &report.checks[0];
            assert_eq!(check.state, state, "{ahead}");
            assert!(check.detail.contains(says), "{}", check.detail);
        }
        let mut report = Report::default();
        judge("h", 0, None, &mut report);
        assert_eq!(report.checks[0].state, State::Ok);
    }
}
