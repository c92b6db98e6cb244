//! `exec`: runs a command with the token in its environment.
//!
//! Every process that can read the environment of the user's processes can read the token there (see the manual
//! page).

use std::ffi::{OsStr, OsString};
use std::io;
use std::process::Command;

use crate::auth::accounts;
use crate::cli::{self, Exec};
use crate::error::{Error, Kind, Result};
use crate::formats::format::environment;
use crate::sys::files;
#[cfg(unix)]
use crate::sys::{failpoint, hardening};
use crate::ui::context::Context;

use super::get::{self, Serving};

/// The exit codes, as in shells and `env`, for a missing command, and for one that cannot be run.
const NOT_FOUND: u8 = 127;
const NOT_EXECUTABLE: u8 = 126;

pub(super) fn run(context: &mut Context<'_>, args: &Exec) -> Result<u8> {
    let Exec { serving, command } = args;
    let Some((program, arguments)) = command.split_first() else {
        return Err(Error::new(Kind::Usage, "There is no command to run", "Name one."));
    };
    let mut child = Command::new(program);
    child.args(arguments);
    for variable in context.env.secrets() {
        child.env_remove(variable);
    }
    give_token(context, serving, &mut child)?;
    // The process is replaced after this.
    context.write_audit_log();
    let failed = match replace(child) {
        Ok(code) => return Ok(code),
        Err(failed) => failed,
    };
    let (code, error) = not_run(program, &failed);
    context.show(&error);
    Ok(code)
}

/// Puts the token and its properties into the child's environment. The store is closed after this.
fn give_token(
    context: &mut Context<'_>,
    serving: &cli::Serving,
    child: &mut Command,
) -> Result<()> {
    let mut store = accounts::store(context)?;
    let account = accounts::selected(context, &store)?;
    let (token, is_hit) = get::serve(context, &mut store, account, Serving::of(serving))?;
    let set = |name: &'static str, value: &str| {
        child.env(name, value);
    };
    environment(&token, set).map_err(|error| get::cannot_print(&error.to_string()))?;
    if is_hit || store.has_written() {
        store.leave_cache();
    }
    Ok(())
}

/// Replaces this process by the command: same process id and parent, its own signals and exit code. All files
/// of this program are closed by that (close-on-exec), and its locks released.
#[cfg(unix)]
fn replace(mut child: Command) -> io::Result<u8> {
    failpoint::pass("command-begins");
    hardening::dumps_as_before();
    let failed = std::os::unix::process::CommandExt::exec(&mut child);
    hardening::no_dumps();
    Err(failed)
}

/// If a process cannot be replaced, waits for the command and ends with its code (Windows has 32 bits).
#[cfg(not(unix))]
fn replace(mut child: Command) -> io::Result<u8> {
    let status = child.status()?;
    std::process::exit(status.code().unwrap_or(1))
}

fn not_run(program: &OsStr, error: &io::Error) -> (u8, Error) {
    let program: OsString = program.to_owned();
    let shown = crate::model::printable::printable(&program.to_string_lossy(), 200);
    let (code, remedy) = match error.kind() {
        io::ErrorKind::NotFound => (NOT_FOUND, "Check its name, and PATH."),
        io::ErrorKind::PermissionDenied => {
            (NOT_EXECUTABLE, "Check that it is a program, and its permissions.")
        }
        _ => (NOT_EXECUTABLE, "Check the command."),
    };
    let problem = format!("Cannot run {shown}: {}", files::reason(error));
    (code, Error::new(Kind::Other, problem, remedy))
}
