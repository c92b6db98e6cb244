//! Collects a helper request from a stream, as much of it as is ours and no more.

use zeroize::Zeroizing;

use super::bazel;
use super::git::{MAX_LINE_BYTES, MAX_REQUEST_BYTES};
use crate::model::wiping::WipingBuffer;

/// What the reader of the stream does next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Progress {
    /// Read on; at end of file the request is complete as well.
    More,
    /// The request's end was seen: stop reading, [`Gatherer::finish`].
    Complete,
    /// The request is over the limit of its protocol: stop reading and refuse it.
    TooLarge,
    /// A line is over [`MAX_LINE_BYTES`]: stop reading and refuse the request.
    LineTooLong,
}

/// How a request ends.
#[derive(Debug)]
enum Shape {
    /// The first byte tells: a brace begins an object, anything else is lines.
    Either,
    /// git's lines, up to a blank one.
    Lines {
        /// Bytes since the last LF, a CR included.
        line_bytes: usize,
        after_cr: bool,
    },
    /// One JSON object.
    Object,
}

impl Shape {
    const LINES: Self = Self::Lines { line_bytes: 0, after_cr: false };
}

/// Takes a request in pieces, however the stream cuts it, up to its end or a limit.
///
/// Never holds more than the limit and one byte. Bytes after the end of git's lines belong to whoever
/// else reads the stream and are dropped. What it holds is overwritten when dropped, also when it
/// grows.
#[derive(Debug)]
pub struct Gatherer {
    held: WipingBuffer,
    shape: Shape,
    progress: Progress,
}

impl Gatherer {
    /// For git's protocol; nothing read yet.
    pub fn of_git() -> Self {
        Self::of(Shape::LINES)
    }

    /// For Bazel's protocol.
    pub fn of_bazel() -> Self {
        Self::of(Shape::Object)
    }

    /// For whichever protocol the first byte tells ([`bazel::is_object`]).
    pub fn of_either() -> Self {
        Self::of(Shape::Either)
    }

    fn of(shape: Shape) -> Self {
        Self { held: WipingBuffer::new(), shape, progress: Progress::More }
    }

    /// Takes the next piece. After anything but [`Progress::More`] further pieces are dropped and
    /// the same is answered again.
    pub fn feed(&mut self, piece: &[u8]) -> Progress {
        if self.progress != Progress::More {
            return self.progress;
        }
        if matches!(self.shape, Shape::Either) && !piece.is_empty() {
            self.shape = if bazel::is_object(piece) { Shape::Object } else { Shape::LINES };
        }
        if matches!(self.shape, Shape::Object) {
            self.feed_object(piece);
        } else {
            self.feed_lines(piece);
        }
        self.progress
    }

    fn feed_object(&mut self, piece: &[u8]) {
        let room = bazel::MAX_REQUEST_BYTES + 1 - self.held.len();
        self.held.extend(&piece[..piece.len().min(room)]);
        if self.held.len() > bazel::MAX_REQUEST_BYTES {
            self.progress = Progress::TooLarge;
        } else if piece.contains(&b'}') && bazel::is_whole(self.held.as_bytes()) {
            self.progress = Progress::Complete;
        }
    }

    fn feed_lines(&mut self, piece: &[u8]) {
        let mut ours = 0;
        for &byte in piece {
            ours += 1;
            self.progress = self.judge(byte, self.held.len() + ours);
            if self.progress != Progress::More {
                break;
            }
        }
        self.held.extend(&piece[..ours]);
    }

    fn judge(&mut self, byte: u8, total: usize) -> Progress {
        let Shape::Lines { line_bytes, after_cr } = &mut self.shape else { return self.progress };
        if total > MAX_REQUEST_BYTES {
            return Progress::TooLarge;
        }
        if byte == b'\n' {
            let blank = *line_bytes == usize::from(*after_cr);
            self.shape = Shape::LINES;
            return if blank { Progress::Complete } else { Progress::More };
        }
        *line_bytes += 1;
        *after_cr = byte == b'\r';
        // A CR right after the longest line may still be half of its line end.
        if *line_bytes > MAX_LINE_BYTES + usize::from(*after_cr) {
            return Progress::LineTooLong;
        }
        Progress::More
    }

    /// Whether not a single byte has come: at end of file, an empty stdin.
    pub fn is_empty(&self) -> bool {
        self.held.is_empty()
    }

    /// The request's bytes for its parser, with git's blank line when it came. After
    /// [`Progress::TooLarge`] or [`Progress::LineTooLong`] they reach just past the limit, so that
    /// parsing refuses them: a cut request is never taken for a whole one.
    pub fn finish(self) -> Zeroizing<Vec<u8>> {
        self.held.into_bytes()
    }
}
