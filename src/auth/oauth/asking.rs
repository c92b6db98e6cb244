//! Sends requests to the token service: at most three, with at most one change to another origin, and limited
//! waiting. A change follows code 16, a redirect of the token endpoint to one of Concur's own origins, or an
//! unknown client.

use std::time::{Duration, Instant};

use uuid::Uuid;

use super::answer::{Granted, HttpAnswer, Moved, Outcome, classify, not_granted};
use super::client::TokenService;
use super::failure::{Failure, Unusable};
use super::form::{GrantRequest, OTP_PATH, TOKEN_PATH, otp_body};
use super::redact;
use crate::error::ServiceWord;
use crate::model::origin::{AllowList, AllowedOrigin};
use crate::model::secret::Secret;
use crate::net::NoAnswer;
use crate::sys::{progress, random, signals};

/// The most requests of one attempt.
const MAX_REQUESTS: u32 = 3;
/// No new request starts after this.
const LAST_START: Duration = Duration::from_secs(20);
/// The first pause between two requests; the next is twice as long. Jittered by half.
const FIRST_PAUSE: Duration = Duration::from_millis(500);
/// Concur's code for a client that is unknown at this origin.
const UNKNOWN_CLIENT: i64 = 61;

/// The result of the requests.
#[derive(Debug)]
pub(crate) struct Asked<T> {
    /// The outcome.
    pub result: Result<T, Failure>,
    /// From the first request to the end.
    pub took: Duration,
    /// The correlation id of the last request.
    pub correlation_id: Option<String>,
}

/// What the requests need.
pub(crate) struct Asking<'a> {
    /// The token service.
    pub service: &'a TokenService,
    /// The allowed origins.
    pub allowed: &'a AllowList,
    /// The clock, epoch seconds.
    pub clock: fn() -> i64,
    /// The OAuth client id.
    pub client_id: &'a str,
    /// The OAuth client secret.
    pub client_secret: &'a Secret,
}

impl Asking<'_> {
    /// Requests a grant: again after a transient failure while there is time, and once at another origin if
    /// Concur redirects there.
    ///
    /// The next writer erases the progress line: the answer must be stored first.
    pub(crate) fn ask(&self, at: &AllowedOrigin, request: GrantRequest<'_>) -> Asked<Box<Granted>> {
        self.ask_or_at(at, None, request)
    }

    /// The same; and if the client is unknown (61), once more at the origin where it was registered. Entities
    /// that were migrated from implementation are known only there.
    pub(crate) fn ask_or_at(
        &self,
        at: &AllowedOrigin,
        registered: Option<&AllowedOrigin>,
        request: GrantRequest<'_>,
    ) -> Asked<Box<Granted>> {
        let started = Instant::now();
        let mut last_id = None;
        let shown = progress::waiting(&asking(at));
        let (result, has_moved) =
            self.ask_until(at.clone(), request, started, &mut last_id, &shown);
        let result = match (result, registered.filter(|there| *there != at && !has_moved)) {
            (Err(first), Some(there))
                if is_unknown_client(&first) && started.elapsed() < LAST_START =>
            {
                shown.say(&asking(there));
                self.ask_where_known(at, there, request, first, &mut last_id)
            }
            (result, _) => result,
        };
        shown.leave();
        Asked { result, took: started.elapsed(), correlation_id: last_id }
    }

    /// Requests a one-time password for this address; the origin that sent it is where the code must be
    /// exchanged. Never retried automatically: after a lost answer the mail may have been sent.
    pub(crate) fn send_otp(&self, at: &AllowedOrigin, email: &str) -> Asked<AllowedOrigin> {
        let started = Instant::now();
        let mut last_id = None;
        let _shown = progress::waiting(&asking(at));
        let result = self.send_otp_once(at, email, &mut last_id);
        Asked { result, took: started.elapsed(), correlation_id: last_id }
    }

    fn send_otp_once(
        &self,
        at: &AllowedOrigin,
        email: &str,
        last_id: &mut Option<String>,
    ) -> Result<AllowedOrigin, Failure> {
        let mut at = at.clone();
        let mut has_moved = false;
        loop {
            let answer = self
                .post_otp(&at, email, last_id)
                .map_err(|no_answer| unanswered(no_answer, last_id.clone()))?;
            if answer.is_success() {
                return Ok(at);
            }
            let moved = not_granted(&answer, false, self.allowed);
            match redact::moved(moved, &[self.client_secret], last_id.as_deref())? {
                Moved::ByCode(there, _) if !has_moved => {
                    has_moved = true;
                    at = there;
                }
                Moved::ByCode(there, word) => return Err(sent_on(&at, &there, word)),
                // Only redirects of the token endpoint are followed.
                Moved::ByRedirect(_) => return Err(lost(Unusable::Redirect, last_id.clone())),
            }
        }
    }

    fn post_otp(
        &self,
        at: &AllowedOrigin,
        email: &str,
        last_id: &mut Option<String>,
    ) -> Result<HttpAnswer, NoAnswer> {
        let form = otp_body(self.client_id, self.client_secret, email)
            .ok_or_else(|| NoAnswer::NotText("the client secret"))?;
        let id = last_id.insert(Uuid::new_v4().to_string());
        let mut answer = self.service.post_form(at, OTP_PATH, form, id, (self.clock)())?;
        redact::id(&mut answer, id, &[self.client_secret]);
        last_id.clone_from(&answer.correlation_id);
        Ok(answer)
    }

    /// The outcome, and whether it is from another origin than the first.
    fn ask_until(
        &self,
        mut at: AllowedOrigin,
        request: GrantRequest<'_>,
        started: Instant,
        last_id: &mut Option<String>,
        shown: &progress::Waiting,
    ) -> (Result<Box<Granted>, Failure>, bool) {
        let mut moved: Option<Moved> = None;
        let mut count = 0;
        let result = loop {
            count += 1;
            shown.say(&asking(&at));
            let outcome = self.ask_once(&at, request, last_id).unwrap_or_else(|no_answer| {
                Outcome::Failed(unanswered(no_answer, last_id.clone()))
            });
            let is_behind_redirect = matches!(moved, Some(Moved::ByRedirect(_)));
            match outcome {
                // Each origin gets one series of requests, and at most two origins do.
                Outcome::Moved(to) if moved.is_none() && *to.origin() != at => {
                    at = to.origin().clone();
                    moved = Some(to);
                }
                Outcome::Moved(Moved::ByCode(there, word)) => {
                    break Err(sent_on(&at, &there, word));
                }
                Outcome::Moved(Moved::ByRedirect(_)) => {
                    break Err(lost(Unusable::Redirect, last_id.clone()));
                }
                Outcome::Granted(mut granted) => {
                    if moved.is_some() {
                        granted.grant.geolocation.get_or_insert_with(|| at.origin().clone());
                    }
                    break Ok(granted);
                }
                // After a redirect no request is repeated, and no answer marks a refresh token as invalid.
                Outcome::Failed(Failure::Rejected { word, why, .. }) if is_behind_redirect => {
                    break Err(Failure::Rejected { condemned: false, word, why });
                }
                Outcome::Failed(failure) => {
                    let Failure::Transient { retry_after, .. } = &failure else {
                        break Err(failure);
                    };
                    let pause = pause(count, *retry_after);
                    let is_late = started.elapsed() + pause > LAST_START;
                    if is_behind_redirect || count >= MAX_REQUESTS || is_late {
                        break Err(failure);
                    }
                    shown.say(&format!("{} is busy, retrying", at.origin().host()));
                    if !signals::wait(pause) {
                        break Err(failure);
                    }
                }
            }
        };
        (result, moved.is_some())
    }

    /// Sends the request to the origin that knows the client. Only a grant counts: with any other answer, 108
    /// included, the `first` one stays.
    fn ask_where_known(
        &self,
        at: &AllowedOrigin,
        there: &AllowedOrigin,
        request: GrantRequest<'_>,
        first: Failure,
        last_id: &mut Option<String>,
    ) -> Result<Box<Granted>, Failure> {
        let first_id = last_id.clone();
        let Ok(Outcome::Granted(mut granted)) = self.ask_once(there, request, last_id) else {
            *last_id = first_id;
            return Err(first);
        };
        // The origin that does not know the client gets no further request, whatever the answer names.
        let geolocation = granted.grant.geolocation.take().filter(|origin| origin != at.origin());
        granted.grant.geolocation = geolocation.or_else(|| Some(there.origin().clone()));
        Ok(granted)
    }

    fn ask_once(
        &self,
        at: &AllowedOrigin,
        request: GrantRequest<'_>,
        last_id: &mut Option<String>,
    ) -> Result<Outcome, NoAnswer> {
        let form = request
            .body(self.client_id, self.client_secret)
            .ok_or_else(|| NoAnswer::NotText("a stored secret"))?;
        let id = last_id.insert(Uuid::new_v4().to_string());
        let mut answer = self.service.post_form(at, TOKEN_PATH, form, id, (self.clock)())?;
        let mut sent = vec![self.client_secret];
        sent.extend(request.secret());
        redact::id(&mut answer, id, &sent);
        last_id.clone_from(&answer.correlation_id);
        let outcome = classify(&answer, request.is_refresh(), self.allowed, (self.clock)());
        Ok(redact::outcome(outcome, &sent, last_id.as_deref()))
    }
}

fn is_unknown_client(failure: &Failure) -> bool {
    matches!(failure, Failure::Rejected { word, .. } if word.code == Some(UNKNOWN_CLIENT))
}

fn unanswered(no_answer: NoAnswer, correlation_id: Option<String>) -> Failure {
    if no_answer.is_local() {
        Failure::Unreached(Box::new(no_answer))
    } else {
        lost(Unusable::Missing(Box::new(no_answer)), correlation_id)
    }
}

fn lost(why: Unusable, correlation_id: Option<String>) -> Failure {
    let word = ServiceWord { correlation_id, ..ServiceWord::default() };
    Failure::Transient { why, retry_after: None, word }
}

fn sent_on(from: &AllowedOrigin, to: &AllowedOrigin, word: ServiceWord) -> Failure {
    let why = Some(format!("Concur redirected from {} to {}", from.origin(), to.origin()));
    Failure::Rejected { condemned: false, word, why }
}

fn asking(at: &AllowedOrigin) -> String {
    format!("asking {}", at.origin().host())
}

/// The pause that the service requested, else the doubled first pause with jitter, so that many machines do not
/// retry together.
fn pause(count: u32, retry_after: Option<i64>) -> Duration {
    if let Some(seconds) = retry_after {
        return Duration::from_secs(seconds.unsigned_abs());
    }
    let mut byte = [128u8];
    // Without random bytes the pause has no jitter.
    let _ = random::fill(&mut byte);
    let jitter = 0.5 + f64::from(byte[0]) / 256.0;
    (FIRST_PAUSE * 2u32.pow(count - 1)).mul_f64(jitter)
}
