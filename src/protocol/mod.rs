//! The wire formats, pure: bytes in, values out, and back. Nothing here reads, writes or prints.

pub mod format;
pub mod git;
mod unrenderable;

pub use unrenderable::Unrenderable;
