//! One attempt to refresh: recorded before anything is sent, at most three requests, and nothing
//! between Concur's answer and the commit.

use std::time::Duration;

use super::new_secret::NewSecret;
use super::{Refresher, ValidToken, ending, failure, pending};
use crate::auth::oauth::answer::Granted;
use crate::auth::oauth::asking::{Asked, Asking};
use crate::auth::oauth::client::TokenService;
use crate::auth::oauth::failure::Failure;
use crate::auth::oauth::form::GrantRequest;
use crate::auth::{committing, held};
use crate::error::{Error, Result};
use crate::model::grant::Grant;
use crate::model::origin::AllowedOrigin;
use crate::model::policy::Refusal;
use crate::model::record::{OutcomeKind, Record};
use crate::model::secret::Secret;
use crate::store::audit::{self, Event};
use crate::store::lock::RecordLock;
use crate::store::{RenewalSecrets, Store};
use crate::sys::{failpoint, signals, trace};

/// The requests of an attempt: the first, and the one to send if Concur calls the refresh token of the first
/// invalid.
type Requests<'a> = (GrantRequest<'a>, Option<GrantRequest<'a>>);

impl Refresher<'_> {
    /// Makes one attempt, under the lock, on a record that was reread under it. A client secret that is not
    /// stored yet is tried instead of the stored one, and stored together with the tokens that it obtains.
    pub(super) fn attempt(
        &mut self,
        store: &mut Store,
        lock: &RecordLock,
        record: &Record,
        new_secret: Option<&Secret>,
    ) -> Result<ValidToken> {
        let now = (self.clock)();
        let mut secrets = store.unseal_renewal(record, now)?;
        let new_secret = new_secret.map(|secret| NewSecret { secret, before: &record.attempt });
        if let Some(new) = new_secret {
            secrets.client_secret = new.secret.clone();
        }
        let requests = requests(record, &secrets)
            .ok_or_else(|| failure::refusal(record, Refusal::NothingToRefreshWith, now))?;
        let (allowed, registered) = self.config.allowed.permitting(&secrets.application_origin);
        let not_allowed =
            || failure::not_allowed(secrets.geolocation.as_str(), record.profile_name());
        let base_url = allowed.permit(&secrets.geolocation).ok_or_else(not_allowed)?;
        // A wrong setting of this caller must not become a failed attempt for the others.
        let service = TokenService::new(&self.config.http)?;
        service.http().via(&base_url)?;
        // Held until the answer is stored.
        let held = signals::hold();
        // Both prove, before a rotating refresh token is used, that its answer can be stored.
        crate::store::reserve::ensure(store.paths(), record.id)?;
        trace::step("reserve ready");
        failpoint::pass("reserve-ready");
        let begun = store.begin_attempt(lock, record, now)?;
        trace::step("attempt recorded");
        failpoint::pass("attempt-begun");
        let asking = Asking {
            service: &service,
            allowed: &allowed,
            clock: self.clock,
            client_id: record.client_id(),
            client_secret: &secrets.client_secret,
        };
        let may_keep_first = !record.renews_by_itself();
        let (request, asked) = ask(&asking, requests, may_keep_first, &base_url, &registered);
        failpoint::pass("answer-received");
        trace::step("answer received");
        let took = asked.took;
        let (ended, token, not_kept) = self.end(store, lock, begun, asked, &secrets, new_secret);
        let was_kept = not_kept.is_none();
        self.audit(&ended, request, took, not_kept);
        if signals::is_held() {
            // The program ends here: this is the last moment to write it.
            audit::record_all(store.paths(), self.events);
            self.say_stopped(&token, was_kept);
        }
        drop(held);
        token
    }

    /// What a person who pressed Ctrl-C sees, after what had to be kept is kept.
    fn say_stopped(&mut self, token: &Result<ValidToken>, was_kept: bool) {
        match token {
            Ok(_) if was_kept => (self.note)("stopped; the answer was kept"),
            Ok(_) => self.warn("stopped; the answer could not be kept"),
            Err(error) => (self.note)(&format!("stopped; {}{}", error.problem(), error.service())),
        }
    }

    /// Stores the result of an attempt. Returns the record with the attempt's end, the token, and why the grant
    /// could not be stored.
    fn end(
        &mut self,
        store: &mut Store,
        lock: &RecordLock,
        mut record: Record,
        asked: Asked<Box<Granted>>,
        sent: &RenewalSecrets,
        new_secret: Option<NewSecret<'_>>,
    ) -> (Record, Result<ValidToken>, Option<Error>) {
        let now = (self.clock)();
        match asked.result {
            Ok(mut granted) => {
                let other = ending::another_principal(&record, &granted.grant, sent);
                if other.is_some() {
                    // The only valid tokens, so they are stored; without an expiry they are never printed.
                    granted.grant.access_expires_at = None;
                }
                record.attempt.correlation_id = asked.correlation_id;
                record.attempt = ending::granted(&record.attempt, &granted.grant, other, now);
                held::remember_replaced(store, &mut record, &granted.grant);
                let secret = new_secret.map(|new| new.secret);
                let (token, not_kept) = self.keep(store, lock, &record, *granted, secret, now);
                (record, token, not_kept)
            }
            Err(failure) => {
                record.attempt = ending::failed(&record.attempt, failure, now);
                let error = self.record_failure(store, lock, &record, new_secret, now);
                (record, Err(error), None)
            }
        }
    }

    /// Stores the grant at once, then the rest.
    fn keep(
        &mut self,
        store: &mut Store,
        lock: &RecordLock,
        ending: &Record,
        Granted { grant, warnings, skew: _ }: Granted,
        new_secret: Option<&Secret>,
        now: i64,
    ) -> (Result<ValidToken>, Option<Error>) {
        let committed =
            committing::retried(|| store.commit_grant(lock, ending, (&grant, new_secret), now));
        trace::step("grant committed");
        failpoint::pass("grant-committed");
        let kept: Result<Record> = committed.or_else(|error| {
            pending::keep(store, ending, &grant, now)?;
            self.warn(&format!("{error}; the new tokens are saved in the reserve file"));
            Ok(beside_the_store(ending, &grant))
        });
        for warning in warnings {
            self.warn(&warning);
        }
        let (record, not_kept) = match kept {
            Ok(record) => (record, None),
            Err(error) if grant.access_token.is_none() => {
                return (Err(error.clone()), Some(error));
            }
            Err(error) => {
                // The access token is valid for an hour: returning it is better than losing it, too.
                self.warn(&format!(
                    "{}; the new refresh token could not be stored: log in again within the hour",
                    error.problem()
                ));
                (beside_the_store(ending, &grant), Some(error))
            }
        };
        let token = match grant.access_token {
            Some(token) if grant.access_expires_at.is_some() => Ok(ValidToken { token, record }),
            _ => Err(failure::of_attempt(&record, now)),
        };
        (token, not_kept)
    }

    /// Records how an attempt without a grant ended, and returns the error for its caller.
    fn record_failure(
        &mut self,
        store: &mut Store,
        lock: &RecordLock,
        ended: &Record,
        new_secret: Option<NewSecret<'_>>,
        now: i64,
    ) -> Error {
        let mut error = failure::of_attempt(ended, now);
        let mut attempt = ended.attempt.clone();
        if let Some(new) = new_secret {
            error = failure::of_new_secret(ended, &error);
            // A refusal of the new secret says nothing about the stored one.
            if attempt.outcome == Some(OutcomeKind::Rejected) {
                attempt = new.before.clone();
            }
        }
        if let Err(not_recorded) = store.end_attempt(lock, ended, attempt) {
            self.warn(&format!("{not_recorded}; other processes will send the request again"));
        }
        error
    }

    /// The audit event of an attempt.
    fn audit(
        &mut self,
        ended: &Record,
        request: &'static str,
        took: Duration,
        not_kept: Option<Error>,
    ) {
        let attempt = &ended.attempt;
        self.events.push(Event {
            at: (self.clock)(),
            profile: ended.profile_name().map(str::to_owned),
            action: request.to_owned(),
            outcome: attempt.outcome.map_or("unknown", OutcomeKind::name).to_owned(),
            code: attempt.code,
            correlation_id: attempt.correlation_id.clone(),
            duration_ms: i64::try_from(took.as_millis()).ok(),
            detail: not_kept.map(|e| e.problem().to_owned()).or_else(|| attempt.why.clone()),
        });
    }
}

/// The refresh grant, and after it the one that needs no refresh token: `client_credentials` for an
/// application, the company grant (as in the tutorial) for a company with a valid request token. `None`: there
/// is neither.
fn requests<'a>(record: &'a Record, secrets: &'a RenewalSecrets) -> Option<Requests<'a>> {
    let by_request_token = || {
        let request_token = secrets.request_token.as_ref()?;
        Some(GrantRequest::Company { company_uuid: &record.principal, request_token })
    };
    let other = if record.renews_by_itself() {
        Some(GrantRequest::Application)
    } else {
        by_request_token()
    };
    match &secrets.refresh_token {
        Some(refresh_token) => Some((GrantRequest::Refresh { refresh_token }, other)),
        None => other.map(|other| (other, None)),
    }
}

/// Sends the first request, and the other one if Concur calls the refresh token invalid. Of two refusals the
/// second counts, unless `may_keep_first`: a person can act on the refusal of the refresh token. (A refusal of
/// the application can be fixed at Concur, so it does not mark the refresh token as invalid.) Also returns the
/// name of the request that counts.
fn ask(
    asking: &Asking<'_>,
    (first, other): Requests<'_>,
    may_keep_first: bool,
    base_url: &AllowedOrigin,
    registered: &AllowedOrigin,
) -> (&'static str, Asked<Box<Granted>>) {
    if !first.is_refresh() {
        return (first.name(), ask_where_registered(asking, first, registered));
    }
    // The registered origin is used if the base URL does not know the client. The record's identity
    // authenticates it.
    let asked = asking.ask_or_at(base_url, Some(registered), first);
    let is_condemned = matches!(asked.result, Err(Failure::Rejected { condemned: true, .. }));
    let Some(other) = other.filter(|_| is_condemned) else { return (first.name(), asked) };
    let second = ask_where_registered(asking, other, registered);
    if may_keep_first && matches!(second.result, Err(Failure::Rejected { .. })) {
        return (first.name(), asked);
    }
    (other.name(), second)
}

/// Sends the request to the origin where the application obtains tokens, not to the base URL.
fn ask_where_registered(
    asking: &Asking<'_>,
    request: GrantRequest<'_>,
    registered: &AllowedOrigin,
) -> Asked<Box<Granted>> {
    let mut asked = asking.ask(registered, request);
    if let Ok(granted) = &mut asked.result {
        // As at a login: if the answer names no base URL, it is the origin that granted the tokens.
        granted.grant.geolocation.get_or_insert_with(|| registered.origin().clone());
    }
    asked
}

/// The record for the caller if the store could not be written: without the used refresh token.
fn beside_the_store(ending: &Record, grant: &Grant) -> Record {
    let spent = grant.refresh_token.is_some();
    Record {
        access_expires_at: grant.access_expires_at,
        refresh_token: ending.refresh_token.clone().filter(|_| !spent),
        ..ending.clone()
    }
}
