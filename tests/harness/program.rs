//! Programs written by a test.
//!
//! Another process writes them: what this one has open for writing, a child of another thread holds too for
//! a moment, and such a file cannot be run (ETXTBSY).

use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};

use super::BINARY;

/// Writes a script that all users can run.
pub(crate) fn script(path: &Path, text: &str) {
    let mut command = Command::new("/bin/sh");
    command.args(["-c", "cat >\"$0\" && chmod 755 \"$0\""]).arg(path).stdin(Stdio::piped());
    let mut child = command.spawn().unwrap();
    child.stdin.take().unwrap().write_all(text.as_bytes()).unwrap();
    assert!(child.wait().unwrap().success(), "{}", path.display());
}

/// A copy of the program.
pub(crate) fn copy(path: &Path) {
    let mut command = Command::new("/bin/sh");
    let status = command.args(["-c", "cp \"$0\" \"$1\""]).arg(BINARY).arg(path).status();
    assert!(status.unwrap().success(), "{}", path.display());
}
