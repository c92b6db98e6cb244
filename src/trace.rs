//! `--trace`: where the time goes, one line a step. Off, it costs one look at a flag. No step's text
//! is ever made from a secret.

use std::fs::File;
use std::io::Write;
use std::path::Path;
use std::sync::{Mutex, OnceLock};
use std::time::Instant;

use crate::error::Result;
use crate::files;
use crate::progress;

struct Sink {
    started: Instant,
    last: Mutex<(Instant, Box<dyn Write + Send>)>,
}

static SINK: OnceLock<Sink> = OnceLock::new();

/// Turns tracing on, to stderr or (added to) a private file.
pub fn start(to: Option<&Path>) -> Result<()> {
    let writer: Box<dyn Write + Send> = match to {
        Some(path) => Box::new(at_end(path)?),
        None => Box::new(std::io::stderr()),
    };
    let now = Instant::now();
    let _ = SINK.set(Sink { started: now, last: Mutex::new((now, writer)) });
    Ok(())
}

fn at_end(path: &Path) -> Result<File> {
    let mut file = files::open_private(path)?;
    std::io::Seek::seek(&mut file, std::io::SeekFrom::End(0))
        .map_err(|error| files::cannot("write", path, &error))?;
    Ok(file)
}

/// Says that a step is done: microseconds since the start, and since the step before.
pub fn step(what: &str) {
    let Some(sink) = SINK.get() else { return };
    let Ok(mut last) = sink.last.lock() else { return };
    let now = Instant::now();
    let (total, since) = ((now - sink.started).as_micros(), (now - last.0).as_micros());
    last.0 = now;
    // A trace that cannot be written must not change what the program does.
    let _ = progress::beside(|| writeln!(last.1, "trace: {total:>8} us (+{since:>7}) {what}"));
}
