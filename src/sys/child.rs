//! Runs another program, with a deadline.

use std::io::{self, Read, Write};
use std::process::{Child, Command, ExitStatus, Output, Stdio};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use crate::sys::{clock, files};

/// The most that is read of either stream, bytes.
const MAX_BYTES: usize = 1 << 20;
/// How long a background process of the program may keep its streams open. The program's own output is read by
/// then.
const GRACE: Duration = Duration::from_secs(2);
const FIRST_POLL: Duration = Duration::from_millis(1);
const LAST_POLL: Duration = Duration::from_millis(20);

/// Runs a program with this input, and ends it after `at_most`, with all processes that it started
/// ([`io::ErrorKind::TimedOut`]), and also if it prints too much ([`io::ErrorKind::FileTooLarge`]).
pub(crate) fn run(mut command: Command, input: &[u8], at_most: Duration) -> io::Result<Output> {
    let deadline = Instant::now() + clock::limit(at_most);
    let stdin = if input.is_empty() { Stdio::null() } else { Stdio::piped() };
    command.stdin(stdin).stdout(Stdio::piped()).stderr(Stdio::piped());
    // So that its child processes can be ended with it.
    #[cfg(unix)]
    std::os::unix::process::CommandExt::process_group(&mut command, 0);
    let mut child = command.spawn()?;
    if let Some(mut stdin) = child.stdin.take() {
        let input = input.to_vec();
        // A program that does not read its input shows why by its exit code.
        in_thread(move || drop(stdin.write_all(&input)))?;
    }
    let (stdout, stderr) = (Stream::of(child.stdout.take())?, Stream::of(child.stderr.take())?);
    let ended = wait(&mut child, deadline);
    let (Ok(status), false) = (&ended, stdout.is_too_much() || stderr.is_too_much()) else {
        end(&mut child);
        return Err(ended.err().unwrap_or_else(|| io::ErrorKind::FileTooLarge.into()));
    };
    let until = Instant::now() + GRACE;
    let (stdout, stderr) = (stdout.until(until), stderr.until(until));
    if stdout.len().max(stderr.len()) > MAX_BYTES {
        return Err(io::ErrorKind::FileTooLarge.into());
    }
    Ok(Output { status: *status, stdout, stderr })
}

/// Why there is no answer, as the end of a sentence.
pub(crate) fn unended(error: &io::Error) -> String {
    match error.kind() {
        io::ErrorKind::TimedOut => "did not end in time, and was ended".to_owned(),
        io::ErrorKind::FileTooLarge => "it printed without end, and was ended".to_owned(),
        _ => files::reason(error),
    }
}

fn wait(child: &mut Child, deadline: Instant) -> io::Result<ExitStatus> {
    let mut poll = FIRST_POLL;
    loop {
        if let Some(status) = child.try_wait()? {
            return Ok(status);
        }
        let left = deadline.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return Err(io::ErrorKind::TimedOut.into());
        }
        clock::wait(poll.min(left));
        poll = (poll * 2).min(LAST_POLL);
    }
}

fn end(child: &mut Child) {
    #[cfg(unix)]
    {
        use rustix::process::{Pid, Signal, kill_process_group};
        let _ = kill_process_group(Pid::from_child(child), Signal::KILL);
    }
    let _ = child.kill();
    let _ = child.wait();
}

/// The output of a program on one of its streams.
struct Stream {
    bytes: Arc<Mutex<Vec<u8>>>,
    over: Receiver<()>,
}

impl Stream {
    fn of(from: Option<impl Read + Send + 'static>) -> io::Result<Self> {
        let (bytes, (tell, over)) = (Arc::default(), mpsc::channel::<()>());
        let stream = Self { bytes: Arc::clone(&bytes), over };
        if let Some(from) = from {
            in_thread(move || {
                // Dropped at the end.
                let _tell = tell;
                read(from, &bytes);
            })?;
        }
        Ok(stream)
    }

    fn is_too_much(&self) -> bool {
        self.bytes.lock().unwrap_or_else(PoisonError::into_inner).len() > MAX_BYTES
    }

    /// All of it, or what was received by this time.
    fn until(&self, at: Instant) -> Vec<u8> {
        let left = at.saturating_duration_since(Instant::now());
        let (Ok(()) | Err(RecvTimeoutError::Timeout | RecvTimeoutError::Disconnected)) =
            self.over.recv_timeout(left);
        std::mem::take(&mut *self.bytes.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// Not to its end, if that does not come: then the writer finds the pipe closed.
fn read(mut from: impl Read, to: &Mutex<Vec<u8>>) {
    let mut chunk = [0; 8192];
    loop {
        let count = match from.read(&mut chunk) {
            Ok(0) => return,
            Ok(count) => count,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(_) => return,
        };
        let mut bytes = to.lock().unwrap_or_else(PoisonError::into_inner);
        bytes.extend_from_slice(&chunk[..count]);
        if bytes.len() > MAX_BYTES {
            return;
        }
    }
}

fn in_thread(work: impl FnOnce() + Send + 'static) -> io::Result<()> {
    thread::Builder::new().name("child".to_owned()).spawn(work).map(drop)
}

#[cfg(unix)]
#[cfg(test)]
mod tests {
    use super::*;

    fn ran(script: &str, input: &[u8], at_most: Duration) -> io::Result<Output> {
        let mut command = Command::new("/bin/sh");
        command.args(["-c", script]);
        run(command, input, at_most)
    }

    const LONG: Duration = Duration::from_secs(60);

    #[test]
    fn a_program_that_ends_is_heard_to_its_end() {
        let output = ran("cat; echo no >&2; exit 3", b"in", LONG).unwrap();
        assert_eq!(
            (output.status.code(), &*output.stdout, &*output.stderr),
            (Some(3), &b"in"[..], &b"no\n"[..])
        );
        assert_eq!(ran("head -c 1000000 /dev/zero", b"", LONG).unwrap().stdout.len(), 1_000_000);
        let unread = vec![b'x'; 1 << 20];
        assert!(ran("exit 0", &unread, LONG).unwrap().status.success());
    }

    #[test]
    fn what_a_program_leaves_running_is_not_waited_for() {
        let started = Instant::now();
        let output = ran("sleep 600 & echo $!", b"", LONG).unwrap();
        assert!(started.elapsed() < Duration::from_secs(30));
        let pid = String::from_utf8(output.stdout).unwrap();
        assert!(Command::new("kill").arg(pid.trim()).status().unwrap().success());
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn a_program_that_hangs_is_ended_with_all_that_it_started() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("pid");
        let script =
            format!("sleep 600 & echo $! >'{0}.new'; mv '{0}.new' '{0}'; wait", file.display());
        // Long enough for the shell to have written it; the deadline is what is tested.
        let error = ran(&script, b"", Duration::from_secs(3)).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::TimedOut);
        let stat = format!("/proc/{}/stat", std::fs::read_to_string(file).unwrap().trim());
        // A zombie has ended, too, though it was not waited for.
        let is_running = || std::fs::read_to_string(&stat).is_ok_and(|stat| !stat.contains(") Z "));
        let until = Instant::now() + LONG;
        while is_running() {
            assert!(Instant::now() < until, "what it started goes on");
            thread::yield_now();
        }
    }

    #[test]
    fn a_program_that_prints_without_end_is_ended() {
        let error = ran("exec yes", b"", LONG).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::FileTooLarge);
    }
}
