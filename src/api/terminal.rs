//! Escapes a service's output for a terminal, so that it cannot control the terminal.

use std::io::{self, Write};
use std::mem;

use crate::model::printable::{must_be_escaped, write_escaped};

/// Copies text. Control characters and invisible characters become JSON escapes, so that JSON stays the same
/// JSON; line ends and tabs stay; invalid UTF-8 becomes U+FFFD.
pub(crate) struct Shown<'w> {
    to: &'w mut dyn Write,
    /// Bytes whose meaning depends on the next ones: the beginning of a character, or a carriage return.
    held: Vec<u8>,
    /// Nothing was written, or a line's end was the last of it.
    ends_line: bool,
}

impl<'w> Shown<'w> {
    /// Writes to this terminal.
    pub(crate) fn on(to: &'w mut dyn Write) -> Self {
        Self { to, held: Vec::new(), ends_line: true }
    }

    /// Ends the text.
    pub(crate) fn finish(mut self) -> io::Result<()> {
        let rest = mem::take(&mut self.held);
        self.pass_on(&escaped(&rest, None)?)?;
        if !self.ends_line {
            // The shell's prompt begins a line of its own.
            self.to.write_all(b"\n")?;
        }
        self.to.flush()
    }
}

impl Shown<'_> {
    fn pass_on(&mut self, text: &[u8]) -> io::Result<()> {
        if let Some(last) = text.last() {
            self.ends_line = *last == b'\n';
        }
        self.to.write_all(text)
    }
}

impl Write for Shown<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let mut text = mem::take(&mut self.held);
        text.extend_from_slice(bytes);
        let shown = escaped(&text, Some(&mut self.held))?;
        self.pass_on(&shown).map(|()| bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.to.flush()
    }
}

/// All of a text as [`Shown`] writes it.
pub(crate) fn shown(bytes: &[u8]) -> Vec<u8> {
    // Writing to memory cannot fail.
    escaped(bytes, None).unwrap_or_default()
}

/// The escaped bytes. Bytes whose meaning depends on the next ones go into `held`, unless this is the end.
fn escaped(bytes: &[u8], mut held: Option<&mut Vec<u8>>) -> io::Result<Vec<u8>> {
    let mut shown = Vec::with_capacity(bytes.len());
    let mut chunks = bytes.utf8_chunks().peekable();
    while let Some(chunk) = chunks.next() {
        let mut characters = chunk.valid().chars().peekable();
        let is_last = chunks.peek().is_none();
        while let Some(character) = characters.next() {
            let next = characters.peek();
            match (character, &mut held) {
                ('\n' | '\t', _) => shown.push(character as u8),
                ('\r', _) if next == Some(&'\n') => shown.push(b'\r'),
                ('\r', Some(held)) if next.is_none() && is_last && chunk.invalid().is_empty() => {
                    held.push(b'\r');
                }
                (character, _) if must_be_escaped(character) => {
                    write_escaped(&mut shown, character)?;
                }
                (character, _) => {
                    shown.extend_from_slice(character.encode_utf8(&mut [0; 4]).as_bytes());
                }
            }
        }
        let may_go_on =
            || std::str::from_utf8(chunk.invalid()).is_err_and(|e| e.error_len().is_none());
        match &mut held {
            Some(held) if is_last && may_go_on() => held.extend_from_slice(chunk.invalid()),
            _ if chunk.invalid().is_empty() => {}
            _ => shown.extend_from_slice("\u{fffd}".as_bytes()),
        }
    }
    Ok(shown)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// What is shown of these pieces.
    fn shown_of(pieces: &[&[u8]]) -> String {
        let mut terminal = Vec::new();
        let mut writer = Shown::on(&mut terminal);
        for piece in pieces {
            writer.write_all(piece).unwrap();
        }
        writer.finish().unwrap();
        String::from_utf8(terminal).unwrap()
    }

    #[test]
    fn text_is_as_it_came() {
        let text = "{\n\t\"name\": \"Zoë ❤\u{fe0f}\"\r\n}";
        assert_eq!(shown_of(&[text.as_bytes()]), format!("{text}\n"), "the last line has an end");
        let ended = format!("{text}\r\n");
        assert_eq!(shown_of(&[ended.as_bytes()]), ended, "and no second one");
        assert_eq!(shown_of(&[]), "");
    }

    #[test]
    fn what_could_steer_is_in_jsons_escapes() {
        for (bytes, expected) in [
            (&b"a\x1b]0;x\x07\x1b[2J"[..], r"a\u001b]0;x\u0007\u001b[2J"),
            ("\u{9b}31m\u{7f}".as_bytes(), r"\u009b31m\u007f"),
            (b"good\rbad\x08", r"good\u000dbad\u0008"),
            (b"end\r", r"end\u000d"),
            ("\u{202e}\u{200b}\u{e0041}".as_bytes(), r"\u202e\u200b\udb40\udc41"),
            (b"a\x9b\xffb\xe2\x82", "a\u{fffd}\u{fffd}b\u{fffd}"),
        ] {
            assert_eq!(shown_of(&[bytes]), format!("{expected}\n"));
        }
    }

    proptest! {
        #[test]
        fn pieces_do_not_matter(
            bytes in proptest::collection::vec(
                prop_oneof![any::<u8>(), prop::sample::select(b"\r\n\xe2\x80\xae\xc2\x9b\xf3\xa0\x81".to_vec())],
                0..40,
            ),
            cuts in proptest::collection::vec(0_usize..40, 0..6),
        ) {
            let mut cuts: Vec<usize> = cuts.into_iter().map(|at| at.min(bytes.len())).collect();
            cuts.extend([0, bytes.len()]);
            cuts.sort_unstable();
            let pieces: Vec<&[u8]> = cuts.windows(2).map(|cut| &bytes[cut[0]..cut[1]]).collect();
            let shown_whole = shown_of(&[&bytes]);
            let mut expected = shown(&bytes);
            if expected.last().is_some_and(|last| *last != b'\n') {
                expected.push(b'\n');
            }
            prop_assert_eq!(shown_whole.as_bytes(), expected);
            prop_assert_eq!(&shown_of(&pieces), &shown_whole);
            let without_line_ends = shown_whole.replace("\r\n", "").replace(['\n', '\t'], "");
            prop_assert!(!without_line_ends.chars().any(must_be_escaped), "{:?}", without_line_ends);
        }
    }
}
