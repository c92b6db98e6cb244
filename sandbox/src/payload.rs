//! The body of a reply, whole or broken off.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};

use hyper::body::{Body, Bytes, Frame, SizeHint};

/// A body of known bytes. When it breaks off it sends what it has and then fails, which makes the
/// connection close short of its Content-Length.
pub(crate) struct Payload {
    bytes: Option<Bytes>,
    breaks_off: bool,
    has_been_flushed: bool,
}

impl Payload {
    pub(crate) fn whole(bytes: impl Into<Bytes>) -> Self {
        Self { bytes: Some(bytes.into()), breaks_off: false, has_been_flushed: false }
    }

    pub(crate) fn broken_off(bytes: impl Into<Bytes>) -> Self {
        Self { bytes: Some(bytes.into()), breaks_off: true, has_been_flushed: false }
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
        if !self.breaks_off {
            return Poll::Ready(None);
        }
        if !self.has_been_flushed {
            // While a body is pending hyper flushes what it has: the first half reaches the client.
            self.has_been_flushed = true;
            context.waker().wake_by_ref();
            return Poll::Pending;
        }
        Poll::Ready(Some(Err(io::Error::other("the scripted body breaks off here"))))
    }

    fn is_end_stream(&self) -> bool {
        self.bytes.is_none() && !self.breaks_off
    }

    fn size_hint(&self) -> SizeHint {
        match &self.bytes {
            Some(bytes) if !self.breaks_off => SizeHint::with_exact(bytes.len() as u64),
            _ => SizeHint::default(),
        }
    }
}
