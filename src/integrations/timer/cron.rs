//! A line in the user's crontab (crontab(1), crontab(5)).

use std::fmt::Write as _;
use std::io;
use std::path::Path;

use super::{HOUR, Job, MARK};
use crate::error::{Error, Kind, Result};
use crate::sys::child;
use crate::sys::files::shell_word;

/// The longest command of a line that every cron takes (`MAX_COMMAND` of Vixie's).
const MAX_COMMAND_BYTES: usize = 998;

/// The job's line, without its end. Whatever it prints is mailed, so the report is left out and the
/// errors are not.
pub(crate) fn line(job: &Job) -> Result<String> {
    job.refuse_unwritable()?;
    let mut command = String::new();
    for (name, value) in &job.variables {
        let _ = write!(command, "{name}={} ", word(value));
    }
    command += &word(&job.program);
    for argument in &job.arguments {
        let _ = write!(command, " {}", word(argument));
    }
    if job.jitter_secs > 0 {
        let _ = write!(command, " --jitter {}s", job.jitter_secs);
    }
    let _ = write!(command, " >/dev/null {}", mark());
    if command.len() > MAX_COMMAND_BYTES {
        return Err(Error::new(
            Kind::Unusable,
            "The line is too long for cron",
            "Move the program or its folders to shorter paths, or use: concur-cred keepalive --install systemd",
        ));
    }
    Ok(format!("{} {HOUR} * * * {command}", job.minute))
}

/// A word that reaches the program as it is, through cron and the shell. cron reads a bare `%` as the end of
/// the line, and the crons differ in what they make of a backslash in front of `%` or of another: where either
/// stands in a word, the shell's printf makes it.
fn word(text: &str) -> String {
    if !text.contains(['%', '\\']) {
        return shell_word(Path::new(text));
    }
    let octal = |of: char| match of {
        '%' | '\\' | '\'' => format!("\\{:03o}", u32::from(of)),
        other => other.to_string(),
    };
    format!("\"$(printf '{}')\"", text.chars().map(octal).collect::<String>())
}

/// How our line ends: a comment to the shell.
fn mark() -> String {
    format!("# {MARK}")
}

/// The crontab with this line in the place of ours, or at its end; without it for `None`. Every other
/// line stays as it is, byte for byte.
pub(crate) fn with(crontab: &[u8], line: Option<&str>) -> Vec<u8> {
    let mut text = Vec::with_capacity(crontab.len() + 200);
    let mut new = line;
    for old in crontab.split_inclusive(|byte| *byte == b'\n') {
        if !old.trim_ascii_end().ends_with(format!(" {}", mark()).as_bytes()) {
            text.extend_from_slice(old);
        } else if let Some(line) = new.take() {
            text.extend_from_slice(line.as_bytes());
            text.push(b'\n');
        }
    }
    if let Some(line) = new {
        if text.last().is_some_and(|byte| *byte != b'\n') {
            text.push(b'\n');
        }
        text.extend_from_slice(line.as_bytes());
        text.push(b'\n');
    }
    text
}

/// The user's crontab; empty when there is none. Anything else that cannot be read is an error: what is
/// not known would be overwritten.
pub(crate) fn read() -> Result<Vec<u8>> {
    let output = super::run("crontab", &["-l"], b"")
        .map_err(|error| no_crontab(&error, "nothing was changed"))?;
    if output.status.success() {
        return Ok(output.stdout);
    }
    let message = String::from_utf8_lossy(&output.stderr).to_lowercase();
    // As cronie, Vixie cron and dcron have it, and as busybox has it.
    let is_none = message.contains("no crontab") || message.contains("no such file");
    if is_none && output.stdout.is_empty() {
        return Ok(Vec::new());
    }
    Err(Error::new(
        Kind::Unusable,
        format!("The crontab cannot be read: {}", super::said(&output)),
        "Look at it with: crontab -l; nothing was changed.",
    ))
}

/// Puts another crontab in the place of the user's.
pub(crate) fn write(crontab: &[u8]) -> Result<()> {
    let output = super::run("crontab", &["-"], crontab)
        .map_err(|error| no_crontab(&error, "it may have installed the new crontab"))?;
    if output.status.success() {
        return Ok(());
    }
    Err(Error::new(
        Kind::Unusable,
        format!("The new crontab was not accepted: {}", super::said(&output)),
        "Look at it with: crontab -l; --print shows the line to put there by hand.",
    ))
}

fn no_crontab(error: &io::Error, so: &str) -> Error {
    match error.kind() {
        io::ErrorKind::TimedOut => Error::new(
            Kind::Temporary,
            format!("crontab {}; {so}", child::unended(error)),
            "Run it by hand to see what it waits for: crontab -l",
        ),
        _ => Error::new(
            Kind::Unusable,
            format!("crontab cannot be run: {}", child::unended(error)),
            "Install cron, or use: concur-cred keepalive --install systemd",
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_other_line_of_a_crontab_stays_as_it_is() {
        let ours = "1 3 * * * x # concur-cred keepalive";
        let new = "2 3 * * * y # concur-cred keepalive";
        let edit = |before: &str, line| String::from_utf8(with(before.as_bytes(), line)).unwrap();
        assert_eq!(edit("", Some(new)), format!("{new}\n"));
        assert_eq!(edit("# a\n\nM=1", Some(new)), format!("# a\n\nM=1\n{new}\n"));
        let around = |line: &str| format!("# a\r\n{line}\n5 * * * * b % c\n");
        assert_eq!(edit(&around(ours), Some(new)), around(new));
        assert_eq!(edit(&around(ours), None), "# a\r\n5 * * * * b % c\n");
        assert_eq!(edit(&format!("{ours}\n{ours}\n"), Some(new)), format!("{new}\n"));
        assert_eq!(
            edit("0 1 * * * a # not concur-cred keepalive x", None),
            "0 1 * * * a # not concur-cred keepalive x"
        );
        let heading = "# concur-cred keepalive\n";
        assert_eq!(edit(heading, None), heading, "a person's own heading");
        assert_eq!(with(b"\xff\xfe # x\n", None), b"\xff\xfe # x\n");
    }

    #[test]
    fn a_line_survives_cron_and_the_shell() {
        let job = Job {
            program: "/opt/50% it's/concur-cred".to_owned(),
            arguments: vec!["keepalive".to_owned()],
            variables: vec![("CONCUR_CRED_HOME".to_owned(), "/home/a b".to_owned())],
            writes_only_to: None,
            minute: 7,
            jitter_secs: 1800,
        };
        assert_eq!(
            line(&job).unwrap(),
            "7 3 * * * CONCUR_CRED_HOME='/home/a b' \"$(printf '/opt/50\\045 it\\047s/concur-cred')\" \
             keepalive --jitter 1800s >/dev/null # concur-cred keepalive"
        );
        assert_eq!(word(r"/a\%b"), r#""$(printf '/a\134\045b')""#);
        let long = Job { program: format!("/{}", "x".repeat(1000)), ..job.clone() };
        assert_eq!(line(&long).unwrap_err().kind(), Kind::Unusable);
        let broken = Job { program: "/a\nb".to_owned(), ..job };
        assert_eq!(line(&broken).unwrap_err().kind(), Kind::Unusable);
    }
}
