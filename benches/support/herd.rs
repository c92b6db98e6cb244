//! Many concurrent processes.

use std::path::Path;
use std::time::{Duration, Instant};

use super::Outcome;
use super::contender::{Contender, Running};

/// How many start at the same time.
pub const CALLERS: usize = 200;

/// Starts them all, one right after the other.
pub fn start(contender: &Contender) -> Outcome<Vec<Running>> {
    (0..CALLERS).map(|_| contender.spawn()).collect()
}

/// Waits for them all, then looks at what they answered.
pub fn finish(herd: &mut [Running], contender: &Contender) -> Outcome<Instant> {
    for caller in &mut *herd {
        caller.wait(&contender.name)?;
    }
    let end = Instant::now();
    for caller in herd {
        caller.answers(contender)?;
    }
    Ok(end)
}

/// From the first start to the last end.
pub fn time(contender: &Contender) -> Outcome<Duration> {
    let started = Instant::now();
    let mut herd = start(contender)?;
    Ok(finish(&mut herd, contender)? - started)
}

/// Whether a process has a file open below a folder of this name.
fn holds_open(process: u32, folder: &str) -> bool {
    let Ok(files) = std::fs::read_dir(format!("/proc/{process}/fd")) else { return false };
    files
        .flatten()
        .filter_map(|file| std::fs::read_link(file.path()).ok())
        .any(|target| target.parent().and_then(Path::file_name).is_some_and(|name| name == folder))
}

/// Waits until each of them has a lock file open: it asks for the lock, or has it.
pub fn wait_until_all_wait_for_the_lock(herd: &[Running]) -> Outcome {
    let deadline = Instant::now() + Duration::from_secs(30);
    while !herd.iter().all(|caller| holds_open(caller.id(), "locks")) {
        if Instant::now() > deadline {
            return Err("not every caller came to the lock".into());
        }
        std::thread::sleep(Duration::from_millis(10));
    }
    Ok(())
}
