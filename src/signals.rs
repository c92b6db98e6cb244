//! Signals that ask the program to end at a moment when something would be lost.
//!
//! Once Concur has a refresh token it may have put a new one in its place. Whoever ends the program then
//! (Ctrl-C, `timeout`, a closed terminal, a cancelled job) would lose the new one, and the old one would be
//! good for nothing: so the program ends when the answer is kept, by the same signal. A second signal ends
//! it at once, and so does SIGQUIT (Ctrl-\). What is ignored at the start (`nohup`) stays ignored.
//!
//! Nor may it end while the terminal does not echo.

use std::time::{Duration, Instant};

use crate::clock;

/// How often a wait looks whether somebody wants the program to end.
const POLL: Duration = Duration::from_millis(50);

/// While it lives, a first signal waits; when it is dropped, the program ends by a signal that came.
#[must_use = "signals wait while it lives"]
pub struct Held(());

/// From here on a write past the limit of file sizes (`ulimit -f`) is an error, as on a full disk, and does
/// not end the program (SIGXFSZ) with half of it written.
pub fn survive_the_file_size_limit() {
    held::survive_the_file_size_limit();
}

/// From here on the first signal waits.
pub fn hold() -> Held {
    held::begin();
    Held(())
}

impl Drop for Held {
    fn drop(&mut self) {
        held::end();
    }
}

/// Whether a signal waits.
pub fn is_held() -> bool {
    held::is_any()
}

/// Waits for as long, or until a held signal came; whether it waited to the end.
pub fn wait(duration: Duration) -> bool {
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
    use std::io;
    use std::sync::Once;
    use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

    use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM, SIGXFSZ};
    use signal_hook::{flag, low_level};

    /// Whether a signal ends the program as it does by default.
    static ENDS_AT_ONCE: AtomicBool = AtomicBool::new(true);
    /// The signal that came while they were held; 0 is none.
    static CAME: AtomicUsize = AtomicUsize::new(0);

    pub(super) fn survive_the_file_size_limit() {
        static HANDLER: Once = Once::new();
        // Nobody looks at it: the write that failed says so itself.
        static REACHED: AtomicBool = AtomicBool::new(false);
        HANDLER.call_once(|| drop(flag::register(SIGXFSZ, &REACHED)));
    }

    pub(super) fn begin() {
        static HANDLERS: Once = Once::new();
        HANDLERS.call_once(install);
        ENDS_AT_ONCE.store(false, Ordering::SeqCst);
    }

    pub(super) fn end() {
        ENDS_AT_ONCE.store(true, Ordering::SeqCst);
        if let Ok(signal) = c_int::try_from(CAME.load(Ordering::SeqCst))
            && signal != 0
        {
            // Does not come back, but for a signal that it does not know.
            let _ = low_level::emulate_default_handler(signal);
        }
    }

    pub(super) fn is_any() -> bool {
        CAME.load(Ordering::SeqCst) != 0
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

    /// In this order they run: the first signal finds that nothing ends at once, and sees to it that the
    /// second finds the opposite.
    fn install_for(signal: c_int) -> io::Result<()> {
        let number = usize::try_from(signal).map_err(io::Error::other)?;
        flag::register_conditional_default(signal, &ENDS_AT_ONCE)?;
        flag::register_usize(signal, &CAME, number)?;
        flag::register(signal, &ENDS_AT_ONCE)?;
        Ok(())
    }

    /// The signals that whoever started this program had it ignore, a bit each. Where that cannot be
    /// learnt, all of them: none is held then.
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
    pub(super) const fn survive_the_file_size_limit() {}

    pub(super) const fn begin() {}

    pub(super) const fn end() {}

    pub(super) const fn is_any() -> bool {
        false
    }
}
