//! Progress: one line on the terminal that says what the program waits for, drawn on stderr by a separate
//! thread after half a second, and erased before anything else is written there.
//!
//! The cursor is never hidden and no escape sequence is sent, so that a killed process leaves the terminal as
//! it was. Without a terminal nothing is written, and no thread is started.

use std::io::{self, IsTerminal, Write};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError, Sender};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use crate::sys::env::Env;
use crate::sys::signals;

/// Shorter waits show no line.
const SHOWN_AFTER: Duration = Duration::from_millis(500);
/// How long each frame is shown.
const FRAME: Duration = Duration::from_millis(120);
/// Shown after Ctrl-C while the program waits for an answer that must be stored.
const ENDING: &str = "ending when it is answered; again to end at once";
/// The width if the terminal's is unknown.
const DEFAULT_WIDTH: usize = 80;

/// Whether progress is shown.
static WANTED: AtomicBool = AtomicBool::new(false);
/// How many characters of the progress are on the terminal's line. Locked while writing to stderr.
static LINE: Mutex<usize> = Mutex::new(0);

/// Turns progress on; it is off by default.
pub(crate) fn enable(yes: bool) {
    WANTED.store(yes, Ordering::Relaxed);
}

/// Shows `what` the program waits for, after half a second and until the value is dropped.
pub(crate) fn waiting(what: &str) -> Waiting {
    let env = Env::of_process();
    let is_seen = WANTED.load(Ordering::Relaxed)
        && io::stderr().is_terminal()
        && env.text("TERM").is_some_and(|kind| kind != "dumb");
    Waiting(is_seen.then(|| Ticker::start(what, Look::of(&env))).flatten())
}

/// Runs `work`, which writes to the terminal, while no progress line is shown.
pub(crate) fn beside<T>(write: impl FnOnce() -> T) -> T {
    let mut drawn = held(&LINE);
    wipe_drawn(&mut drawn);
    write()
}

/// Erases the line that [`Waiting::leave`] left.
pub(crate) fn wipe() {
    beside(|| ());
}

/// A running wait.
#[must_use = "what is dropped is not shown"]
pub(crate) struct Waiting(Option<Ticker>);

impl Waiting {
    /// Changes the text.
    pub(crate) fn say(&self, what: &str) {
        if let Some(ticker) = &self.0 {
            what.clone_into(&mut held(&ticker.what));
        }
    }

    /// Ends the progress; the next write, or [`wipe`], erases the line. Never waits for the terminal, which may
    /// be stopped: for use before an answer must be stored.
    pub(crate) fn leave(mut self) {
        if let Some(ticker) = self.0.take() {
            ticker.over.store(true, Ordering::Release);
        }
    }
}

impl Drop for Waiting {
    fn drop(&mut self) {
        if let Some(ticker) = self.0.take() {
            ticker.over.store(true, Ordering::Release);
            wipe();
        }
    }
}

/// The sender that keeps the drawing thread alive; dropping it ends the thread.
struct Ticker {
    what: Arc<Mutex<String>>,
    over: Arc<AtomicBool>,
    _ends: Sender<()>,
}

impl Ticker {
    fn start(what: &str, look: Look) -> Option<Self> {
        let what = Arc::new(Mutex::new(what.to_owned()));
        let over = Arc::new(AtomicBool::new(false));
        let (ends, ended) = mpsc::channel();
        let (its_what, its_over) = (Arc::clone(&what), Arc::clone(&over));
        let thread = std::thread::Builder::new().name("progress".to_owned());
        // Without a thread there is no line, which does no harm.
        thread.spawn(move || draw_until(&ended, &its_what, &its_over, look)).ok()?;
        Some(Self { what, over, _ends: ends })
    }
}

fn draw_until(ended: &Receiver<()>, what: &Mutex<String>, over: &AtomicBool, look: Look) {
    let started = Instant::now();
    let mut pause = SHOWN_AFTER;
    let mut frame = 0;
    while ended.recv_timeout(pause) == Err(RecvTimeoutError::Timeout) {
        let what = if signals::is_held() { ENDING.to_owned() } else { held(what).clone() };
        let mut drawn = held(&LINE);
        // Checked with the line locked: nothing is drawn after the end.
        if over.load(Ordering::Acquire) {
            break;
        }
        pause = FRAME;
        // In the background: the line is another job's.
        if !is_in_front() {
            *drawn = 0;
            continue;
        }
        let widest = widest();
        let text = line(&what, frame, started.elapsed().as_secs(), widest, look);
        let length = text.chars().count();
        // The terminal may be narrower now: the blanks must not wrap either.
        let rest = (*drawn).min(widest).saturating_sub(length);
        // An error of stderr itself cannot be reported.
        let _ = write!(io::stderr(), "\r{text}{:rest$}", "");
        *drawn = length + rest;
        frame += 1;
    }
}

fn wipe_drawn(drawn: &mut usize) {
    let length = std::mem::take(drawn).min(widest());
    if length > 0 && is_in_front() {
        let _ = write!(io::stderr(), "\r{:length$}\r", "");
    }
}

fn held<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The longest line: one character less than the terminal's width, so that the cursor stays in the line.
fn widest() -> usize {
    let size = terminal_size::terminal_size_of(io::stderr());
    size.map_or(DEFAULT_WIDTH, |(width, _)| width.0.into()).saturating_sub(1)
}

/// Whether this process is in the terminal's foreground; if that is unknown, yes.
#[cfg(unix)]
fn is_in_front() -> bool {
    rustix::termios::tcgetpgrp(io::stderr()).map_or(true, |job| job == rustix::process::getpgrp())
}

#[cfg(not(unix))]
fn is_in_front() -> bool {
    true
}

/// What the terminal can draw.
#[derive(Clone, Copy)]
struct Look {
    frames: &'static [char],
    ellipsis: &'static str,
}

const PLAIN: Look = Look { frames: &['|', '/', '-', '\\'], ellipsis: "..." };
const FINE: Look = Look {
    frames: &['⠋', '⠙', '⠹', '⠸', '⠼', '⠴', '⠦', '⠧', '⠇', '⠏'],
    ellipsis: "…",
};

impl Look {
    fn of(env: &Env) -> Self {
        if env.has_utf8_locale() { FINE } else { PLAIN }
    }
}

/// The line, at most `widest` characters: a wrapped one could not be erased.
fn line(what: &str, frame: usize, seconds: u64, widest: usize, look: Look) -> String {
    let picture = look.frames[frame % look.frames.len()];
    let full = format!("{picture} {what}{} {seconds} s", look.ellipsis);
    full.chars().take(widest).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_never_wider_than_it_may_be() {
        assert_eq!(line("asking us2", 0, 3, 80, PLAIN), "| asking us2... 3 s");
        assert_eq!(line("asking us2", 11, 3, 80, FINE), "⠙ asking us2… 3 s");
        for widest in 0..40 {
            assert!(line("asking us2", 5, 3, widest, FINE).chars().count() <= widest);
        }
    }

    #[test]
    fn nothing_is_shown_unless_enabled() {
        let waiting = waiting("a test");
        waiting.say("something else");
        assert!(waiting.0.is_none(), "no thread is started");
        waiting.leave();
        assert_eq!(beside(|| 5), 5);
    }
}
