//! Two paths that Concur does not have: one answers with what was sent, one with any number of bytes.

use hyper::Method;
use hyper::body::Incoming;
use hyper::header;
use hyper::http::request::Parts;
use serde_json::{Map, Value, json};

use crate::endpoints::guard::{self, Sent, Served};
use crate::http::reply::Outgoing;
use crate::state::call::Call;

/// The most that is answered, bytes.
const MOST_BYTES: usize = 256 << 20;

/// `/sandbox/echo`, by any method.
pub(crate) async fn serve(call: &Call, parts: &Parts, body: Incoming) -> Result<Served, Served> {
    let sent = guard::body(call, parts, None, body).await?;
    Ok((Outgoing::json(200, &echo(parts, &sent)), "served"))
}

/// `GET /sandbox/bytes?count=N`.
pub(crate) async fn serve_bytes(
    call: &Call,
    parts: &Parts,
    body: Incoming,
) -> Result<Served, Served> {
    guard::methods(parts, &[Method::GET, Method::HEAD])?;
    guard::body(call, parts, None, body).await?;
    Ok(bytes(parts))
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

fn bytes(parts: &Parts) -> Served {
    match number(parts, "count", 0).filter(|count| *count <= MOST_BYTES) {
        Some(count) => {
            let all: Vec<u8> = (0..=255).cycle().take(count).collect();
            (Outgoing::new(200, "application/octet-stream", all), "served")
        }
        None => (Outgoing::json(400, &json!({ "message": "count is not a number" })), "bad count"),
    }
}

/// A number of the query, if it is there and one.
fn number(parts: &Parts, name: &str, default: usize) -> Option<usize> {
    let given = fields(parts).into_iter().find(|(field, _)| field == name);
    given.map_or(Some(default), |(_, value)| value.parse().ok())
}

fn fields(parts: &Parts) -> Vec<(String, String)> {
    let query = parts.uri.query().unwrap_or_default();
    form_urlencoded::parse(query.as_bytes()).into_owned().collect()
}
