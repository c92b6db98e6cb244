//! `--trace`: where the time goes, one line per step. If it is off, a step only reads a flag. No step's text
//! contains a secret.

use std::fs::File;
use std::io::{Read, Seek, SeekFrom, Write};
use std::path::Path;
use std::sync::{Mutex, OnceLock};
use std::time::Instant;

use crate::error::{Error, Kind, Result};
use crate::sys::{files, progress, streams};

struct Sink {
    started: Instant,
    last: Mutex<(Instant, Box<dyn Write + Send>)>,
}

/// The first line of a trace file.
const HEADER: &str = "# concur-cred trace\n";

static SINK: OnceLock<Sink> = OnceLock::new();

/// Turns tracing on, to stderr or (added to) a private file.
pub(crate) fn start(to: Option<&Path>) -> Result<()> {
    let writer: Box<dyn Write + Send> = match to {
        Some(path) => Box::new(at_end(path)?),
        None => Box::new(streams::stderr()),
    };
    let now = Instant::now();
    let _ = SINK.set(Sink { started: now, last: Mutex::new((now, writer)) });
    Ok(())
}

/// Opens a trace file for appending, and creates a missing one. A file that is not a trace file is refused: if
/// the variable names the key file, the key must not be destroyed.
fn at_end(path: &Path) -> Result<File> {
    let mut file = files::open_private(path)?;
    let has_header = begins_as_trace(&mut file);
    if !has_header.map_err(|error| files::cannot("read", path, &error))? {
        return Err(Error::new(
            Kind::Unusable,
            format!("{} is not a trace file, and is not written to", path.display()),
            "Set CONCUR_CRED_TRACE to a new file, to 1 for stderr, or unset it.",
        ));
    }
    file.seek(SeekFrom::End(0)).map_err(|error| files::cannot("write", path, &error))?;
    Ok(file)
}

/// Whether the file has our first line; it is written to an empty one.
fn begins_as_trace(file: &mut File) -> std::io::Result<bool> {
    let mut start = Vec::with_capacity(HEADER.len());
    file.take(HEADER.len() as u64).read_to_end(&mut start)?;
    if start.is_empty() {
        file.write_all(HEADER.as_bytes())?;
        return Ok(true);
    }
    Ok(start == HEADER.as_bytes())
}

/// Prints a completed step: microseconds since the start, and since the previous step.
pub(crate) fn step(what: &str) {
    let Some(sink) = SINK.get() else { return };
    let Ok(mut last) = sink.last.lock() else { return };
    let now = Instant::now();
    let (total, since) = ((now - sink.started).as_micros(), (now - last.0).as_micros());
    last.0 = now;
    // A trace that cannot be written must not change what the program does.
    let _ = progress::beside(|| writeln!(last.1, "trace: {total:>8} us (+{since:>7}) {what}"));
}
