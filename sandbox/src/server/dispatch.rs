//! One request in, one reply out. The only file that knows all endpoints.

use std::net::SocketAddr;
use std::sync::Arc;

use hyper::Request;
use hyper::body::Incoming;
use hyper::header;
use hyper::http::request::Parts;
use serde_json::json;
use uuid::Uuid;

use crate::config::random_uuid;
use crate::endpoints::{authorize, connections, echo, keys, otp, reports, token, users};
use crate::faults::effects;
use crate::http::reply::{Outgoing, Reply};
use crate::http::request;
use crate::protocol::{paths, strict};
use crate::state::call::Call;
use crate::state::journal::{RequestRecord, fingerprint};
use crate::state::mutex::lock;
use crate::state::shared::Shared;

/// Serves one request. The record is decided before the reply leaves: a client that has an answer finds it in
/// the log.
pub(crate) async fn serve(
    shared: Arc<Shared>,
    peer: SocketAddr,
    request: Request<Incoming>,
) -> (Reply, String) {
    let (parts, body) = request.into_parts();
    let call = open(shared, peer, &parts);
    let found = strict::any(&parts);
    note_followed_redirect(&call, &parts);
    let (reply, outcome) = if call.path == paths::TOKEN {
        token::serve(&call, &parts, body, found).await
    } else if call.path == paths::OTP {
        otp::serve(&call, &parts, body, found).await
    } else {
        for what in &found.violations {
            call.violation(what);
        }
        if call.path == paths::AUTHORIZE {
            authorize::serve(&call, &parts, body).await
        } else {
            serve_api(&call, &parts, body).await
        }
    };
    let status = match &reply {
        Reply::Send(answer) => Some(answer.status),
        Reply::Close | Reply::Reset | Reply::Silence => None,
    };
    lock(&call.shared.journal).close(call.sequence, status, &outcome);
    (reply, call.correlation_id)
}

/// Answers everything that is not an endpoint of OAuth.
async fn serve_api(call: &Call, parts: &Parts, body: Incoming) -> (Reply, String) {
    let hold = { lock(&call.shared.api_holds).pop_front() };
    if let Some(hold) = hold {
        hold.pass().await;
    }
    let faults = call.take_faults().await;
    if let Some(reply) = call.reply_of(&faults) {
        return reply;
    }
    let served = match call.path.strip_suffix('/').unwrap_or(&call.path) {
        paths::KEYS => keys::serve(parts),
        paths::USERS | paths::USERS_V4 => users::serve(call, parts),
        paths::CONNECTIONS => connections::serve(call, parts),
        paths::REPORTS => reports::serve(call, parts, body).await,
        paths::ECHO => echo::serve(call, parts, body).await,
        paths::BYTES => echo::serve_bytes(call, parts, body).await,
        _ => Err((Outgoing::json(404, &json!({ "message": "no such path" })), "no such path")),
    };
    let (Ok((answer, outcome)) | Err((answer, outcome))) = served;
    effects::after(answer, outcome, &faults)
}

fn open(shared: Arc<Shared>, peer: SocketAddr, parts: &Parts) -> Call {
    let sent = parts.headers.get("concur-correlationid").and_then(|id| id.to_str().ok());
    let sent = sent.filter(|id| Uuid::try_parse(id).is_ok());
    let correlation_id = sent.map_or_else(random_uuid, str::to_owned);
    let mut record = RequestRecord {
        method: parts.method.to_string(),
        path: parts.uri.path().to_owned(),
        query_fields: request::query_fields(parts),
        host: request::header(&parts.headers, &header::HOST).map(str::to_owned),
        peer: peer.to_string(),
        user_agent: request::header(&parts.headers, &header::USER_AGENT).map(str::to_owned),
        correlation_id: correlation_id.clone(),
        correlation_id_was_sent: sent.is_some(),
        ..RequestRecord::default()
    };
    if let Some(token) = request::bearer(parts) {
        record.secrets.insert("access_token".to_owned(), fingerprint(token));
    }
    let sequence = lock(&shared.journal).open(record);
    Call { shared, path: parts.uri.path().to_owned(), sequence, correlation_id }
}

fn note_followed_redirect(call: &Call, parts: &Parts) {
    let target = parts.uri.path_and_query().map_or("", |target| target.as_str());
    let is_followed = lock(&call.shared.redirects)
        .iter()
        .any(|location| location.strip_prefix(&call.shared.origin).unwrap_or(location) == target);
    if is_followed && target != paths::TOKEN {
        call.violation("a redirect of the token endpoint was followed");
    }
}
