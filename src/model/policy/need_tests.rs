//! Decisions by need and state: what a daily job does for a refresh token, so that it never sends a useless
//! request, and what an explicit refresh or a refused token may do.

use proptest::prelude::*;

use super::tests::{OBTAINED, backing_off, ended, record, with_attempt};
use super::*;

const DAY: i64 = 86_400;
const DUE: Decision = Decision::Stale;

#[test]
fn a_refresh_token_is_used_once_its_last_use_is_old_enough() {
    let expiry = record().refresh_expires_at.unwrap();
    let never = Record { refreshed_at: None, ..record() };
    let unknown_end = Record { refresh_expires_at: None, ..record() };
    for (record, now, after, decision) in [
        (record(), OBTAINED + DAY - 1, DAY, Decision::Fresh),
        (record(), OBTAINED + DAY, DAY, DUE),
        (record(), OBTAINED, 0, DUE),
        (record(), OBTAINED - 30, DAY, Decision::Fresh),
        (record(), OBTAINED - 2 * DAY, DAY, DUE),
        (never, OBTAINED + 1, DAY, DUE),
        (unknown_end, OBTAINED + 1, DAY, Decision::Fresh),
        (Record { refreshed_at: Some(expiry - DAY), ..record() }, expiry - DAY, DAY, DUE),
        (record(), expiry + DAY, DAY, DUE),
    ] {
        assert_eq!(keep_alive(&record, now, after), decision, "{record:?} at {now}");
    }
}

#[test]
fn what_concur_said_holds_for_a_daily_job_as_for_anybody() {
    let now = OBTAINED + 2 * DAY;
    let condemned = with_attempt(ended(OutcomeKind::Condemned, OBTAINED));
    let dead = Decision::Refused(Refusal::Condemned);
    assert_eq!(keep_alive(&condemned, now, DAY), dead);
    assert_eq!(keep_alive(&condemned, OBTAINED + 5, DAY), dead, "lately used or not");
    let rejected = with_attempt(ended(OutcomeKind::Rejected, now - 60));
    assert!(matches!(keep_alive(&rejected, now, DAY), Decision::Refused(Refusal::Rejected { .. })));
    assert_eq!(keep_alive(&rejected, now + 3600, DAY), DUE);
    let waiting = with_attempt(backing_off(now - 5, now + 5));
    assert_eq!(
        keep_alive(&waiting, now, DAY),
        Decision::Refused(Refusal::Backoff { until: now + 5 })
    );
}

proptest! {
    #[test]
    fn nothing_is_used_twice_within_its_time_unless_it_is_about_to_end(
        age in 0_i64..400 * DAY,
        after in 0_i64..400 * DAY,
        left in -DAY..400 * DAY,
    ) {
        let now = OBTAINED + 400 * DAY;
        let record = Record {
            refreshed_at: Some(now - age),
            refresh_expires_at: Some(now + left),
            ..record()
        };
        let is_due = age >= after || left <= after;
        prop_assert_eq!(keep_alive(&record, now, after) == DUE, is_due);
    }
}

#[test]
fn a_person_who_asks_waits_for_no_refusal_and_a_refused_token_does() {
    let now = OBTAINED + 120;
    for attempt in [
        ended(OutcomeKind::Condemned, now - 1),
        ended(OutcomeKind::Rejected, now - 1),
        backing_off(now - 1, now + 5),
    ] {
        let record = with_attempt(attempt);
        let token = plan(&record, now, Need::Token { min_ttl: 60 });
        assert_eq!(token, Decision::Fresh, "a valid token is returned whatever was refused");
        assert_eq!(plan(&record, now, Need::Refresh), Decision::Stale, "{record:?}");
        let replacement = plan(&record, now, Need::Replacement);
        assert!(matches!(replacement, Decision::Refused(_)), "no refresh storm: {replacement:?}");
    }
    assert_eq!(plan(&record(), now, Need::Replacement), Decision::Stale);
    let nothing = Record { refresh_token: None, ..record() };
    for need in [Need::Refresh, Need::Replacement] {
        let refused = Decision::Refused(Refusal::NothingToRefreshWith);
        assert_eq!(plan(&nothing, now, need), refused, "{need:?}");
    }
}
