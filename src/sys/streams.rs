//! Standard streams that another process has made non-blocking: the flag belongs to the open file, not to us,
//! and a full pipe is not an error. No system call is made unless a stream reports `WouldBlock`.

use std::io::{self, Read, Write};

/// A stream that waits instead of failing with `WouldBlock`.
#[derive(Debug)]
pub(crate) struct BlockingStream<S>(pub S);

/// stdin, which waits.
pub(crate) fn stdin() -> BlockingStream<io::StdinLock<'static>> {
    BlockingStream(io::stdin().lock())
}

/// stderr, which waits.
pub(crate) fn stderr() -> BlockingStream<io::Stderr> {
    BlockingStream(io::stderr())
}

impl<S: edge::Stream + Write> Write for BlockingStream<S> {
    // A failed write has written no byte, and the part that a failed flush has written is not written again
    // (std).
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

/// Appends a line of stdin, with its line end. Returns the length of the buffer; 0 at the end of stdin.
pub(crate) fn read_line(line: &mut String) -> io::Result<usize> {
    let stdin = io::stdin();
    loop {
        // Input that was read before the stream would have blocked stays in the buffer (std).
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

    /// Without limit, as for a blocking stream. A signal only restarts the wait.
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

    pub(crate) trait Stream {}
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
