//! The daily job of systemd or cron: its configuration (pure), and its installation.

pub(crate) mod cron;
pub(crate) mod systemd;

use std::io;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::time::Duration;

use crate::error::{Error, Kind, Result};
use crate::sys::env::keep_secrets_from;
use crate::sys::{child, files};

/// Marks everything that this module writes, so that nothing else is overwritten.
pub(crate) const MARK: &str = "concur-cred keepalive";
/// The time limit of a system program.
const TIME_LIMIT: Duration = Duration::from_secs(30);
/// The hour, local time, at which jobs begin.
const HOUR: u8 = 3;

/// The job.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Job {
    /// The absolute path of the program.
    pub program: String,
    /// Its arguments.
    pub arguments: Vec<String>,
    /// Its environment, in addition to the scheduler's. Never a secret.
    pub variables: Vec<(String, String)>,
    /// The only folder that it may write to, absolute. `None` if this restriction is impossible: the user's
    /// systemd needs a user namespace for it, which hides root's ownership of files, and a named file must
    /// belong to us or root.
    pub writes_only_to: Option<String>,
    /// The minute at which it begins.
    pub minute: u8,
    /// It begins up to this much later, seconds.
    pub jitter_secs: i64,
}

impl Job {
    /// Refuses characters that a unit file or crontab cannot contain.
    fn refuse_unwritable(&self) -> Result<()> {
        let Self { program, arguments, variables, writes_only_to, minute: _, jitter_secs: _ } =
            self;
        let values = variables.iter().map(|(_, value)| value);
        let mut all = arguments.iter().chain(values).chain([program]).chain(writes_only_to);
        if all.any(|text| text.contains(char::is_control)) {
            return Err(Error::new(
                Kind::Unusable,
                "A path or setting contains a control character, which a timer cannot have",
                "Move the program or its folders to paths without one.",
            ));
        }
        Ok(())
    }
}

/// This program's file.
pub(crate) fn own_program() -> Result<PathBuf> {
    let path = std::env::current_exe().ok().filter(|path| path.exists());
    path.ok_or_else(|| {
        Error::new(
            Kind::Unusable,
            "This program's own file cannot be found",
            "Run the installed program, not one that was replaced meanwhile.",
        )
    })
}

/// The path as text, absolute.
pub(crate) fn absolute(path: &Path) -> Result<String> {
    let whole = std::path::absolute(path).map_err(|error| files::cannot("find", path, &error))?;
    whole.into_os_string().into_string().map_err(|_| {
        Error::new(
            Kind::Unusable,
            format!("{} is not UTF-8 text", path.display()),
            "Use a path that is.",
        )
    })
}

/// Runs one of the system's programs, with this input and without our secrets.
fn run(program: &str, arguments: &[&str], input: &[u8]) -> io::Result<Output> {
    let mut command = Command::new(program);
    keep_secrets_from(&mut command);
    // Its messages are parsed.
    command.env("LC_ALL", "C").args(arguments);
    child::run(command, input, TIME_LIMIT)
}

/// The message of a failed program, in one line.
fn said(output: &Output) -> String {
    let text = String::from_utf8_lossy(&output.stderr);
    let line = text.lines().map(str::trim).find(|line| !line.is_empty());
    let line = line.map_or_else(|| output.status.to_string(), str::to_owned);
    crate::model::printable::printable(&line, 200)
}
