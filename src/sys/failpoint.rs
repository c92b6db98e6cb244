//! Named moments at which a test can end, stop or fail the program. Debug builds only: a release build neither
//! reads the variable nor contains the names.

/// The moments of a renewal, in their order, so that tests can use each.
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

/// The moments of a key's rotation, in their order. `next-…` and `key-renamed` happen only with the key file.
pub const KEY_ROTATION: [&str; 8] = [
    "rotation-locked",
    "records-locked",
    "next-begun",
    "next-written",
    "cells-resealed",
    "rotation-committed",
    "key-renamed",
    "cache-gone",
];

/// The writes of a key's rotation that a test can make fail, in their order.
pub const KEY_WRITES: [&str; 3] = ["next-write", "rotation-commit", "key-rename"];

/// The writes of a renewal that a test can make fail, in their order.
pub const WRITES: [&str; 8] = [
    "lock-open",
    "reserve-write",
    "attempt-begin",
    "grant-commit",
    "grant-sync",
    "spill-write",
    "spill-clear",
    "attempt-end",
];

/// What a test wants at `name`: `CONCUR_CRED_TEST_FAILPOINT=NAME=WHAT,…`.
#[cfg(debug_assertions)]
fn wanted(name: &str) -> Option<String> {
    let all = crate::sys::env::Env::of_process().text("CONCUR_CRED_TEST_FAILPOINT")?;
    let mut pairs = all.split(',').filter_map(|one| one.split_once('='));
    pairs.find(|(at, _)| *at == name).map(|(_, what)| what.to_owned())
}

/// Passes a named moment. `NAME=kill` ends the process there as the operating system would;
/// `NAME=stop` stops it until SIGCONT; `NAME=panic` panics there, with
/// `CONCUR_CRED_TEST_PANIC` as its message, and `NAME=panic-elsewhere` one in another thread.
#[cfg(all(debug_assertions, unix))]
pub fn pass(name: &str) {
    use rustix::process::{Signal, getpid, kill_process};
    let signal = match wanted(name).as_deref() {
        Some("kill") => Signal::KILL,
        Some("stop") => Signal::STOP,
        Some("panic") => burst(),
        Some("panic-elsewhere") => return drop(std::thread::spawn(|| burst()).join()),
        _ => return,
    };
    let _ = kill_process(getpid(), signal);
}

#[cfg(all(debug_assertions, unix))]
#[expect(clippy::panic, reason = "a test wants to see what becomes of a defect")]
fn burst() -> ! {
    let message = crate::sys::env::Env::of_process().text("CONCUR_CRED_TEST_PANIC");
    std::panic::panic_any(message.unwrap_or_default())
}

/// Passes a named moment: nothing happens.
#[cfg(not(all(debug_assertions, unix)))]
pub const fn pass(_name: &str) {}

/// Passes a write to the disk: `NAME=full` fails it as a full disk would, `NAME=io` as a broken one,
/// `NAME=unsupported` as a file system that cannot do it.
#[cfg(debug_assertions)]
pub fn write(name: &str) -> std::io::Result<()> {
    match wanted(name).as_deref() {
        Some("full") => Err(std::io::ErrorKind::StorageFull.into()),
        Some("io") => Err(std::io::Error::other("input/output error")),
        Some("unsupported") => Err(std::io::ErrorKind::Unsupported.into()),
        _ => Ok(()),
    }
}

/// Passes a write to the disk: nothing happens.
#[cfg(not(debug_assertions))]
pub const fn write(_name: &str) -> std::io::Result<()> {
    Ok(())
}
