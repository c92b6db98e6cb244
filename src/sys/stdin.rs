//! Reads a helper request from stdin, limited in size and time.

use std::io::{self, IsTerminal};
use std::time::{Duration, Instant};

use zeroize::Zeroizing;

use crate::error::{Error, Kind, Result};
use crate::formats::{Gatherer, Progress};

/// The time limits for an open stdin without input.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Patience {
    /// After this time a hint is shown.
    pub hint_after: Duration,
    /// After this time it is an error.
    pub give_up_after: Duration,
}

impl Default for Patience {
    fn default() -> Self {
        Self { hint_after: Duration::from_secs(2), give_up_after: Duration::from_secs(30) }
    }
}

/// Whether stdin is a terminal.
pub(crate) fn is_terminal() -> bool {
    io::stdin().is_terminal()
}

/// Reads a request from a stdin that is not a terminal into `gatherer`. `None`: it is closed, `/dev/null`, or
/// empty.
pub(crate) fn gather(
    gatherer: Gatherer,
    patience: Patience,
    hint: &mut dyn FnMut(),
) -> Result<Option<Zeroizing<Vec<u8>>>> {
    let mut source = edge::Source::new();
    gather_from(gatherer, &mut |wait| source.read(wait), patience, hint)
}

/// The result of a read.
enum Chunk {
    Bytes(Zeroizing<Vec<u8>>),
    End,
    NothingYet,
}

fn gather_from(
    mut gatherer: Gatherer,
    read: &mut dyn FnMut(Duration) -> io::Result<Chunk>,
    patience: Patience,
    hint: &mut dyn FnMut(),
) -> Result<Option<Zeroizing<Vec<u8>>>> {
    let started = Instant::now();
    let mut hinted = false;
    loop {
        let until = if hinted { patience.give_up_after } else { patience.hint_after };
        let chunk = read(until.saturating_sub(started.elapsed())).map_err(|error| {
            let problem = format!("stdin cannot be read: {}", crate::sys::files::reason(&error));
            Error::new(Kind::Other, problem, "Send a request, or use: concur-cred token")
        })?;
        match chunk {
            Chunk::Bytes(bytes) => match gatherer.feed(&bytes) {
                Progress::More => {}
                // Past a limit, the parser refuses the input.
                Progress::Complete | Progress::TooLarge | Progress::LineTooLong => break,
            },
            Chunk::End if gatherer.is_empty() => return Ok(None),
            Chunk::End => break,
            Chunk::NothingYet if hinted => return Err(silent()),
            Chunk::NothingYet => {
                hinted = true;
                hint();
            }
        }
    }
    Ok(Some(gatherer.finish()))
}

fn silent() -> Error {
    Error::new(
        Kind::Usage,
        "stdin is open, and no complete request came",
        "End a request with a blank line; for the bare token use: concur-cred token",
    )
}

#[cfg(unix)]
mod edge {
    use std::io;
    use std::os::fd::AsFd;
    use std::time::Duration;

    use rustix::event::{PollFd, PollFlags, Timespec, poll};
    use zeroize::Zeroizing;

    use super::Chunk;

    /// stdin, without std's buffer: `poll` must see the unread input.
    pub(crate) struct Source(io::Stdin);

    impl Source {
        pub(crate) fn new() -> Self {
            Self(io::stdin())
        }

        pub(crate) fn read(&mut self, wait: Duration) -> io::Result<Chunk> {
            read_from(self.0.as_fd(), wait)
        }
    }

    pub(crate) fn read_from(from: impl AsFd, wait: Duration) -> io::Result<Chunk> {
        let timeout = Timespec {
            tv_sec: i64::try_from(wait.as_secs()).unwrap_or(i64::MAX),
            tv_nsec: i64::from(wait.subsec_nanos()),
        };
        let mut fds = [PollFd::new(&from, PollFlags::IN)];
        match poll(&mut fds, Some(&timeout)) {
            Ok(0) => return Ok(Chunk::NothingYet),
            Ok(_) => {}
            Err(rustix::io::Errno::INTR) => return Ok(Chunk::Bytes(Zeroizing::default())),
            Err(error) => return Err(error.into()),
        }
        // A request is a few hundred bytes; a larger piece would cost more to wipe than it saves.
        let mut bytes = Zeroizing::new(vec![0; 1024]);
        match rustix::io::read(&from, bytes.as_mut_slice()) {
            Ok(0) => {
                // Nothing was read, and nothing must be wiped.
                drop(std::mem::take(&mut *bytes));
                Ok(Chunk::End)
            }
            Ok(count) => {
                bytes.truncate(count);
                Ok(Chunk::Bytes(bytes))
            }
            // Another reader of a non-blocking stdin was quicker.
            Err(rustix::io::Errno::INTR | rustix::io::Errno::AGAIN) => {
                Ok(Chunk::Bytes(Zeroizing::default()))
            }
            Err(error) => Err(error.into()),
        }
    }
}

#[cfg(not(unix))]
mod edge {
    use std::io::{self, Read};
    use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
    use std::time::Duration;

    use zeroize::Zeroizing;

    use super::Chunk;

    /// A thread that reads, because there is no portable way to wait for input with a deadline. It
    /// ends with the process.
    pub(crate) struct Source(Receiver<io::Result<Zeroizing<Vec<u8>>>>);

    impl Source {
        pub(crate) fn new() -> Self {
            let (send, receive) = channel();
            std::thread::spawn(move || {
                loop {
                    let mut bytes = Zeroizing::new(vec![0; 16 * 1024]);
                    let read = io::stdin().lock().read(&mut bytes).map(|count| {
                        bytes.truncate(count);
                        bytes
                    });
                    let over = !matches!(&read, Ok(bytes) if !bytes.is_empty());
                    if send.send(read).is_err() || over {
                        return;
                    }
                }
            });
            Self(receive)
        }

        pub(crate) fn read(&mut self, wait: Duration) -> io::Result<Chunk> {
            match self.0.recv_timeout(wait) {
                Ok(Ok(bytes)) if bytes.is_empty() => Ok(Chunk::End),
                Ok(Ok(bytes)) => Ok(Chunk::Bytes(bytes)),
                Ok(Err(error)) => Err(error),
                Err(RecvTimeoutError::Timeout) => Ok(Chunk::NothingYet),
                Err(RecvTimeoutError::Disconnected) => Ok(Chunk::End),
            }
        }
    }
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    fn gathered(patience: Patience, from: &std::io::PipeReader) -> (Result<Option<Vec<u8>>>, u32) {
        let mut hints = 0;
        let result = gather_from(
            Gatherer::of_either(),
            &mut |wait| edge::read_from(from, wait),
            patience,
            &mut || hints += 1,
        );
        (result.map(|bytes| bytes.map(|bytes| bytes.to_vec())), hints)
    }

    #[test]
    fn an_open_and_silent_stdin_gets_a_hint_and_then_an_error() {
        let (reader, writer) = std::io::pipe().unwrap();
        let soon = Duration::from_millis(5);
        let patience = Patience { hint_after: soon, give_up_after: soon * 2 };
        let (result, hints) = gathered(patience, &reader);
        assert_eq!(result.unwrap_err().kind(), Kind::Usage);
        assert_eq!(hints, 1);
        drop(writer);
    }

    #[test]
    fn a_request_is_complete_at_its_blank_line_though_stdin_stays_open() {
        let (reader, mut writer) = std::io::pipe().unwrap();
        std::io::Write::write_all(&mut writer, b"host=h\n\nrest").unwrap();
        let (result, hints) = gathered(Patience::default(), &reader);
        assert_eq!((result.unwrap(), hints), (Some(b"host=h\n\n".to_vec()), 0));
    }

    #[test]
    fn an_end_without_a_byte_is_no_request() {
        let (reader, writer) = std::io::pipe().unwrap();
        drop(writer);
        assert_eq!(gathered(Patience::default(), &reader).0.unwrap(), None);
    }
}
