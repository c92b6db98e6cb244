//! Named moments at which a test can end, stop or fail the program. Debug builds only: a release
//! build neither reads the variable nor holds the names.

/// The moments of a renewal, in their order, for tests to walk through.
pub const RENEWAL: [&str; 9] = [
    "lock-taken",
    "record-reread",
    "reserve-ready",
    "attempt-begun",
    "answer-received",
    "grant-sealed",
    "grant-committed",
    "lock-released",
    "answer-printed",
];

/// Passes a named moment. `CONCUR_CRED_TEST_FAILPOINT=NAME=kill` ends the process there as the
/// operating system would; `NAME=stop` stops it until somebody continues it.
#[cfg(all(debug_assertions, unix))]
pub fn pass(name: &str) {
    use rustix::process::{Signal, getpid, kill_process};
    let Some(wanted) = crate::env::Env::of_process().text("CONCUR_CRED_TEST_FAILPOINT") else {
        return;
    };
    let signal = match wanted.split_once('=') {
        Some((at, "kill")) if at == name => Signal::KILL,
        Some((at, "stop")) if at == name => Signal::STOP,
        _ => return,
    };
    let _ = kill_process(getpid(), signal);
}

/// Passes a named moment: nothing happens.
#[cfg(not(all(debug_assertions, unix)))]
pub const fn pass(_name: &str) {}

/// Whether a test wants this moment to fail (`NAME=fail`).
#[cfg(debug_assertions)]
pub fn fails(name: &str) -> bool {
    let wanted = crate::env::Env::of_process().text("CONCUR_CRED_TEST_FAILPOINT");
    wanted.is_some_and(|wanted| wanted.split_once('=') == Some((name, "fail")))
}

/// Whether a test wants this moment to fail: never.
#[cfg(not(debug_assertions))]
pub const fn fails(_name: &str) -> bool {
    false
}
