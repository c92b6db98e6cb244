//! git's credential-helper protocol: gitcredentials(7), git-credential(1), as in git 2.47 and later.
//!
//! A helper cannot trust that its caller is git. So an ambiguous request is refused, an answer is refused if a
//! value could be read as a separate line, and no refusal quotes the input.

mod answer;
mod challenge;
mod request;

pub use super::Unrenderable;
pub use answer::Answer;
pub use request::{Refusal, Request};

use super::unrenderable::single_line;
use crate::model::wiping::WipingBuffer;

/// The answer to `capability` (git-credential(1), "capability").
pub const CAPABILITIES: &str = "version 0\ncapability authtype\n";

/// The longest line accepted, in bytes, without its line end.
pub const MAX_LINE_BYTES: usize = 65_535;

/// The longest request accepted, in bytes, with its line ends and the blank line.
pub const MAX_REQUEST_BYTES: usize = 1024 * 1024;

/// Appends `key=value` and a newline, or nothing if the value contains a line break.
fn push_line(out: &mut WipingBuffer, key: &'static str, value: &[u8]) -> Result<(), Unrenderable> {
    let value = single_line(key, value)?;
    out.extend(key.as_bytes());
    out.extend(b"=");
    out.extend(value);
    out.extend(b"\n");
    Ok(())
}

#[cfg(test)]
mod properties;
#[cfg(test)]
mod tests;
