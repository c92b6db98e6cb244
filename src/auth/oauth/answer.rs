//! Pure: classifies an answer of the token service. The body's `code` decides, not the status (SAP: most are
//! 400, some 401 or 403), and only if the answer comes from Concur itself.

mod body;

use body::Body;
use chrono::{DateTime, Months};
use serde_json::{Map, Value};
use zeroize::Zeroizing;

use crate::auth::oauth::failure::{Failure, Unusable};
use crate::auth::oauth::form::TOKEN_PATH;
use crate::error::ServiceWord;
use crate::model::grant::Grant;
use crate::model::jwt;
use crate::model::lenient::whole_number;
use crate::model::origin::{AllowList, AllowedOrigin, Origin};
use crate::model::policy;
use crate::model::secret::Secret;
use crate::model::skew::Skew;

/// The longest plausible lifetime of an access token, seconds: a year.
const LONGEST_ACCESS_LIFE_SECS: i64 = 366 * 86_400;
/// The longest plausible lifetime of a refresh token, seconds: ten years.
const LONGEST_REFRESH_LIFE_SECS: i64 = 3660 * 86_400;
/// From here on an epoch time is in milliseconds (the year 5138 in seconds).
const MILLISECONDS_FROM: i64 = 100_000_000_000;
/// Concur's code for a company in scheduled maintenance: the only temporary code.
const MAINTENANCE: i64 = 134;
/// Concur's code for an account at another data centre (redirected).
const ELSEWHERE: i64 = 16;
/// Concur's code for a bad or expired refresh token.
const BAD_REFRESH_TOKEN: i64 = 108;

/// An HTTP answer, as far as it was received.
#[derive(Debug)]
pub struct HttpAnswer {
    /// The status.
    pub status: u16,
    /// The body without its encoding, at most 64 KiB and a byte.
    pub body: Zeroizing<Vec<u8>>,
    /// Why the body is incomplete, as the middle of a sentence.
    pub cut: Option<String>,
    /// `Retry-After`, seconds from now.
    pub retry_after: Option<i64>,
    /// `Date`: the service's time, epoch seconds.
    pub date: Option<i64>,
    /// `Concur-Correlationid`, else the one that was sent.
    pub correlation_id: Option<String>,
    /// `Location`.
    pub location: Option<String>,
}

impl HttpAnswer {
    /// Whether the status is one of 200 to 299.
    pub(crate) fn is_success(&self) -> bool {
        (200..=299).contains(&self.status)
    }
}

/// The meaning of an answer.
#[derive(Debug)]
pub enum Outcome {
    /// Tokens.
    Granted(Box<Granted>),
    /// A redirection to another origin.
    Moved(Moved),
    /// No tokens.
    Failed(Failure),
}

/// Granted tokens.
#[derive(Debug)]
pub struct Granted {
    /// The tokens.
    pub grant: Grant,
    /// Warnings about the answer, one sentence each.
    pub warnings: Vec<String>,
    /// How far our clock is from the service's, where the answer says its time.
    pub(crate) skew: Option<Skew>,
}

/// Where to send the request once more. The origin is allowed.
#[derive(Debug)]
pub enum Moved {
    /// Code 16, with Concur's message.
    ByCode(AllowedOrigin, ServiceWord),
    /// A 307 or 308 to the token endpoint of another of Concur's own origins.
    ByRedirect(AllowedOrigin),
}

impl Moved {
    /// The origin.
    pub(crate) fn origin(&self) -> &AllowedOrigin {
        let (Self::ByCode(origin, _) | Self::ByRedirect(origin)) = self;
        origin
    }
}

/// Classifies an answer to a grant request. `now` in epoch seconds; `is_refresh` if a refresh token was sent.
pub fn classify(answer: &HttpAnswer, is_refresh: bool, allowed: &AllowList, now: i64) -> Outcome {
    if answer.is_success() {
        let granted = match body::read(&answer.body) {
            Some(body) => granted(body, answer, allowed, now),
            None => Err(unreadable(answer, "something that is not a JSON object")),
        };
        return granted.map_or_else(Outcome::Failed, |granted| Outcome::Granted(Box::new(granted)));
    }
    not_granted(answer, is_refresh, allowed).map_or_else(Outcome::Failed, Outcome::Moved)
}

/// Classifies an answer whose status is not a success: a redirection, or a failure.
pub(crate) fn not_granted(
    answer: &HttpAnswer,
    is_refresh: bool,
    allowed: &AllowList,
) -> Result<Moved, Failure> {
    if let Some(there) = redirected(answer, allowed) {
        return Ok(Moved::ByRedirect(there));
    }
    match (answer.status, body::read(&answer.body)) {
        (300..=399, _) => Err(transient(answer, Unusable::Redirect)),
        // A proxy's page or a gateway's limit says nothing about the token, whatever its body contains.
        (407 | 408 | 429, _) => Err(transient(answer, Unusable::Status(answer.status))),
        (400..=499, Some(body)) if body.whole => refused(&body.fields, answer, is_refresh, allowed),
        _ => Err(transient(answer, Unusable::Status(answer.status))),
    }
}

/// The target of a 307 or 308, if it is exactly the token endpoint of one of Concur's own origins. Origins that
/// the operator allowed do not count, and no other redirect does.
fn redirected(answer: &HttpAnswer, allowed: &AllowList) -> Option<AllowedOrigin> {
    let location = answer.location.as_ref().filter(|_| matches!(answer.status, 307 | 308))?;
    let base = location.strip_suffix(TOKEN_PATH)?;
    let (_, authority) = base.split_once("://")?;
    let origin = Origin::from_geolocation(base).ok()?;
    if authority.contains(['/', '\\', '?', '#']) {
        return None;
    }
    allowed.permit(&origin).filter(|_| origin.is_concur())
}

/// An incomplete answer: because it ended too early, or else for this reason.
fn unreadable(answer: &HttpAnswer, what: &'static str) -> Failure {
    let cut = answer.cut.clone();
    transient(answer, cut.map_or(Unusable::Not(what), Unusable::Cut))
}

fn transient(answer: &HttpAnswer, why: Unusable) -> Failure {
    let word =
        ServiceWord { correlation_id: answer.correlation_id.clone(), ..ServiceWord::default() };
    Failure::Transient { why, retry_after: answer.retry_after, word }
}

fn refused(
    object: &Map<String, Value>,
    answer: &HttpAnswer,
    is_refresh: bool,
    allowed: &AllowList,
) -> Result<Moved, Failure> {
    let text = |name: &str| object.get(name).and_then(Value::as_str).map(str::to_owned);
    let code = object.get("code").and_then(whole_number);
    let error = text("error");
    let bare_invalid_grant = code.is_none() && error.as_deref() == Some("invalid_grant");
    let word = ServiceWord {
        code,
        description: text("error_description").or(error.clone()),
        correlation_id: text("concur-correlationid").or_else(|| answer.correlation_id.clone()),
    };
    match code {
        None if error.is_none() => Err(transient(answer, Unusable::Status(answer.status))),
        Some(MAINTENANCE) => Err(Failure::Transient {
            why: Unusable::Maintenance,
            retry_after: answer.retry_after,
            word,
        }),
        Some(ELSEWHERE) => elsewhere(text("geolocation"), word, allowed),
        _ => Err(Failure::Rejected {
            condemned: is_refresh && (code == Some(BAD_REFRESH_TOKEN) || bare_invalid_grant),
            word,
            why: None,
        }),
    }
}

fn elsewhere(
    geolocation: Option<String>,
    word: ServiceWord,
    allowed: &AllowList,
) -> Result<Moved, Failure> {
    let why = match geolocation.filter(|text| !text.trim().is_empty()) {
        None => "Concur says that the account is at another data centre, but not at which one"
            .to_owned(),
        Some(text) => {
            let named = Origin::from_geolocation(&text).ok();
            if let Some(origin) = named.and_then(|origin| allowed.permit(&origin)) {
                return Ok(Moved::ByCode(origin, word));
            }
            "Concur redirected to a host that is not an allowed origin".to_owned()
        }
    };
    Err(Failure::Rejected { condemned: false, word, why: Some(why) })
}

fn granted(
    body: Body,
    answer: &HttpAnswer,
    allowed: &AllowList,
    now: i64,
) -> Result<Granted, Failure> {
    let Body { fields: mut object, whole } = body;
    let clock = Clocks::of(answer, now);
    let mut warnings = Vec::new();
    if !whole {
        warnings.push("Concur's answer is damaged; kept what could be read of it".to_owned());
    }
    // An empty or invalid one was received: the stored one is kept.
    let knows_refresh_token = whole || object.contains_key("refresh_token");
    let access_token = take_secret(&mut object, "access_token", &mut warnings);
    let refresh_token = take_secret(&mut object, "refresh_token", &mut warnings);
    // Of a damaged answer only a refresh token is worth keeping: without it, a retry is better.
    if refresh_token.is_none() && (access_token.is_none() || !knows_refresh_token) {
        return Err(if whole {
            transient(answer, Unusable::NoToken)
        } else {
            unreadable(answer, "broken JSON")
        });
    }
    let id_token = take_secret(&mut object, "id_token", &mut warnings);
    let access_expires_at = access_token
        .as_ref()
        .and_then(|token| access_life(object.get("expires_in"), token, answer.date, &mut warnings))
        .map(|life| now.saturating_add(life));
    let given = object.get("refresh_expires_in");
    let refresh_expires_at =
        given.and_then(|value| refresh_expiry(value, clock.service)).map(|at| clock.to_ours(at));
    if given.is_some() && refresh_expires_at.is_none() {
        warnings.push("the refresh token's expiry in Concur's answer is invalid".to_owned());
    }
    let assumed = refresh_expires_at.is_none() && refresh_token.is_some();
    let geolocation = object.get("geolocation").and_then(Value::as_str).and_then(|text| {
        let origin = permitted(text, allowed);
        if origin.is_none() {
            warnings.push(
                "Concur's answer names a base URL that is not allowed; kept the stored one"
                    .to_owned(),
            );
        }
        origin
    });
    let principal = id_token.as_ref().and_then(jwt::claims).and_then(|claims| claims.subject);
    let grant = Grant {
        access_token,
        access_expires_at,
        refresh_expires_at: if assumed { assumed_refresh_expiry(now) } else { refresh_expires_at },
        refresh_expiry_assumed: assumed,
        refresh_token,
        scope: object.get("scope").and_then(Value::as_str).map(str::to_owned),
        geolocation,
        id_token,
        principal,
    };
    let skew = answer.date.map(|date| Skew::of(now, date));
    Ok(Granted { grant, warnings, skew })
}

/// Our time and the service's, epoch seconds. Concur's absolute times are by its clock, and our clock decides
/// what has expired.
#[derive(Clone, Copy)]
struct Clocks {
    ours: i64,
    service: i64,
}

impl Clocks {
    fn of(answer: &HttpAnswer, now: i64) -> Self {
        // What the network takes is not a difference.
        let is_off = |date: &i64| Skew::of(now, *date).is_off();
        Self { ours: now, service: answer.date.filter(is_off).unwrap_or(now) }
    }

    fn to_ours(self, at: i64) -> i64 {
        at.saturating_sub(self.service).saturating_add(self.ours)
    }
}

fn permitted(geolocation: &str, allowed: &AllowList) -> Option<Origin> {
    let origin = Origin::from_geolocation(geolocation).ok()?;
    allowed.permit(&origin).map(|allowed| allowed.origin().clone())
}

/// How long the access token is valid from its receipt, seconds: as in the answer, but never longer than in the
/// token's claims. `date` is the service's time; our clock is not used.
fn access_life(
    expires_in: Option<&Value>,
    token: &Secret,
    date: Option<i64>,
    warnings: &mut Vec<String>,
) -> Option<i64> {
    let sane = |life: &i64| (1..=LONGEST_ACCESS_LIFE_SECS).contains(life);
    let given = expires_in.and_then(whole_number).filter(sane);
    let own = jwt::claims(token).and_then(|claims| {
        let life_since = |start: Option<i64>| Some(claims.expires_at?.saturating_sub(start?));
        [date, claims.issued_at].into_iter().filter_map(life_since).find(sane)
    });
    let life = match (given, own) {
        (Some(given), Some(own)) => Some(given.min(own)),
        (given, own) => given.or(own),
    };
    if life.is_none() {
        warnings.push("Concur's answer does not say how long the access token is valid".to_owned());
    }
    life
}

/// Parses `refresh_expires_in`: despite its name an absolute time, in seconds (sometimes milliseconds). `None`
/// if it is implausible at `now`.
pub(crate) fn refresh_expiry(value: &Value, now: i64) -> Option<i64> {
    let time = whole_number(value)?;
    let at = if time >= MILLISECONDS_FROM { time / 1000 } else { time };
    (at > now && at <= now.saturating_add(LONGEST_REFRESH_LIFE_SECS)).then_some(at)
}

/// When a refresh token that was used at `now` expires, for answers without an expiry.
pub(crate) fn assumed_refresh_expiry(now: i64) -> Option<i64> {
    DateTime::from_timestamp(now, 0)?
        .checked_add_months(Months::new(policy::REFRESH_TOKEN_LIFE_MONTHS))
        .map(|at| at.timestamp())
}

fn take_secret(
    object: &mut Map<String, Value>,
    name: &str,
    warnings: &mut Vec<String>,
) -> Option<Secret> {
    match object.remove(name)? {
        Value::String(text) if text.trim().is_empty() => None,
        // The characters of a token in a header (RFC 6750, section 2.1); other bytes are not part of a token.
        Value::String(text) if text.trim().bytes().all(|byte| byte.is_ascii_graphic()) => {
            let secret = Secret::from(text);
            let trimmed = secret.expose_utf8().unwrap_or_default().trim();
            // Moved and not copied, unless there is something to trim.
            Some(if trimmed.len() == secret.len() { secret } else { Secret::from(trimmed) })
        }
        Value::Null => None,
        _ => {
            warnings.push(format!("invalid {} in Concur's answer", name.replace('_', " ")));
            None
        }
    }
}

#[cfg(test)]
mod tests;
