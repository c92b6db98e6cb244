//! Writes the body of an answer as it is received: to stdout, or to a file that is created complete or not at
//! all.

use std::fs::{self, File};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};

use crate::error::{Error, Kind, Result};
use crate::sys::files::{self, AtomicFile, Replace};

/// The size of a piece, bytes.
const CHUNK_BYTES: usize = 64 * 1024;

/// Why copying a body ended early.
#[derive(Debug)]
pub(crate) enum Broke {
    /// The body ended, after this many bytes.
    Off(u64, io::Error),
    /// Writing failed.
    Writer(io::Error),
}

/// Copies a body as it is received. If the reader has closed its end, copying stops without an error.
pub(crate) fn pour(from: &mut dyn Read, to: &mut dyn Write) -> Result<u64, Broke> {
    let mut buffer = vec![0; CHUNK_BYTES];
    let mut poured: u64 = 0;
    loop {
        let count = match from.read(&mut buffer) {
            Ok(0) => return Ok(poured),
            Ok(count) => count,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(error) => return Err(Broke::Off(poured, error)),
        };
        // Show what was received, however long the rest takes.
        match to.write_all(&buffer[..count]).and_then(|()| to.flush()) {
            Ok(()) => poured += count as u64,
            Err(error) if error.kind() == io::ErrorKind::BrokenPipe => return Ok(poured),
            Err(error) => return Err(Broke::Writer(error)),
        }
    }
}

/// A file for a body.
#[derive(Debug)]
pub(crate) enum Output {
    /// A new file (mode 0600) that replaces the named one when it is complete.
    Whole(AtomicFile, PathBuf),
    /// A device or a pipe: it cannot be replaced, only written to.
    Device(File, PathBuf),
}

impl Output {
    /// Opens it, before the request.
    pub(crate) fn open(path: &Path) -> Result<Self> {
        let opened = match fs::metadata(path) {
            Ok(meta) if meta.is_dir() => Err(io::ErrorKind::IsADirectory.into()),
            Ok(meta) if !meta.is_file() => {
                files::refuse_foreign_pipe(path)?;
                Self::device(path)
            }
            // A link stays a link: its target is replaced.
            Ok(_) => files::followed(path).and_then(|path| Self::beside(&path)),
            Err(error) if is_link(path) => Err(error),
            Err(_) => Self::beside(path),
        };
        opened.map_err(|error| cannot_write(path, &error))
    }

    fn device(path: &Path) -> io::Result<Self> {
        let device = files::to_write(path)?;
        if device.metadata()?.is_file() {
            return Err(io::Error::other("a file has replaced it meanwhile"));
        }
        Ok(Self::Device(device, path.to_owned()))
    }

    fn beside(path: &Path) -> io::Result<Self> {
        Ok(Self::Whole(AtomicFile::beside(folder_of(path))?, path.to_owned()))
    }

    /// The writer for the body.
    pub(crate) fn writer(&mut self) -> &mut dyn Write {
        match self {
            Self::Whole(file, _) => file.as_file_mut(),
            Self::Device(device, _) => device,
        }
    }

    /// The body is complete: gives the file its name.
    pub(crate) fn finish(self) -> Result<()> {
        let (done, path) = match self {
            Self::Device(_, path) => (Ok(()), path),
            Self::Whole(file, path) => {
                let done = file
                    .commit(&path, Replace::Yes)
                    .and_then(|()| files::sync_dir(folder_of(&path)));
                (done, path)
            }
        };
        done.map_err(|error| cannot_write(&path, &error))
    }

    /// The error for a write that failed.
    pub(crate) fn refused(&self, error: &io::Error) -> Error {
        let (Self::Whole(_, path) | Self::Device(_, path)) = self;
        cannot_write(path, error)
    }
}

/// A dangling link is not replaced either.
fn is_link(path: &Path) -> bool {
    fs::symlink_metadata(path).is_ok_and(|meta| meta.is_symlink())
}

fn folder_of(path: &Path) -> &Path {
    match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    }
}

fn cannot_write(path: &Path, error: &io::Error) -> Error {
    Error::new(
        Kind::Other,
        format!("Cannot write {}: {}", path.display(), files::reason(error)),
        "Check the path, its permissions and the free disk space.",
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Fails after some bytes.
    struct Breaking(usize);

    impl Read for Breaking {
        fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
            if self.0 == 0 {
                return Err(io::ErrorKind::ConnectionReset.into());
            }
            let count = self.0.min(buffer.len());
            buffer[..count].fill(b'x');
            self.0 -= count;
            Ok(count)
        }
    }

    /// Fails at once.
    struct Refusing(io::ErrorKind);

    impl Write for Refusing {
        fn write(&mut self, _: &[u8]) -> io::Result<usize> {
            Err(self.0.into())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn a_body_is_handed_on_until_either_side_ends() {
        let mut out = Vec::new();
        let mut large = io::repeat(1).take(200_000);
        assert_eq!(pour(&mut large, &mut out).unwrap(), 200_000);
        assert_eq!(out.len(), 200_000);
        let broke = pour(&mut Breaking(70_000), &mut Vec::new());
        assert!(matches!(broke, Err(Broke::Off(70_000, _))));
        let gone = pour(&mut io::repeat(1), &mut Refusing(io::ErrorKind::BrokenPipe));
        assert_eq!(gone.unwrap(), 0, "a reader that has gone away wanted no more");
        let full = pour(&mut io::repeat(1), &mut Refusing(io::ErrorKind::StorageFull));
        assert!(matches!(full, Err(Broke::Writer(_))));
    }

    #[test]
    fn a_file_is_replaced_when_its_successor_is_whole_and_not_before() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a");
        fs::write(&path, "old").unwrap();
        let mut left = Output::open(&path).unwrap();
        left.writer().write_all(b"half").unwrap();
        drop(left);
        assert_eq!(fs::read(&path).unwrap(), b"old");
        let mut whole = Output::open(&path).unwrap();
        whole.writer().write_all(b"new").unwrap();
        whole.finish().unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"new");
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1, "nothing is left behind");
        assert!(Output::open(folder.path()).is_err(), "a folder takes no body");
    }

    #[cfg(unix)]
    #[test]
    fn a_device_is_written_to_and_never_replaced_and_a_link_stays_one() {
        use std::os::unix::fs::FileTypeExt;
        let mut null = Output::open(Path::new("/dev/null")).unwrap();
        null.writer().write_all(b"x").unwrap();
        null.finish().unwrap();
        assert!(fs::metadata("/dev/null").unwrap().file_type().is_char_device());
        let folder = tempfile::tempdir().unwrap();
        let (file, link) = (folder.path().join("file"), folder.path().join("link"));
        fs::write(&file, "old").unwrap();
        std::os::unix::fs::symlink("file", &link).unwrap();
        let mut output = Output::open(&link).unwrap();
        output.writer().write_all(b"new").unwrap();
        output.finish().unwrap();
        assert!(fs::symlink_metadata(&link).unwrap().is_symlink());
        assert_eq!(fs::read(&file).unwrap(), b"new");
        fs::remove_file(&file).unwrap();
        assert!(Output::open(&link).is_err(), "it leads nowhere");
        assert!(fs::symlink_metadata(&link).unwrap().is_symlink());
    }
}
