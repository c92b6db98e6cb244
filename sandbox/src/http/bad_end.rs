//! Truncated and malformed answers.

/// An answer that is granted, sent and does not end as HTTP has it. By https it ends without `close_notify`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BadEnd {
    /// How the length of the body is announced.
    pub framing: Framing,
    /// How much of the body is sent.
    pub cut: Cut,
    /// What happens to the connection then.
    pub then: Then,
}

impl BadEnd {
    /// A whole body, announced in this way, and a connection that is then closed.
    pub fn new(framing: Framing) -> Self {
        Self { framing, cut: Cut::Nowhere, then: Then::Close }
    }

    /// The same with less of the body.
    #[must_use]
    pub fn cut(self, cut: Cut) -> Self {
        Self { cut, ..self }
    }

    /// The same with another end of the connection.
    #[must_use]
    pub fn then(self, then: Then) -> Self {
        Self { then, ..self }
    }
}

/// How the length of a body is announced.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Framing {
    /// By a `Content-Length` so many bytes too large, or too small.
    Length(i64),
    /// In chunks without a last one.
    Unended,
    /// In chunks, of which the last is announced longer than it is.
    ShortChunk,
    /// In chunks, followed by an invalid chunk.
    BadChunk,
    /// Not at all: by the end of the connection.
    UntilClose,
}

/// How much of a body is sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Cut {
    /// All of it.
    Nowhere,
    /// Up to and with the value of this field. Before the body is encoded.
    AfterField(String),
    /// All but so many bytes of what is on the wire.
    Off(usize),
}

/// What happens to a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Then {
    /// It is closed.
    Close,
    /// It is reset.
    Reset,
    /// Nothing, until the client or the sandbox goes away.
    Stall,
}

/// Where a field's value ends in one line of JSON; the whole length when it is not there.
pub(crate) fn end_of_field(json: &[u8], name: &str) -> usize {
    let text = String::from_utf8_lossy(json);
    let mark = format!("\"{name}\":");
    let Some(start) = text.find(&mark).map(|at| at + mark.len()) else { return json.len() };
    let value = &text[start..];
    let length = match value.strip_prefix('"') {
        Some(inner) => inner.find('"').map(|end| end + 2),
        None => value.find([',', '}']),
    };
    length.map_or(json.len(), |length| start + length)
}

impl Framing {
    /// The header that announces the length, and the body as it is sent.
    pub(crate) fn framed(self, body: &[u8]) -> (Option<String>, Vec<u8>) {
        let chunked = Some("Transfer-Encoding: chunked".to_owned());
        let (first, second) = body.split_at(body.len() / 2);
        let chunk = |bytes: &[u8], more: usize| {
            [format!("{:x}\r\n", bytes.len() + more).as_bytes(), bytes].concat()
        };
        match self {
            Self::Length(more) => {
                let length = i64::try_from(body.len()).unwrap_or(i64::MAX).saturating_add(more);
                (Some(format!("Content-Length: {}", length.max(0))), body.to_vec())
            }
            Self::UntilClose => (None, body.to_vec()),
            Self::Unended => {
                (chunked, [&chunk(first, 0)[..], b"\r\n", &chunk(second, 0), b"\r\n"].concat())
            }
            Self::ShortChunk => {
                (chunked, [&chunk(first, 0)[..], b"\r\n", &chunk(second, 100)].concat())
            }
            Self::BadChunk => {
                let end = b"\r\nno chunk\r\n";
                (chunked, [&chunk(first, 0)[..], b"\r\n", &chunk(second, 0), end].concat())
            }
        }
    }
}
