//! Opens files that other users may have created: opening never waits for the other end of a pipe, another
//! user's link is not followed, and reading a pipe has a time limit.

use std::fs::{self, File, OpenOptions};
use std::io;
#[cfg(unix)]
use std::io::Read;
use std::path::{Path, PathBuf};
#[cfg(unix)]
use std::time::{Duration, Instant};

use super::owner::is_of_us_or_root;
#[cfg(unix)]
use super::owner::is_pipe;
#[cfg(unix)]
use crate::sys::clock;

/// The most links that are followed, as in the kernel.
const MOST_LINKS: u32 = 40;
/// The longest wait for a pipe's writer.
#[cfg(unix)]
const NO_WRITER: Duration = Duration::from_secs(5);
/// The longest wait for a pipe's whole content: the command in `<(…)` may prompt.
#[cfg(unix)]
const WHOLE: Duration = Duration::from_secs(30);

#[cfg(unix)]
const NO_WRITER_YET: &str = "no process writes to this pipe";
#[cfg(unix)]
const NOTHING_CAME: &str = "nothing came in time";

/// Opens a file for reading without waiting. A link in its place is followed if it belongs to us or root.
#[cfg(unix)]
pub(super) fn at_once(path: &Path) -> io::Result<File> {
    use rustix::fs::OFlags;
    let opened = match with_flags(path, OFlags::NONBLOCK | OFlags::NOFOLLOW) {
        Err(error) if is_link(&error) => {
            followed(path)?;
            with_flags(path, OFlags::NONBLOCK)
        }
        opened => opened,
    };
    match opened {
        // A file server has leased it to another client.
        Err(error) if error.kind() == io::ErrorKind::WouldBlock => File::open(path),
        opened => opened,
    }
}

#[cfg(unix)]
fn with_flags(path: &Path, flags: rustix::fs::OFlags) -> io::Result<File> {
    let mut options = OpenOptions::new();
    std::os::unix::fs::OpenOptionsExt::custom_flags(&mut options, flags.bits().cast_signed());
    options.read(true).open(path)
}

/// The error of `NOFOLLOW` for a link.
#[cfg(unix)]
fn is_link(error: &io::Error) -> bool {
    let number = error.raw_os_error();
    [rustix::io::Errno::LOOP, rustix::io::Errno::MLINK]
        .iter()
        .any(|e| Some(e.raw_os_error()) == number)
}

/// Opens a file to read, and a folder too, which the caller recognises: without the flag, access to it would be
/// denied, as to a file of another user.
#[cfg(not(unix))]
pub(super) fn at_once(path: &Path) -> io::Result<File> {
    use std::os::windows::fs::OpenOptionsExt as _;
    const FILE_FLAG_BACKUP_SEMANTICS: u32 = 0x0200_0000;
    OpenOptions::new().read(true).custom_flags(FILE_FLAG_BACKUP_SEMANTICS).open(path)
}

/// Opens a file, device or pipe of any length for streaming. A named pipe must provide data within [`WHOLE`];
/// the other end of an unnamed one (`<(…)`) is already open.
#[cfg(unix)]
pub(crate) fn to_stream(path: &Path) -> io::Result<File> {
    refuse_links_of_others(path)?;
    let file = at_once(path)?;
    if is_pipe(&file.metadata()?) {
        let has_name = followed(path)?.symlink_metadata().is_ok();
        let pipe = PipeReader { has_writer: true, ..PipeReader::of(file) };
        if has_name && !pipe.wait()? {
            return Err(io::Error::other(NOTHING_CAME));
        }
        return waiting_again(pipe.file);
    }
    Ok(file)
}

/// Opens a file or device for streaming.
#[cfg(not(unix))]
pub(crate) fn to_stream(path: &Path) -> io::Result<File> {
    at_once(path)
}

/// Opens a device or pipe to write. A pipe must have a reader within [`NO_WRITER`].
#[cfg(unix)]
pub(crate) fn to_write(path: &Path) -> io::Result<File> {
    use rustix::fs::OFlags;
    refuse_links_of_others(path)?;
    let began = Instant::now();
    loop {
        let mut options = OpenOptions::new();
        let flags = OFlags::NONBLOCK.bits().cast_signed();
        std::os::unix::fs::OpenOptionsExt::custom_flags(&mut options, flags);
        match options.write(true).open(path) {
            // It has no reader yet.
            Err(error) if error.raw_os_error() == Some(rustix::io::Errno::NXIO.raw_os_error()) => {
                if began.elapsed() >= clock::limit(NO_WRITER) {
                    return Err(error);
                }
                clock::wait(Duration::from_millis(20));
            }
            opened => {
                return waiting_again(opened?);
            }
        }
    }
}

/// From here on its reads and writes block.
#[cfg(unix)]
fn waiting_again(file: File) -> io::Result<File> {
    let flags = rustix::fs::fcntl_getfl(&file)?;
    rustix::fs::fcntl_setfl(&file, flags - rustix::fs::OFlags::NONBLOCK)?;
    Ok(file)
}

/// Opens a device or pipe to write.
#[cfg(not(unix))]
pub(crate) fn to_write(path: &Path) -> io::Result<File> {
    OpenOptions::new().write(true).open(path)
}

/// The final target of a path whose last part is a link; the path itself if it is not one or does not exist. A
/// link is followed if it belongs to us or root: in a folder such as `/tmp` every user could create one that
/// points to our file. (Linux applies the same rule to opening such links, not to reading them.) The kernel
/// resolves its own links (`/dev/stdin`).
pub(crate) fn followed(path: &Path) -> io::Result<PathBuf> {
    let mut at = path.to_owned();
    for _ in 0..MOST_LINKS {
        match fs::symlink_metadata(&at) {
            Ok(meta) if meta.is_symlink() && at.starts_with("/proc") => return Ok(at),
            Ok(meta) if meta.is_symlink() => {
                if !is_of_us_or_root(&meta) {
                    return Err(made_by_another());
                }
                let target = fs::read_link(&at)?;
                at = at.parent().unwrap_or_else(|| Path::new("")).join(target);
            }
            _ => return Ok(at),
        }
    }
    Err(io::Error::other("too many links"))
}

fn made_by_another() -> io::Error {
    io::Error::other("another user made a link on the way")
}

/// Refuses a path through another user's link in a folder such as `/tmp` (the rule of Linux's
/// `protected_symlinks`, which can be off).
#[cfg(unix)]
pub(super) fn refuse_links_of_others(path: &Path) -> io::Result<()> {
    use std::os::unix::fs::MetadataExt;
    const STICKY_AND_WRITABLE: u32 = 0o1002;
    for at in path.ancestors().skip(1) {
        let Ok(meta) = fs::symlink_metadata(at) else { continue };
        if !meta.is_symlink() || is_of_us_or_root(&meta) {
            continue;
        }
        let folder = at.parent().filter(|folder| !folder.as_os_str().is_empty());
        let folder = fs::metadata(folder.unwrap_or_else(|| Path::new(".")))?;
        let is_shared = folder.mode() & STICKY_AND_WRITABLE == STICKY_AND_WRITABLE;
        if is_shared && folder.uid() != meta.uid() {
            return Err(made_by_another());
        }
    }
    Ok(())
}

/// There are no such folders.
#[cfg(not(unix))]
#[allow(clippy::unnecessary_wraps, reason = "it is refused elsewhere")]
pub(super) fn refuse_links_of_others(_path: &Path) -> io::Result<()> {
    Ok(())
}

/// Reads a pipe or device that was opened by [`at_once`], up to a time limit.
#[cfg(unix)]
pub(super) struct PipeReader {
    file: File,
    began: Instant,
    has_writer: bool,
}

#[cfg(unix)]
impl PipeReader {
    pub(super) fn of(file: File) -> Self {
        Self { file, began: Instant::now(), has_writer: false }
    }

    /// Waits for data or the end; `false` after the time limit.
    fn wait(&self) -> io::Result<bool> {
        use rustix::event::{PollFd, PollFlags, Timespec, poll};
        loop {
            let limit = clock::limit(if self.has_writer { WHOLE } else { NO_WRITER });
            let left = limit.saturating_sub(self.began.elapsed());
            let timeout = Timespec {
                tv_sec: i64::try_from(left.as_secs()).unwrap_or(i64::MAX),
                tv_nsec: i64::from(left.subsec_nanos()),
            };
            match poll(&mut [PollFd::new(&self.file, PollFlags::IN)], Some(&timeout)) {
                Err(rustix::io::Errno::INTR) => {}
                ready => return Ok(ready? > 0),
            }
        }
    }
}

#[cfg(unix)]
impl Read for PipeReader {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        loop {
            let is_ready = self.wait()?;
            match self.file.read(into) {
                // A writer has opened it and not written yet.
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                    if self.has_writer && !is_ready {
                        return Err(io::Error::other(NOTHING_CAME));
                    }
                    self.has_writer = true;
                }
                Ok(0) if !is_ready => return Err(io::Error::other(NO_WRITER_YET)),
                read => {
                    self.has_writer = true;
                    return read;
                }
            }
        }
    }
}

#[cfg(all(test, unix))]
mod tests {
    use std::io::Write;
    use std::os::fd::OwnedFd;
    use std::os::unix::fs::symlink;

    use super::*;

    #[test]
    fn links_of_ours_are_followed_to_their_end_and_no_further() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        fs::write(at("file"), "").unwrap();
        symlink("file", at("one")).unwrap();
        symlink(at("one"), at("two")).unwrap();
        symlink("nowhere", at("dangling")).unwrap();
        symlink("loop", at("loop")).unwrap();
        for name in ["file", "one", "two"] {
            assert_eq!(followed(&at(name)).unwrap(), at("file"), "{name}");
            assert!(at_once(&at(name)).is_ok(), "{name}");
        }
        assert_eq!(followed(&at("dangling")).unwrap(), at("nowhere"));
        assert_eq!(followed(&at("missing")).unwrap(), at("missing"));
        assert!(followed(&at("loop")).is_err());
        assert!(followed(Path::new("/dev/stdin")).is_ok(), "the kernel's own end");
    }

    #[test]
    fn a_pipe_is_waited_for_and_read_to_its_end() {
        let (reader, mut writer) = io::pipe().unwrap();
        let mut pipe = PipeReader::of(File::from(OwnedFd::from(reader)));
        let written = std::thread::spawn(move || writer.write_all(b"whole"));
        let mut text = String::new();
        pipe.read_to_string(&mut text).unwrap();
        assert_eq!(text, "whole");
        written.join().unwrap().unwrap();
    }
}
