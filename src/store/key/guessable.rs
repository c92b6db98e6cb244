//! Keys that somebody has typed or made up, and that can be guessed.

use std::collections::BTreeSet;

use super::Key;

/// So few different bytes are in no random key.
const FEW_BYTES: usize = 16;

impl Key {
    /// What shows that these are no random bytes, as the end of a sentence. A password of 32 characters has
    /// the length of a key; so have equal bytes, and a few that are repeated. Of random keys less
    /// than one in 10^12 has so few different bytes.
    pub(in crate::store) fn guessable(&self) -> Option<&'static str> {
        let is_text = |byte: &u8| byte.is_ascii_graphic() || b" \r\n".contains(byte);
        let bytes = &self.0[..];
        if bytes.iter().all(is_text) {
            return Some("is text of 32 characters, and no random key");
        }
        let different = bytes.iter().collect::<BTreeSet<_>>().len();
        (different <= FEW_BYTES).then_some("repeats its bytes, and is no random key")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::key::KEY_BYTES;

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
            (of(|at| b"a password of thirty-two letters"[at]), "a password"),
        ] {
            assert!(guessable.guessable().is_some(), "{what}");
        }
        for _ in 0..1000 {
            let mut bytes = [0; KEY_BYTES];
            crate::random::fill(&mut bytes).unwrap();
            assert_eq!(Key::from_bytes(bytes).guessable(), None, "{bytes:?}");
        }
    }
}
