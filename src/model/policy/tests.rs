//! Every rule of the decision, and properties of any record at any time.

use proptest::prelude::*;

use super::*;
use crate::model::grant::GrantKind;
use crate::model::grant::GrantKind::Application;
use crate::model::record::{Attempt, GitKey, RecordId, SealedCell};

/// When the records below were obtained.
pub(super) const OBTAINED: i64 = 1_700_000_000;
const LIFETIME: i64 = 3600;
const EXPIRY: i64 = OBTAINED + LIFETIME;

/// An account that was just obtained, without faults.
pub(super) fn record() -> Record {
    let cell = || Some(SealedCell(Vec::new()));
    Record {
        id: RecordId(1),
        key: GitKey::default(),
        profile: None,
        application: None,
        authtype: None,
        access_token: cell(),
        access_expires_at: Some(EXPIRY),
        refresh_token: cell(),
        refresh_expires_at: Some(OBTAINED + 180 * 86_400),
        refresh_expiry_assumed: false,
        scope: None,
        geolocation: String::new(),
        principal: String::new(),
        obtained_by: None,
        principal_type: None,
        id_token: None,
        request_token: None,
        request_token_expires_at: None,
        unknown_fields: None,
        identity: None,
        created_at: OBTAINED,
        obtained_at: OBTAINED,
        refreshed_at: Some(OBTAINED),
        updated_at: OBTAINED,
        generation: 1,
        attempt: Attempt::default(),
    }
}

pub(super) fn with_attempt(attempt: Attempt) -> Record {
    Record { attempt, ..record() }
}

pub(super) fn ended(outcome: OutcomeKind, at: i64) -> Attempt {
    Attempt {
        number: 1,
        started_at: Some(at),
        ended_at: Some(at),
        outcome: Some(outcome),
        ..Attempt::default()
    }
}

pub(super) fn backing_off(from: i64, until: i64) -> Attempt {
    Attempt { not_before: Some(until), failures: 1, ..ended(OutcomeKind::Transient, from) }
}

fn at(record: &Record, now: i64) -> Decision {
    decide(record, now, DEFAULT_MIN_TTL_SECS)
}

fn is_served(decision: Decision) -> bool {
    matches!(decision, Decision::Fresh | Decision::Soft)
}

#[test]
fn a_token_with_life_left_is_fresh_then_soft_then_stale() {
    let record = record();
    let rows = [
        (OBTAINED, Decision::Fresh),
        (EXPIRY - 301, Decision::Fresh),
        (EXPIRY - 299, Decision::Soft),
        (EXPIRY - 61, Decision::Soft),
        (EXPIRY - 60, Decision::Stale),
        (EXPIRY, Decision::Stale),
        (EXPIRY + 86_400, Decision::Stale),
    ];
    for (now, expected) in rows {
        assert_eq!(at(&record, now), expected, "{} s left", EXPIRY - now);
    }
}

#[test]
fn the_soft_window_of_a_short_life_is_a_tenth_of_it() {
    let record = Record { access_expires_at: Some(OBTAINED + 1200), ..record() };
    assert_eq!(decide(&record, OBTAINED + 1200 - 121, 0), Decision::Fresh);
    assert_eq!(decide(&record, OBTAINED + 1200 - 119, 0), Decision::Soft);
}

#[test]
fn a_usable_token_is_served_whatever_else_is_wrong() {
    for now in [OBTAINED + 10, EXPIRY - 200] {
        for outcome in OutcomeKind::ALL {
            let backing_off = Attempt { not_before: Some(now + 60), ..ended(outcome, now) };
            let mut record = with_attempt(backing_off);
            assert!(is_served(at(&record, now)), "{outcome:?}");
            record.refresh_token = None;
            assert!(is_served(at(&record, now)), "{outcome:?}, nothing to renew with");
        }
    }
}

#[test]
fn the_soft_window_asks_for_no_refresh_that_would_be_refused() {
    let now = EXPIRY - 200;
    for attempt in [
        ended(OutcomeKind::Condemned, now - 1),
        ended(OutcomeKind::Rejected, now - 1),
        backing_off(now - 1, now + 60),
    ] {
        assert_eq!(at(&with_attempt(attempt.clone()), now), Decision::Fresh, "{attempt:?}");
    }
}

#[test]
fn without_anything_to_renew_with_a_person_must_log_in() {
    let now = EXPIRY;
    let nothing = Decision::Refused(Refusal::NothingToRefreshWith);
    let mut record = Record { refresh_token: None, ..record() };
    assert_eq!(at(&record, now), nothing);
    record.attempt = backing_off(now, now + 60);
    assert_eq!(at(&record, now), nothing, "before any back-off");
    record.attempt = Attempt::default();
    record.request_token = Some(SealedCell(Vec::new()));
    record.request_token_expires_at = Some(now);
    assert_eq!(at(&record, now), nothing, "a request token whose day is over renews nothing");
    record.request_token_expires_at = Some(now + 1);
    assert_eq!(at(&record, now), Decision::Stale);
    let record = Record { request_token: None, obtained_by: Some(Application), ..record };
    assert_eq!(at(&record, now), Decision::Stale, "it asks by itself");
}

#[test]
fn a_condemned_refresh_token_stays_condemned() {
    let condemned = Decision::Refused(Refusal::Condemned);
    let mut record = with_attempt(ended(OutcomeKind::Condemned, OBTAINED));
    for now in [EXPIRY, EXPIRY + 900, EXPIRY + 400 * 86_400, OBTAINED - 86_400] {
        record.access_expires_at = Some(now.min(EXPIRY));
        assert_eq!(at(&record, now), condemned, "{now}");
    }
    record.attempt.not_before = Some(EXPIRY + 60);
    assert_eq!(at(&record, EXPIRY), condemned, "before any back-off");
}

#[test]
fn another_refusal_holds_a_quarter_of_an_hour() {
    let refused_at = EXPIRY + 100;
    let record = with_attempt(ended(OutcomeKind::Rejected, refused_at));
    let until = refused_at + 900;
    let stale = Decision::Stale;
    let rows = [
        (refused_at, Decision::Refused(Refusal::Rejected { until })),
        (until - 1, Decision::Refused(Refusal::Rejected { until })),
        (until, stale),
        (refused_at - 1, stale), // the clock stepped back: "the last 15 minutes" say nothing
    ];
    for (now, expected) in rows {
        assert_eq!(at(&record, now), expected, "{now}");
    }
}

#[test]
fn a_refusal_comes_before_a_back_off_and_gives_way_to_it_when_it_is_over() {
    let from = EXPIRY;
    let attempt = Attempt { outcome: Some(OutcomeKind::Rejected), ..backing_off(from, from + 930) };
    let record = with_attempt(attempt);
    assert_eq!(at(&record, from + 1), Decision::Refused(Refusal::Rejected { until: from + 900 }));
    assert_eq!(at(&record, from + 901), Decision::Refused(Refusal::Backoff { until: from + 930 }));
}

#[test]
fn a_back_off_ends_at_its_time_and_is_ignored_before_its_attempt() {
    let (from, until) = (EXPIRY, EXPIRY + 8);
    let stale = Decision::Stale;
    let record = with_attempt(backing_off(from, until));
    assert_eq!(at(&record, from), Decision::Refused(Refusal::Backoff { until }));
    assert_eq!(at(&record, until - 1), Decision::Refused(Refusal::Backoff { until }));
    assert_eq!(at(&record, until), stale);
    assert_eq!(at(&record, from - 1), stale, "the clock stepped back since");
}

#[test]
fn an_attempt_that_never_ended_blocks_no_caller() {
    let attempt = Attempt { number: 3, started_at: Some(EXPIRY), ..Attempt::default() };
    let stale = Decision::Stale;
    assert_eq!(at(&with_attempt(attempt), EXPIRY + 1), stale, "its process was killed");
}

#[test]
fn a_refresh_token_past_its_recorded_expiry_is_still_tried() {
    let record = Record { refresh_expires_at: Some(OBTAINED), ..record() };
    assert_eq!(at(&record, EXPIRY), Decision::Stale);
}

#[test]
fn a_token_without_a_known_expiry_is_not_served() {
    let none = Decision::Stale;
    assert_eq!(at(&Record { access_expires_at: None, ..record() }, OBTAINED), none);
    assert_eq!(at(&Record { access_token: None, ..record() }, OBTAINED), none);
}

#[test]
fn more_life_than_was_given_means_that_the_clock_stepped_back() {
    let record = record();
    assert_eq!(at(&record, OBTAINED - 60), Decision::Fresh, "within the tolerance");
    assert_eq!(at(&record, OBTAINED - 61), Decision::Stale);
    assert_eq!(at(&record, 0), Decision::Stale);
}

#[test]
fn more_life_can_be_asked_for_up_to_half_of_what_is_granted() {
    let record = record();
    assert_eq!(capped_min_ttl(record.access_times(), 60), (60, false));
    assert_eq!(capped_min_ttl(record.access_times(), LIFETIME / 2), (LIFETIME / 2, false));
    assert_eq!(capped_min_ttl(record.access_times(), LIFETIME / 2 + 1), (LIFETIME / 2, true));
    assert_eq!(capped_min_ttl(record.access_times(), i64::MAX), (LIFETIME / 2, true));
    assert_eq!(decide(&record, OBTAINED, LIFETIME / 2), Decision::Fresh, "it can be met");
}

#[test]
fn a_callers_word_counts_for_the_generation_it_used_and_an_old_token() {
    let record = record();
    assert!(!may_force(&record, 1, OBTAINED + 60), "not over 60 s old");
    assert!(may_force(&record, 1, OBTAINED + 61));
    assert!(!may_force(&record, 0, OBTAINED + 61), "renewed meanwhile");
    assert!(!may_force(&record, 2, OBTAINED + 61));
}

#[test]
fn the_back_off_doubles_up_to_a_minute() {
    let back_offs: Vec<i64> = (1..=8).map(back_off_secs).collect();
    assert_eq!(back_offs, [2, 4, 8, 16, 32, 60, 60, 60]);
    assert_eq!((back_off_secs(0), back_off_secs(i64::MIN), back_off_secs(i64::MAX)), (2, 2, 60));
}

fn any_outcome() -> impl Strategy<Value = Option<OutcomeKind>> {
    prop::option::of(prop::sample::select(OutcomeKind::ALL.to_vec()))
}

fn any_cell() -> impl Strategy<Value = Option<SealedCell>> {
    any::<bool>().prop_map(|there| there.then(|| SealedCell(Vec::new())))
}

/// Times around those of the records above, and any at all.
fn any_time() -> impl Strategy<Value = i64> {
    prop_oneof![3 => OBTAINED - 10_000..OBTAINED + 10_000, 1 => any::<i64>()]
}

prop_compose! {
    fn any_attempt()(
        started_at in prop::option::of(any_time()),
        ended_at in prop::option::of(any_time()),
        not_before in prop::option::of(any_time()),
        outcome in any_outcome(),
        failures in any::<i64>(),
    ) -> Attempt {
        Attempt { started_at, ended_at, outcome, not_before, failures, ..Attempt::default() }
    }
}

prop_compose! {
    fn any_record()(
        access_token in any_cell(),
        access_expires_at in prop::option::of(any_time()),
        refresh_token in any_cell(),
        obtained_by in prop::option::of(prop::sample::select(GrantKind::ALL.to_vec())),
        request_token in any_cell(),
        request_token_expires_at in prop::option::of(any_time()),
        obtained_at in any_time(),
        generation in any::<i64>(),
        attempt in any_attempt(),
    ) -> Record {
        Record {
            access_token, access_expires_at, refresh_token, obtained_by, request_token,
            request_token_expires_at, obtained_at, generation, attempt, ..record()
        }
    }
}

/// To beyond 2038 and to before 1970, and anywhere between.
fn any_shift() -> impl Strategy<Value = i64> {
    -3_000_000_000i64..3_000_000_000
}

/// The record's times, brought within some thousand years so that they can be moved, and moved.
fn shifted(record: &Record, by: i64) -> Record {
    let later = |at: Option<i64>| at.map(|at| at % 100_000_000_000 + by);
    let mut record = record.clone();
    record.access_expires_at = later(record.access_expires_at);
    record.refresh_expires_at = later(record.refresh_expires_at);
    record.request_token_expires_at = later(record.request_token_expires_at);
    record.obtained_at = record.obtained_at % 100_000_000_000 + by;
    record.attempt.started_at = later(record.attempt.started_at);
    record.attempt.ended_at = later(record.attempt.ended_at);
    record.attempt.not_before = later(record.attempt.not_before);
    record
}

proptest! {
    #[test]
    fn what_is_served_has_the_life_asked_for(
        record in any_record(), now in any_time(), min_ttl in any_time(),
    ) {
        if is_served(decide(&record, now, min_ttl)) {
            prop_assert!(record.access_token.is_some());
            let remaining = i128::from(record.access_expires_at.unwrap()) - i128::from(now);
            prop_assert!(remaining > i128::from(min_ttl));
        }
    }

    #[test]
    fn a_clock_step_is_never_served(record in any_record(), now in OBTAINED - 10_000..EXPIRY) {
        let expires = record.access_expires_at.unwrap_or_default();
        let lifetime = i128::from(expires) - i128::from(record.obtained_at);
        let remaining = i128::from(expires) - i128::from(now);
        if remaining > lifetime + 60 {
            prop_assert!(!is_served(decide(&record, now, 0)));
        }
    }

    #[test]
    fn no_caller_is_blocked_beyond_the_longest_back_off(record in any_record(), now in any_time()) {
        match decide(&record, now, DEFAULT_MIN_TTL_SECS) {
            Decision::Refused(Refusal::Rejected { until }) => {
                prop_assert!(until > now && i128::from(until) - i128::from(now) <= 900);
            }
            Decision::Refused(Refusal::Backoff { until }) => {
                // A quarter of an hour from the end of an attempt, which itself is bounded.
                prop_assert!(until > now && i128::from(until) - i128::from(now) <= 1200);
            }
            Decision::Soft => {
                let left = record.access_expires_at.unwrap() - now;
                prop_assert!(left <= 300);
            }
            Decision::Fresh | Decision::Stale | Decision::Refused(_) => {}
        }
    }

    #[test]
    fn a_token_served_later_is_served_earlier_too(
        attempt in any_attempt(),
        earlier in OBTAINED..EXPIRY + 100,
        wait in 0i64..4000,
        min_ttl in 0i64..4000,
    ) {
        let record = with_attempt(attempt);
        if is_served(decide(&record, earlier + wait, min_ttl)) {
            prop_assert!(is_served(decide(&record, earlier, min_ttl)));
        }
    }

    #[test]
    fn a_smaller_min_ttl_is_served_as_well(
        record in any_record(), now in any_time(), less in any_time(), more in any_time(),
    ) {
        let (less, more) = (less.min(more), less.max(more));
        if is_served(decide(&record, now, more)) {
            prop_assert!(is_served(decide(&record, now, less)));
        }
    }

    #[test]
    fn what_cannot_be_used_is_never_served(record in any_record(), now in any_time()) {
        prop_assert!(!is_served(plan(&record, now, Need::Replacement)));
    }

    #[test]
    fn only_differences_of_times_count(
        record in any_record(), now in any_time(), min_ttl in any_time(), shift in any_shift(),
    ) {
        let moved = |decision| match decision {
            Decision::Refused(Refusal::Rejected { until }) => Decision::Refused(Refusal::Rejected { until: until + shift }),
            Decision::Refused(Refusal::Backoff { until }) => Decision::Refused(Refusal::Backoff { until: until + shift }),
            other => other,
        };
        let now = now % 100_000_000_000;
        let there = decide(&shifted(&record, shift), now + shift, min_ttl);
        prop_assert_eq!(there, moved(decide(&shifted(&record, 0), now, min_ttl)));
    }

    #[test]
    fn no_record_and_no_time_makes_it_panic(
        record in any_record(), now in any::<i64>(), other in any::<i64>(),
    ) {
        let _ = decide(&record, now, other);
        let (capped, _) = capped_min_ttl(record.access_times(), other);
        prop_assert!(capped <= other);
        let _ = may_force(&record, other, now);
        prop_assert!((2..=60).contains(&back_off_secs(other)));
    }
}
