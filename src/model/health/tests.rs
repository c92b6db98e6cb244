//! Trouble, severity and the command that fixes it: a table, and properties of all.

use super::*;
use crate::model::record::{Attempt, SealedCell};

const NOW: i64 = 1_800_000_000;
const LIMITS: Limits = Limits { warn: 30 * DAY, crit: 7 * DAY };

/// A company's profile without trouble.
fn record() -> Record {
    let cell = || Some(SealedCell(Vec::new()));
    Record {
        access_token: cell(),
        access_expires_at: Some(NOW + 1800),
        refresh_token: cell(),
        refresh_expires_at: Some(NOW + 180 * DAY),
        obtained_by: Some(GrantKind::Company),
        obtained_at: NOW - 1800,
        refreshed_at: Some(NOW - 1800),
        ..Record::default()
    }
}

fn ended(outcome: OutcomeKind, code: Option<i64>) -> Record {
    let attempt = Attempt {
        number: 1,
        started_at: Some(NOW - 61),
        ended_at: Some(NOW - 60),
        outcome: Some(outcome),
        code,
        ..Attempt::default()
    };
    Record { attempt, ..record() }
}

fn leaving(left: i64, refreshed_at: Option<i64>) -> Record {
    Record { refresh_expires_at: Some(NOW + left), refreshed_at, ..record() }
}

fn of(record: &Record) -> Option<Trouble> {
    trouble(record, Cells::Sound, NOW, LIMITS)
}

const AGAIN: Fix = Fix::LogIn { by: Some(GrantKind::Company), needs: Needs::RequestToken };
const REFRESH: Fix = Fix::Refresh { once_fixed: false };
const SINCE: Option<i64> = Some(NOW - 60);

/// Each record has this trouble, this severity and this fix.
fn assert_table(severity: Severity, table: &[(Record, Trouble, Fix)]) {
    for (record, wanted, fix) in table {
        let found = of(record).unwrap_or_else(|| panic!("{wanted:?} is seen"));
        assert_eq!((found, found.severity(), found.fix(record)), (*wanted, severity, *fix));
    }
}

#[test]
fn how_the_last_attempt_ended_has_its_command() {
    use OutcomeKind::{Condemned, Granted, Local, OtherPrincipal, Rejected, Transient};
    let rejected = |code| Trouble::Rejected { code, since: SINCE };
    let secret = Trouble::WrongSecret { is_unknown: false, since: SINCE };
    let unknown = Trouble::WrongSecret { is_unknown: true, since: SINCE };
    let refused = Trouble::RefreshTokenRefused { code: Some(108) };
    let unavailable = Trouble::Unavailable { at: SINCE, code: Some(134) };
    let once_fixed = Fix::Refresh { once_fixed: true };
    assert_table(
        Severity::Critical,
        &[
            (ended(Condemned, Some(108)), refused, AGAIN),
            (ended(OtherPrincipal, None), Trouble::OtherPrincipal, AGAIN),
            (ended(Rejected, Some(5)), secret, Fix::SetSecret { is_unknown: false }),
            (ended(Rejected, Some(61)), unknown, Fix::SetSecret { is_unknown: true }),
            (ended(Rejected, Some(64)), secret, Fix::SetSecret { is_unknown: false }),
            (ended(Rejected, Some(59)), rejected(Some(59)), once_fixed),
            (ended(Rejected, None), rejected(None), once_fixed),
            (ended(Rejected, Some(136)), rejected(Some(136)), AGAIN),
            (ended(Local, None), Trouble::Unreachable { at: SINCE }, REFRESH),
            (ended(Transient, Some(134)), unavailable, REFRESH),
        ],
    );
    assert_eq!(of(&ended(Granted, None)), None);
}

#[test]
fn what_is_left_of_a_refresh_token_has_its_command() {
    let long_ago = Some(NOW - 150 * DAY);
    let lately = Some(NOW - 3600);
    let expiring = |left, refreshed_at, is_critical| {
        let is_kept_alive = refreshed_at == lately;
        Trouble::Expiring { left, refreshed_at, is_kept_alive, is_critical }
    };
    let without = Record { refresh_token: None, ..record() };
    let (days, week, soon) = (7 * DAY - 1, 7 * DAY, 30 * DAY - 1);
    assert_table(
        Severity::Critical,
        &[
            (without, Trouble::NoRefreshToken, AGAIN),
            (leaving(0, long_ago), Trouble::Expired { at: NOW }, AGAIN),
            (leaving(-DAY, long_ago), Trouble::Expired { at: NOW - DAY }, AGAIN),
            (leaving(days, long_ago), expiring(days, long_ago, true), REFRESH),
        ],
    );
    assert_table(
        Severity::Warning,
        &[
            (leaving(week, long_ago), expiring(week, long_ago, false), Fix::KeepAlive),
            (leaving(soon, None), expiring(soon, None, false), Fix::KeepAlive),
            (leaving(soon, lately), expiring(soon, lately, false), REFRESH),
        ],
    );
    for left in [30 * DAY, 180 * DAY] {
        assert_eq!(of(&leaving(left, long_ago)), None);
    }
}

#[test]
fn an_access_token_that_is_valid_hides_nothing_and_one_that_expired_is_no_trouble() {
    let expired = |record: Record| Record { access_expires_at: Some(NOW - 1), ..record };
    assert_eq!(of(&expired(record())), None);
    for outcome in OutcomeKind::ALL {
        let record = ended(outcome, None);
        assert_eq!(of(&record), of(&expired(record.clone())), "{outcome:?}");
    }
}

#[test]
fn a_failure_stands_until_the_next_attempt_however_long_that_takes() {
    for outcome in [OutcomeKind::Rejected, OutcomeKind::Local, OutcomeKind::Transient] {
        let record = ended(outcome, None);
        let later = trouble(&record, Cells::Sound, NOW + 20 * DAY, LIMITS);
        assert_eq!(later, of(&record), "{outcome:?}");
        assert!(later.is_some(), "{outcome:?}");
    }
}

#[test]
fn an_application_needs_no_refresh_token_and_logs_in_by_itself() {
    let by = Some(GrantKind::Application);
    let application = |record: Record| Record { obtained_by: by, ..record };
    let without = application(Record { refresh_token: None, ..record() });
    assert_eq!(of(&without), None);
    assert_eq!(of(&application(leaving(-1, None))), None);
    let secret = application(ended(OutcomeKind::Rejected, Some(64)));
    let fix = Fix::SetSecret { is_unknown: false };
    assert_eq!(of(&secret).map(|found| found.fix(&secret)), Some(fix));
    let disabled = application(ended(OutcomeKind::Rejected, Some(59)));
    let again = Fix::LogIn { by, needs: Needs::Nothing };
    assert_eq!(of(&disabled).map(|found| found.fix(&disabled)), Some(again));
}

#[test]
fn what_cannot_be_opened_comes_before_all_else() {
    let condemned = ended(OutcomeKind::Condemned, Some(108));
    for record in [record(), condemned] {
        for (cells, wanted, fix) in [
            (Cells::NoKey, Trouble::NoKey, Fix::Examine),
            (
                Cells::Edited,
                Trouble::Edited,
                Fix::LogIn { by: Some(GrantKind::Company), needs: Needs::BaseUrl },
            ),
        ] {
            let found = trouble(&record, cells, NOW, LIMITS).unwrap();
            assert_eq!((found, found.fix(&record)), (wanted, fix));
            assert!(found.is_locked() && found.severity() == Severity::Critical);
        }
    }
}

#[test]
fn a_grant_decides_what_a_login_needs() {
    for (by, needs) in [
        (None, Needs::RequestToken),
        (Some(GrantKind::Company), Needs::RequestToken),
        (Some(GrantKind::Import), Needs::RequestToken),
        (Some(GrantKind::Refresh), Needs::RefreshToken),
        (Some(GrantKind::User), Needs::Nothing),
        (Some(GrantKind::Browser), Needs::Nothing),
        (Some(GrantKind::Otp), Needs::Nothing),
    ] {
        let record = Record { obtained_by: by, ..ended(OutcomeKind::Condemned, Some(108)) };
        assert_eq!(of(&record).map(|t| t.fix(&record)), Some(Fix::LogIn { by, needs }));
    }
}

#[test]
fn a_policy_that_refuses_is_always_a_trouble() {
    // Everything that keeps `get` from a new token is shown, and whether it needs a login.
    for outcome in OutcomeKind::ALL {
        for code in [None, Some(5), Some(16), Some(59), Some(108)] {
            for refresh_token in [None, record().refresh_token] {
                let record = Record { refresh_token, ..ended(outcome, code) };
                if let Some(refusal) = policy::refusal(&record, NOW) {
                    let found = of(&record).unwrap_or_else(|| panic!("{refusal:?}"));
                    assert!(!refusal.needs_login() || found.needs_login(&record), "{found:?}");
                }
            }
        }
    }
}

#[test]
fn limits_of_a_short_warning_are_never_longer_than_it() {
    assert_eq!(Limits::of_warning(30 * DAY), LIMITS);
    assert_eq!(Limits::of_warning(DAY), Limits { warn: DAY, crit: DAY });
}
