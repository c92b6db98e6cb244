//! Checks the token services without sending a secret: with an empty form, which Concur refuses with code 62
//! (no client id). This tests name, proxy, TLS and service exactly as for a refresh; the documented keys at
//! `www-` would be another host.

use std::collections::BTreeMap;
use std::sync::mpsc;
use std::time::{Duration, Instant};

use uuid::Uuid;
use zeroize::Zeroizing;

use super::Context;
use super::report::Report;
use super::skew;
use crate::auth::oauth::answer::HttpAnswer;
use crate::auth::oauth::client::TokenService;
use crate::auth::oauth::form::TOKEN_PATH;
use crate::error::{Error, Kind, Result};
use crate::model::origin::{AllowedOrigin, Origin};
use crate::model::record::Record;
use crate::net::{HttpSettings, NoAnswer};
use crate::store::Store;

const NAME: &str = "service";
/// The time limit for all requests.
const PATIENCE: Duration = Duration::from_secs(10);
/// The time limit for the requests to one service.
const REQUESTS: Duration = Duration::from_secs(9);

/// The result for one service.
struct Asked {
    answer: Result<HttpAnswer, NoAnswer>,
    took: Duration,
    now: i64,
    /// The issuer of the certificate.
    trust: &'static str,
}

pub(super) fn examine(context: &Context<'_>, report: &mut Report) {
    let started = Instant::now();
    let origins = origins(context, report);
    let requests = if context.http.ca_bundle.is_some() { 2 } else { 1 };
    let timeout = context.http.timeout.min(REQUESTS / requests);
    let settings = HttpSettings { timeout, ..context.http.clone() };
    let Ok(service) = TokenService::new(&settings) else {
        // Invalid settings are reported separately.
        return report.warn(NAME, "not checked: a setting is invalid", "");
    };
    let (sender, receiver) = mpsc::channel();
    for (host, origin) in &origins {
        let (sender, service, settings) = (sender.clone(), service.clone(), settings.clone());
        let (host, origin, clock) = (host.clone(), origin.clone(), context.clock);
        // Not joined at the end: the C library's name resolution has no time limit.
        std::thread::spawn(move || {
            // After the time limit the receiver is gone.
            let _ = sender.send((host, ask(&service, &settings, &origin, clock)));
        });
    }
    drop(sender);
    let mut asked = BTreeMap::new();
    while let Ok((host, its)) = receiver.recv_timeout(PATIENCE.saturating_sub(started.elapsed())) {
        asked.insert(host, its);
    }
    for (host, origin) in &origins {
        match asked.remove(host) {
            Some(asked) => tell(origin, &way(&service, origin), asked, report),
            None => report.fail(
                NAME,
                format!("{}: no answer in 10 seconds", origin.origin()),
                "Check network, name resolution and proxy",
            ),
        }
    }
}

/// The services of the profiles, by host; origins that are not allowed are reported. Without a profile,
/// the service of a first login.
fn origins(context: &Context<'_>, report: &mut Report) -> BTreeMap<String, AllowedOrigin> {
    let mut found = BTreeMap::new();
    let Some(mut accounts) = super::records(context.paths, context.keys) else {
        report.warn(NAME, "not checked: the profiles cannot be read", "");
        return found;
    };
    accounts.retain(|record| record.profile.is_some());
    let store = Store::open(context.paths, context.keys).ok().flatten();
    for record in &accounts {
        match allowed_origin(context, store.as_ref(), record) {
            Ok(origin) => {
                found.insert(origin.origin().host().to_owned(), origin);
            }
            Err(error) => report.error(NAME, error),
        }
    }
    if accounts.is_empty()
        && let Ok(origin) = Origin::from_operator(context.base_url)
        && let Some(origin) = context.allowed.permit(&origin)
    {
        found.insert(origin.origin().host().to_owned(), origin);
    }
    found
}

/// The origin of a record, if it is Concur's own or allowed by the settings, or the one that a login named:
/// that one is stored unsealed, so the record's identity and the client secret that is sealed for it must open.
/// Nothing is sent to any other origin, not even a client certificate.
fn allowed_origin(
    context: &Context<'_>,
    store: Option<&Store>,
    record: &Record,
) -> Result<AllowedOrigin> {
    let not_allowed = || forbidden(&record.geolocation);
    let base = record.base_url().map_err(|_| not_allowed())?;
    if let Some(allowed) = context.allowed.permit(&base) {
        return Ok(allowed);
    }
    let application = record.application.as_ref().ok_or_else(not_allowed)?;
    let named = application.registered_at().map_err(|_| not_allowed())?;
    let allowed = context.allowed.and(&named).permit(&base).ok_or_else(not_allowed)?;
    let is_proven = store.is_some_and(|store| {
        store.prove_identity(record).is_ok() && store.unseal_client_secret(application).is_ok()
    });
    is_proven.then_some(allowed).ok_or_else(|| unproven(&base))
}

fn unproven(origin: &Origin) -> Error {
    Error::new(
        Kind::Unusable,
        format!("{origin} is not contacted: it is not proven to be the base URL that you named"),
        "See the check of the key and the profile; or log in again with --base-url.",
    )
}

fn forbidden(geolocation: &str) -> Error {
    Error::new(
        Kind::Unusable,
        format!("Refusing to send credentials to {geolocation}: it is not an allowed origin"),
        "Log in again with --base-url, or list it under allowed_origins in config.toml.",
    )
}

fn ask(
    service: &TokenService,
    settings: &HttpSettings,
    origin: &AllowedOrigin,
    clock: fn() -> i64,
) -> Asked {
    let post = |service: &TokenService| {
        let id = Uuid::new_v4().to_string();
        service.post_form(origin, TOKEN_PATH, Zeroizing::new(String::new()), &id, clock())
    };
    let started = Instant::now();
    let answer = post(service);
    let (took, now) = (started.elapsed(), clock());
    let trust = match (origin.origin().scheme(), &answer) {
        ("https", Ok(_)) if settings.ca_bundle.is_some() => {
            let alone = HttpSettings { ca_bundle: None, ..settings.clone() };
            // A service that is reached only with the bundle is trusted by it.
            match TokenService::new(&alone).map(|service| post(&service)) {
                Ok(Err(none)) if none.is_local() => "TLS with a root of ca_bundle",
                _ => "TLS by a built-in root",
            }
        }
        ("https", _) => "TLS by a built-in root",
        _ => "no TLS",
    };
    Asked { answer, took, now, trust }
}

/// The route to the service.
fn way(service: &TokenService, origin: &AllowedOrigin) -> String {
    match service.http().via(origin) {
        Ok(Some(via)) => format!("by the proxy {}", via.shown()),
        Ok(None) => "directly".to_owned(),
        // An invalid proxy is reported as the reason for the missing answer.
        Err(_) => "by a proxy".to_owned(),
    }
}

fn tell(origin: &AllowedOrigin, way: &str, asked: Asked, report: &mut Report) {
    let Asked { answer, took, now, trust } = asked;
    let place = format!("{} {way}", origin.origin());
    let answer = match answer {
        Ok(answer) => answer,
        Err(none) => {
            let remedy = if none.is_local() {
                "Check network, name resolution, proxy and certificates"
            } else {
                "Retry later"
            };
            return report.fail(NAME, format!("{place}: {none}"), remedy);
        }
    };
    let status = answer.status;
    match code(&answer) {
        Some(code) if (400..500).contains(&status) => report.ok(
            NAME,
            format!("{place}: {trust}; it answers (code {code}) in {} ms", took.as_millis()),
        ),
        _ if status >= 500 => report.fail(
            NAME,
            format!("{place}: {trust}; it answers with status {status}"),
            "The service has a problem: retry later",
        ),
        _ => report.fail(
            NAME,
            format!("{place}: {trust}; status {status} without one of Concur's codes"),
            "Another server than Concur's answers there: check --base-url, proxy and gateway",
        ),
    }
    skew::judge(origin.origin().host(), now, answer.date, report);
}

/// Concur's code, of a JSON error.
fn code(answer: &HttpAnswer) -> Option<i64> {
    let body: serde_json::Value = serde_json::from_slice(&answer.body).ok()?;
    let code = body.get("code")?;
    code.as_i64().or_else(|| code.as_str()?.parse().ok())
}
