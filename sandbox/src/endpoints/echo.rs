//! An API to read and write, and two paths that Concur does not have: what was sent comes back, and any
//! number of bytes.

use http_body_util::BodyExt as _;
use hyper::Method;
use hyper::body::Incoming;
use hyper::header;
use hyper::http::request::Parts;
use serde_json::{Map, Value, json};
use sha2::{Digest as _, Sha256};

use crate::config::random_uuid;
use crate::endpoints::api::{Routed, guarded};
use crate::endpoints::reports;
use crate::http::reply::Outgoing;
use crate::http::request;
use crate::state::call::Call;

/// The scope of the expense reports (SAP: Expense Reports v3).
const REPORTS_SCOPE: &str = "EXPRPT";
/// The most of a body that is kept to be shown, bytes. Its length and hash are those of all of it.
const SHOWN_BYTES: usize = 64 * 1024;
/// The most that is answered, bytes.
const MOST_BYTES: usize = 256 << 20;

/// A body that was read to its end.
struct Sent {
    bytes: u64,
    sha256: String,
    beginning: Vec<u8>,
}

/// Answers its own paths; `None` for every other. The token is looked at
/// before the body is read.
pub(crate) async fn route(call: &Call, parts: &Parts, body: Incoming) -> Option<Routed> {
    let path = call.path.strip_suffix('/').unwrap_or(&call.path);
    let (scope, methods): (Option<&str>, &[Method]) = match path {
        reports::PATH => (Some(REPORTS_SCOPE), &[Method::GET, Method::POST]),
        "/sandbox/echo" => (None, &[]),
        "/sandbox/bytes" => (None, &[Method::GET, Method::HEAD]),
        _ => return None,
    };
    if !methods.is_empty() && !methods.contains(&parts.method) {
        let allowed: Vec<&str> = methods.iter().map(Method::as_str).collect();
        return Some((Outgoing::method_not_allowed(&allowed.join(", ")), "wrong method"));
    }
    let (reply, outcome) = guarded(call, parts, scope, |_| (Outgoing::empty(200), "served"));
    // What is refused is read to its end all the same: its sender is to see the refusal.
    let sent = read(body).await;
    if outcome != "served" {
        return Some((reply, outcome));
    }
    let Some(sent) = sent else {
        return Some((
            Outgoing::json(400, &json!({ "message": "the body broke off" })),
            "bad body",
        ));
    };
    Some(match (path, &parts.method) {
        ("/sandbox/echo", _) => (Outgoing::json(200, &echo(parts, &sent)), outcome),
        ("/sandbox/bytes", _) => bytes(parts),
        (_, &Method::POST) => new_report(call, parts, &sent),
        _ => reports::list(&call.shared.origin, parts.uri.query().unwrap_or_default()),
    })
}

async fn read(mut body: Incoming) -> Option<Sent> {
    let (mut hash, mut bytes, mut beginning) = (Sha256::new(), 0, Vec::new());
    while let Some(frame) = body.frame().await {
        let Ok(data) = frame.ok()?.into_data() else { continue };
        hash.update(&data);
        bytes += data.len() as u64;
        let room = SHOWN_BYTES.saturating_sub(beginning.len()).min(data.len());
        beginning.extend_from_slice(&data[..room]);
    }
    let hex: Vec<String> = hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect();
    let sha256 = hex.concat();
    Some(Sent { bytes, sha256, beginning })
}

fn fields(parts: &Parts) -> Vec<(String, String)> {
    let query = parts.uri.query().unwrap_or_default();
    form_urlencoded::parse(query.as_bytes()).into_owned().collect()
}

/// A number of the query, if it is there and one.
fn number(parts: &Parts, name: &str, default: usize) -> Option<usize> {
    let given = fields(parts).into_iter().find(|(field, _)| field == name);
    given.map_or(Some(default), |(_, value)| value.parse().ok())
}

fn echo(parts: &Parts, sent: &Sent) -> Value {
    let mut headers = Map::new();
    for name in parts.headers.keys().filter(|name| **name != header::AUTHORIZATION) {
        let values = parts.headers.get_all(name).iter();
        let values: Vec<_> =
            values.map(|value| String::from_utf8_lossy(value.as_bytes()).into_owned()).collect();
        headers.insert(name.to_string(), json!(values));
    }
    json!({
        "method": parts.method.as_str(),
        "path": parts.uri.path(),
        "query": fields(parts),
        "headers": headers,
        "body_bytes": sent.bytes,
        "body_sha256": sent.sha256,
        "body_json": serde_json::from_slice::<Value>(&sent.beginning).ok(),
    })
}

fn bytes(parts: &Parts) -> Routed {
    match number(parts, "count", 0).filter(|count| *count <= MOST_BYTES) {
        Some(count) => {
            let all: Vec<u8> = (0..=255).cycle().take(count).collect();
            (Outgoing::new(200, "application/octet-stream", all), "served")
        }
        None => (Outgoing::json(400, &json!({ "message": "count is not a number" })), "bad count"),
    }
}

/// A report needs a JSON object with a name.
fn new_report(call: &Call, parts: &Parts, sent: &Sent) -> Routed {
    let content_type = request::header(&parts.headers, &header::CONTENT_TYPE).unwrap_or_default();
    if !content_type.starts_with("application/json") {
        return (Outgoing::json(415, &json!({ "Message": "send application/json" })), "bad type");
    }
    let body = serde_json::from_slice::<Value>(&sent.beginning).unwrap_or_default();
    if !body.get("Name").is_some_and(Value::is_string) {
        let reply = json!({ "Message": "Invalid request", "validationErrors": [{ "message": "Name is missing" }] });
        return (Outgoing::json(400, &reply), "bad report");
    }
    let id = random_uuid();
    let uri = format!("{}{}/{id}", call.shared.origin, reports::PATH);
    (Outgoing::json(200, &json!({ "ID": id, "URI": uri })), "served")
}
