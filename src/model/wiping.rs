//! A growing byte buffer that leaves no copies in memory.

use std::{fmt, io};

use zeroize::Zeroizing;

use super::secret::Secret;

/// Bytes gathered piece by piece, some of them secret.
///
/// A plain `Vec` that outgrows its allocation is moved, and the old memory is freed without wiping; this one
/// copies to a larger allocation and overwrites the old. It is overwritten when dropped, and its `Debug` shows
/// only a length.
#[derive(Default)]
pub(crate) struct WipingBuffer(Zeroizing<Vec<u8>>);

impl WipingBuffer {
    /// An empty buffer; nothing is allocated yet.
    pub(crate) fn new() -> Self {
        Self::default()
    }

    /// An empty buffer for this many bytes without growing: each growth makes a copy that must be wiped.
    pub(crate) fn with_capacity(bytes: usize) -> Self {
        Self(Zeroizing::new(Vec::with_capacity(bytes)))
    }

    /// Appends `bytes`.
    pub(crate) fn extend(&mut self, bytes: &[u8]) {
        let needed = self.0.len().saturating_add(bytes.len());
        if needed > self.0.capacity() {
            let capacity = needed.max(self.0.capacity().saturating_mul(2)).max(256);
            let mut larger = Zeroizing::new(Vec::with_capacity(capacity));
            larger.extend_from_slice(&self.0);
            self.0 = larger;
        }
        self.0.extend_from_slice(bytes);
    }

    /// The content so far.
    pub(crate) fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    /// Length in bytes.
    pub(crate) fn len(&self) -> usize {
        self.0.len()
    }

    /// The bytes, still overwritten when dropped.
    pub(crate) fn into_bytes(self) -> Zeroizing<Vec<u8>> {
        self.0
    }

    /// The bytes as a [`Secret`], moved and not copied.
    pub(crate) fn into_secret(mut self) -> Secret {
        Secret::new(std::mem::take(&mut *self.0))
    }
}

impl io::Write for WipingBuffer {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.extend(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl fmt::Debug for WipingBuffer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "WipingBuffer({} bytes)", self.len())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn growth_keeps_every_byte_in_order() {
        let mut buffer = WipingBuffer::new();
        let mut expected = Vec::new();
        for piece in 0..2000_u16 {
            buffer.extend(&piece.to_be_bytes());
            expected.extend_from_slice(&piece.to_be_bytes());
        }
        assert_eq!(buffer.as_bytes(), expected);
        assert_eq!(buffer.into_secret().expose(), expected);
    }

    #[test]
    fn debug_shows_a_length_and_no_content() {
        let mut buffer = WipingBuffer::new();
        buffer.extend(b"hunter2");
        assert_eq!(format!("{buffer:?}"), "WipingBuffer(7 bytes)");
    }
}
