//! Pure: how far this clock is from the service's.

use super::report::Report;
use crate::model::skew::{REMEDY, Skew};
use crate::ui::times::apart;

/// `date` is the service's time at `now`, both epoch seconds.
pub(super) fn judge(host: &str, now: i64, date: Option<i64>, report: &mut Report) {
    let Some(date) = date else {
        return report.ok("service clock", format!("{host} does not send its time"));
    };
    let skew = Skew::of(now, date);
    let detail = format!("this clock is {} that of {host}", apart(skew));
    if skew.is_wrong() {
        report.fail("service clock", detail, REMEDY);
    } else if skew.is_off() {
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
    fn a_clock_that_is_off_is_a_warning_and_one_that_is_wrong_a_failure() {
        for (ahead, state, says) in [
            (0, State::Ok, "0 s ahead of"),
            (-30, State::Ok, "30 s behind"),
            (31, State::Warn, "31 s ahead of"),
            (61, State::Fail, "61 s ahead of"),
            (-7200, State::Fail, "2 h behind"),
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
