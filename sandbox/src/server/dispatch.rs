//! One request in, one reply out.

use std::net::SocketAddr;
use std::sync::Arc;

use hyper::Request;
use hyper::body::Incoming;
use hyper::header;
use hyper::http::request::Parts;
use uuid::Uuid;

use crate::config::random_uuid;
use crate::endpoints::api;
use crate::endpoints::authorize;
use crate::endpoints::otp;
use crate::endpoints::token;
use crate::http::reply::Reply;
use crate::http::request;
use crate::protocol::strict;
use crate::state::call::Call;
use crate::state::journal::{RequestRecord, fingerprint};
use crate::state::mutex::lock;
use crate::state::shared::Shared;

/// Serves one request. The record is decided before the reply leaves, so that whoever has an answer finds
/// it in the log.
pub(crate) async fn serve(
    shared: Arc<Shared>,
    peer: SocketAddr,
    request: Request<Incoming>,
) -> (Reply, String) {
    let (parts, body) = request.into_parts();
    let call = open(shared, peer, &parts);
    let found = strict::any(&parts);
    note_followed_redirect(&call, &parts);
    let (reply, outcome) = if call.path == token::PATH {
        token::serve(&call, &parts, body, found).await
    } else if call.path == otp::PATH {
        otp::serve(&call, &parts, body, found).await
    } else {
        for what in &found.violations {
            call.violation(what);
        }
        if call.path == authorize::PATH {
            authorize::serve(&call, &parts, body).await
        } else {
            api::serve(&call, &parts, body).await
        }
    };
    let status = match &reply {
        Reply::Send(answer) => Some(answer.status),
        Reply::Close | Reply::Reset | Reply::Silence => None,
    };
    lock(&call.shared.journal).close(call.sequence, status, &outcome);
    (reply, call.correlation_id)
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
    if is_followed && target != token::PATH {
        call.violation("a redirect of the token endpoint was followed");
    }
}
