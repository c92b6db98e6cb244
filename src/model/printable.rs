//! Makes text of other programs safe to show on a terminal.

use std::io;

use serde::Serialize;
use serde_json::Serializer;
use serde_json::ser::Formatter;

/// The text with everything that could control a terminal or is invisible written as `\u{…}`.
///
/// For text that a service, a file or a caller chose. Escaped are control characters (C0 with the line breaks,
/// DEL, C1: as in CVE-2024-50349), marks that reorder text (bidirectional overrides, isolates and marks), and
/// characters that cannot be seen (line and paragraph separators, and what Unicode calls default ignorable:
/// zero-width characters, fillers, the byte order mark, tags).
///
/// At most `max_chars` characters are returned; if the text is cut, the last one is `…`. An escape is never cut
/// in half.
pub(crate) fn printable(text: &str, max_chars: usize) -> String {
    let mut shown = String::new();
    let mut length: usize = 0;
    // Where to cut a longer text: the last place that leaves room for the ellipsis.
    let mut cut = 0;
    for character in text.chars() {
        if length < max_chars {
            cut = shown.len();
        }
        let escaped = must_be_escaped(character);
        length += if escaped { character.escape_unicode().count() } else { 1 };
        if length > max_chars {
            shown.truncate(cut);
            if max_chars > 0 {
                shown.push('…');
            }
            return shown;
        }
        if escaped {
            shown.extend(character.escape_unicode());
        } else {
            shown.push(character);
        }
    }
    shown
}

/// A JSON value on one line, in which everything that [`printable`] escapes is written in JSON's own escapes: a
/// parser gets the same value, and a terminal no control characters. Empty for a value that cannot be JSON,
/// which no `Value` is.
pub(crate) fn printable_json(value: &impl Serialize) -> String {
    let mut shown = Vec::new();
    if write_printable_json(&mut shown, value).is_err() {
        shown.clear();
    }
    String::from_utf8(shown).unwrap_or_default()
}

/// The same into the caller's buffer, because the value contains secrets.
pub(crate) fn write_printable_json(
    out: impl io::Write,
    value: &impl Serialize,
) -> serde_json::Result<()> {
    value.serialize(&mut Serializer::with_formatter(out, Escaping))
}

/// Writes JSON as usual, and escapes more characters in strings than JSON requires.
struct Escaping;

impl Formatter for Escaping {
    fn write_string_fragment<W: io::Write + ?Sized>(
        &mut self,
        writer: &mut W,
        fragment: &str,
    ) -> io::Result<()> {
        let mut done = 0;
        // Of ASCII, JSON leaves only DEL unescaped, and most strings are ASCII.
        let is_plain = fragment.bytes().all(|byte| byte < 0x7f);
        let characters = if is_plain { "" } else { fragment }.char_indices();
        for (at, character) in characters.filter(|(_, character)| must_be_escaped(*character)) {
            writer.write_all(&fragment.as_bytes()[done..at])?;
            write_escaped(writer, character)?;
            done = at + character.len_utf8();
        }
        writer.write_all(&fragment.as_bytes()[done..])
    }
}

/// Writes a character as JSON escapes it.
pub(crate) fn write_escaped<W: io::Write + ?Sized>(
    writer: &mut W,
    character: char,
) -> io::Result<()> {
    for unit in character.encode_utf16(&mut [0; 2]) {
        write!(writer, "\\u{unit:04x}")?;
    }
    Ok(())
}

/// Whether a character could control a terminal, or is invisible.
pub(crate) fn must_be_escaped(character: char) -> bool {
    character.is_control() || is_unseen(character)
}

/// Separators, marks of direction, and Unicode's `Default_Ignorable_Code_Point` (`DerivedCoreProperties`),
/// which is invisible. Not the variation selectors of the first plane: an ordinary `❤️` has one.
fn is_unseen(character: char) -> bool {
    matches!(character,
        '\u{ad}'
        | '\u{34f}'
        | '\u{61c}'
        | '\u{115f}'..='\u{1160}'
        | '\u{17b4}'..='\u{17b5}'
        | '\u{180b}'..='\u{180f}'
        | '\u{200b}'..='\u{200f}'
        | '\u{2028}'..='\u{202e}'
        | '\u{2060}'..='\u{206f}'
        | '\u{3164}'
        | '\u{feff}'
        | '\u{ffa0}'
        | '\u{fff0}'..='\u{fffb}'
        | '\u{1bca0}'..='\u{1bca3}'
        | '\u{1d173}'..='\u{1d17a}'
        | '\u{e0000}'..='\u{e0fff}')
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::{Value, json};

    use super::*;

    #[test]
    fn ordinary_text_is_left_alone() {
        for text in ["", "bad or expired refresh token", "Zürich – 東京 🙂 ❤\u{fe0f}", r"a\u{1b}"]
        {
            assert_eq!(printable(text, 100), text);
        }
    }

    #[test]
    fn what_could_steer_a_terminal_is_escaped() {
        let rows = [
            ("a\x1b[2Jb", r"a\u{1b}[2Jb"),
            ("a\r\nb\tc\0", r"a\u{d}\u{a}b\u{9}c\u{0}"),
            ("\x7f\u{9b}31m", r"\u{7f}\u{9b}31m"),
            ("\u{202e}txt.exe\u{2066}\u{200f}\u{61c}", r"\u{202e}txt.exe\u{2066}\u{200f}\u{61c}"),
            ("a\u{200b}b\u{2028}c\u{2029}\u{feff}", r"a\u{200b}b\u{2028}c\u{2029}\u{feff}"),
            ("\u{34f}\u{3164}\u{115f}\u{ffa0}", r"\u{34f}\u{3164}\u{115f}\u{ffa0}"),
            ("\u{1d173}\u{e0041}\u{e0101}", r"\u{1d173}\u{e0041}\u{e0101}"),
        ];
        for (text, expected) in rows {
            assert_eq!(printable(text, 100), expected);
        }
    }

    #[test]
    fn long_text_is_cut_with_an_ellipsis_and_never_inside_an_escape() {
        assert_eq!(printable("abcdef", 6), "abcdef");
        assert_eq!(printable("abcdef", 5), "abcd…");
        assert_eq!(printable("abcdef", 1), "…");
        assert_eq!(printable("abcdef", 0), "");
        assert_eq!(printable("ab\x1bc", 8), r"ab\u{1b}".replace(r"\u{1b}", "…"));
        assert_eq!(printable("ab\x1b", 8), r"ab\u{1b}");
        assert_eq!(printable("ab\x1bc", 9), r"ab\u{1b}c");
    }

    proptest! {
        #[test]
        fn nothing_dangerous_is_left_and_the_limit_holds(text: String, max_chars in 0_usize..60) {
            let shown = printable(&text, max_chars);
            prop_assert!(shown.chars().count() <= max_chars);
            prop_assert!(!shown.chars().any(must_be_escaped));
        }

        #[test]
        fn json_keeps_its_value_and_nothing_dangerous_is_left(text: String) {
            let value = json!({ &text: [&text, &format!("{text}\u{1b}\u{7f}\u{9b}\u{202e}\u{e0001}\"{text}")] });
            let shown = printable_json(&value);
            prop_assert!(!shown.chars().any(must_be_escaped), "{}", shown);
            prop_assert_eq!(serde_json::from_str::<Value>(&shown).unwrap(), value);
        }
    }
}
