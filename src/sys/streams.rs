//! The standard streams where another process has made them non-blocking: the flag belongs to the open file,
//! not to us, and a full pipe is no error. Nothing is asked of the system while they do not say so.

use std::io::{self, Read, Write};

/// A stream that is waited for instead of failing with `WouldBlock`.
#[derive(Debug)]
pub(crate) struct BlockingStream<S>(pub S);

/// stdin, waited for.
pub(crate) fn stdin() -> BlockingStream<io::StdinLock<'static>> {
    BlockingStream(io::stdin().lock())
}

/// stderr, waited for.
pub(crate) fn stderr() -> BlockingStream<io::Stderr> {
    BlockingStream(io::stderr())
}

impl<S: edge::Stream + Write> Write for BlockingStream<S> {
    // A write that fails has taken no byte, and what a failed flush has written is not written again (std).
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        loop {
            match self.0.write(bytes) {
                Err(error) if is_full(&error) => edge::wait_for_room(&self.0)?,
                done => return done,
            }
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        loop {
            match self.0.flush() {
                Err(error) if is_full(&error) => edge::wait_for_room(&self.0)?,
                done => return done,
            }
        }
    }
}

impl<S: edge::Stream + Read> Read for BlockingStream<S> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        loop {
            match self.0.read(buffer) {
                Err(error) if is_full(&error) => edge::wait_for_input(&self.0)?,
                done => return done,
            }
        }
    }
}

/// Adds a line of stdin, with its end. The bytes there are now; 0 at the end of stdin.
pub(crate) fn read_line(line: &mut String) -> io::Result<usize> {
    let stdin = io::stdin();
    loop {
        // What came before the stream would have blocked stays (std).
        match stdin.read_line(line) {
            Err(error) if is_full(&error) => edge::wait_for_input(&stdin)?,
            done => return done.map(|_| line.len()),
        }
    }
}

fn is_full(error: &io::Error) -> bool {
    error.kind() == io::ErrorKind::WouldBlock
}

#[cfg(unix)]
mod edge {
    use std::io;
    use std::os::fd::AsFd;

    use rustix::event::{PollFd, PollFlags, poll};

    pub(crate) trait Stream: AsFd {}
    impl<S: AsFd> Stream for S {}

    pub(crate) fn wait_for_room(stream: &impl Stream) -> io::Result<()> {
        wait(stream, PollFlags::OUT)
    }

    pub(crate) fn wait_for_input(stream: &impl Stream) -> io::Result<()> {
        wait(stream, PollFlags::IN)
    }

    /// Without end, as a stream that blocks is waited for. A signal looks again.
    fn wait(stream: &impl Stream, what: PollFlags) -> io::Result<()> {
        match poll(&mut [PollFd::new(stream, what)], None) {
            Ok(_) | Err(rustix::io::Errno::INTR) => Ok(()),
            Err(error) => Err(error.into()),
        }
    }
}

/// Standard streams always block there.
#[cfg(not(unix))]
mod edge {
    use std::io;

    pub trait Stream {}
    impl<S> Stream for S {}

    pub(crate) fn wait_for_room(_: &impl Stream) -> io::Result<()> {
        Err(io::ErrorKind::WouldBlock.into())
    }

    pub(crate) fn wait_for_input(_: &impl Stream) -> io::Result<()> {
        Err(io::ErrorKind::WouldBlock.into())
    }
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    #[test]
    fn a_full_pipe_and_an_empty_one_are_waited_for() {
        let (reader, writer) = io::pipe().unwrap();
        rustix::io::ioctl_fionbio(&reader, true).unwrap();
        rustix::io::ioctl_fionbio(&writer, true).unwrap();
        let bytes: Vec<u8> = (0..=255).cycle().take(1 << 20).collect();
        let sent = bytes.clone();
        let thread = std::thread::spawn(move || BlockingStream(writer).write_all(&sent));
        let mut came = Vec::new();
        BlockingStream(reader).read_to_end(&mut came).unwrap();
        thread.join().unwrap().unwrap();
        assert!(came == bytes, "{} bytes", came.len());
    }
}
