//! The time of a test: now, or another moment set by `ci/test-at-moments`.

use std::ffi::OsString;
use std::time::{SystemTime, UNIX_EPOCH};

/// Seconds that the program's clock is ahead of the system's. The sandbox has a variable of its own, so that
/// the two can be a second apart.
pub(crate) const CLOCK: &str = "CONCUR_CRED_TEST_CLOCK_OFFSET_SECS";

const SANDBOX_CLOCK: &str = "CONCUR_SANDBOX_TEST_CLOCK_OFFSET_SECS";
const ZONE: &str = "CONCUR_CRED_TEST_ZONE";

/// How many seconds the program's clock is ahead of the system's in this run.
pub(crate) fn offset() -> i64 {
    std::env::var(CLOCK).map_or(0, |text| text.parse().expect("a number of seconds"))
}

/// Epoch seconds by the program's clock.
pub(crate) fn now() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    i64::try_from(since.as_secs()).unwrap() + offset()
}

/// The variables of every command in this run: the time zone, and the clocks if they differ from the
/// system's.
pub(crate) fn variables() -> Vec<(&'static str, OsString)> {
    let zone = std::env::var_os(ZONE).unwrap_or_else(|| "UTC".into());
    let clocks = [CLOCK, SANDBOX_CLOCK];
    let set = clocks.into_iter().filter_map(|name| Some((name, std::env::var_os(name)?)));
    std::iter::once(("TZ", zone)).chain(set).collect()
}
