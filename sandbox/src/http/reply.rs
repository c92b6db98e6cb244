//! A reply to the client: an answer, or an end of the connection.

use std::fmt::Write as _;

use hyper::Response;
use hyper::header::{self, HeaderName, HeaderValue};
use serde_json::{Value, json};

use crate::clock;
use crate::http::bad_end::{Framing, Then};
use crate::http::payload::{Halfway, Payload};

/// What happens to one request.
pub(crate) enum Reply {
    Send(Outgoing),
    /// The connection is closed without an answer.
    Close,
    /// The connection is reset without an answer.
    Reset,
    /// Nothing, until the client or the sandbox goes away.
    Silence,
}

/// An answer before it is put into hyper's terms.
pub(crate) struct Outgoing {
    pub(crate) status: u16,
    pub(crate) headers: Vec<(HeaderName, String)>,
    pub(crate) body: Vec<u8>,
    /// What happens after half of the body.
    pub(crate) halfway: Halfway,
    /// An end that the HTTP library would not make.
    pub(crate) bad_end: Option<(Framing, Then)>,
}

impl Outgoing {
    pub(crate) fn empty(status: u16) -> Self {
        Self {
            status,
            headers: Vec::new(),
            body: Vec::new(),
            halfway: Halfway::GoesOn,
            bad_end: None,
        }
    }

    pub(crate) fn new(status: u16, content_type: &str, body: impl Into<Vec<u8>>) -> Self {
        let mut reply = Self::empty(status).with(header::CONTENT_TYPE, content_type);
        reply.body = body.into();
        reply
    }

    pub(crate) fn json(status: u16, body: &Value) -> Self {
        Self::new(status, "application/json", body.to_string())
    }

    /// 405 with its mandatory `Allow` (RFC 9110 §15.5.6).
    pub(crate) fn method_not_allowed(allowed: &str) -> Self {
        Self::json(405, &json!({ "message": "method not allowed" })).with(header::ALLOW, allowed)
    }

    pub(crate) fn with(mut self, name: HeaderName, value: impl Into<String>) -> Self {
        self.headers.push((name, value.into()));
        self
    }

    /// The answer's bytes, written by hand.
    pub(crate) fn into_bytes(self, framing: Framing, correlation_id: &str) -> Vec<u8> {
        let (length, body) = framing.framed(&self.body);
        let mut head = format!("HTTP/1.1 {} Scripted\r\n", self.status);
        if let Some(now) = chrono::DateTime::from_timestamp(clock::now_epoch(), 0) {
            let _ = write!(head, "Date: {}\r\n", now.format("%a, %d %b %Y %H:%M:%S GMT"));
        }
        let _ = write!(head, "concur-correlationid: {correlation_id}\r\n");
        for (name, value) in &self.headers {
            let _ = write!(head, "{name}: {value}\r\n");
        }
        if let Some(line) = length {
            let _ = write!(head, "{line}\r\n");
        }
        [head.as_bytes(), b"\r\n", &body].concat()
    }

    pub(crate) fn into_response(self, correlation_id: &str) -> Response<Payload> {
        let Self { status, headers, body, halfway, bad_end: _ } = self;
        let whole_length = body.len();
        let is_whole = halfway == Halfway::GoesOn;
        let payload = if is_whole {
            Payload::whole(body)
        } else {
            Payload::half(body[..whole_length / 2].to_vec(), halfway)
        };
        let mut response = Response::new(payload);
        // What a test scripted may be no status or header of HTTP; then it shows as a plain 500.
        *response.status_mut() =
            hyper::StatusCode::from_u16(status).unwrap_or(hyper::StatusCode::INTERNAL_SERVER_ERROR);
        let correlation = (HeaderName::from_static("concur-correlationid"), correlation_id.into());
        let length = (!is_whole).then(|| (header::CONTENT_LENGTH, whole_length.to_string()));
        // The server's own would be the system's clock.
        let is_dated = headers.iter().any(|(name, _)| *name == header::DATE);
        let date = (!is_dated).then(|| (header::DATE, clock::now_http()));
        for (name, value) in headers.into_iter().chain([correlation]).chain(length).chain(date) {
            match HeaderValue::from_str(&value) {
                Ok(value) => drop(response.headers_mut().append(name, value)),
                Err(_) => *response.status_mut() = hyper::StatusCode::INTERNAL_SERVER_ERROR,
            }
        }
        response
    }
}
