//! Runs git, and creates the name under which it finds this program. Only `git config` edits git's files, under
//! its own lock.

pub(crate) mod link;
pub(crate) mod plan;

use std::io;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::time::Duration;

use crate::error::{Error, Kind, Result};
use crate::model::printable::printable;
use crate::sys::child;
use crate::sys::env::{Env, keep_secrets_from};
use plan::{Helpers, NAME, Scope};

/// The first git that supports `*` for a label of a host in `credential.<url>` (its release notes).
const FIRST_WITH_PATTERNS: (u32, u32) = (2, 26);
/// How much of git's output is shown, in characters.
const SHOWN_CHARS: usize = 300;
/// The time limit: git is only called for its version and its configuration.
const TIME_LIMIT: Duration = Duration::from_secs(20);

/// What git runs for `credential.helper = concur`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Helper {
    /// Nothing: git finds no program.
    None,
    /// This program, of this version.
    Ours(String),
    /// Another program.
    Foreign,
}

/// The version of the git on PATH, and the helpers in all configurations that apply here, in their order
/// (`plan` knows the format); `Err` for these if git fails.
pub(crate) fn as_it_is() -> io::Result<(String, Result<Vec<u8>, ()>)> {
    let version = text(&output(&["--version"], Place::Nowhere)?.stdout);
    let asked = ["config", "--null", "--get-regexp", r"^credential\.(.*\.)?helper$"];
    let listed = output(&asked, Place::Here)?;
    let helpers = match listed.status.code() {
        Some(0) => Ok(listed.stdout),
        // Exit code 1 means that there are none.
        Some(1) if listed.stderr.is_empty() => Ok(Vec::new()),
        _ => Err(()),
    };
    Ok((shown(version.trim_start_matches("git version ")), helpers))
}

/// An error if there is no git on PATH, or it is too old.
pub(crate) fn check_version() -> Result<()> {
    let output = run(&["--version"])?;
    if !output.status.success() {
        return Err(refused(&output, "Fix this and retry.".to_owned()));
    }
    let said = text(&output.stdout);
    match version(&said) {
        Some(found) if found >= FIRST_WITH_PATTERNS => Ok(()),
        Some((major, minor)) => {
            let (least_major, least_minor) = FIRST_WITH_PATTERNS;
            Err(Error::new(
                Kind::Other,
                format!("git {major}.{minor} does not support host patterns"),
                format!(
                    "Update git to {least_major}.{least_minor} or newer, or name each host: \
                     git config --global credential.https://HOST.helper {}",
                    plan::VALUE
                ),
            ))
        }
        None => Err(Error::new(
            Kind::Other,
            format!("git does not print its version: {}", shown(&said)),
            "Check: git --version",
        )),
    }
}

/// What git runs for `credential.helper = concur`, wherever it finds that. It is found as git does and run
/// directly: git would run an alias of that name if it finds no program.
pub(crate) fn helper() -> Result<Helper> {
    let Some(program) = find_helper()? else { return Ok(Helper::None) };
    let mut command = Command::new(program);
    command.arg("--version");
    keep_secrets_from(&mut command);
    let said = match child::run(command, b"", TIME_LIMIT) {
        Ok(output) if output.status.success() => text(&output.stdout),
        Err(error) if error.kind() == io::ErrorKind::TimedOut => {
            return Err(helper_hangs(&error));
        }
        _ => return Ok(Helper::Foreign),
    };
    let version = said.trim().strip_prefix("concur-cred ");
    Ok(version.map_or(Helper::Foreign, |version| Helper::Ours(printable(version, 40))))
}

/// In git's own folder, then on PATH; relative entries of PATH are skipped, because the current folder may
/// belong to another user.
fn find_helper() -> Result<Option<PathBuf>> {
    let output = run(&["--exec-path"])?;
    if !output.status.success() {
        return Err(refused(&output, "Fix this and retry.".to_owned()));
    }
    let own = PathBuf::from(text(&output.stdout).trim_end_matches(['\n', '\r']));
    let path = Env::of_process().get("PATH").unwrap_or_default();
    let folders = std::iter::once(own).chain(std::env::split_paths(&path));
    let name = format!("{NAME}{}", std::env::consts::EXE_SUFFIX);
    let mut found = folders.filter(|folder| folder.is_absolute()).map(|f| f.join(&name));
    Ok(found.find(|file| is_program(file)))
}

/// The helpers of a configuration for a URL, by key.
pub(crate) fn helpers(scope: Scope) -> Result<Helpers> {
    let pattern = r"^credential\..*\.helper$";
    let output = run(&["config", scope.option(), "--null", "--get-regexp", pattern])?;
    match output.status.code() {
        Some(0) => Ok(plan::read_helpers(&output.stdout)),
        // Exit code 1 means that there are none.
        Some(1) if output.stderr.is_empty() => Ok(Helpers::new()),
        _ => Err(refused(
            &output,
            format!("Check its configuration: git config {} --list", scope.option()),
        )),
    }
}

/// Runs a command of [`plan`].
pub(crate) fn configure(args: &[String]) -> Result<()> {
    let words: Vec<&str> = args.iter().map(String::as_str).collect();
    let output = run(&words)?;
    if output.status.success() {
        return Ok(());
    }
    Err(refused(&output, format!("To see why, run: {}", plan::command_line(args))))
}

/// Refuses a configuration that is a device, pipe or socket, such as `GIT_CONFIG_GLOBAL=/dev/null`: git
/// replaces the file by a new one, and as root it would replace the device.
pub(crate) fn refuse_no_file(scope: Scope, env: &Env) -> Result<()> {
    let path = match scope {
        Scope::Global => env
            .path("GIT_CONFIG_GLOBAL")
            .or_else(|| env.path("HOME").map(|home| home.join(".gitconfig"))),
        Scope::System => env.path("GIT_CONFIG_SYSTEM"),
        Scope::Local => None,
    };
    let Some(path) = path else { return Ok(()) };
    if !std::fs::metadata(&path).is_ok_and(|meta| !meta.is_file()) {
        return Ok(());
    }
    Err(Error::new(
        Kind::Other,
        format!("git's configuration {} is not a writable file", path.display()),
        "Set GIT_CONFIG_GLOBAL (with --system: GIT_CONFIG_SYSTEM) to another file, or unset it.",
    ))
}

/// The variables that make git trace, for example to stderr.
const TRACES: [&str; 6] = [
    "GIT_TRACE",
    "GIT_TRACE_SETUP",
    "GIT_TRACE_PERFORMANCE",
    "GIT_TRACE2",
    "GIT_TRACE2_EVENT",
    "GIT_TRACE2_PERF",
];

/// The repository for a git call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Place {
    /// None: the current one may belong to another user, and its configuration is not needed.
    Nowhere,
    /// The current one, if any; only for `git config`, which runs no program of it.
    Here,
}

/// The variables that select a repository or add configuration for one command.
const REPOSITORY: [&str; 5] =
    ["GIT_WORK_TREE", "GIT_COMMON_DIR", "GIT_CONFIG", "GIT_CONFIG_PARAMETERS", "GIT_CONFIG_COUNT"];

/// Runs git, with messages in English, which this module parses.
fn output(args: &[&str], place: Place) -> io::Result<Output> {
    let mut command = Command::new("git");
    command.args(args).env("LC_ALL", "C");
    if place == Place::Nowhere {
        // No repository: git searches no other one.
        command.env("GIT_DIR", "/dev/null");
        for name in REPOSITORY {
            command.env_remove(name);
        }
    }
    keep_secrets_from(&mut command);
    // Its trace would be taken for its messages.
    for name in TRACES {
        command.env_remove(name);
    }
    child::run(command, b"", TIME_LIMIT)
}

/// [`output`], an error if there is no git.
fn run(args: &[&str]) -> Result<Output> {
    let place = if args.contains(&"--local") { Place::Here } else { Place::Nowhere };
    output(args, place).map_err(|error| match error.kind() {
        io::ErrorKind::NotFound => {
            Error::new(Kind::Other, "There is no git on PATH", "Install git, and run this again.")
        }
        io::ErrorKind::TimedOut => Error::new(
            Kind::Temporary,
            format!("git {}", child::unended(&error)),
            "Run it by hand to see what it waits for: git --version",
        ),
        _ => Error::new(
            Kind::Other,
            format!("git cannot be run: {}", child::unended(&error)),
            "Check which git is first on PATH.",
        ),
    })
}

fn helper_hangs(error: &io::Error) -> Error {
    Error::new(
        Kind::Temporary,
        format!("The {NAME} that git finds {}", child::unended(error)),
        format!("Run it by hand to see what it waits for: {NAME} --version"),
    )
}

fn refused(output: &Output, remedy: String) -> Error {
    let said = text(&output.stderr);
    let problem = match shown(&said).trim_end_matches('.') {
        "" => format!("git refused ({})", output.status),
        said => format!("git refused: {said}"),
    };
    Error::new(Kind::Other, problem, remedy)
}

#[cfg(unix)]
fn is_program(file: &Path) -> bool {
    use std::os::unix::fs::PermissionsExt;
    std::fs::metadata(file)
        .is_ok_and(|meta| meta.is_file() && meta.permissions().mode() & 0o111 != 0)
}

#[cfg(not(unix))]
fn is_program(file: &Path) -> bool {
    file.is_file()
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// The first line, safe to show.
fn shown(said: &str) -> String {
    printable(said.lines().next().unwrap_or_default().trim(), SHOWN_CHARS)
}

/// Major and minor version in the answer of `git --version`.
fn version(said: &str) -> Option<(u32, u32)> {
    let mut numbers = said.strip_prefix("git version ")?.split(['.', ' ', '\n', '\r']);
    Some((numbers.next()?.parse().ok()?, numbers.next()?.parse().ok()?))
}

/// The error if git finds another program of that name.
pub(crate) fn foreign_helper() -> Error {
    Error::new(
        Kind::Other,
        format!("The {NAME} that git finds is another program"),
        format!("Find it by: command -v {NAME}; move it away, and run this again."),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_versions_of_every_platforms_git_are_read() {
        for (said, expected) in [
            ("git version 2.47.3\n", Some((2, 47))),
            ("git version 2.39.5 (Apple Git-154)\n", Some((2, 39))),
            ("git version 2.45.1.windows.1\r\n", Some((2, 45))),
            ("git version 2.26\n", Some((2, 26))),
            ("git version next\n", None),
            ("hub version 2.1\n", None),
            ("", None),
        ] {
            assert_eq!(version(said), expected, "{said:?}");
        }
    }
}
