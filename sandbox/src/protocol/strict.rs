//! Requests that Concur refuses, and mistakes that a careful client avoids.

use hyper::Method;
use hyper::header;
use hyper::http::request::Parts;
use uuid::Uuid;

use crate::http::request;
use crate::protocol::form::{Form, SECRET_FIELDS};

/// The largest token request that is served.
pub(crate) const BODY_LIMIT_BYTES: usize = 64 * 1024;

/// What is wrong with a request.
#[derive(Debug, Default)]
pub(crate) struct Inspection {
    /// One sentence each.
    pub(crate) violations: Vec<String>,
    /// The status to refuse with, if Concur would refuse: the last of several.
    pub(crate) refusal: Option<u16>,
}

impl Inspection {
    fn frown(&mut self, what: impl Into<String>) {
        self.violations.push(what.into());
    }

    fn refuse(&mut self, status: u16, what: impl Into<String>) {
        self.refusal = Some(status);
        self.frown(what);
    }

    /// Checks the body's size.
    pub(crate) fn body(&mut self, length: usize) {
        if length > BODY_LIMIT_BYTES {
            self.refuse(413, "the body is larger than 64 KiB");
        }
    }

    /// Checks the method of a request.
    pub(crate) fn wrong_method(&mut self, method: &Method, on: &str) {
        self.frown(format!("{method} on {on}"));
    }

    /// Checks the names of the form's fields, where all are known.
    pub(crate) fn fields(&mut self, form: &Form, known: &[&str]) {
        for name in form.names().filter(|name| !known.contains(name)) {
            self.frown(format!("the form field {} is not documented", request::shown(name)));
        }
    }

    /// Checks the parsed form.
    pub(crate) fn form(&mut self, form: &Form) {
        if let Some(name) = form.repeated() {
            self.refuse(400, format!("the form field {} is sent twice", request::shown(name)));
        }
    }
}

/// Checks the head of any request.
pub(crate) fn any(parts: &Parts) -> Inspection {
    let mut found = Inspection::default();
    if let Some(id) = parts.headers.get("concur-correlationid")
        && id.to_str().ok().and_then(|id| Uuid::try_parse(id).ok()).is_none()
    {
        found.frown("concur-correlationid is not a UUID");
    }
    for name in request::query_fields(parts) {
        if SECRET_FIELDS.contains(&name.as_str()) || name == "access_token" {
            found.refuse(400, format!("the URL carries {name}"));
        }
    }
    found
}

/// Checks the head of a token request, in addition to [`any`].
pub(crate) fn token_request(parts: &Parts, found: &mut Inspection) {
    let headers = &parts.headers;
    let content_type = request::header(headers, &header::CONTENT_TYPE).unwrap_or_default();
    let (media_type, parameters) = content_type.split_once(';').unwrap_or((content_type, ""));
    if !media_type.trim().eq_ignore_ascii_case("application/x-www-form-urlencoded") {
        found.refuse(400, "Content-Type is not application/x-www-form-urlencoded");
    } else if content_type.contains(';') {
        let is_charset = parameters.to_ascii_lowercase().contains("charset");
        let what = if is_charset { "a charset" } else { "a" };
        found.refuse(400, format!("Content-Type has {what} parameter"));
    }
    if headers.contains_key(header::TRANSFER_ENCODING) {
        found.refuse(400, "the body is chunked");
    } else {
        let length = request::header(headers, &header::CONTENT_LENGTH).map(str::parse::<u64>);
        if !matches!(length, Some(Ok(_))) {
            found.refuse(400, "there is no Content-Length");
        }
    }
    if !request::header(headers, &header::ACCEPT).is_some_and(accepts_json) {
        found.frown("Accept does not name application/json");
    }
    if headers.contains_key(header::AUTHORIZATION) {
        found.frown("there is an Authorization header: the secrets belong in the body");
    }
}

fn accepts_json(accept: &str) -> bool {
    accept.split(',').any(|range| {
        let media_type = range.split(';').next().unwrap_or_default().trim();
        media_type.eq_ignore_ascii_case("application/json")
    })
}
