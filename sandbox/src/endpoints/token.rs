//! `POST /oauth2/v0/token`.

use hyper::Method;
use hyper::body::Incoming;
use hyper::header;
use hyper::http::request::Parts;

use crate::clock;
use crate::faults::effects;
use crate::grants;
use crate::http::form::{Form, SECRET_FIELDS};
use crate::http::reply::{Outgoing, Reply};
use crate::http::request;
use crate::protocol::answer::Answer;
use crate::protocol::codes::Refusal;
use crate::protocol::strict::{self, Inspection};
use crate::state::call::Call;
use crate::state::journal::fingerprint;
use crate::state::mutex::lock;
use crate::state::shared::Serving;

/// The token endpoint.
pub(crate) const PATH: &str = "/oauth2/v0/token";

/// Unsupported request format.
const FORMAT: u32 = 135;
/// Unauthenticated client will not be issued token.
const UNAUTHENTICATED: u32 = 115;

pub(crate) async fn serve(
    call: &Call,
    parts: &Parts,
    body: Incoming,
    mut found: Inspection,
) -> (Reply, String) {
    let mut serving = Serving::token_request(&call.shared);
    if parts.method != Method::POST {
        found.wrong_method(&parts.method, "the token endpoint");
        report(call, &found);
        return (Reply::Send(Outgoing::method_not_allowed("POST")), "wrong method".to_owned());
    }
    strict::token_request(parts, &mut found);
    let Some(body) = request::read(body).await else {
        report(call, &found);
        return (Reply::Close, "the request broke off".to_owned());
    };
    let form = Form::parse(&body);
    found.body(body.len());
    found.form(&form);
    note(call, &form);
    report(call, &found);
    if form.get("grant_type") == Some("refresh_token") {
        let token = form.get("refresh_token").unwrap_or_default();
        if let Some(family) = { lock(&call.shared.world).ledger.family_of(token) } {
            serving.refreshes(family);
        }
    }
    let hold = { lock(&call.shared.holds).pop_front() };
    if let Some(hold) = hold {
        hold.pass().await;
    }
    let faults = effects::begin(call).await;
    if let Some(reply) = effects::before(call, &faults) {
        return reply;
    }
    let is_basic = parts.headers.contains_key(header::AUTHORIZATION);
    let (answer, outcome) = decide(call, &form, &found, is_basic);
    let answer = effects::edited(answer, &faults);
    effects::after(Outgoing::from(&answer), &outcome, &faults)
}

pub(crate) fn report(call: &Call, found: &Inspection) {
    for what in &found.violations {
        call.violation(what);
    }
}

/// Enters the form into the record, its secrets as fingerprints.
pub(crate) fn note(call: &Call, form: &Form) {
    let mut journal = lock(&call.shared.journal);
    if let Some(grant_type) = form.get("grant_type") {
        let count = &mut journal.counters.token_requests_by_grant;
        *count.entry(grant_type.to_owned()).or_default() += 1;
    }
    journal.amend(call.sequence, |record| {
        record.grant_type = form.get("grant_type").map(str::to_owned);
        record.client_id = form.get("client_id").map(str::to_owned);
        for name in SECRET_FIELDS {
            if let Some(secret) = form.get(name) {
                record.secrets.insert(name.to_owned(), fingerprint(secret));
            }
        }
    });
}

/// Grants or refuses; the one place where a token request changes the world.
fn decide(call: &Call, form: &Form, found: &Inspection, is_basic: bool) -> (Answer, String) {
    let config = lock(&call.shared.config).clone();
    let origin = call.shared.origin.as_str();
    let result = {
        let mut world = lock(&call.shared.world);
        if found.refusal.is_some() {
            Err(Refusal::from(FORMAT))
        } else if is_basic && form.get("client_secret").is_none() {
            Err(Refusal::from(UNAUTHENTICATED))
        } else {
            grants::grant(&mut world, form, &config, origin, clock::now_epoch())
        }
    };
    let counters = &mut lock(&call.shared.journal).counters;
    match result {
        Ok(grant) => {
            let grant_type = form.get("grant_type").unwrap_or_default().to_owned();
            counters.grants_made += 1;
            *counters.grants_made_by_grant.entry(grant_type).or_default() += 1;
            (Answer::granted(grant, &config, origin), "granted".to_owned())
        }
        Err(refusal) => {
            let code = refusal.code;
            *counters.refusals_by_code.entry(code).or_default() += 1;
            let mut answer = Answer::refused(refusal, &config, origin, &call.correlation_id);
            if let Some(status) = found.refusal {
                answer.status = status;
            }
            (answer, format!("code {code}"))
        }
    }
}
