//! Scripted faults: what goes wrong, and when.

pub(crate) mod effects;
pub(crate) mod spec;

use std::collections::VecDeque;
use std::time::Duration;

use serde_json::Value;

use crate::http::bad_end::BadEnd;
use crate::http::encoding::Coding;

/// One thing that goes wrong with one request.
///
/// "Before" means that the request was read and nothing was granted; "after" means that the grant was
/// made and the refresh token rotated, and the client may not learn of it.
#[derive(Clone, Debug, PartialEq)]
pub enum Fault {
    /// The request waits this long, then is answered as usual. A client that hangs up meanwhile does
    /// not stop the grant.
    Latency(Duration),
    /// An answer from something in front of the service. Nothing is granted.
    Status {
        /// HTTP status.
        code: u16,
        /// What the body looks like.
        body: StatusBody,
        /// The `Retry-After` header (RFC 9110 §10.2.3), if any.
        retry_after: Option<RetryAfter>,
    },
    /// The connection is closed without an answer; nothing is granted.
    DropBefore,
    /// The grant is made, then the connection is closed without an answer.
    DropAfter,
    /// As [`Fault::DropBefore`], with a TCP reset.
    ResetBefore,
    /// As [`Fault::DropAfter`], with a TCP reset.
    ResetAfter,
    /// The grant is made; half of the body arrives, then the connection is closed.
    TruncateBody,
    /// The grant is made; half of the body arrives, then nothing more, until the client or the sandbox goes
    /// away.
    StallBody,
    /// Nothing is granted and nothing is answered, until the client or the sandbox goes away.
    Silence,
    /// The answer's `geolocation` is this text.
    Geolocation(String),
    /// The answer lacks these fields.
    OmitFields(Vec<String>),
    /// The answer has this field with this value.
    OverrideField {
        /// The field, replaced where it stands or appended.
        name: String,
        /// Its value.
        value: Value,
    },
    /// The answer has this header before its own headers, whichever other faults apply.
    Header {
        /// Its name.
        name: String,
        /// Its value.
        value: String,
    },
    /// The answer's body is encoded so, the first of these first, whatever the request asked for.
    Encoded {
        /// The encodings.
        codings: Vec<Coding>,
        /// The `Content-Encoding` header, if it is another one than theirs.
        label: Option<String>,
    },
    /// The grant is made, and its answer ends so.
    BadEnd(BadEnd),
    /// Exactly this answer. Nothing is granted.
    RawBody {
        /// HTTP status.
        status: u16,
        /// The `Content-Type` header.
        content_type: String,
        /// The body, byte for byte.
        body: Vec<u8>,
    },
    /// The answer of this documented error code (see [`CODES`](crate::CODES)). Nothing is granted.
    Code(u32),
    /// A redirect. Nothing is granted; a request that then arrives at `location` is a violation.
    Redirect {
        /// HTTP status: 302, 307, 308.
        status: u16,
        /// The `Location` header.
        location: String,
    },
    /// Several faults of one request, such as a latency and a drop.
    Together(Vec<Fault>),
}

impl Fault {
    /// 503 with a gateway's HTML page.
    pub fn service_unavailable() -> Self {
        Self::Status { code: 503, body: StatusBody::Html, retry_after: None }
    }

    /// 429 with `Retry-After` in seconds.
    pub fn too_many_requests(retry_after_seconds: u64) -> Self {
        let retry_after = Some(RetryAfter::Seconds(retry_after_seconds));
        Self::Status { code: 429, body: StatusBody::Empty, retry_after }
    }

    /// An answer whose body is encoded so, and labelled so.
    pub fn encoded(codings: &[Coding]) -> Self {
        Self::Encoded { codings: codings.to_vec(), label: None }
    }

    /// The name in the log.
    pub(crate) fn name(&self) -> &'static str {
        match self {
            Self::Latency(_) => "latency",
            Self::Status { .. } => "status",
            Self::DropBefore => "drop_before",
            Self::DropAfter => "drop_after",
            Self::ResetBefore => "reset_before",
            Self::ResetAfter => "reset_after",
            Self::TruncateBody => "truncate_body",
            Self::StallBody => "stall_body",
            Self::Silence => "silence",
            Self::Geolocation(_) => "geolocation",
            Self::OmitFields(_) => "omit_fields",
            Self::OverrideField { .. } => "override_field",
            Self::Header { .. } => "header",
            Self::Encoded { .. } => "encoded",
            Self::BadEnd(_) => "bad_end",
            Self::RawBody { .. } => "raw_body",
            Self::Code(_) => "code",
            Self::Redirect { .. } => "redirect",
            Self::Together(_) => "together",
        }
    }

    /// The faults that this one stands for, in order.
    pub(crate) fn flattened(self) -> Vec<Self> {
        match self {
            Self::Together(faults) => faults.into_iter().flat_map(Self::flattened).collect(),
            fault => vec![fault],
        }
    }
}

/// The body of a [`Fault::Status`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StatusBody {
    /// A gateway's page, `text/html`.
    Html,
    /// `{"message":"…"}`: JSON, but not Concur's error object.
    Json,
    /// No body.
    Empty,
}

/// The value of a `Retry-After` header.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RetryAfter {
    /// Seconds from now.
    Seconds(u64),
    /// An HTTP date (RFC 9110 §5.6.7), verbatim.
    Date(String),
}

impl RetryAfter {
    pub(crate) fn header(&self) -> String {
        match self {
            Self::Seconds(seconds) => seconds.to_string(),
            Self::Date(date) => date.clone(),
        }
    }
}

struct Entry {
    fault: Fault,
    path: String,
    left: usize,
}

/// The queue of faults. Each request takes the first entry for its path; when none is left, the standing
/// fault for its path.
#[derive(Default)]
pub(crate) struct Script {
    queue: VecDeque<Entry>,
    standing: Vec<(String, Fault)>,
}

impl Script {
    pub(crate) fn push(&mut self, path: &str, times: usize, fault: Fault) {
        if times > 0 {
            self.queue.push_back(Entry { fault, path: path.to_owned(), left: times });
        }
    }

    /// Replaces the standing fault of the path.
    pub(crate) fn stand(&mut self, path: &str, fault: Fault) {
        self.standing.retain(|(known, _)| known != path);
        self.standing.push((path.to_owned(), fault));
    }

    pub(crate) fn clear(&mut self) {
        self.queue.clear();
        self.standing.clear();
    }

    /// Faults queued and not yet taken.
    pub(crate) fn pending(&self) -> usize {
        self.queue.iter().map(|entry| entry.left).sum()
    }

    /// The faults of a request to `path`; usually none.
    pub(crate) fn take(&mut self, path: &str) -> Vec<Fault> {
        let Some(at) = self.queue.iter().position(|entry| path.starts_with(&entry.path)) else {
            let standing = self.standing.iter().find(|(prefix, _)| path.starts_with(prefix));
            return standing.map_or_else(Vec::new, |(_, fault)| fault.clone().flattened());
        };
        let entry = &mut self.queue[at];
        entry.left -= 1;
        let fault = entry.fault.clone();
        if entry.left == 0 {
            self.queue.remove(at);
        }
        fault.flattened()
    }
}
