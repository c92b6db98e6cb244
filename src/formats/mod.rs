//! The wire formats, pure: bytes in, values out, and back. Nothing here reads, writes or prints.

pub mod bazel;
pub mod format;
mod gatherer;
pub mod git;
pub(crate) mod pasted;
pub(crate) mod tutorial;
mod unrenderable;

pub use gatherer::{Gatherer, Progress};
pub use unrenderable::Unrenderable;
