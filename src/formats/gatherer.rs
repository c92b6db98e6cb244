//! Collects a helper request from a stream, and nothing after it.

use zeroize::Zeroizing;

use super::bazel;
use super::git::{MAX_LINE_BYTES, MAX_REQUEST_BYTES};
use crate::model::wiping::WipingBuffer;

/// What the reader of the stream does next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Progress {
    /// Continue reading; at end of file the request is complete.
    More,
    /// The request's end was seen: stop reading, [`Gatherer::finish`].
    Complete,
    /// The request exceeds the limit of its protocol: stop reading and refuse it.
    TooLarge,
    /// A line exceeds [`MAX_LINE_BYTES`]: stop reading and refuse the request.
    LineTooLong,
}

/// How a request ends.
#[derive(Debug)]
enum Shape {
    /// The first byte decides: a brace begins an object, anything else is lines.
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

/// Takes a request in pieces of any size, up to its end or a limit.
///
/// Never buffers more than the limit and one byte. Bytes after the end of git's lines belong to the next reader
/// of the stream and are dropped. The buffer is wiped when it is dropped, also when it grows.
#[derive(Debug)]
pub struct Gatherer {
    held: WipingBuffer,
    shape: Shape,
    progress: Progress,
    /// While bytes before the first line are skipped.
    blanks: Option<Blanks>,
    has_begun: bool,
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

    /// For the protocol that the first byte shows ([`bazel::is_object`]).
    pub fn of_either() -> Self {
        Self::of(Shape::Either)
    }

    fn of(shape: Shape) -> Self {
        let held = WipingBuffer::new();
        Self { held, shape, progress: Progress::More, blanks: None, has_begun: false }
    }

    /// Skips one byte-order mark of UTF-8 and blank lines before the first line, which shells that encode their
    /// pipes add.
    #[must_use]
    pub fn skipping_blanks(mut self) -> Self {
        self.blanks = Some(Blanks::default());
        self
    }

    /// Takes the next piece. After anything but [`Progress::More`] further pieces are dropped and the same
    /// result is returned.
    pub fn feed(&mut self, piece: &[u8]) -> Progress {
        if self.progress != Progress::More {
            return self.progress;
        }
        self.has_begun |= !piece.is_empty();
        let Some(blanks) = &mut self.blanks else { return self.feed_request(piece) };
        if let Some(rest) = blanks.skip(piece) {
            self.blanks = None;
            return self.feed_request(&rest);
        }
        if blanks.skipped > MAX_REQUEST_BYTES {
            self.progress = Progress::TooLarge;
        }
        self.progress
    }

    fn feed_request(&mut self, piece: &[u8]) -> Progress {
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
        // A CR right after the longest line may be a part of its line end.
        if *line_bytes > MAX_LINE_BYTES + usize::from(*after_cr) {
            return Progress::LineTooLong;
        }
        Progress::More
    }

    /// Whether no byte was received: at end of file, an empty stdin.
    pub fn is_empty(&self) -> bool {
        !self.has_begun
    }

    /// The request's bytes for its parser, with git's blank line if there was one. After [`Progress::TooLarge`]
    /// or [`Progress::LineTooLong`] they reach just past the limit, so that parsing refuses them: a cut request
    /// is never taken for a whole one.
    pub fn finish(mut self) -> Zeroizing<Vec<u8>> {
        if let Some(Blanks { cut, .. }) = self.blanks {
            self.held.extend(&cut);
        }
        self.held.into_bytes()
    }
}

const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";

/// What is skipped before the first line.
#[derive(Debug, Default)]
struct Blanks {
    /// The beginning of a mark or of a line end, which the next piece may complete.
    cut: Vec<u8>,
    has_mark: bool,
    /// Bytes.
    skipped: usize,
}

impl Blanks {
    /// The part of the next piece that belongs to the request; `None` if there is none yet.
    fn skip(&mut self, piece: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
        let bytes = Zeroizing::new([&self.cut, piece].concat());
        let mut rest = bytes.as_slice();
        loop {
            let after_line = rest.strip_prefix(b"\n").or_else(|| rest.strip_prefix(b"\r\n"));
            rest = match (after_line, rest.strip_prefix(BYTE_ORDER_MARK)) {
                (Some(after), _) => after,
                (None, Some(after)) if !self.has_mark => {
                    self.has_mark = true;
                    after
                }
                _ => break,
            };
        }
        self.skipped += bytes.len() - rest.len();
        let may_be_mark = !self.has_mark && BYTE_ORDER_MARK.starts_with(rest);
        if b"\r\n".starts_with(rest) || may_be_mark {
            self.cut = rest.to_vec();
            return None;
        }
        Some(Zeroizing::new(rest.to_vec()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The result for pieces of this size.
    fn gathered(gatherer: Gatherer, input: &[u8], size: usize) -> (Progress, Vec<u8>) {
        let mut gatherer = gatherer;
        let mut progress = Progress::More;
        for piece in input.chunks(size) {
            progress = gatherer.feed(piece);
        }
        (progress, gatherer.finish().to_vec())
    }

    #[test]
    fn one_mark_and_blank_lines_before_the_first_line_are_skipped_however_they_are_cut() {
        for (input, expected) in [
            ("host=h\n\n", "host=h\n\n"),
            ("\nhost=h\n\n", "host=h\n\n"),
            ("\r\n\n\r\nhost=h\n\n", "host=h\n\n"),
            ("\u{feff}host=h\n\n", "host=h\n\n"),
            ("\u{feff}\r\n\nhost=h\r\n\r\n", "host=h\r\n\r\n"),
            ("\u{feff}\u{feff}host=h\n\n", "\u{feff}host=h\n\n"),
            ("\r\rhost=h\n\n", "\r\rhost=h\n\n"),
            (" \nhost=h\n\n", " \nhost=h\n\n"),
            ("\u{fefe}=h\n\n", "\u{fefe}=h\n\n"),
            ("\u{feff}{\"uri\":1}", "{\"uri\":1}"),
            ("\n\n{\"uri\":1}", "{\"uri\":1}"),
        ] {
            for size in [1, 2, 3, 5, 100] {
                let (progress, held) =
                    gathered(Gatherer::of_either().skipping_blanks(), input.as_bytes(), size);
                assert_eq!(progress, Progress::Complete, "{input:?} in pieces of {size}");
                assert_eq!(held, expected.as_bytes(), "{input:?} in pieces of {size}");
            }
        }
    }

    #[test]
    fn blanks_alone_are_no_request_and_no_empty_stdin_and_have_a_limit() {
        for input in ["\n", "\u{feff}", "\u{feff}\r\n", "\r"] {
            let mut gatherer = Gatherer::of_git().skipping_blanks();
            assert_eq!(gatherer.feed(input.as_bytes()), Progress::More);
            assert!(!gatherer.is_empty(), "{input:?}");
            assert_eq!(gatherer.finish().trim_ascii(), b"", "{input:?}");
        }
        let endless = vec![b'\n'; MAX_REQUEST_BYTES + 1];
        let (progress, _) = gathered(Gatherer::of_git().skipping_blanks(), &endless, 4096);
        assert_eq!(progress, Progress::TooLarge);
        let (progress, held) = gathered(Gatherer::of_git(), b"\nhost=h\n\n", 100);
        assert_eq!((progress, held), (Progress::Complete, b"\n".to_vec()), "git's own is strict");
    }
}
