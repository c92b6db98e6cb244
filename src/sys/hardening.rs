//! Hardens the process before it reads a secret, and replaces the message of a panic.
//!
//! No core dump, because it would contain every secret in memory. On Linux this is the "dumpable" flag of the
//! process, which also denies other programs of the same user access to its memory (`/proc/PID/mem`, ptrace),
//! and which the system resets on exec. On other Unixes it is the limit on the size of a core file, which child
//! processes inherit. On Windows nothing is done.

use std::io;
use std::panic::{self, PanicHookInfo};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, Ordering};

use crate::error::{Error, Kind};
use crate::sys::message;

/// The answer and exit code of a panic.
static INSTEAD: OnceLock<(u8, &str)> = OnceLock::new();
static IS_ANSWERED: AtomicBool = AtomicBool::new(false);

/// From here on a panic ends with this exit code, and with this line on stdout unless [`answering`] was called:
/// monitoring reads both, and would take exit code 1 for a warning.
pub(crate) fn end_panics_with(code: u8, line: &'static str) {
    let _ = INSTEAD.set((code, line));
}

/// Call it before writing the answer.
pub(crate) fn answering() {
    IS_ANSWERED.store(true, Ordering::Relaxed);
}

/// The first thing that `main` does.
pub(crate) fn begin() {
    no_dumps();
    panic::set_hook(Box::new(panicked));
}

/// From here on a crash leaves no core dump. If the system refuses this, the program continues.
#[cfg(target_os = "linux")]
pub(crate) fn no_dumps() {
    use rustix::process::{DumpableBehavior, set_dumpable_behavior};
    if !may_be_looked_into() {
        let _ = set_dumpable_behavior(DumpableBehavior::NotDumpable);
    }
}

/// Lets a test read the memory of a debug build.
#[cfg(all(target_os = "linux", debug_assertions))]
fn may_be_looked_into() -> bool {
    crate::sys::env::Env::of_process().is_set("CONCUR_CRED_TEST_DUMPABLE")
}

#[cfg(all(target_os = "linux", not(debug_assertions)))]
const fn may_be_looked_into() -> bool {
    false
}

/// Restores the settings for the command of `exec`, as if the caller had started it.
#[cfg(target_os = "linux")]
pub(crate) const fn dumps_as_before() {}

#[cfg(all(unix, not(target_os = "linux")))]
mod limit {
    use std::sync::OnceLock;

    use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

    static BEFORE: OnceLock<Rlimit> = OnceLock::new();

    /// From here on a crash leaves no core dump. If the system refuses this, the program continues.
    pub fn no_dumps() {
        let before = *BEFORE.get_or_init(|| getrlimit(Resource::Core));
        let _ = setrlimit(Resource::Core, Rlimit { current: Some(0), maximum: before.maximum });
    }

    /// Restores the settings for the command of `exec`, as if the caller had started it.
    pub fn dumps_as_before() {
        if let Some(before) = BEFORE.get() {
            let _ = setrlimit(Resource::Core, *before);
        }
    }
}

#[cfg(all(unix, not(target_os = "linux")))]
pub(crate) use limit::{dumps_as_before, no_dumps};

/// On Windows the machine's settings decide what a crash reports.
#[cfg(not(unix))]
pub(crate) const fn no_dumps() {}

/// Prints the place, and ends the process, whichever thread panicked: a process that continues could keep a
/// lock or print half an answer. Message and payload may contain a secret; the place does not.
fn panicked(info: &PanicHookInfo<'_>) {
    let place = info
        .location()
        .map_or_else(String::new, |at| format!(" at {}:{}", short(at.file()), at.line()));
    let error = Error::new(
        Kind::Other,
        format!("Internal error{place}"),
        "The stored data is intact. Report this message, the version and the command.",
    );
    message::write(&mut io::stderr(), &error.to_string());
    let Some((code, line)) = INSTEAD.get() else {
        std::process::exit(i32::from(Kind::Other.exit_code()));
    };
    if !IS_ANSWERED.swap(true, Ordering::Relaxed) {
        // Not through std's stdout: another thread may have locked it.
        #[cfg(unix)]
        let _ = rustix::io::write(io::stdout(), format!("{line}\n").as_bytes());
        #[cfg(not(unix))]
        let _ = line;
    }
    std::process::exit(i32::from(*code));
}

/// A source file without the folder that it was built in: `src/…`, or a library's name before it.
fn short(file: &str) -> &str {
    // On Windows either may stand there.
    let separators = ['/', '\\'];
    let is_folder = |at: &usize| {
        file[..*at].ends_with(separators) && file[at + "src".len()..].starts_with(separators)
    };
    let sources = file.rmatch_indices("src").map(|(at, _)| at).find(is_folder);
    let package = sources.and_then(|at| file[..at - 1].rfind(separators));
    package.map_or(file, |before| &file[before + 1..])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_folder_of_the_build_machine_is_shown() {
        for (file, shown) in [
            ("src/ui/context.rs", "src/ui/context.rs"),
            (
                "/home/me/.cargo/registry/src/index-1/url-2.5.0/src/parser.rs",
                "url-2.5.0/src/parser.rs",
            ),
            ("/rustc/0123/library/core/src/option.rs", "core/src/option.rs"),
            ("/src/ui/context.rs", "/src/ui/context.rs"),
            (r"src\ui\context.rs", r"src\ui\context.rs"),
            (
                r"C:\Users\me\.cargo\registry\src\index-1\url-2.5.0\src\parser.rs",
                r"url-2.5.0\src\parser.rs",
            ),
            (r"/rustc/0123\library\core\src\option.rs", r"core\src\option.rs"),
        ] {
            assert_eq!(short(file), shown);
        }
    }
}
