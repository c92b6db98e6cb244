//! What the scripted faults of one request do to it.

use hyper::header::{self, HeaderName};
use serde_json::json;

use crate::faults::{Fault, RetryAfter, StatusBody};
use crate::http::bad_end::{self, BadEnd, Cut};
use crate::http::payload::Halfway;
use crate::http::reply::{Outgoing, Reply};
use crate::protocol::answer::Answer;

const HTML: &str = "<html><head><title>Service Unavailable</title></head>\
                    <body><h1>The server is temporarily unable to service your request.</h1></body></html>";

/// The first fault that answers in the service's place, its reply, and the outcome for the log. `refuse` makes
/// the answer of an error code.
pub(crate) fn before(
    faults: &[Fault],
    refuse: impl Fn(u32) -> Answer,
) -> Option<(&Fault, Reply, String)> {
    faults.iter().find_map(|fault| {
        let mut outcome = format!("fault {}", fault.name());
        let reply = match fault {
            Fault::DropBefore => Reply::Close,
            Fault::ResetBefore => Reply::Reset,
            Fault::Silence => Reply::Silence,
            Fault::Status { code, body, retry_after } => {
                outcome = format!("fault status {code}");
                Reply::Send(status(*code, *body, retry_after.as_ref()))
            }
            Fault::RawBody { status, content_type, body } => {
                Reply::Send(Outgoing::new(*status, content_type, body.clone()))
            }
            Fault::Redirect { status, location } => {
                Reply::Send(Outgoing::empty(*status).with(header::LOCATION, location))
            }
            Fault::Code(code) => {
                outcome = format!("fault code {code}");
                let answer = edited(refuse(*code), faults);
                Reply::Send(Outgoing::from(&answer))
            }
            Fault::Latency(_)
            | Fault::DropAfter
            | Fault::ResetAfter
            | Fault::TruncateBody
            | Fault::StallBody
            | Fault::Geolocation(_)
            | Fault::OmitFields(_)
            | Fault::OverrideField { .. }
            | Fault::Header { .. }
            | Fault::Encoded { .. }
            | Fault::BadEnd(_)
            | Fault::Together(_) => return None,
        };
        let reply = match reply {
            Reply::Send(answer) => Reply::Send(with_headers(encoded(answer, faults), faults)),
            other => other,
        };
        Some((fault, reply, outcome))
    })
}

fn status(code: u16, body: StatusBody, retry_after: Option<&RetryAfter>) -> Outgoing {
    let reply = match body {
        StatusBody::Html => Outgoing::new(code, "text/html; charset=utf-8", HTML),
        StatusBody::Json => Outgoing::json(code, &json!({ "message": "scripted fault" })),
        StatusBody::Empty => Outgoing::empty(code),
    };
    match retry_after {
        Some(retry_after) => reply.with(header::RETRY_AFTER, retry_after.header()),
        None => reply,
    }
}

/// The answer with the fields that the faults replace or leave out.
pub(crate) fn edited(mut answer: Answer, faults: &[Fault]) -> Answer {
    for fault in faults {
        match fault {
            Fault::Geolocation(text) => answer.put("geolocation", text.as_str()),
            Fault::OverrideField { name, value } => answer.put(name, value.clone()),
            Fault::OmitFields(names) => names.iter().for_each(|name| answer.omit(name)),
            _ => {}
        }
    }
    answer
}

fn with_headers(answer: Outgoing, faults: &[Fault]) -> Outgoing {
    faults.iter().fold(answer, |answer, fault| match fault {
        Fault::Header { name, value } => match HeaderName::from_bytes(name.as_bytes()) {
            Ok(name) => answer.with(name, value),
            Err(_) => answer,
        },
        _ => answer,
    })
}

/// The answer with its body cut and encoded as the faults have it.
fn encoded(mut answer: Outgoing, faults: &[Fault]) -> Outgoing {
    for fault in faults {
        if let Fault::BadEnd(BadEnd { cut: Cut::AfterField(name), .. }) = fault {
            answer.body.truncate(bad_end::end_of_field(&answer.body, name));
        }
    }
    for fault in faults {
        let Fault::Encoded { codings, label } = fault else { continue };
        for coding in codings {
            answer.body = coding.encode(&answer.body).unwrap_or_default();
        }
        let names: Vec<&str> = codings.iter().map(|coding| coding.name()).collect();
        let label = label.clone().unwrap_or_else(|| names.join(", "));
        answer = answer.with(header::CONTENT_ENCODING, label);
    }
    for fault in faults {
        if let Fault::BadEnd(end) = fault {
            if let Cut::Off(count) = end.cut {
                answer.body.truncate(answer.body.len().saturating_sub(count));
            }
            answer.bad_end = Some((end.framing, end.then));
        }
    }
    answer
}

/// The reply to an answer with the faults applied, with the outcome for the log.
pub(crate) fn after(mut answer: Outgoing, outcome: &str, faults: &[Fault]) -> (Reply, String) {
    if faults.is_empty() {
        return (Reply::Send(answer), outcome.to_owned());
    }
    let names: Vec<&str> = faults.iter().map(Fault::name).collect();
    let outcome = format!("fault {} ({outcome})", names.join("+"));
    answer.halfway = if faults.contains(&Fault::TruncateBody) {
        Halfway::BreaksOff
    } else if faults.contains(&Fault::StallBody) {
        Halfway::Stalls
    } else {
        Halfway::GoesOn
    };
    let reply = if faults.contains(&Fault::ResetAfter) {
        Reply::Reset
    } else if faults.contains(&Fault::DropAfter) {
        Reply::Close
    } else {
        Reply::Send(with_headers(encoded(answer, faults), faults))
    };
    (reply, outcome)
}
