//! Delays signals that would end the program when an answer could be lost.
//!
//! After Concur has received a refresh token, it may have replaced it. Ending then (Ctrl-C, `timeout`, a closed
//! terminal, a cancelled job) would lose the new one, and the old one may be invalid: so the program ends by
//! the same signal after the answer is stored. Another signal, at least a second later, ends it at once, and so
//! does SIGQUIT (Ctrl-\). A signal that is ignored at the start (`nohup`) stays ignored.
//!
//! A signal is also delayed while the terminal's echo is off.

use std::time::{Duration, Instant};

use crate::sys::clock;

/// How often a pending signal is checked.
const POLL: Duration = Duration::from_millis(50);

/// While it exists, a first signal is delayed; when it is dropped, the program ends by the delayed signal.
#[must_use = "signals wait while it lives"]
pub(crate) struct Held(#[allow(dead_code, reason = "its end is what counts")] held::Watch);

/// From here on a write past the limit of file sizes (`ulimit -f`) is an error, as on a full disk, and does not
/// end the program (SIGXFSZ) in the middle of a write.
pub(crate) fn survive_the_file_size_limit() {
    held::survive_the_file_size_limit();
}

/// From here on the first signal is delayed.
pub(crate) fn hold() -> Held {
    Held(held::begin())
}

impl Drop for Held {
    fn drop(&mut self) {
        held::end();
    }
}

/// Whether a signal is delayed.
pub(crate) fn is_held() -> bool {
    held::is_any()
}

/// Waits for this time, or until a signal is delayed; returns whether it waited to the end.
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

    /// A signal within this time of the first counts as the same one: `timeout` sends two, to the process and
    /// to its group, and so do a closed terminal and its shell, or Ctrl-C and `npm`.
    const SAME_WISH: Duration = Duration::from_secs(1);

    /// Whether signals have their default effect.
    static IS_FREE: AtomicBool = AtomicBool::new(true);
    /// The last delayed signal; 0 is none.
    static CAME: AtomicUsize = AtomicUsize::new(0);
    /// The first one, and when it arrived.
    static FIRST: Mutex<Option<(c_int, Instant)>> = Mutex::new(None);

    /// A thread checks for a second signal until this is dropped.
    pub(crate) struct Watch(#[allow(dead_code, reason = "its end is what counts")] Sender<()>);

    pub(crate) fn survive_the_file_size_limit() {
        static HANDLER: Once = Once::new();
        // Never read: the failed write reports the limit itself.
        static REACHED: AtomicBool = AtomicBool::new(false);
        HANDLER.call_once(|| drop(flag::register(SIGXFSZ, &REACHED)));
    }

    pub(crate) fn begin() -> Watch {
        static HANDLERS: Once = Once::new();
        HANDLERS.call_once(install);
        IS_FREE.store(false, Ordering::SeqCst);
        let (until, ended) = mpsc::channel();
        // Without the thread, only SIGQUIT ends the program at once.
        let _ = thread::Builder::new().name("signals".to_owned()).spawn(move || watch(&ended));
        Watch(until)
    }

    fn watch(ended: &Receiver<()>) {
        while ended.recv_timeout(super::POLL) == Err(RecvTimeoutError::Timeout) {
            if let Some(signal) = second() {
                // Does not return, except for an unknown signal.
                let _ = low_level::emulate_default_handler(signal);
            }
        }
        // A signal whose handler had begun when the delay ended.
        clock::wait(super::POLL);
        if IS_FREE.load(Ordering::SeqCst)
            && let Ok(signal) = c_int::try_from(CAME.load(Ordering::SeqCst))
            && signal != 0
        {
            let _ = low_level::emulate_default_handler(signal);
        }
    }

    /// Takes the delayed signal; returns a second one that ends the program at once.
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

    /// Without handlers a signal ends the program, without delay.
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

    /// The signals that were ignored at the start, one bit each. If that is unknown, all of them: then none is
    /// delayed.
    #[cfg(target_os = "linux")]
    fn ignored() -> u64 {
        let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
        let mask = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
        mask.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok()).unwrap_or(u64::MAX)
    }

    /// Not known without `unsafe`; assumes the one that `nohup` ignores.
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
