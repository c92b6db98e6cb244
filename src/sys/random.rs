//! The only source of random bytes: the operating system's.

use crate::error::{Error, Kind, Result};

/// Fills with random bytes of the operating system.
pub(crate) fn fill(bytes: &mut [u8]) -> Result<()> {
    getrandom::fill(bytes).map_err(|_| {
        Error::new(Kind::Other, "The operating system gave no random bytes", "Try again.")
    })
}

/// A random positive 63-bit id.
pub(crate) fn id() -> Result<i64> {
    let mut bytes = [0; 8];
    fill(&mut bytes)?;
    Ok(i64::from_le_bytes(bytes) & i64::MAX)
}
