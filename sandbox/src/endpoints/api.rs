//! The APIs behind the bearer token, and the keys.

use hyper::Method;
use hyper::body::Incoming;
use hyper::header;
use hyper::http::request::Parts;
use serde_json::{Value, json};

use crate::clock;
use crate::endpoints::echo;
use crate::faults::effects;
use crate::http::reply::{Outgoing, Reply};
use crate::http::request;
use crate::protocol::jwt;
use crate::state::call::Call;
use crate::state::mutex::lock;

/// The people of the made-up company.
const USERS: [(&str, &str, &str); 3] = [
    ("0a3ac1d5-1c0b-4c5c-9d6a-5b8f3f3f0001", "Erika", "Mustermann"),
    ("0a3ac1d5-1c0b-4c5c-9d6a-5b8f3f3f0002", "Otto", "Normal"),
    ("0a3ac1d5-1c0b-4c5c-9d6a-5b8f3f3f0003", "Jane", "Doe"),
];

/// Answers everything that is not the token endpoint.
pub(crate) async fn serve(call: &Call, parts: &Parts, body: Incoming) -> (Reply, String) {
    let hold = { lock(&call.shared.api_holds).pop_front() };
    if let Some(hold) = hold {
        hold.pass().await;
    }
    let faults = effects::begin(call).await;
    if let Some(reply) = effects::before(call, &faults) {
        return reply;
    }
    let (answer, outcome) = match echo::route(call, parts, body).await {
        Some(routed) => routed,
        None => route(call, parts),
    };
    effects::after(answer, outcome, &faults)
}

pub(crate) type Routed = (Outgoing, &'static str);

fn route(call: &Call, parts: &Parts) -> Routed {
    let path = call.path.strip_suffix('/').unwrap_or(&call.path);
    match path {
        "/oauth2/v0/jwks" => {
            only(&Method::GET, parts, || (Outgoing::json(200, &jwt::key_set()), "served"))
        }
        "/profile/identity/v4.1/Users" | "/profile/identity/v4/Users" => {
            only(&Method::GET, parts, || {
                guarded(call, parts, Some("identity.user.core.read"), |_| users(parts))
            })
        }
        "/app-mgmt/v0/connections" => only(&Method::DELETE, parts, || {
            guarded(call, parts, None, |token| disconnect(call, parts, token))
        }),
        _ => (Outgoing::json(404, &json!({ "message": "no such path" })), "no such path"),
    }
}

fn only(method: &Method, parts: &Parts, serve: impl FnOnce() -> Routed) -> Routed {
    if parts.method == *method {
        serve()
    } else {
        (Outgoing::method_not_allowed(method.as_str()), "wrong method")
    }
}

/// Serves a live access token whose scope holds `scope`; anything else is forbidden.
pub(crate) fn guarded(
    call: &Call,
    parts: &Parts,
    scope: Option<&str>,
    serve: impl FnOnce(&str) -> Routed,
) -> Routed {
    let token = request::bearer(parts).unwrap_or_default();
    let (is_live, has_scope) = {
        let ledger = &lock(&call.shared.world).ledger;
        let is_live = ledger.is_live_access(token, clock::now_epoch());
        (is_live, scope.is_none_or(|word| ledger.may_access(token, word)))
    };
    lock(&call.shared.journal).counters.api_requests += 1;
    if is_live && has_scope {
        return serve(token);
    }
    lock(&call.shared.journal).counters.api_refusals += 1;
    if is_live {
        let text = format!("the token lacks the scope {}", scope.unwrap_or_default());
        return (Outgoing::json(403, &json!({ "message": text })), "missing scope");
    }
    let status = lock(&call.shared.config).forbidden_status;
    let reply = Outgoing::json(status, &scim_error(status, "the access token is not valid"));
    let outcome = if status == 401 { "unauthorized" } else { "forbidden" };
    // RFC 6750 §3: a 401 says which scheme it wants.
    if status == 401 {
        return (reply.with(header::WWW_AUTHENTICATE, "Bearer error=\"invalid_token\""), outcome);
    }
    (reply, outcome)
}

/// A list of RFC 7644 §3.4.2, of at most `count` users.
fn users(parts: &Parts) -> Routed {
    let query = parts.uri.query().unwrap_or_default();
    let count = form_urlencoded::parse(query.as_bytes()).find(|(name, _)| name == "count");
    let Ok(count) = count.map_or(Ok(USERS.len()), |(_, value)| value.parse::<usize>()) else {
        return (Outgoing::json(400, &scim_error(400, "count is not a number")), "bad count");
    };
    let resources: Vec<Value> = USERS.iter().take(count).map(|&user| resource(user)).collect();
    let body = json!({
        "schemas": ["urn:ietf:params:scim:api:messages:2.0:ListResponse"],
        "totalResults": USERS.len(),
        "startIndex": 1,
        "itemsPerPage": resources.len(),
        "Resources": resources,
    });
    (Outgoing::json(200, &body), "served")
}

fn resource((id, given, family): (&str, &str, &str)) -> Value {
    json!({
        "schemas": ["urn:ietf:params:scim:schemas:core:2.0:User"],
        "id": id,
        "userName": format!("{}@example.com", given.to_lowercase()),
        "name": { "givenName": given, "familyName": family },
        "active": true,
    })
}

fn scim_error(status: u16, detail: &str) -> Value {
    json!({
        "schemas": ["urn:ietf:params:scim:api:messages:2.0:Error"],
        "status": status.to_string(),
        "detail": detail,
    })
}

/// Revokes every refresh token of the token's principal for its application, and the access tokens.
fn disconnect(call: &Call, parts: &Parts, access_token: &str) -> Routed {
    let has_body = [header::CONTENT_LENGTH, header::TRANSFER_ENCODING]
        .iter()
        .any(|name| request::header(&parts.headers, name).is_some_and(|value| value != "0"));
    if has_body || parts.uri.query().is_some() {
        call.violation("DELETE of the connections takes neither a body nor a query");
        return (Outgoing::json(400, &json!({ "message": "unexpected content" })), "bad request");
    }
    lock(&call.shared.world).ledger.disconnect(access_token);
    lock(&call.shared.journal).counters.disconnections += 1;
    (Outgoing::empty(200), "disconnected")
}
