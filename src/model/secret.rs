//! The one type that holds a secret.

use std::fmt;

use zeroize::Zeroizing;

/// A secret: an access token, refresh token, client secret, password, key or unsealed answer.
///
/// It has no `Display`, a redacted `Debug`, no `serde` implementation, and is overwritten when dropped.
/// [`Secret::expose`] is the only way out, so `grep 'expose()'` lists every place where a secret leaves. Bytes
/// rather than text, because git's passwords need not be UTF-8.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(Zeroizing<Vec<u8>>);

impl Secret {
    /// Takes ownership of the bytes. The caller must wipe its own copies.
    pub fn new(bytes: impl Into<Vec<u8>>) -> Self {
        Self(Zeroizing::new(bytes.into()))
    }

    /// The bytes themselves. Every call lets the secret leave this type: keep the calls few and visible.
    pub fn expose(&self) -> &[u8] {
        &self.0
    }

    /// The secret as text, or `None` when it is not UTF-8.
    pub fn expose_utf8(&self) -> Option<&str> {
        std::str::from_utf8(self.expose()).ok()
    }

    /// Length in bytes.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether it is empty.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(…)")
    }
}

impl From<String> for Secret {
    fn from(text: String) -> Self {
        Self::new(text.into_bytes())
    }
}

impl From<&str> for Secret {
    fn from(text: &str) -> Self {
        Self::new(text.as_bytes())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn debug_never_shows_it() {
        let secret = Secret::from("hunter2");
        assert_eq!(format!("{secret:?} {:?}", Some(&secret)), "Secret(…) Some(Secret(…))");
    }

    #[test]
    fn bytes_that_are_not_text_are_kept_as_they_are() {
        let secret = Secret::new(vec![0xff, 0x00]);
        assert_eq!(secret.expose(), [0xff, 0x00]);
        assert_eq!(secret.expose_utf8(), None);
    }
}
