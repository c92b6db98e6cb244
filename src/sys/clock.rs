//! The only reader of the system clock.

use std::time::Duration;

/// Seconds since the epoch. Everything below the entry points receives this number as an argument.
#[expect(clippy::disallowed_methods, reason = "this is the clock edge")]
pub(crate) fn now_epoch() -> i64 {
    let real = std::time::SystemTime::now()
        .duration_since(std::time::UNIX_EPOCH)
        .map_or(0, |since| i64::try_from(since.as_secs()).unwrap_or(i64::MAX));
    real.saturating_add(test_offset())
}

/// A point in time in the local zone, for people.
pub(crate) fn local(at: i64) -> Option<String> {
    let at = chrono::DateTime::from_timestamp(at, 0)?.with_timezone(&chrono::Local);
    Some(at.format("%Y-%m-%d %H:%M:%S").to_string())
}

/// Waits. The only such function, so that waits are easy to find.
pub(crate) fn wait(duration: Duration) {
    std::thread::sleep(duration);
}

/// A time limit. A debug build can shorten it, so that tests of hanging programs need not wait as long.
#[cfg(debug_assertions)]
pub(crate) fn limit(usual: Duration) -> Duration {
    let divisor = crate::sys::env::Env::of_process().text("CONCUR_CRED_TEST_HASTE");
    divisor
        .and_then(|text| text.parse().ok())
        .and_then(|haste| usual.checked_div(haste))
        .unwrap_or(usual)
}

/// A time limit.
#[cfg(not(debug_assertions))]
pub(crate) const fn limit(usual: Duration) -> Duration {
    usual
}

/// Shifts the clock of a debug build, so that tests need not wait for tokens to expire. Release builds do
/// not read it.
#[cfg(debug_assertions)]
fn test_offset() -> i64 {
    crate::sys::env::Env::of_process()
        .text("CONCUR_CRED_TEST_CLOCK_OFFSET_SECS")
        .and_then(|text| text.parse().ok())
        .unwrap_or(0)
}

#[cfg(not(debug_assertions))]
const fn test_offset() -> i64 {
    0
}
