//! Keys that are not random and can be guessed.

use std::collections::BTreeSet;

use super::Key;

/// A random key has more different bytes, and more different steps from one byte to the next.
const FEW_BYTES: usize = 16;
/// A random key has fewer equal bytes in a row; a shorter value that was padded has more.
const LONG_RUN: usize = 8;

impl Key {
    /// Why these are not random bytes, as the end of a sentence: a password of 32 characters, equal bytes, a
    /// few repeated bytes, bytes that count, or a shorter value padded with zeros. Less than one random key in
    /// 10^11 looks like any of these.
    pub(in crate::store) fn guessable(&self) -> Option<&'static str> {
        let is_text = |byte: &u8| byte.is_ascii_graphic() || b" \r\n".contains(byte);
        let bytes = &self.0[..];
        if bytes.iter().all(is_text) {
            return Some("looks like a password, not a random key");
        }
        let is_run = |part: &[u8]| part.windows(2).all(|pair| pair[0] == pair[1]);
        let is_counting = few(bytes.windows(2).map(|pair| pair[1].wrapping_sub(pair[0])));
        if few(bytes.iter().copied()) || bytes.windows(LONG_RUN).any(is_run) {
            return Some("repeats its bytes and is not a random key");
        }
        is_counting.then_some("counts its bytes up or down and is not a random key")
    }
}

fn few(bytes: impl Iterator<Item = u8>) -> bool {
    bytes.collect::<BTreeSet<_>>().len() <= FEW_BYTES
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::keys::KEY_BYTES;

    fn low(number: usize) -> u8 {
        number.to_le_bytes()[0]
    }

    #[test]
    fn what_can_be_guessed_is_no_key() {
        let of = |byte: fn(usize) -> u8| Key::from_bytes(std::array::from_fn(byte));
        for (guessable, what) in [
            (of(|_| 0), "zeros"),
            (of(|_| 0xff), "equal bytes"),
            (of(|_| b'a'), "equal letters"),
            (of(|at| u8::from(at == 31)), "a one"),
            (of(|at| u8::from(at % 2 == 0) * 0xaa), "two in turn"),
            (of(|at| b"\xde\xad\xbe\xef"[at % 4]), "a word repeated"),
            (of(|at| b"\x800123456789abcde"[at % 16]), "half a key twice"),
            (of(low), "counted from zero"),
            (of(|at| low(at + 0xf0)), "counted beyond the last"),
            (of(|at| low(31 - at)), "counted down"),
            (of(|at| 0x80 | low(at * 3)), "counted in threes"),
            (of(|at| if at < 16 { 0x9d ^ low(at * 29) } else { 0 }), "filled up with zeros"),
            (of(|at| b"a password of thirty-two letters"[at]), "a password"),
        ] {
            assert!(guessable.guessable().is_some(), "{what}");
        }
        for _ in 0..1000 {
            let mut bytes = [0; KEY_BYTES];
            crate::sys::random::fill(&mut bytes).unwrap();
            assert_eq!(Key::from_bytes(bytes).guessable(), None, "{bytes:?}");
        }
    }
}
