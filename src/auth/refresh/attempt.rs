//! One attempt to renew: recorded before anything is sent, at most three requests, and nothing
//! between Concur's answer and the commit.

use std::time::Duration;

use super::asking::{Asked, Asking, Attempted};
use super::granted::Granted;
use super::new_secret::NewSecret;
use super::{Refresher, Usable, failure, pending};
use crate::auth::committing;
use crate::auth::oauth::answer::Outcome;
use crate::auth::oauth::form::GrantRequest;
use crate::error::{Error, Result, ServiceWord};
use crate::model::grant::Grant;
use crate::model::origin::AllowedOrigin;
use crate::model::policy;
use crate::model::record::{Attempt, OutcomeKind, Record};
use crate::model::secret::Secret;
use crate::store::audit::{self, Event};
use crate::store::lock::RecordLock;
use crate::store::{RenewalSecrets, Store};
use crate::sys::{failpoint, signals, trace};

/// What the audit trail says of a request, and the client secret that was tried with it.
#[derive(Clone, Copy)]
struct Audit<'a> {
    name: &'static str,
    took: Duration,
    new_secret: Option<NewSecret<'a>>,
}

impl Refresher<'_> {
    /// Makes one attempt, under the lock, on a record that was reread under it. With a client secret that is not
    /// kept yet, that is tried in place of the stored one, and kept with what it obtains.
    pub(super) fn attempt(
        &mut self,
        store: &mut Store,
        lock: &RecordLock,
        record: &Record,
        new_secret: Option<&Secret>,
    ) -> Result<Usable> {
        let now = (self.clock)();
        let mut secrets = store.unseal_renewal(record, now)?;
        let new_secret = new_secret.map(|secret| NewSecret { secret, before: &record.attempt });
        if let Some(new) = new_secret {
            secrets.client_secret = new.secret.clone();
        }
        let allowed = self.config.allowed.and(&secrets.application_origin);
        let not_allowed =
            || failure::not_allowed(secrets.geolocation.as_str(), record.profile_name());
        let home = allowed.permit(&secrets.geolocation).ok_or_else(not_allowed)?;
        // A setting of this caller's that is wrong is nobody else's failed attempt.
        let service = self.service()?;
        service.http().via(&home)?;
        // Until the answer is kept.
        let held = signals::hold();
        // Both prove, before a rotating refresh token is spent, that its answer can be kept.
        crate::store::reserve::ensure(store.paths(), record.id)?;
        trace::step("reserve ready");
        failpoint::pass("reserve-ready");
        let record = store.begin_attempt(lock, record, now)?;
        trace::step("attempt recorded");
        failpoint::pass("attempt-begun");
        let asking = Asking {
            service: &service,
            allowed: &allowed,
            clock: self.clock,
            client_id: record.client_id(),
            client_secret: &secrets.client_secret,
        };
        let (name, asked) = ask_with_way_back(&asking, &record, &secrets, &home);
        failpoint::pass("answer-received");
        trace::step("answer received");
        let audit = Audit { name, took: asked.took, new_secret };
        let ended = match asked.ended {
            Attempted::Answered(Outcome::Granted(grant, odd)) => {
                let mut begun = record.clone();
                begun.attempt.correlation_id = asked.correlation_id;
                let granted = Granted::new(*grant, odd, &record, &secrets);
                self.keep(store, lock, &begun, granted, audit)
            }
            ended => Err(self.end(store, lock, record, ended, audit)),
        };
        if signals::is_held() {
            // The program ends here, and nobody writes it later.
            audit::record_all(store.paths(), self.events);
        }
        drop(held);
        ended
    }

    /// Keeps what was granted, at once; then the rest.
    fn keep(
        &mut self,
        store: &mut Store,
        lock: &RecordLock,
        begun: &Record,
        granted: Granted,
        audit: Audit<'_>,
    ) -> Result<Usable> {
        let now = (self.clock)();
        let attempt = granted.ending(&begun.attempt, now);
        let Granted { grant, odd, whose: _ } = granted;
        let ending = Record { attempt, ..begun.clone() };
        let unusable = grant.access_expires_at.is_none();
        let secret = audit.new_secret.map(|new| new.secret);
        let committed =
            committing::retried(|| store.commit_grant(lock, &ending, (&grant, secret), now));
        trace::step("grant committed");
        failpoint::pass("grant-committed");
        let kept = match committed {
            Ok(record) => Ok(record),
            Err(error) => pending::keep(store, &ending, &grant, now).map(|()| {
                (self.note)(&format!("{}; the new tokens wait in the reserve", error.problem()));
                beside_the_store(&ending, &grant)
            }),
        };
        for note in odd {
            (self.note)(&note);
        }
        self.audit(begun, audit, &ending.attempt, kept.as_ref().err());
        let record = match (kept, &grant.access_token) {
            (Ok(record), _) => record,
            (Err(error), Some(_)) => {
                // The token itself is good for its hour: better served than lost as well.
                (self.note)(&format!(
                    "{}; the new refresh token could not be kept: log in again within the hour",
                    error.problem()
                ));
                beside_the_store(&ending, &grant)
            }
            (Err(error), None) => return Err(error),
        };
        match grant.access_token {
            Some(token) if !unusable => Ok(Usable { token, record }),
            _ => Err(failure::of_attempt(&record, now)),
        }
    }

    /// Records how an attempt without a grant ended, and returns what its caller is told.
    fn end(
        &mut self,
        store: &mut Store,
        lock: &RecordLock,
        mut record: Record,
        ended: Attempted,
        audit: Audit<'_>,
    ) -> Error {
        let now = (self.clock)();
        record.attempt = ended_attempt(&record.attempt, ended, now);
        self.audit(&record, audit, &record.attempt, None);
        let mut told = failure::of_attempt(&record, now);
        if let Some(new) = audit.new_secret {
            told = failure::of_new_secret(&record, &told);
            // A refusal of the new one says nothing about the one that is stored.
            if record.attempt.outcome == Some(OutcomeKind::Rejected) {
                record.attempt = new.before.clone();
            }
        }
        match store.end_attempt(lock, &record, record.attempt.clone()) {
            Ok(()) => told,
            Err(error) => {
                (self.note)(&format!("{}; others will ask again", error.problem()));
                told
            }
        }
    }

    fn audit(
        &mut self,
        record: &Record,
        Audit { name: action, took, .. }: Audit<'_>,
        attempt: &Attempt,
        kept: Option<&Error>,
    ) {
        self.events.push(Event {
            at: (self.clock)(),
            profile: record.profile_name().map(str::to_owned),
            action: action.to_owned(),
            outcome: attempt.outcome.map_or("unknown", OutcomeKind::name).to_owned(),
            code: attempt.code,
            correlation_id: attempt.correlation_id.clone(),
            duration_ms: i64::try_from(took.as_millis()).ok(),
            detail: kept.map(|error| error.problem().to_owned()).or_else(|| attempt.why.clone()),
        });
    }
}

/// The refresh grant; and where there is no refresh token, or Concur condemns it, the way back: for an
/// application its own grant, for a company with a living request token the company grant, once, as the
/// tutorial does.
fn ask_with_way_back(
    asking: &Asking<'_>,
    record: &Record,
    secrets: &RenewalSecrets,
    home: &AllowedOrigin,
) -> (&'static str, Asked) {
    let mut refused = None;
    let way_back = way_back(record, secrets);
    if let Some(refresh_token) = &secrets.refresh_token {
        let request = GrantRequest::Refresh { refresh_token };
        // Where a geolocation does not know the client. The record's identity vouches for it.
        let registered = asking.allowed.permit(&secrets.application_origin);
        let asked = asking.ask_or_at(home, registered.as_ref(), request);
        let condemned =
            matches!(asked.ended, Attempted::Answered(Outcome::Rejected { condemned: true, .. }));
        if !condemned || way_back.is_none() {
            return (request.name(), asked);
        }
        refused = Some((request.name(), asked));
    }
    // Not to the geolocation: this is where the application obtains tokens.
    let there = asking.allowed.permit(&secrets.application_origin);
    let (Some(request), Some(there)) = (way_back, there) else {
        // Only reached with nothing to ask by, which `decide` has ruled out; say so rather than panic.
        let nothing = || ("refresh", Asked::not_made("nothing is stored to ask with"));
        return refused.unwrap_or_else(nothing);
    };
    let mut asked = asking.ask(&there, request);
    if let Attempted::Answered(Outcome::Granted(grant, _)) = &mut asked.ended {
        // As at a login: where nothing is said, the tokens live where they were asked for.
        grant.geolocation.get_or_insert_with(|| there.origin().clone());
    }
    match (&asked.ended, refused) {
        // Both refused: of the company's two, a person can act on the refresh token's refusal. What
        // keeps an application from asking can be mended at Concur, so nothing is condemned by it.
        (Attempted::Answered(Outcome::Rejected { .. }), Some(first))
            if !record.renews_by_itself() =>
        {
            first
        }
        _ => (request.name(), asked),
    }
}

/// What obtains tokens without a refresh token.
fn way_back<'a>(record: &'a Record, secrets: &'a RenewalSecrets) -> Option<GrantRequest<'a>> {
    if record.renews_by_itself() {
        return Some(GrantRequest::Application);
    }
    let request_token = secrets.request_token.as_ref()?;
    Some(GrantRequest::Company { company_uuid: &record.principal, request_token })
}

/// The record as its caller sees it when the store could not take the grant: the refresh token that
/// was spent is not handed on.
fn beside_the_store(ending: &Record, grant: &Grant) -> Record {
    let spent = grant.refresh_token.is_some();
    Record {
        access_expires_at: grant.access_expires_at,
        refresh_token: ending.refresh_token.clone().filter(|_| !spent),
        ..ending.clone()
    }
}

fn ended_attempt(begun: &Attempt, ended: Attempted, now: i64) -> Attempt {
    let base = Attempt { ended_at: Some(now), ..begun.clone() };
    match ended {
        Attempted::Unreached(why) => Attempt {
            outcome: Some(OutcomeKind::Local),
            why: Some(why),
            not_before: Some(now + policy::LOCAL_FAILURE_HOLDS_SECS),
            ..base
        },
        Attempted::Answered(Outcome::Rejected { condemned, word, why }) => {
            let kind = if condemned { OutcomeKind::Condemned } else { OutcomeKind::Rejected };
            with_word(Attempt { outcome: Some(kind), why, ..base }, word)
        }
        Attempted::Answered(Outcome::Transient { why, retry_after, word }) => {
            let failures = begun.failures + 1;
            let wait = match retry_after {
                Some(seconds) => seconds.min(policy::LONGEST_RETRY_AFTER_SECS),
                None => policy::back_off_secs(failures),
            };
            let attempt = Attempt {
                outcome: Some(OutcomeKind::Transient),
                why: Some(why),
                not_before: Some(now + wait),
                failures,
                ..base
            };
            with_word(attempt, word)
        }
        // Neither is an end without a grant; kept as one so that nothing is lost silently.
        Attempted::Answered(
            Outcome::Granted(..) | Outcome::Elsewhere(..) | Outcome::Redirected(_),
        ) => base,
    }
}

fn with_word(attempt: Attempt, word: ServiceWord) -> Attempt {
    let ServiceWord { code, description, correlation_id } = word;
    Attempt { code, description, correlation_id, ..attempt }
}
