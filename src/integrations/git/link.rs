//! The name `git-credential-concur` beside the program, for git to find.

use std::io;
use std::path::{Path, PathBuf};

use super::plan::NAME;
use crate::error::{Error, Kind, Result};
use crate::sys::files::{self, shell_word};

/// The path of this program, links followed.
pub(crate) fn own_program() -> Result<PathBuf> {
    std::env::current_exe().map_err(|error| {
        Error::new(
            Kind::Other,
            format!("The path of this program is unknown: {}", files::reason(&error)),
            format!("Link {NAME} to it in a folder on PATH, and run this again."),
        )
    })
}

/// The path of the link: beside the program.
pub(crate) fn place(program: &Path) -> PathBuf {
    program.with_file_name(format!("{NAME}{}", std::env::consts::EXE_SUFFIX))
}

/// Creates the link, unless the name exists. `true` if it was created.
pub(crate) fn make(program: &Path) -> Result<bool> {
    match link(program, &place(program)) {
        Ok(()) => Ok(true),
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(false),
        Err(error) => Err(refused(program, &error)),
    }
}

/// A relative link: it stays valid if the folder moves or the program is replaced.
#[cfg(unix)]
fn link(program: &Path, place: &Path) -> io::Result<()> {
    std::os::unix::fs::symlink(program.file_name().unwrap_or(program.as_os_str()), place)
}

/// Symbolic links need a privilege there. An update does not change this hard link or copy: `configure-git`
/// reports different versions.
#[cfg(not(unix))]
fn link(program: &Path, place: &Path) -> io::Result<()> {
    if place.exists() {
        return Err(io::ErrorKind::AlreadyExists.into());
    }
    std::fs::hard_link(program, place).or_else(|_| std::fs::copy(program, place).map(|_| ()))
}

/// The command that creates the link.
pub(crate) fn command(program: &Path) -> String {
    let place = place(program);
    if cfg!(unix) {
        let target = Path::new(program.file_name().unwrap_or(program.as_os_str()));
        format!("ln -s {} {}", shell_word(target), shell_word(&place))
    } else {
        format!("copy \"{}\" \"{}\"", program.display(), place.display())
    }
}

fn refused(program: &Path, error: &io::Error) -> Error {
    let remedy = match error.kind() {
        io::ErrorKind::PermissionDenied if cfg!(unix) => {
            format!("Run: sudo {}, and then this again.", command(program))
        }
        io::ErrorKind::PermissionDenied => {
            format!("As an administrator run: {}, and then this again.", command(program))
        }
        _ => format!("Make it by hand: {}", command(program)),
    };
    Error::new(
        Kind::Unusable,
        format!("Cannot make {}: {}", place(program).display(), files::reason(error)),
        remedy,
    )
}

/// Whether the name exists.
pub(crate) fn is_taken(program: &Path) -> bool {
    std::fs::symlink_metadata(place(program)).is_ok()
}

/// Whether the name is something else than the program: a dangling link, or not executable.
#[cfg(unix)]
fn leads_elsewhere(program: &Path) -> bool {
    std::fs::canonicalize(place(program)).ok() != std::fs::canonicalize(program).ok()
}

/// A copy is a different file there.
#[cfg(not(unix))]
fn leads_elsewhere(_program: &Path) -> bool {
    false
}

/// The error for an existing name that git does not find.
pub(crate) fn not_found(program: &Path) -> Error {
    if leads_elsewhere(program) {
        let place = place(program);
        return Error::new(
            Kind::Unusable,
            format!(
                "{} is in the way: it is not this program, and git cannot run it",
                place.display()
            ),
            format!("Move it away: mv {0} {0}.old; then run this again.", shell_word(&place)),
        );
    }
    let folder = program.parent().unwrap_or(program);
    Error::new(
        Kind::Unusable,
        format!("git does not find {NAME}: {} is not on PATH", folder.display()),
        "Put that folder on PATH, and run this again.",
    )
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    #[test]
    fn a_folder_of_others_is_told_with_the_command_that_needs_sudo() {
        let program = Path::new("/opt/my tools/concur-cred");
        let error = refused(program, &io::ErrorKind::PermissionDenied.into());
        let shown = error.to_string();
        assert!(shown.contains("Cannot make /opt/my tools/git-credential-concur: "), "{shown}");
        let sudo = "Run: sudo ln -s concur-cred '/opt/my tools/git-credential-concur', and then";
        assert!(shown.contains(sudo), "{shown}");
        assert_eq!(error.kind(), Kind::Unusable);
    }
}
