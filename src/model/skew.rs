//! How far this machine's clock is from that of a service.

/// What a clock may be off without a word, seconds: the network takes its time, and `Date` counts whole seconds.
const TOLERANCE_SECS: u64 = 30;
/// What makes expiries of tokens and certificates wrong, seconds.
const LIMIT_SECS: u64 = 60;

/// What sets the clock right.
pub(crate) const REMEDY: &str = if cfg!(target_os = "macos") {
    "Set this machine's clock by NTP: sudo sntp -sS time.apple.com"
} else if cfg!(windows) {
    "Set this machine's clock by NTP, as administrator: w32tm /resync"
} else if cfg!(target_os = "linux") {
    "Set this machine's clock by NTP: sudo timedatectl set-ntp true"
} else {
    "Set this machine's clock by NTP"
};

/// The difference of two clocks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Skew {
    /// Seconds that this machine's clock is ahead; negative: behind.
    pub(crate) ahead: i64,
}

impl Skew {
    /// `now` by this machine, and what the service said that it was then; both epoch seconds.
    pub(crate) fn of(now: i64, service: i64) -> Self {
        Self { ahead: now.saturating_sub(service) }
    }

    /// Whether it is more than the way of an answer explains.
    pub(crate) fn is_off(self) -> bool {
        self.ahead.unsigned_abs() > TOLERANCE_SECS
    }

    /// Whether expiries are misjudged by it.
    pub(crate) fn is_wrong(self) -> bool {
        self.ahead.unsigned_abs() > LIMIT_SECS
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn half_a_minute_is_nothing_and_more_than_a_minute_is_wrong() {
        for (ahead, is_off, is_wrong) in [
            (0, false, false),
            (30, false, false),
            (-30, false, false),
            (31, true, false),
            (-60, true, false),
            (61, true, true),
            (-7200, true, true),
            (i64::MAX, true, true),
            (i64::MIN, true, true),
        ] {
            let skew = Skew::of(ahead, 0);
            assert_eq!((skew.is_off(), skew.is_wrong()), (is_off, is_wrong), "{ahead}");
        }
    }
}
