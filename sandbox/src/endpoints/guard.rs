//! Shared by the APIs: the methods, the bearer token, the body.

use http_body_util::BodyExt as _;
use hyper::Method;
use hyper::body::Incoming;
use hyper::header;
use hyper::http::request::Parts;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use crate::clock;
use crate::http::reply::Outgoing;
use crate::http::request;
use crate::state::call::Call;
use crate::state::mutex::lock;

/// The maximum number of bytes of a body that is shown. Its length and hash are of the whole body.
const SHOWN_BYTES: usize = 64 * 1024;

/// An answer, with the outcome for the log.
pub(crate) type Served = (Outgoing, &'static str);

/// A body that was read to its end.
pub(crate) struct Sent {
    pub(crate) bytes: u64,
    pub(crate) sha256: String,
    pub(crate) beginning: Vec<u8>,
}

/// Refuses all methods but these.
pub(crate) fn methods(parts: &Parts, allowed: &[Method]) -> Result<(), Served> {
    if allowed.contains(&parts.method) {
        return Ok(());
    }
    let names: Vec<&str> = allowed.iter().map(Method::as_str).collect();
    Err((Outgoing::method_not_allowed(&names.join(", ")), "wrong method"))
}

/// The access token, if it is valid and its scope contains `scope`; all others are refused.
pub(crate) fn token<'a>(
    call: &Call,
    parts: &'a Parts,
    scope: Option<&str>,
) -> Result<&'a str, Served> {
    let token = request::bearer(parts).unwrap_or_default();
    let (is_live, has_scope) = {
        let ledger = &lock(&call.shared.world).ledger;
        let is_live = ledger.is_live_access(token, clock::now_epoch());
        (is_live, scope.is_none_or(|word| ledger.may_access(token, word)))
    };
    lock(&call.shared.journal).counters.api_requests += 1;
    if is_live && has_scope {
        return Ok(token);
    }
    lock(&call.shared.journal).counters.api_refusals += 1;
    if is_live {
        let text = format!("the token lacks the scope {}", scope.unwrap_or_default());
        return Err((Outgoing::json(403, &json!({ "message": text })), "missing scope"));
    }
    let status = lock(&call.shared.config).forbidden_status;
    let reply = Outgoing::json(status, &scim_error(status, "the access token is not valid"));
    // RFC 6750 §3: a 401 says which scheme it wants.
    Err(if status == 401 {
        let scheme = "Bearer error=\"invalid_token\"";
        (reply.with(header::WWW_AUTHENTICATE, scheme), "unauthorized")
    } else {
        (reply, "forbidden")
    })
}

/// As [`token`], then the body. It is read to its end even if the token is refused, so that its sender sees
/// the refusal.
pub(crate) async fn body(
    call: &Call,
    parts: &Parts,
    scope: Option<&str>,
    body: Incoming,
) -> Result<Sent, Served> {
    let token = token(call, parts, scope);
    let sent = read(body).await;
    token?;
    sent.ok_or_else(|| {
        (Outgoing::json(400, &json!({ "message": "the body broke off" })), "bad body")
    })
}

async fn read(mut body: Incoming) -> Option<Sent> {
    let (mut hash, mut bytes, mut beginning) = (Sha256::new(), 0, Vec::new());
    while let Some(frame) = body.frame().await {
        let Ok(data) = frame.ok()?.into_data() else { continue };
        hash.update(&data);
        bytes += data.len() as u64;
        let space = SHOWN_BYTES.saturating_sub(beginning.len()).min(data.len());
        beginning.extend_from_slice(&data[..space]);
    }
    let hex: Vec<String> = hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect();
    let sha256 = hex.concat();
    Some(Sent { bytes, sha256, beginning })
}

/// An error of RFC 7644 §3.12.
pub(crate) fn scim_error(status: u16, detail: &str) -> Value {
    json!({
        "schemas": ["urn:ietf:params:scim:api:messages:2.0:Error"],
        "status": status.to_string(),
        "detail": detail,
    })
}
