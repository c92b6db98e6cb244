//! The body of a reply, complete or truncated.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};

use hyper::body::{Body, Bytes, Frame, SizeHint};

/// What follows the first half of a body.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Halfway {
    /// The second half.
    GoesOn,
    /// It fails, which makes the connection close short of its Content-Length.
    BreaksOff,
    /// Nothing more, until the client or the sandbox goes away.
    Stalls,
}

/// A body of known bytes, or its first half.
pub(crate) struct Payload {
    bytes: Option<Bytes>,
    then: Halfway,
    has_been_flushed: bool,
}

impl Payload {
    pub(crate) fn whole(bytes: impl Into<Bytes>) -> Self {
        Self { bytes: Some(bytes.into()), then: Halfway::GoesOn, has_been_flushed: false }
    }

    pub(crate) fn half(bytes: impl Into<Bytes>, then: Halfway) -> Self {
        Self { bytes: Some(bytes.into()), then, has_been_flushed: false }
    }
}

impl Body for Payload {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<io::Result<Frame<Bytes>>>> {
        if let Some(bytes) = self.bytes.take() {
            return Poll::Ready(Some(Ok(Frame::data(bytes))));
        }
        if self.then == Halfway::GoesOn {
            return Poll::Ready(None);
        }
        if !self.has_been_flushed {
            // While a body is pending hyper flushes what it has: the first half reaches the client.
            self.has_been_flushed = true;
            context.waker().wake_by_ref();
            return Poll::Pending;
        }
        if self.then == Halfway::Stalls {
            // It is never woken: it ends with the connection.
            return Poll::Pending;
        }
        Poll::Ready(Some(Err(io::Error::other("the scripted body breaks off here"))))
    }

    fn is_end_stream(&self) -> bool {
        self.bytes.is_none() && self.then == Halfway::GoesOn
    }

    fn size_hint(&self) -> SizeHint {
        match &self.bytes {
            Some(bytes) if self.then == Halfway::GoesOn => SizeHint::with_exact(bytes.len() as u64),
            _ => SizeHint::default(),
        }
    }
}
