//! Reads a command's output until the command ends, although a background process may keep its stdout open.
//!
//! Then the pipe does not end, and output may arrive after the notice that the command has ended. So this
//! program writes a mark into the pipe when the command has ended: no output of the command follows it.

use std::io::{self, ErrorKind, PipeReader, PipeWriter, Read, Write};
use std::process::Stdio;
use std::sync::mpsc::{self, Receiver, RecvTimeoutError, Sender};
use std::time::Duration;

use zeroize::Zeroizing;

use crate::sys::random;

/// The most that is read, bytes: a key has 44 of base64.
const MAX_BYTES: usize = 4096;
const MARK_BYTES: usize = 16;
/// One byte more, to detect too much output; and the mark.
const MOST_READ: usize = MAX_BYTES + 1 + MARK_BYTES;

/// The output so far.
pub(super) struct Printed {
    chunks: Receiver<io::Result<Zeroizing<Vec<u8>>>>,
    bytes: Zeroizing<Vec<u8>>,
    mark: [u8; MARK_BYTES],
    /// Until the mark is written.
    ours: Option<PipeWriter>,
    seen: Seen,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Seen {
    Nothing,
    /// The mark: the command's output is complete.
    Mark,
    /// The pipe has ended.
    End,
}

impl Printed {
    /// Also returns the stdout for the command.
    pub(super) fn begin() -> io::Result<(Self, Stdio)> {
        let (reader, writer) = io::pipe()?;
        let stdout = Stdio::from(writer.try_clone()?);
        // Random, so that the command cannot print it.
        let mut mark = [0; MARK_BYTES];
        random::fill(&mut mark).map_err(io::Error::other)?;
        let (sender, chunks) = mpsc::channel();
        let thread = std::thread::Builder::new().name("key command".to_owned());
        thread.spawn(move || read(reader, &sender))?;
        // The final capacity, so that it is never reallocated, which would leave a copy in memory.
        let bytes = Zeroizing::new(Vec::with_capacity(MOST_READ));
        Ok((Self { chunks, bytes, mark, ours: Some(writer), seen: Seen::Nothing }, stdout))
    }

    /// Waits for more; whether output or the end arrived.
    pub(super) fn wait(&mut self, at_most: Duration) -> io::Result<bool> {
        match self.chunks.recv_timeout(at_most) {
            Ok(chunk) => self.bytes.extend_from_slice(&chunk?),
            Err(RecvTimeoutError::Timeout) => return Ok(false),
            Err(RecvTimeoutError::Disconnected) => self.seen = Seen::End,
        }
        let found = self.bytes.windows(MARK_BYTES).position(|window| window == self.mark);
        if let Some(at) = found {
            self.bytes.drain(at..at + MARK_BYTES);
            self.seen = self.seen.max(Seen::Mark);
        }
        Ok(true)
    }

    /// The command has ended.
    pub(super) fn mark_the_end(&mut self) {
        if let Some(mut ours) = self.ours.take() {
            // A reader that has ended had read too much.
            let _ = ours.write_all(&self.mark);
        }
    }

    /// Whether the command's output is complete.
    pub(super) fn is_whole(&self) -> bool {
        self.seen != Seen::Nothing
    }

    /// Whether the pipe has ended.
    pub(super) fn is_over(&self) -> bool {
        self.seen == Seen::End
    }

    /// Whether there was too much output.
    pub(super) fn is_too_much(&self) -> bool {
        let mark = if self.ours.is_none() && self.seen == Seen::Nothing { MARK_BYTES } else { 0 };
        self.bytes.len() > MAX_BYTES + mark
    }

    pub(super) fn bytes(&self) -> &[u8] {
        &self.bytes
    }
}

/// Passes on what is printed.
fn read(mut from: PipeReader, to: &Sender<io::Result<Zeroizing<Vec<u8>>>>) {
    let mut left = MOST_READ;
    while left > 0 {
        let mut chunk = Zeroizing::new(vec![0; left]);
        let count = match from.read(&mut chunk) {
            Ok(0) => return,
            Ok(count) => count,
            Err(error) if error.kind() == ErrorKind::Interrupted => continue,
            Err(error) => return drop(to.send(Err(error))),
        };
        chunk.truncate(count);
        left -= count;
        if to.send(Ok(chunk)).is_err() {
            return;
        }
    }
}

#[cfg(unix)]
#[cfg(test)]
mod tests {
    use std::process::Command;

    use super::*;

    /// The output of this script.
    fn printed_by(script: &str) -> Printed {
        let (mut printed, stdout) = Printed::begin().unwrap();
        let mut command = Command::new("/bin/sh");
        let mut child = command.args(["-c", script]).stdout(stdout).spawn().unwrap();
        drop(command);
        assert!(child.wait().unwrap().success());
        printed.mark_the_end();
        while !printed.is_whole() {
            printed.wait(Duration::from_secs(60)).unwrap();
        }
        printed
    }

    #[test]
    fn what_was_printed_is_all_there_when_the_end_is_marked() {
        for _ in 0..20 {
            assert_eq!(printed_by("echo one; echo two; echo three").bytes(), b"one\ntwo\nthree\n");
        }
        assert_eq!(printed_by(":").bytes(), b"");
        let most = printed_by("head -c 4096 /dev/zero");
        assert!(!most.is_too_much());
        assert_eq!(most.bytes().len(), MAX_BYTES);
        assert!(printed_by("head -c 4097 /dev/zero").is_too_much());
        assert!(printed_by("head -c 20000 /dev/zero || :").is_too_much());
    }

    #[test]
    fn what_goes_on_printing_is_not_waited_for() {
        // It ends with the pipe that it reads from.
        let (reader, end) = io::pipe().unwrap();
        let (mut printed, stdout) = Printed::begin().unwrap();
        let mut command = Command::new("/bin/sh");
        command.args(["-c", "cat <&0 & echo key"]).stdin(reader).stdout(stdout);
        assert!(command.status().unwrap().success());
        drop(command);
        printed.mark_the_end();
        while !printed.is_whole() {
            printed.wait(Duration::from_secs(60)).unwrap();
        }
        assert_eq!((printed.bytes(), printed.is_over()), (&b"key\n"[..], false));
        drop(end);
        while !printed.is_over() {
            printed.wait(Duration::from_secs(60)).unwrap();
        }
        assert_eq!(printed.bytes(), b"key\n");
    }
}
