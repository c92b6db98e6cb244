//! Asking the token service: at most three requests, one move to another origin, bounded waiting. A move is
//! code 16, a redirect of the token endpoint to one of Concur's own origins, or a client that is not known.

use std::time::{Duration, Instant};

use uuid::Uuid;

use crate::auth::oauth::answer::{HttpAnswer, NOT_FOLLOWED, Outcome, classify};
use crate::auth::oauth::client::TokenService;
use crate::auth::oauth::form::{GrantRequest, OTP_PATH, TOKEN_PATH, otp_body};
use crate::auth::oauth::redact;
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
/// Concur's code for a client that is not known where it was asked for.
const UNKNOWN_CLIENT: i64 = 61;
/// How asking the token service ended.
#[derive(Debug)]
pub(crate) enum Attempted {
    /// An answer that settles it.
    Answered(Outcome),
    /// The service could not be reached from here.
    Unreached(String),
}

/// What was learnt by asking.
#[derive(Debug)]
pub(crate) struct Asked {
    /// How it ended.
    pub ended: Attempted,
    /// From the first request to the end.
    pub took: Duration,
    /// The correlation id of the last request.
    pub correlation_id: Option<String>,
}

impl Asked {
    /// Nothing was asked, because of `why`.
    pub(crate) fn not_made(why: &str) -> Self {
        Self {
            ended: Attempted::Unreached(why.to_owned()),
            took: Duration::ZERO,
            correlation_id: None,
        }
    }
}

/// Who asks, and with what.
pub(crate) struct Asking<'a> {
    /// The token service.
    pub service: &'a TokenService,
    /// The origins that may be sent the secrets.
    pub allowed: &'a AllowList,
    /// Epoch seconds, when asked.
    pub clock: fn() -> i64,
    /// The OAuth client id.
    pub client_id: &'a str,
    /// The OAuth client secret.
    pub client_secret: &'a Secret,
}

impl Asking<'_> {
    /// Asks for a grant: again after a transient failure while there is time, and once at another
    /// origin when Concur says that the account lives there.
    ///
    /// What a person was shown meanwhile is left for the next writer to wipe: the answer is kept first.
    pub(crate) fn ask(&self, at: &AllowedOrigin, request: GrantRequest<'_>) -> Asked {
        self.ask_or_at(at, None, request)
    }

    /// The same; and where the client is not known (61), once more at the origin that it was registered
    /// for. Entities that were migrated from implementation are known there alone.
    pub(crate) fn ask_or_at(
        &self,
        at: &AllowedOrigin,
        registered: Option<&AllowedOrigin>,
        request: GrantRequest<'_>,
    ) -> Asked {
        let started = Instant::now();
        let mut last_id = None;
        let shown = progress::waiting(&asking(at));
        let (ended, has_moved) = self.ask_until(at.clone(), request, started, &mut last_id, &shown);
        let ended = match (ended, registered.filter(|there| *there != at && !has_moved)) {
            (Attempted::Answered(first @ Outcome::Rejected { .. }), Some(there))
                if is_unknown_client(&first) && started.elapsed() < LAST_START =>
            {
                shown.say(&asking(there));
                Attempted::Answered(self.ask_where_known(at, there, request, first, &mut last_id))
            }
            (ended, _) => ended,
        };
        shown.leave();
        Asked { ended, took: started.elapsed(), correlation_id: last_id }
    }

    /// Asks Concur to send a one-time password to this address. The origin that did is the one to
    /// take it to. Asked again by nobody but the person: a lost answer may be a mail that was sent.
    pub(crate) fn send_otp(
        &self,
        at: &AllowedOrigin,
        email: &str,
    ) -> Result<AllowedOrigin, Box<Asked>> {
        let started = Instant::now();
        let mut last_id = None;
        let _shown = progress::waiting(&asking(at));
        self.send_otp_once(at, email, &mut last_id).map_err(|ended| {
            Box::new(Asked { ended: *ended, took: started.elapsed(), correlation_id: last_id })
        })
    }

    fn send_otp_once(
        &self,
        at: &AllowedOrigin,
        email: &str,
        last_id: &mut Option<String>,
    ) -> Result<AllowedOrigin, Box<Attempted>> {
        let mut at = at.clone();
        let mut redirected = false;
        loop {
            let outcome = match self.post_otp(&at, email, last_id) {
                Ok(answer) if (200..=299).contains(&answer.status) => return Ok(at),
                Ok(answer) => {
                    let outcome = classify(&answer, false, self.allowed, (self.clock)());
                    redact::outcome(outcome, &[self.client_secret], last_id.as_deref())
                }
                Err(NoAnswer::Local(why)) => return Err(Box::new(Attempted::Unreached(why))),
                Err(NoAnswer::Transient(why)) => lost(why, last_id.clone()),
            };
            match outcome {
                Outcome::Elsewhere(there, _) if !redirected => {
                    redirected = true;
                    at = there;
                }
                Outcome::Elsewhere(there, word) => {
                    let outcome = sent_on(&at, &there, word);
                    return Err(Box::new(Attempted::Answered(outcome)));
                }
                // Only those of the token endpoint are followed.
                Outcome::Redirected(_) => {
                    let outcome = lost(NOT_FOLLOWED.to_owned(), last_id.clone());
                    return Err(Box::new(Attempted::Answered(outcome)));
                }
                settled => return Err(Box::new(Attempted::Answered(settled))),
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
            .ok_or_else(|| NoAnswer::Local("the client secret is not text".to_owned()))?;
        let id = last_id.insert(Uuid::new_v4().to_string());
        let mut answer = self.service.post_form(at, OTP_PATH, form, id, (self.clock)())?;
        redact::id(&mut answer, id, &[self.client_secret]);
        last_id.clone_from(&answer.correlation_id);
        Ok(answer)
    }

    /// How it ended, and whether it was at another origin than the first.
    fn ask_until(
        &self,
        mut at: AllowedOrigin,
        request: GrantRequest<'_>,
        started: Instant,
        last_id: &mut Option<String>,
        shown: &progress::Waiting,
    ) -> (Attempted, bool) {
        let mut moved = None;
        let mut count = 0;
        let settled = loop {
            count += 1;
            shown.say(&asking(&at));
            let outcome = match self.ask_once(&at, request, last_id) {
                Ok(outcome) => outcome,
                Err(NoAnswer::Local(why)) => {
                    return (Attempted::Unreached(why), moved.is_some());
                }
                Err(NoAnswer::Transient(why)) => lost(why, last_id.clone()),
            };
            // Each origin is asked once, and two at the most.
            let may_move_to = |there: &AllowedOrigin| moved.is_none() && *there != at;
            match outcome {
                Outcome::Elsewhere(there, _) if may_move_to(&there) => {
                    moved = Some(Moved::ByCode);
                    at = there;
                }
                Outcome::Elsewhere(there, word) => break sent_on(&at, &there, word),
                Outcome::Redirected(there) if may_move_to(&there) => {
                    moved = Some(Moved::ByRedirect);
                    at = there;
                }
                Outcome::Redirected(_) => break lost(NOT_FOLLOWED.to_owned(), last_id.clone()),
                // Whatever was answered behind a redirect is not asked for again.
                Outcome::Transient { retry_after, .. } if moved != Some(Moved::ByRedirect) => {
                    let pause = pause(count, retry_after);
                    if count >= MAX_REQUESTS || started.elapsed() + pause > LAST_START {
                        break outcome;
                    }
                    shown.say(&format!("{} is busy, asking again", at.origin().host()));
                    if !signals::wait(pause) {
                        break outcome;
                    }
                }
                Outcome::Granted(mut grant, odd) => {
                    if moved.is_some() {
                        grant.geolocation.get_or_insert_with(|| at.origin().clone());
                    }
                    break Outcome::Granted(grant, odd);
                }
                Outcome::Rejected { word, why, .. } if moved == Some(Moved::ByRedirect) => {
                    break Outcome::Rejected { condemned: false, word, why };
                }
                settled => break settled,
            }
        };
        (Attempted::Answered(settled), moved.is_some())
    }

    /// Asks where the client is known. Only a grant counts: any other answer, 108 included, changes nothing,
    /// and the `first` one stands.
    fn ask_where_known(
        &self,
        at: &AllowedOrigin,
        there: &AllowedOrigin,
        request: GrantRequest<'_>,
        first: Outcome,
        last_id: &mut Option<String>,
    ) -> Outcome {
        let first_id = last_id.clone();
        let Ok(Outcome::Granted(mut grant, odd)) = self.ask_once(there, request, last_id) else {
            *last_id = first_id;
            return first;
        };
        // The origin that does not know the client is not asked again, whatever the answer names.
        grant.geolocation = grant.geolocation.filter(|origin| origin != at.origin());
        grant.geolocation.get_or_insert_with(|| there.origin().clone());
        Outcome::Granted(grant, odd)
    }

    fn ask_once(
        &self,
        at: &AllowedOrigin,
        request: GrantRequest<'_>,
        last_id: &mut Option<String>,
    ) -> Result<Outcome, NoAnswer> {
        let form = request
            .body(self.client_id, self.client_secret)
            .ok_or_else(|| NoAnswer::Local("a stored secret is not text".to_owned()))?;
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

/// What led to another origin.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Moved {
    /// Code 16.
    ByCode,
    /// A 307 or 308.
    ByRedirect,
}

fn is_unknown_client(outcome: &Outcome) -> bool {
    matches!(outcome, Outcome::Rejected { word, .. } if word.code == Some(UNKNOWN_CLIENT))
}

fn lost(why: String, correlation_id: Option<String>) -> Outcome {
    let word = ServiceWord { correlation_id, ..ServiceWord::default() };
    Outcome::Transient { why, retry_after: None, word }
}

fn sent_on(from: &AllowedOrigin, to: &AllowedOrigin, word: ServiceWord) -> Outcome {
    let why = Some(format!("Concur sent us from {} on to {}", from.origin(), to.origin()));
    Outcome::Rejected { condemned: false, word, why }
}

fn asking(at: &AllowedOrigin) -> String {
    format!("asking {}", at.origin().host())
}

/// What the service asked for, else the doubled first pause with jitter, so that many machines do not
/// come back together.
fn pause(count: u32, retry_after: Option<i64>) -> Duration {
    if let Some(seconds) = retry_after {
        return Duration::from_secs(seconds.unsigned_abs());
    }
    let mut byte = [128u8];
    // Without random bytes the pause is the middle one.
    let _ = random::fill(&mut byte);
    let jitter = 0.5 + f64::from(byte[0]) / 256.0;
    (FIRST_PAUSE * 2u32.pow(count - 1)).mul_f64(jitter)
}
