//! The key command: the operator's program that prints the key. It runs without a shell and without our
//! secrets, at most once per process; its output is never shown.

use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};

use super::Key;
use super::fault::{CommandFault, KeyFault, TIME_LIMIT};
use super::printed::Printed;
use crate::model::printable::printable;
use crate::store::error::Result;
use crate::sys::env::{Env, keep_secrets_from};
use crate::sys::{clock, message, streams, trace};

/// After this time the terminal shows what the command waits for.
const SAY_AFTER: Duration = Duration::from_secs(2);
/// How long it may take to end by itself.
const GRACE: Duration = Duration::from_secs(1);
/// Set for the command: a concur-cred that it runs must not run it again, without end.
const INSIDE: &str = "CONCUR_CRED_IN_KEY_COMMAND";
const FIRST_POLL: Duration = Duration::from_millis(1);
const LAST_POLL: Duration = Duration::from_millis(40);
/// The longest program name that is shown, characters.
const SHOWN_CHARS: usize = 200;

/// A program that prints the key: 32 bytes, or base64 of them.
pub(crate) struct KeyCommand {
    program: PathBuf,
    arguments: Vec<String>,
    /// Its result: a second run could prompt a second time.
    ran: OnceLock<Result<Key, CommandFault>>,
}

/// Its arguments may be secrets: they are not shown.
impl std::fmt::Debug for KeyCommand {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("KeyCommand").field("program", &self.program).finish_non_exhaustive()
    }
}

impl KeyCommand {
    /// A program and its arguments; a name without a slash is looked for in `PATH`.
    pub(crate) fn new(program: PathBuf, arguments: Vec<String>) -> Self {
        Self { program, arguments, ran: OnceLock::new() }
    }

    /// A relative path of the program is one in this folder; a name without a slash is looked up in `PATH`.
    pub(crate) fn stand_in(&mut self, folder: &Path) {
        if self.program.components().count() > 1 {
            self.program = folder.join(&self.program);
        }
    }

    /// The program's name, for messages.
    pub(crate) fn shown(&self) -> String {
        printable(&self.program.to_string_lossy(), SHOWN_CHARS)
    }

    /// The key, from the only run. A failure is remembered, too.
    pub(super) fn key(&self, is_quiet: bool) -> Result<Key> {
        let ran = self.ran.get_or_init(|| self.run(is_quiet));
        let given = ran.as_ref().map(Key::copied);
        given.map_err(|fault| KeyFault::Command(self.shown(), fault.clone()).into())
    }

    fn run(&self, is_quiet: bool) -> Result<Key, CommandFault> {
        if Env::of_process().is_set(INSIDE) {
            return Err(CommandFault::NeedsItself);
        }
        let mut command = Command::new(&self.program);
        let (printed, stdout) = Printed::begin().map_err(not_run)?;
        command.args(&self.arguments).stdin(Stdio::null()).stdout(stdout);
        keep_secrets_from(&mut command);
        command.env(INSIDE, "1");
        let is_alone = set_apart(&mut command);
        let child = command.spawn().map_err(not_run)?;
        // It contains the stdout handle.
        drop(command);
        let deadline = Instant::now() + clock::limit(TIME_LIMIT);
        let mut run = Run { child, printed, is_alone, deadline };
        let status = self.ended(&mut run, is_quiet);
        let status = status.inspect_err(|_| run.end())?;
        trace::step("key command ended");
        if !status.success() {
            return Err(failed(&describe(status)));
        }
        Key::parse(run.printed.bytes())
            .ok_or_else(|| failed("did not print a key, neither 32 bytes nor base64 of 32 bytes"))
    }

    /// Its output, and how it ended. An agent that it starts in the background may keep its stdout open: after
    /// the command has ended and printed a key, nothing else is waited for.
    fn ended(&self, run: &mut Run, is_quiet: bool) -> Result<ExitStatus, CommandFault> {
        let (begun, mut said, mut poll) = (Instant::now(), is_quiet, FIRST_POLL);
        loop {
            let more = run.printed.wait(poll.min(run.left()));
            if !more.map_err(|_| failed("could not be read from"))? {
                poll = (poll * 2).min(LAST_POLL);
            }
            if run.printed.is_too_much() {
                return Err(failed("printed far more than a key"));
            }
            if let Some(status) = run.status() {
                run.printed.mark_the_end();
                let is_there = || Key::parse(run.printed.bytes()).is_some();
                let is_enough = run.printed.is_whole() && (!status.success() || is_there());
                if is_enough || run.printed.is_over() {
                    return Ok(status);
                }
            }
            if run.left().is_zero() {
                return Err(CommandFault::TooSlow);
            }
            if !said && begun.elapsed() >= SAY_AFTER {
                said = true;
                let waiting = format!("waiting for the key command {}", self.shown());
                message::write(&mut streams::stderr(), &waiting);
            }
        }
    }
}

fn not_run(error: std::io::Error) -> CommandFault {
    CommandFault::NotRun(Arc::new(error))
}

fn failed(how: &str) -> CommandFault {
    CommandFault::Failed(how.to_owned())
}

/// A running key command.
struct Run {
    child: Child,
    printed: Printed,
    /// It has its own process group, which can be ended as a whole.
    #[cfg_attr(not(unix), expect(dead_code, reason = "there are no process groups"))]
    is_alone: bool,
    deadline: Instant,
}

impl Run {
    fn left(&self) -> Duration {
        self.deadline.saturating_duration_since(Instant::now())
    }

    /// How it ended. If our parent ignores SIGCHLD, the exit status is unknown: then only the key itself
    /// counts.
    fn status(&mut self) -> Option<ExitStatus> {
        self.child.try_wait().unwrap_or_else(|_| Some(ExitStatus::default()))
    }

    /// Ends it, with its child processes if they are known. It gets time to restore the terminal that it may
    /// have changed for a prompt.
    fn end(&mut self) {
        self.send(Ending::Asked);
        let until = Instant::now() + GRACE;
        while matches!(self.child.try_wait(), Ok(None)) && Instant::now() < until {
            clock::wait(LAST_POLL);
        }
        self.send(Ending::Forced);
        let _ = self.child.kill();
        let _ = self.child.wait();
    }

    #[cfg(unix)]
    fn send(&self, ending: Ending) {
        use rustix::process::{Pid, Signal, kill_process, kill_process_group};
        let pid = Pid::from_child(&self.child);
        let _ = match (ending, self.is_alone) {
            (Ending::Asked, true) => kill_process_group(pid, Signal::TERM),
            (Ending::Asked, false) => kill_process(pid, Signal::TERM),
            (Ending::Forced, true) => kill_process_group(pid, Signal::KILL),
            (Ending::Forced, false) => Ok(()),
        };
    }

    #[cfg(not(unix))]
    fn send(&self, _ending: Ending) {}
}

#[derive(Clone, Copy)]
enum Ending {
    Asked,
    Forced,
}

/// Without a terminal, the command has its own process group. At a terminal it stays in ours: in another group,
/// a prompt for a passphrase would stop it, and Ctrl-C would not reach it.
#[cfg(unix)]
fn set_apart(command: &mut Command) -> bool {
    if std::fs::File::open("/dev/tty").is_ok() {
        return false;
    }
    std::os::unix::process::CommandExt::process_group(command, 0);
    true
}

#[cfg(not(unix))]
fn set_apart(_command: &mut Command) -> bool {
    false
}

fn describe(status: ExitStatus) -> String {
    #[cfg(unix)]
    if let Some(signal) = std::os::unix::process::ExitStatusExt::signal(&status) {
        return format!("was ended by signal {signal}");
    }
    format!("failed with exit code {}", status.code().unwrap_or(-1))
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    fn ran(script: &str) -> Result<Key> {
        let words = ["-c", script].map(str::to_owned).to_vec();
        KeyCommand::new("/bin/sh".into(), words).key(true)
    }

    #[test]
    fn a_command_gives_a_key_raw_or_in_base64() {
        let raw = ran("head -c 32 /dev/zero").unwrap();
        let text = ran("echo AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=").unwrap();
        assert_eq!(raw.id(), text.id());
    }

    #[test]
    fn whatever_else_it_does_is_an_error_that_does_not_quote_it() {
        for (script, says) in [
            ("echo hunter2", "did not print a key"),
            ("printf ''", "did not print a key"),
            ("echo hunter2; exit 3", "failed with exit code 3"),
            ("echo hunter2; kill -9 $$", "was ended by signal 9"),
            ("exec yes hunter2", "printed far more than a key"),
        ] {
            let error = ran(script).unwrap_err();
            assert!(!error.is_temporary(), "{script}: {error}");
            assert!(error.to_string().contains(says), "{script}: {error}");
            assert!(!error.to_string().contains("hunter2"), "{script}: {error}");
        }
    }

    #[test]
    fn a_program_that_is_not_there_is_named_and_its_arguments_are_not() {
        let command = KeyCommand::new("/nowhere/pass".into(), vec!["hunter2".to_owned()]);
        let error = command.key(true).unwrap_err();
        assert!(error.to_string().contains("/nowhere/pass"), "{error}");
        assert!(!format!("{error}{command:?}").contains("hunter2"), "{error} {command:?}");
    }

    #[test]
    fn what_comes_behind_a_key_counts_however_quickly_the_command_ends() {
        let key = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=";
        for _ in 0..100 {
            let error = ran(&format!("echo {key}; echo more")).unwrap_err();
            assert!(error.to_string().contains("did not print a key"), "{error}");
        }
    }

    #[test]
    fn it_is_run_once_whatever_came_of_it() {
        let folder = tempfile::tempdir().unwrap();
        let count = folder.path().join("count");
        let script = format!("echo x >>'{}'; exit 1", count.display());
        let words = vec!["-c".to_owned(), script];
        let command = KeyCommand::new("/bin/sh".into(), words);
        for _ in 0..3 {
            assert!(command.key(true).is_err());
        }
        assert_eq!(std::fs::read_to_string(count).unwrap(), "x\n");
    }
}
