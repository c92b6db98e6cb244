//! `DELETE /app-mgmt/v0/connections`: revokes all tokens of an application and a principal.

use hyper::Method;
use hyper::header;
use hyper::http::request::Parts;
use serde_json::json;

use crate::endpoints::guard::{self, Served};
use crate::http::reply::Outgoing;
use crate::http::request;
use crate::state::call::Call;
use crate::state::mutex::lock;

/// Revokes all refresh and access tokens that the token's application has for its principal.
pub(crate) fn serve(call: &Call, parts: &Parts) -> Result<Served, Served> {
    guard::methods(parts, &[Method::DELETE])?;
    let access_token = guard::token(call, parts, None)?;
    let has_body = [header::CONTENT_LENGTH, header::TRANSFER_ENCODING]
        .iter()
        .any(|name| request::header(&parts.headers, name).is_some_and(|value| value != "0"));
    if has_body || parts.uri.query().is_some() {
        call.violation("DELETE of the connections takes neither a body nor a query");
        let message = json!({ "message": "unexpected content" });
        return Err((Outgoing::json(400, &message), "bad request"));
    }
    lock(&call.shared.world).ledger.disconnect(access_token);
    lock(&call.shared.journal).counters.disconnections += 1;
    Ok((Outgoing::empty(200), "disconnected"))
}
