//! A file that appears under its name when it is complete. On Linux it has no name until then: Ctrl-C or a
//! power cut leaves nothing behind.

use std::fs::File;
use std::io::{self, Seek as _};
use std::path::Path;

use tempfile::{Builder, NamedTempFile, PersistError};

use super::{Replace, whatever_the_umask};
use crate::sys::failpoint;

/// The prefix of a temporary name, if one is needed.
const PREFIX: &str = ".concur-cred-";

/// A new file, mode 0600. Dropping it removes it.
#[derive(Debug)]
pub(crate) enum AtomicFile {
    /// Without a name, in this folder.
    #[cfg(target_os = "linux")]
    Nameless(File, std::path::PathBuf),
    /// With a temporary name in the same folder.
    Named(NamedTempFile),
}

impl AtomicFile {
    /// Creates one, in the folder of the final name.
    pub(crate) fn beside(folder: &Path) -> io::Result<Self> {
        #[cfg(target_os = "linux")]
        if let Some(file) = nameless::made(folder) {
            return Ok(Self::Nameless(file, folder.to_owned()));
        }
        whatever_the_umask(|| Builder::new().prefix(PREFIX).tempfile_in(folder)).map(Self::Named)
    }

    /// The file to write to.
    pub(crate) fn as_file_mut(&mut self) -> &mut File {
        match self {
            #[cfg(target_os = "linux")]
            Self::Nameless(file, _) => file,
            Self::Named(file) => file.as_file_mut(),
        }
    }

    /// Makes the bytes durable, then gives the file its name.
    pub(crate) fn commit(mut self, path: &Path, replace: Replace) -> io::Result<()> {
        self.as_file_mut().sync_all()?;
        match (self, replace) {
            #[cfg(target_os = "linux")]
            (Self::Nameless(file, _), Replace::No) => match nameless::link(&file, path) {
                Err(error) if knows_no_second_names(&error) => write_there(file, path),
                done => done,
            },
            // Linking cannot replace a file, but renaming can: so it gets a temporary name.
            #[cfg(target_os = "linux")]
            (Self::Nameless(file, folder), Replace::Yes) => {
                let named = || {
                    Builder::new()
                        .prefix(PREFIX)
                        .make_in(&folder, |path| nameless::link(&file, path))
                };
                match named() {
                    Ok(named) => named.persist(path).map(drop).map_err(|refused| refused.error),
                    Err(error) if knows_no_second_names(&error) => named_copy(file, &folder)?
                        .persist(path)
                        .map(drop)
                        .map_err(|refused| refused.error),
                    Err(error) => Err(error),
                }
            }
            (Self::Named(file), Replace::Yes) => {
                file.persist(path).map(drop).map_err(|refused| refused.error)
            }
            (Self::Named(file), Replace::No) => match without_replacing(file, path) {
                Err(refused) if knows_no_second_names(&refused.error) => {
                    write_there(refused.file.reopen()?, path)
                }
                done => done.map(drop).map_err(|refused| refused.error),
            },
        }
    }
}

/// Takes the name, unless it exists: by a rename that never replaces, else by a hard link.
fn without_replacing(file: NamedTempFile, path: &Path) -> Result<File, PersistError> {
    match failpoint::write("second-name") {
        Ok(()) => file.persist_noclobber(path),
        Err(error) => Err(PersistError { error, file }),
    }
}

/// exFAT has no hard links, and some mounts over a network have none; the kernel says so in several ways.
fn knows_no_second_names(error: &io::Error) -> bool {
    use io::ErrorKind::{InvalidInput, PermissionDenied, TooManyLinks, Unsupported};
    matches!(error.kind(), Unsupported | PermissionDenied | InvalidInput | TooManyLinks)
}

/// Writes directly under the final name, which never replaces a file either; an interruption leaves a part.
fn write_there(mut from: File, path: &Path) -> io::Result<()> {
    from.rewind()?;
    let mut there = super::make_private(path)?;
    let written = io::copy(&mut from, &mut there).and_then(|_| there.sync_all());
    if written.is_err() {
        let _ = std::fs::remove_file(path);
    }
    written
}

/// The same bytes in a file that can be renamed.
#[cfg(target_os = "linux")]
fn named_copy(mut from: File, folder: &Path) -> io::Result<NamedTempFile> {
    from.rewind()?;
    let mut copy = whatever_the_umask(|| Builder::new().prefix(PREFIX).tempfile_in(folder))?;
    io::copy(&mut from, copy.as_file_mut())?;
    copy.as_file().sync_all()?;
    Ok(copy)
}

#[cfg(target_os = "linux")]
mod nameless {
    use std::fs::File;
    use std::io;
    use std::os::fd::AsRawFd as _;
    use std::path::{Path, PathBuf};

    use rustix::fs::{AtFlags, CWD, Mode, OFlags, linkat};

    use crate::sys::failpoint;
    use crate::sys::files::whatever_the_umask;

    /// `None` if the file system or the kernel does not support it, or if it could not get a name later (no
    /// `/proc`).
    pub(super) fn made(folder: &Path) -> Option<File> {
        failpoint::write("nameless-file").ok()?;
        let flags = OFlags::TMPFILE | OFlags::RDWR | OFlags::CLOEXEC;
        let open = || rustix::fs::open(folder, flags, Mode::RUSR | Mode::WUSR);
        let file = File::from(whatever_the_umask(open).ok()?);
        std::fs::metadata(name_of(&file)).is_ok().then_some(file)
    }

    /// Fails if the name exists.
    pub(super) fn link(file: &File, path: &Path) -> io::Result<()> {
        failpoint::write("second-name")?;
        Ok(linkat(CWD, name_of(file), CWD, path, AtFlags::SYMLINK_FOLLOW)?)
    }

    fn name_of(file: &File) -> PathBuf {
        format!("/proc/self/fd/{}", file.as_raw_fd()).into()
    }
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::io::Write as _;

    use super::*;

    #[test]
    fn a_commit_is_all_or_nothing_and_replaces_only_on_request() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a");
        let written = |text: &str| {
            let mut file = AtomicFile::beside(folder.path()).unwrap();
            file.as_file_mut().write_all(text.as_bytes()).unwrap();
            file
        };
        written("first").commit(&path, Replace::No).unwrap();
        let refused = written("second").commit(&path, Replace::No).unwrap_err();
        assert_eq!(refused.kind(), io::ErrorKind::AlreadyExists);
        drop(written("dropped"));
        assert_eq!(fs::read(&path).unwrap(), b"first");
        written("third").commit(&path, Replace::Yes).unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"third");
        let named = Builder::new().tempfile_in(folder.path()).unwrap();
        AtomicFile::Named(named).commit(&path, Replace::Yes).unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"");
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1, "nothing is left behind");
        assert!(AtomicFile::beside(&path).is_err(), "a file is no folder");
    }
}
