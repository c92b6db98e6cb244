//! `GET` and `POST /oauth2/v0/authorize`: the page on which a user signs in and allows an application.
//!
//! The form that the page shows is sent back to the same path. Whatever is wrong with client or
//! `redirect_uri` is shown here and never sent on: only a registered URI is ever redirected to (RFC 6749
//! §4.1.2.1). Faults scripted for this path apply when the form is sent; those that edit fields edit the
//! redirect's.

use hyper::Method;
use hyper::body::Incoming;
use hyper::header;
use hyper::http::request::Parts;

use crate::clock;
use crate::config::{Config, GrantType, User, random_uuid};
use crate::endpoints::page::{self, Question};
use crate::faults::{Fault, effects};
use crate::http::reply::{Outgoing, Reply};
use crate::http::request;
use crate::protocol::answer::Answer;
use crate::protocol::codes::code;
use crate::protocol::form::Form;
use crate::protocol::strict::BODY_LIMIT_BYTES;
use crate::state::call::Call;
use crate::state::journal::fingerprint;
use crate::state::mutex::lock;
use crate::world::AuthorizationCode;

/// The parameters of the request, which the page's form sends back.
const PARAMETERS: [&str; 5] = ["client_id", "redirect_uri", "scope", "response_type", "state"];

/// The client lacks the grant.
const NOT_YOUR_GRANT: u32 = 60;
const CLIENT_DISABLED: u32 = 59;
const SCOPE_TOO_WIDE: u32 = 54;

/// Why the user is not asked about a request.
enum Refusal<'a> {
    /// Shown on a page of the sandbox.
    Page(String),
    /// Sent to the application, at its registered URI.
    Redirect { to: &'a str, state: Option<&'a str>, error_code: String, description: String },
}

pub(crate) async fn serve(call: &Call, parts: &Parts, body: Incoming) -> (Reply, String) {
    match parts.method {
        Method::GET => {
            let form = Form::parse(parts.uri.query().unwrap_or_default().as_bytes());
            note(call, &form);
            let (answer, outcome) = show(call, &form);
            (Reply::Send(answer), outcome)
        }
        Method::POST => {
            let Some(body) = request::read(body, BODY_LIMIT_BYTES).await else {
                return (Reply::Close, "the request broke off".to_owned());
            };
            let form = Form::parse(&body);
            note(call, &form);
            let faults = call.take_faults().await;
            if let Some(reply) = call.reply_of(&faults) {
                return reply;
            }
            let (answer, outcome) = decide(call, &form, &faults);
            effects::after(answer, &outcome, &faults)
        }
        _ => (Reply::Send(Outgoing::method_not_allowed("GET, POST")), "wrong method".to_owned()),
    }
}

fn note(call: &Call, form: &Form) {
    lock(&call.shared.journal).amend(call.sequence, |record| {
        record.client_id = form.get("client_id").map(str::to_owned);
        if let Some(password) = form.get("password") {
            record.secrets.insert("password".to_owned(), fingerprint(password));
        }
    });
}

/// The page, or the reason for a refusal.
fn show(call: &Call, form: &Form) -> (Outgoing, String) {
    let config = lock(&call.shared.config).clone();
    match checked(call, form, &config) {
        Ok(ask) => (page::question(&ask, config.user.as_ref(), false), "asked".to_owned()),
        Err(refusal) => refused(refusal, &[]),
    }
}

/// What the user pressed.
fn decide(call: &Call, form: &Form, faults: &[Fault]) -> (Outgoing, String) {
    let config = lock(&call.shared.config).clone();
    let ask = match checked(call, form, &config) {
        Ok(ask) => ask,
        Err(refusal) => return refused(refusal, faults),
    };
    match form.get("decision") {
        Some("allow") => {}
        Some("deny") => return refused(denied(&ask), faults),
        _ => return refused(Refusal::Page("The form says neither allow nor deny.".into()), faults),
    }
    let Some(user) = config.user.as_ref().filter(|user| signs_in(user, form)) else {
        return (page::question(&ask, config.user.as_ref(), true), "wrong password".to_owned());
    };
    let code = random_uuid();
    let meaning = AuthorizationCode {
        client_id: ask.client_id.to_owned(),
        redirect_uri: ask.redirect_uri.to_owned(),
        scope: ask.scope.to_owned(),
        user_uuid: user.uuid.clone(),
        expires_at: clock::now_epoch().saturating_add(config.code_lifetime_seconds),
    };
    lock(&call.shared.world).codes.insert(code.clone(), meaning);
    let mut answer = Answer::blank(302);
    let geolocation = config.geolocation.as_deref().unwrap_or(&call.shared.origin);
    if !config.omit_geolocation {
        answer.put("geolocation", geolocation);
    }
    answer.put("code", code);
    if let Some(state) = ask.state {
        answer.put("state", state);
    }
    (redirect(ask.redirect_uri, answer, faults), "allowed".to_owned())
}

fn signs_in(user: &User, form: &Form) -> bool {
    form.get("username") == Some(&user.login_id) && form.get("password") == Some(&user.password)
}

fn denied<'a>(ask: &Question<'a>) -> Refusal<'a> {
    Refusal::Redirect {
        to: ask.redirect_uri,
        state: ask.state,
        error_code: "access_denied".to_owned(),
        description: "The user did not allow the application".to_owned(),
    }
}

/// The request, once client, `redirect_uri`, `response_type` and scope are validated.
fn checked<'a>(
    call: &Call,
    form: &'a Form,
    config: &'a Config,
) -> Result<Question<'a>, Refusal<'a>> {
    let page = |text: &str| Refusal::Page(text.to_owned());
    if let Some(name) = PARAMETERS.iter().find(|name| form.count(name) > 1) {
        return Err(Refusal::Page(format!("The parameter {name} was sent more than once.")));
    }
    let client_id = form.get("client_id").ok_or_else(|| page("client_id was not supplied."))?;
    let disabled = {
        let world = lock(&call.shared.world);
        world.client(client_id).map(|client| client.disabled)
    };
    let disabled = disabled.ok_or_else(|| page("The client_id is not known."))?;
    let uri = form.get("redirect_uri").ok_or_else(|| page("redirect_uri was not supplied."))?;
    if !config.redirect_uris.iter().any(|registered| registered == uri) {
        return Err(page("The redirect_uri is not one that is registered for this application."));
    }
    let state = form.get("state");
    let say = |error_code: String, description: &str| Refusal::Redirect {
        to: uri,
        state,
        error_code,
        description: description.to_owned(),
    };
    let say_code = |number: u32| say(number.to_string(), code(number).description);
    if form.get("response_type") != Some("code") {
        return Err(say("unsupported_response_type".to_owned(), "response_type must be code"));
    }
    if disabled {
        return Err(say_code(CLIENT_DISABLED));
    }
    if !config.allowed_grants.contains(&GrantType::AuthorizationCode) {
        return Err(say_code(NOT_YOUR_GRANT));
    }
    let scope = form.get("scope").unwrap_or(&config.scope);
    let is_granted = |word: &str| config.scope.split_ascii_whitespace().any(|known| known == word);
    if !scope.split_ascii_whitespace().all(is_granted) {
        return Err(say_code(SCOPE_TOO_WIDE));
    }
    Ok(Question { client_id, redirect_uri: uri, scope, state })
}

fn refused(refusal: Refusal<'_>, faults: &[Fault]) -> (Outgoing, String) {
    match refusal {
        Refusal::Page(why) => (page::problem(&why), "not asked".to_owned()),
        Refusal::Redirect { to, state, error_code, description } => {
            let outcome = format!("redirected with {error_code}");
            let mut answer = Answer::blank(302);
            answer.put("error_code", error_code);
            answer.put("error_description", description);
            if let Some(state) = state {
                answer.put("state", state);
            }
            (redirect(to, answer, faults), outcome)
        }
    }
}

/// Sends the browser to the registered URI, which may have a query of its own.
fn redirect(to: &str, answer: Answer, faults: &[Fault]) -> Outgoing {
    let answer = effects::edited(answer, faults);
    let separator = if to.contains('?') { '&' } else { '?' };
    let location = format!("{to}{separator}{}", answer.to_query());
    Outgoing::empty(answer.status)
        .with(header::LOCATION, location)
        .with(header::CACHE_CONTROL, "no-store")
        .with(header::REFERRER_POLICY, "no-referrer")
}
