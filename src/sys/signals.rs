//! Signals that ask the program to end at a moment when something would be lost.
//!
//! Once Concur has a refresh token it may have put a new one in its place. Ending then (Ctrl-C,
//! `timeout`, a closed terminal, a cancelled job) would lose the new one, and the old one may be invalid: so
//! the program ends by the same signal when the answer is kept. Another signal, a
//! second later or more, ends it at once, and so does SIGQUIT (Ctrl-\). What is ignored at the start
//! (`nohup`) stays ignored.
//!
//! Nor may it end while the terminal does not echo.

use std::time::{Duration, Instant};

use crate::sys::clock;

/// How often a pending signal is looked for.
const POLL: Duration = Duration::from_millis(50);

/// While it lives, a first signal waits; when it is dropped, the program ends by a signal that came.
#[must_use = "signals wait while it lives"]
pub(crate) struct Held(#[allow(dead_code, reason = "its end is what counts")] held::Watch);

/// From here on a write past the limit of file sizes (`ulimit -f`) is an error, as on a full disk, and does
/// not end the program (SIGXFSZ) with half of it written.
pub(crate) fn survive_the_file_size_limit() {
    held::survive_the_file_size_limit();
}

/// From here on the first signal waits.
pub(crate) fn hold() -> Held {
    Held(held::begin())
}

impl Drop for Held {
    fn drop(&mut self) {
        held::end();
    }
}

/// Whether a signal waits.
pub(crate) fn is_held() -> bool {
    held::is_any()
}

/// Waits for as long, or until a held signal came; whether it waited to the end.
pub(crate) fn wait(duration: Duration) -> bool {
    let until = Instant::now() + duration;
    loop {
        if is_held() {
            return false;
        }
        let left = until.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return true;
        }
        clock::wait(left.min(POLL));
    }
}

#[cfg(unix)]
mod held {
    use std::ffi::c_int;
    use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
    use std::sync::mpsc::{self, Receiver, RecvTimeoutError, Sender};
    use std::sync::{Mutex, Once, PoisonError};
    use std::time::{Duration, Instant};
    use std::{io, thread};

    use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM, SIGXFSZ};
    use signal_hook::{flag, low_level};

    use crate::sys::clock;

    /// A signal that comes as soon after the first is the same wish: `timeout` sends two, to the process
    /// and to its group, and so do a closed terminal and its shell, or Ctrl-C and `npm`.
    const SAME_WISH: Duration = Duration::from_secs(1);

    /// Whether a signal ends the program as it does by default.
    static IS_FREE: AtomicBool = AtomicBool::new(true);
    /// The last signal that came while they were held; 0 is none.
    static CAME: AtomicUsize = AtomicUsize::new(0);
    /// The first one, and when it was seen.
    static FIRST: Mutex<Option<(c_int, Instant)>> = Mutex::new(None);

    /// A thread looks for a second signal until this is dropped.
    pub(crate) struct Watch(#[allow(dead_code, reason = "its end is what counts")] Sender<()>);

    pub(crate) fn survive_the_file_size_limit() {
        static HANDLER: Once = Once::new();
        // Never read: the failed write reports the limit.
        static REACHED: AtomicBool = AtomicBool::new(false);
        HANDLER.call_once(|| drop(flag::register(SIGXFSZ, &REACHED)));
    }

    pub(crate) fn begin() -> Watch {
        static HANDLERS: Once = Once::new();
        HANDLERS.call_once(install);
        IS_FREE.store(false, Ordering::SeqCst);
        let (until, ended) = mpsc::channel();
        // Without a thread SIGQUIT alone ends the program at once.
        let _ = thread::Builder::new().name("signals".to_owned()).spawn(move || watch(&ended));
        Watch(until)
    }

    fn watch(ended: &Receiver<()>) {
        while ended.recv_timeout(super::POLL) == Err(RecvTimeoutError::Timeout) {
            if let Some(signal) = second() {
                // Does not come back, but for a signal that it does not know.
                let _ = low_level::emulate_default_handler(signal);
            }
        }
        // One whose handler had begun when the holding ended.
        clock::wait(super::POLL);
        if IS_FREE.load(Ordering::SeqCst)
            && let Ok(signal) = c_int::try_from(CAME.load(Ordering::SeqCst))
            && signal != 0
        {
            let _ = low_level::emulate_default_handler(signal);
        }
    }

    /// Takes what came; a signal that is another wish than the first.
    fn second() -> Option<c_int> {
        let mut first = FIRST.lock().unwrap_or_else(PoisonError::into_inner);
        let came =
            c_int::try_from(CAME.swap(0, Ordering::SeqCst)).ok().filter(|came| *came != 0)?;
        let (_, at) = *first.get_or_insert_with(|| (came, Instant::now()));
        Some(came).filter(|_| at.elapsed() >= SAME_WISH)
    }

    pub(crate) fn end() {
        IS_FREE.store(true, Ordering::SeqCst);
        let _ = second();
        let first = *FIRST.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((signal, _)) = first {
            let _ = low_level::emulate_default_handler(signal);
        }
    }

    pub(crate) fn is_any() -> bool {
        CAME.load(Ordering::SeqCst) != 0
            || FIRST.lock().unwrap_or_else(PoisonError::into_inner).is_some()
    }

    /// Without handlers a signal ends the program, as if nothing were held.
    fn install() {
        let ignored = ignored();
        for signal in [SIGHUP, SIGINT, SIGTERM] {
            if ignored & (1 << (signal - 1)) == 0 {
                let _ = install_for(signal);
            }
        }
    }

    fn install_for(signal: c_int) -> io::Result<()> {
        let number = usize::try_from(signal).map_err(io::Error::other)?;
        flag::register_conditional_default(signal, &IS_FREE)?;
        flag::register_usize(signal, &CAME, number)?;
        Ok(())
    }

    /// The signals that were ignored at the start, a bit each. Where that is unknown, all of them: then none
    /// is held.
    #[cfg(target_os = "linux")]
    fn ignored() -> u64 {
        let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
        let mask = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
        mask.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok()).unwrap_or(u64::MAX)
    }

    /// The system does not tell without `unsafe`; the one that `nohup` ignores.
    #[cfg(not(target_os = "linux"))]
    fn ignored() -> u64 {
        1 << (SIGHUP - 1)
    }
}

/// Ctrl-C ends the program at once.
#[cfg(not(unix))]
mod held {
    pub(crate) struct Watch;

    pub(crate) const fn survive_the_file_size_limit() {}

    pub(crate) const fn begin() -> Watch {
        Watch
    }

    pub(crate) const fn end() {}

    pub(crate) const fn is_any() -> bool {
        false
    }
}
