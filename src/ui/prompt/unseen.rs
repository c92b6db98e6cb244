//! A line of the terminal that is not echoed.
//!
//! rpassword switches the terminal's own signals off and, at Ctrl-C, ends the process before it has
//! restored them, which leaves a terminal without echo. Here the settings are restored first and the signal
//! follows, as with signals from other processes; rpassword only edits the line.

use std::cell::Cell;
use std::io::{self, Read, Write};
use std::rc::Rc;

use rpassword::ConfigBuilder;
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::Errno;
use rustix::process::{Signal, getpgrp, kill_current_process_group};
use rustix::termios::{
    LocalModes, OptionalActions, QueueSelector, SpecialCodeIndex, Termios, tcflush, tcgetattr,
    tcgetpgrp, tcsetattr,
};
use zeroize::Zeroizing;

use crate::sys::signals;

/// The longest delay until a signal is noticed.
const LOOK_EVERY: Timespec = Timespec { tv_sec: 0, tv_nsec: 200_000_000 };

/// The terminal's settings before; put back when dropped.
struct Unseen(Termios);

impl Unseen {
    fn begin() -> io::Result<Self> {
        let before = tcgetattr(io::stdin())?;
        let mut modes = before.clone();
        let off = LocalModes::ECHO | LocalModes::ECHONL | LocalModes::ICANON | LocalModes::ISIG;
        modes.local_modes -= off;
        modes.special_codes[SpecialCodeIndex::VMIN] = 1;
        modes.special_codes[SpecialCodeIndex::VTIME] = 0;
        let unseen = Self(before);
        tcsetattr(io::stdin(), OptionalActions::Now, &modes)?;
        Ok(unseen)
    }
}

impl Drop for Unseen {
    fn drop(&mut self) {
        // Setting a terminal that another job has would stop this process, and the signal would wait for ever.
        // The settings are that job's now: a shell has restored its own.
        if signals::is_held() && !has_terminal() {
            return;
        }
        // Half a secret is not left to be read by a shell.
        let when = if signals::is_held() { OptionalActions::Flush } else { OptionalActions::Now };
        // A terminal that is gone has no settings.
        let _ = tcsetattr(io::stdin(), when, &self.0);
    }
}

/// Discards what was typed and not read, unless another job has the terminal.
pub(super) fn discard() {
    if has_terminal() {
        // A terminal that is gone has nothing to read.
        let _ = tcflush(io::stdin(), QueueSelector::IFlush);
    }
}

/// Whether ours is the job in the terminal's foreground.
fn has_terminal() -> bool {
    tcgetpgrp(io::stdin()).is_ok_and(|job| job == getpgrp())
}

/// Where another job has the terminal, this process is stopped until it is given to it, or ended.
fn wait_for_the_terminal() -> io::Result<()> {
    Ok(tcsetattr(io::stdin(), OptionalActions::Now, &tcgetattr(io::stdin())?)?)
}

/// The keys pressed, byte by byte, until one that the terminal would make a signal of.
struct Keys {
    signals: [(u8, Signal); 3],
    pressed: Rc<Cell<Option<Signal>>>,
}

impl Keys {
    fn of(before: &Termios) -> Self {
        let signals = [
            (SpecialCodeIndex::VINTR, Signal::INT),
            (SpecialCodeIndex::VQUIT, Signal::QUIT),
            (SpecialCodeIndex::VSUSP, Signal::TSTP),
        ];
        let has_signals = before.local_modes.contains(LocalModes::ISIG);
        let key = |index| if has_signals { before.special_codes[index] } else { 0 };
        Self {
            signals: signals.map(|(index, signal)| (key(index), signal)),
            pressed: Rc::default(),
        }
    }
}

impl Read for Keys {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        wait_for_a_key()?;
        let count = rustix::io::retry_on_intr(|| rustix::io::read(io::stdin(), &mut *buffer))?;
        let Some(key) = buffer.first().filter(|_| count > 0) else {
            // The terminal is gone: what was typed so far is no answer.
            return Err(io::ErrorKind::ConnectionAborted.into());
        };
        // Zero is a key that makes no signal.
        let signal = self.signals.iter().find(|(code, _)| *code != 0 && code == key);
        match signal {
            Some((_, signal)) => {
                self.pressed.set(Some(*signal));
                Err(io::ErrorKind::ConnectionAborted.into())
            }
            None => Ok(count),
        }
    }
}

/// Not longer than until a signal waits, which ends the read.
fn wait_for_a_key() -> io::Result<()> {
    let stdin = io::stdin();
    let mut keys = [PollFd::new(&stdin, PollFlags::IN)];
    while !signals::is_held() {
        match poll(&mut keys, Some(&LOOK_EVERY)) {
            Ok(0) | Err(Errno::INTR) => {}
            Ok(_) => return Ok(()),
            Err(error) => return Err(error.into()),
        }
    }
    Err(io::ErrorKind::ConnectionAborted.into())
}

/// Asks for a line on `terminal` and reads it from stdin, which is one too. Who stops the program there
/// is asked again when it goes on.
pub(super) fn line(terminal: &mut dyn Write, question: &str) -> io::Result<Zeroizing<String>> {
    loop {
        // As long as it is stopped it holds no signal.
        wait_for_the_terminal()?;
        let held = signals::hold();
        let unseen = Unseen::begin()?;
        terminal.write_all(question.as_bytes())?;
        terminal.flush()?;
        let keys = Keys::of(&unseen.0);
        let pressed = Rc::clone(&keys.pressed);
        let config = ConfigBuilder::new().input_reader(keys).output_discard().build();
        let answer = rpassword::read_password_with_config(config).map(Zeroizing::new);
        drop(unseen);
        drop(held);
        terminal.write_all(b"\n")?;
        let Some(signal) = pressed.get() else { return answer };
        // To all who would have had it from the terminal.
        kill_current_process_group(signal)?;
        if signal != Signal::TSTP {
            // Ignored since the start of this process.
            return answer;
        }
    }
}
