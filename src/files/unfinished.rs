//! A file that takes its place when it is whole. On Linux it has no name until then: who is ended on the way,
//! by Ctrl-C or a power cut, leaves nothing behind, least of all half an export.

use std::fs::File;
use std::io;
use std::path::Path;

use tempfile::{Builder, NamedTempFile};

use super::{Replace, whatever_the_umask};

/// What a file is called until it is whole, where it must have a name.
const PREFIX: &str = ".concur-cred-";

/// A new file, mode 0600. It is gone when it is dropped.
#[derive(Debug)]
pub enum Unfinished {
    /// Without a name, in this folder.
    #[cfg(target_os = "linux")]
    Nameless(File, std::path::PathBuf),
    /// With a name beside the one that it will have.
    Named(NamedTempFile),
}

impl Unfinished {
    /// Makes one, in the folder of what it will be.
    pub fn beside(folder: &Path) -> io::Result<Self> {
        #[cfg(target_os = "linux")]
        if let Some(file) = nameless::made(folder) {
            return Ok(Self::Nameless(file, folder.to_owned()));
        }
        whatever_the_umask(|| Builder::new().prefix(PREFIX).tempfile_in(folder)).map(Self::Named)
    }

    /// What is written to.
    pub fn as_file_mut(&mut self) -> &mut File {
        match self {
            #[cfg(target_os = "linux")]
            Self::Nameless(file, _) => file,
            Self::Named(file) => file.as_file_mut(),
        }
    }

    /// Its bytes are durable, and then it has this name.
    pub fn become_whole(mut self, path: &Path, replace: Replace) -> io::Result<()> {
        self.as_file_mut().sync_all()?;
        match (self, replace) {
            #[cfg(target_os = "linux")]
            (Self::Nameless(file, _), Replace::No) => nameless::link(&file, path),
            // A link replaces nothing, and a name can: it has one for this moment.
            #[cfg(target_os = "linux")]
            (Self::Nameless(file, folder), Replace::Yes) => Builder::new()
                .prefix(PREFIX)
                .make_in(folder, |path| nameless::link(&file, path))?
                .persist(path)
                .map(drop)
                .map_err(|refused| refused.error),
            (Self::Named(file), Replace::Yes) => {
                file.persist(path).map(drop).map_err(|refused| refused.error)
            }
            (Self::Named(file), Replace::No) => {
                file.persist_noclobber(path).map(drop).map_err(|refused| refused.error)
            }
        }
    }
}

#[cfg(target_os = "linux")]
mod nameless {
    use std::fs::File;
    use std::io;
    use std::os::fd::AsRawFd as _;
    use std::path::{Path, PathBuf};

    use rustix::fs::{AtFlags, CWD, Mode, OFlags, linkat};

    use crate::files::whatever_the_umask;

    /// `None` where the file system or the kernel cannot, or where it could not be given a name (no `/proc`).
    pub(super) fn made(folder: &Path) -> Option<File> {
        let flags = OFlags::TMPFILE | OFlags::RDWR | OFlags::CLOEXEC;
        let open = || rustix::fs::open(folder, flags, Mode::RUSR | Mode::WUSR);
        let file = File::from(whatever_the_umask(open).ok()?);
        std::fs::metadata(name_of(&file)).is_ok().then_some(file)
    }

    /// Fails where something is there.
    pub(super) fn link(file: &File, path: &Path) -> io::Result<()> {
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
    fn it_is_whole_or_not_there_and_replaces_only_when_told() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a");
        let written = |text: &str| {
            let mut file = Unfinished::beside(folder.path()).unwrap();
            file.as_file_mut().write_all(text.as_bytes()).unwrap();
            file
        };
        written("first").become_whole(&path, Replace::No).unwrap();
        let refused = written("second").become_whole(&path, Replace::No).unwrap_err();
        assert_eq!(refused.kind(), io::ErrorKind::AlreadyExists);
        drop(written("dropped"));
        assert_eq!(fs::read(&path).unwrap(), b"first");
        written("third").become_whole(&path, Replace::Yes).unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"third");
        let named = Builder::new().tempfile_in(folder.path()).unwrap();
        Unfinished::Named(named).become_whole(&path, Replace::Yes).unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"");
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1, "nothing is left behind");
        assert!(Unfinished::beside(&path).is_err(), "a file is no folder");
    }
}
