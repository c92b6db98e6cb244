//! What the token and the otp endpoint have in common: a form is posted, inspected, and perhaps refused.

use hyper::Method;
use hyper::body::Incoming;
use hyper::http::request::Parts;

use crate::config::Config;
use crate::http::reply::{Outgoing, Reply};
use crate::http::request;
use crate::protocol::answer::Answer;
use crate::protocol::codes::Refusal;
use crate::protocol::form::{Form, SECRET_FIELDS};
use crate::protocol::strict::{self, Inspection};
use crate::state::call::Call;
use crate::state::journal::fingerprint;
use crate::state::mutex::lock;

/// Unsupported request format: the code of a request that fails its inspection.
pub(super) const UNSUPPORTED_FORMAT: u32 = 135;

/// The largest form that is read to its end, so that its sender sees the refusal.
const READ_LIMIT_BYTES: usize = 1024 * 1024;

/// Reads and inspects a form, and enters it in the journal. `Err` is the reply to a request without one.
/// `endpoint` is its name in a violation, `known` its documented fields if all are known.
pub(super) async fn receive(
    call: &Call,
    parts: &Parts,
    body: Incoming,
    found: &mut Inspection,
    endpoint: &str,
    known: Option<&[&str]>,
) -> Result<Form, (Reply, String)> {
    if parts.method != Method::POST {
        found.wrong_method(&parts.method, endpoint);
        report(call, found);
        let reply = Reply::Send(Outgoing::method_not_allowed("POST"));
        return Err((reply, "wrong method".to_owned()));
    }
    strict::token_request(parts, found);
    let Some(body) = request::read(body, READ_LIMIT_BYTES).await else {
        report(call, found);
        return Err((Reply::Close, "the request broke off".to_owned()));
    };
    let form = Form::parse(&body);
    found.body(body.len());
    found.form(&form);
    if let Some(known) = known {
        found.fields(&form, known);
    }
    note(call, &form);
    report(call, found);
    Ok(form)
}

/// Counts a refusal and answers it, with the status that the inspection wants.
pub(super) fn refuse(
    call: &Call,
    refusal: Refusal,
    config: &Config,
    found: &Inspection,
) -> (Answer, String) {
    let outcome = format!("code {}", refusal.code);
    let mut answer = call.refuse(refusal, config);
    if let Some(status) = found.refusal {
        answer.status = status;
    }
    (answer, outcome)
}

fn report(call: &Call, found: &Inspection) {
    for what in &found.violations {
        call.violation(what);
    }
}

/// Enters the form into the record, its secrets as fingerprints.
fn note(call: &Call, form: &Form) {
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
