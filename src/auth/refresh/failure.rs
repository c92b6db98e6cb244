//! Pure: the errors for a caller when there is no token to return.

use std::time::Duration;

use crate::auth::oauth::advice::{self, Refused, Sent};
use crate::error::{Error, Kind, ServiceWord, login_again, login_command, set_secret_command};
use crate::model::policy::Refusal;
use crate::model::printable::printable;
use crate::model::record::{OutcomeKind, Record};
use crate::model::span::span;

/// The record was removed while this process waited for its lock.
pub(crate) fn gone(profile: Option<&str>) -> Error {
    Error::new(
        Kind::NotFound,
        "The credential was removed by another process",
        format!("Log in again: {}", login_command(profile)),
    )
    .of_profile(profile)
}

/// A base URL that is not an allowed origin.
pub(crate) fn not_allowed(base_url: &str, profile: Option<&str>) -> Error {
    Error::new(
        Kind::Unusable,
        format!(
            "Refusing to send credentials to {}: it is not an allowed origin",
            printable(base_url, 200)
        ),
        "Log in again with --base-url, or list it under allowed_origins in config.toml.",
    )
    .of_profile(profile)
}

/// The newest tokens are a pending grant, and the store still cannot be written.
pub(super) fn still_pending(record: &Record) -> Error {
    Error::new(
        Kind::Unusable,
        "New tokens are saved in the reserve file but not yet committed, because the store \
         cannot be written",
        "Free some disk space and run it again; nothing was lost.",
    )
    .of_profile(record.profile_name())
}

/// Another process held the lock for too long.
pub(super) fn lock_timeout(record: &Record, holder: &str, waited: Duration) -> Error {
    Error::new(
        Kind::Temporary,
        format!(
            "Another concur-cred ({holder}) has been refreshing for over {}",
            span(waited.as_secs())
        ),
        "Retry; if this persists, check whether that process is stopped, and end it.",
    )
    .of_profile(record.profile_name())
}

/// The error if no refresh is tried.
pub(super) fn refusal(record: &Record, refusal: Refusal, now: i64) -> Error {
    match refusal {
        Refusal::NothingToRefreshWith => Error::new(
            Kind::LoginNeeded,
            "The access token has expired and there is no refresh token",
            advice::log_in_again(record.login_by(), &again(record)),
        )
        .of_profile(record.profile_name()),
        Refusal::Condemned
        | Refusal::OtherPrincipal
        | Refusal::Rejected { .. }
        | Refusal::Backoff { .. } => of_attempt(record, now),
    }
}

/// Refuses to return a record's tokens that belong to another principal.
pub(crate) fn of_its_principal(record: &Record, now: i64) -> Result<(), Error> {
    match record.attempt.outcome {
        Some(OutcomeKind::OtherPrincipal) => Err(of_attempt(record, now)),
        _ => Ok(()),
    }
}

/// The error for the record's last attempt, whichever process made it.
pub(super) fn of_attempt(record: &Record, now: i64) -> Error {
    let attempt = &record.attempt;
    let profile = record.profile_name();
    let why = attempt.why.as_deref().unwrap_or("it gave no reason");
    let login = again(record);
    let error = match attempt.outcome {
        Some(OutcomeKind::Condemned) => Error::new(
            Kind::LoginNeeded,
            "Concur refused the refresh token",
            advice::log_in_again(record.login_by(), &login),
        ),
        Some(OutcomeKind::OtherPrincipal) => Error::new(
            Kind::LoginNeeded,
            format!("The new tokens belong to another company or user than the profile: {why}"),
            format!(
                "Log in with the right one: {login}, or import its file: concur-cred import --replace"
            ),
        ),
        Some(OutcomeKind::Rejected) => Error::new(
            Kind::LoginNeeded,
            attempt.why.clone().unwrap_or_else(|| "Concur refused to renew the token".to_owned()),
            advice::advice(
                attempt.code,
                &Refused { by: record.login_by(), login: &login, profile, sent: Sent::Stored },
            ),
        ),
        Some(OutcomeKind::Local) => Error::new(
            Kind::Temporary,
            format!("The token service cannot be reached: {why}"),
            "Check network, name resolution, proxy and certificates, and run it again.",
        ),
        _ => Error::new(
            Kind::Temporary,
            format!("The token service did not renew the token: {why}"),
            try_again_in(attempt.not_before, now),
        ),
    };
    let word = ServiceWord {
        code: attempt.code,
        description: attempt.description.clone(),
        correlation_id: attempt.correlation_id.clone(),
    };
    error.with_service(word).of_profile(profile)
}

/// The error for an attempt with a client secret that is not stored yet; `stored`: the error if it were the
/// stored one.
pub(super) fn of_new_secret(record: &Record, stored: &Error) -> Error {
    let attempt = &record.attempt;
    let profile = record.profile_name();
    let why = attempt.why.as_deref().unwrap_or("it gave no reason");
    let again = set_secret_command(profile);
    let (kind, problem, remedy) = match (attempt.outcome, attempt.code) {
        (Some(OutcomeKind::Rejected), Some(5 | 61 | 64)) => (
            Kind::LoginNeeded,
            "Concur refused the new client secret; the stored one was kept".to_owned(),
            format!(
                "Copy the client secret of App ID {} from Concur's OAuth 2.0 Application Management, and run: \
                 {again}{}",
                printable(record.client_id(), 80),
                or_another_application(record, attempt.code)
            ),
        ),
        (Some(OutcomeKind::Rejected), _) => (
            Kind::LoginNeeded,
            "Concur refused the refresh, so that the new client secret could not be checked; the stored one was \
             kept"
                .to_owned(),
            advice::advice(
                attempt.code,
                &Refused {
                    by: record.login_by(),
                    login: &self::again(record),
                    profile,
                    sent: Sent::NewSecret,
                },
            ),
        ),
        (Some(OutcomeKind::Condemned), _) => (
            Kind::LoginNeeded,
            "Concur refused the refresh token, so that the new client secret could not be checked; the stored one \
             was kept"
                .to_owned(),
            format!("Log in again with the new client secret: {}", self::again(record)),
        ),
        (Some(OutcomeKind::Local), _) => (
            Kind::Temporary,
            format!("The token service cannot be reached: {why}; the stored client secret was kept"),
            format!("Check network, name resolution, proxy and certificates, and run: {again}"),
        ),
        _ => (
            Kind::Temporary,
            format!("The token service did not check the new client secret: {why}; the stored one was kept"),
            format!("Run it again later: {again}"),
        ),
    };
    Error::new(kind, problem, remedy).with_service(stored.service().clone()).of_profile(profile)
}

/// For code 61: the application may have been deleted at Concur, and then no client secret helps.
pub(crate) fn or_another_application(record: &Record, code: Option<i64>) -> String {
    if code != Some(61) {
        return String::new();
    }
    format!(". If the application was replaced by another one, run: {} --replace", again(record))
}

/// No profile of the application has a refresh token to try a client secret with.
pub(super) fn secret_not_tried(record: &Record) -> Error {
    Error::new(
        Kind::LoginNeeded,
        "No profile of this application has a valid refresh token to try the new client secret with; the stored \
         one was kept",
        format!("Log in again with the new client secret: {}", again(record)),
    )
    .of_profile(record.profile_name())
}

/// The new tokens could only be saved in the reserve.
pub(super) fn secret_not_written(record: &Record) -> Error {
    let again = set_secret_command(record.profile_name());
    Error::new(
        Kind::Unusable,
        "Concur accepted the new client secret, but the store cannot be written: the stored one was kept, and the \
         new tokens are saved in the reserve file",
        format!("Free some disk space, and run: {again}"),
    )
    .of_profile(record.profile_name())
}

/// The command that logs this account in again, by the grant that it has.
fn again(record: &Record) -> String {
    login_again(record.profile_name(), record.login_by())
}

fn try_again_in(not_before: Option<i64>, now: i64) -> String {
    match not_before.map(|at| at.saturating_sub(now)) {
        Some(seconds) if seconds > 0 => format!(
            "The stored credential is still valid. No request is sent for the next {}; retry \
             after that.",
            span(seconds)
        ),
        _ => "The stored credential is still valid. Retry.".to_owned(),
    }
}
