//! `POST /oauth2/v0/token`.

use hyper::body::Incoming;
use hyper::header;
use hyper::http::request::Parts;

use crate::clock;
use crate::endpoints::post;
use crate::faults::effects;
use crate::grants;
use crate::http::reply::{Outgoing, Reply};
use crate::protocol::answer::Answer;
use crate::protocol::codes::Refusal;
use crate::protocol::form::Form;
use crate::protocol::strict::Inspection;
use crate::state::call::Call;
use crate::state::mutex::lock;
use crate::state::shared::Serving;

/// Unauthenticated client will not be issued token.
const UNAUTHENTICATED: u32 = 115;

pub(crate) async fn serve(
    call: &Call,
    parts: &Parts,
    body: Incoming,
    mut found: Inspection,
) -> (Reply, String) {
    let mut serving = Serving::token_request(&call.shared);
    let form = match post::receive(call, parts, body, &mut found, "the token endpoint", None).await
    {
        Ok(form) => form,
        Err(reply) => return reply,
    };
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
    let faults = call.take_faults().await;
    if let Some(reply) = call.reply_of(&faults) {
        return reply;
    }
    let is_basic = parts.headers.contains_key(header::AUTHORIZATION);
    let (answer, outcome) = decide(call, &form, &found, is_basic);
    let answer = effects::edited(answer, &faults);
    effects::after(Outgoing::from(&answer), &outcome, &faults)
}

/// Grants or refuses; the only place where a token request changes the state.
fn decide(call: &Call, form: &Form, found: &Inspection, is_basic: bool) -> (Answer, String) {
    let config = lock(&call.shared.config).clone();
    let origin = call.shared.origin.as_str();
    let result = {
        let mut world = lock(&call.shared.world);
        if found.refusal.is_some() {
            Err(Refusal::from(post::UNSUPPORTED_FORMAT))
        } else if is_basic && form.get("client_secret").is_none() {
            Err(Refusal::from(UNAUTHENTICATED))
        } else {
            grants::grant(&mut world, form, &config, origin, clock::now_epoch())
        }
    };
    match result {
        Ok(grant) => {
            let grant_type = form.get("grant_type").unwrap_or_default().to_owned();
            let counters = &mut lock(&call.shared.journal).counters;
            counters.grants_made += 1;
            *counters.grants_made_by_grant.entry(grant_type).or_default() += 1;
            (Answer::granted(grant, &config, origin), "granted".to_owned())
        }
        Err(refusal) => post::refuse(call, refusal, &config, found),
    }
}
