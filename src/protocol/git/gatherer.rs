//! Collects a request from a stream, as much of it as is ours and no more.

use zeroize::Zeroizing;

use super::{MAX_LINE_BYTES, MAX_REQUEST_BYTES};
use crate::model::wiping::WipingBuffer;

/// What the reader of the stream does next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Progress {
    /// Read on; at end of file the request is complete as well.
    More,
    /// The blank line was seen: stop reading, [`Gatherer::finish`].
    Complete,
    /// The request is over [`MAX_REQUEST_BYTES`]: stop reading and refuse it.
    TooLarge,
    /// A line is over [`MAX_LINE_BYTES`]: stop reading and refuse the request.
    LineTooLong,
}

/// Takes a request in pieces, however the stream cuts it, up to its blank line or a limit.
///
/// Never holds more than the limit and one byte. Bytes after the blank line belong to whoever else
/// reads the stream and are dropped. What it holds is overwritten when dropped, also when it grows.
#[derive(Debug)]
pub struct Gatherer {
    held: WipingBuffer,
    /// Bytes since the last LF, a CR included.
    line_bytes: usize,
    after_cr: bool,
    progress: Progress,
}

impl Gatherer {
    /// Nothing read yet.
    pub fn new() -> Self {
        Self { held: WipingBuffer::new(), line_bytes: 0, after_cr: false, progress: Progress::More }
    }

    /// Takes the next piece. After anything but [`Progress::More`] further pieces are dropped and
    /// the same is answered again.
    pub fn feed(&mut self, piece: &[u8]) -> Progress {
        if self.progress != Progress::More {
            return self.progress;
        }
        let mut ours = 0;
        for &byte in piece {
            ours += 1;
            self.progress = self.judge(byte, self.held.len() + ours);
            if self.progress != Progress::More {
                break;
            }
        }
        self.held.extend(&piece[..ours]);
        self.progress
    }

    fn judge(&mut self, byte: u8, total: usize) -> Progress {
        if total > MAX_REQUEST_BYTES {
            return Progress::TooLarge;
        }
        if byte == b'\n' {
            let blank = self.line_bytes == usize::from(self.after_cr);
            self.line_bytes = 0;
            self.after_cr = false;
            return if blank { Progress::Complete } else { Progress::More };
        }
        self.line_bytes += 1;
        self.after_cr = byte == b'\r';
        // A CR right after the longest line may still be half of its line end.
        if self.line_bytes > MAX_LINE_BYTES + usize::from(self.after_cr) {
            return Progress::LineTooLong;
        }
        Progress::More
    }

    /// Whether not a single byte has come: at end of file, an empty stdin.
    pub fn is_empty(&self) -> bool {
        self.held.is_empty()
    }

    /// The request's bytes for [`Request::parse`](super::Request::parse), with the blank line when
    /// it came. After [`Progress::TooLarge`] or [`Progress::LineTooLong`] they reach just past the
    /// limit, so that parsing refuses them: a cut request is never taken for a whole one.
    pub fn finish(self) -> Zeroizing<Vec<u8>> {
        self.held.into_bytes()
    }
}

impl Default for Gatherer {
    fn default() -> Self {
        Self::new()
    }
}
