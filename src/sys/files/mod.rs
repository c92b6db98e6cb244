//! Files: private files created with the right mode, checked before use, and replaced atomically.

mod around;
mod atomic;
mod named;
mod opening;
mod owner;
mod volume;

use std::fs::{self, DirBuilder, File, Metadata, OpenOptions};
use std::io::{self, Read, Write};
use std::path::Path;

use zeroize::Zeroizing;

use crate::error::{Error, Kind, Result};
pub(crate) use around::look_around;
pub(crate) use atomic::AtomicFile;
pub(crate) use named::{
    NamedFile, find_named, read_bounded, read_default, read_named, read_named_if_there,
    refuse_foreign_pipe,
};
pub(crate) use opening::{followed, to_stream, to_write};
#[cfg(unix)]
pub(crate) use owner::is_ours_alone;
use owner::{check_owner_and_bits, check_single_name};
pub(crate) use owner::{close_if_ours, is_of_another_user, refuse_writable_by_all};
pub(crate) use volume::{free_bytes, is_read_only};

/// The largest file that is read whole.
const MAX_FILE_BYTES: u64 = 1 << 20;
/// How often opening is tried while other processes create and remove the file.
const OPEN_TRIES: u32 = 10;

/// Creates a folder that only its owner can enter, and its parents; then checks it.
pub(crate) fn ensure_private_dir(path: &Path) -> Result<()> {
    make_folders(path)?;
    check_private_dir(path).map(|_| ())
}

/// Creates a folder and its missing parents, only for their owner.
pub(crate) fn make_folders(path: &Path) -> Result<()> {
    let mut builder = DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    let made = whatever_the_umask(|| builder.create(path));
    made.map_err(|error| cannot("make the folder", path, &error))
}

/// Runs `make` with a umask that does not restrict the owner: with 0777 the owner could not use the new file,
/// and a mode that is corrected afterwards is wrong for a moment. Files that other threads create meanwhile are
/// not more open than usual.
#[cfg(unix)]
fn whatever_the_umask<T>(make: impl FnOnce() -> T) -> T {
    use rustix::fs::Mode;
    // Two threads at once would restore each other's umask.
    static ONE: std::sync::Mutex<()> = std::sync::Mutex::new(());
    let _one = ONE.lock();
    let before = rustix::process::umask(Mode::RWXG | Mode::RWXO);
    let result = make();
    rustix::process::umask(before);
    result
}

/// There is no umask.
#[cfg(not(unix))]
fn whatever_the_umask<T>(make: impl FnOnce() -> T) -> T {
    make()
}

/// Refuses a folder that others could change or read. `false` when there is none.
pub(crate) fn check_private_dir(path: &Path) -> Result<bool> {
    match fs::symlink_metadata(path) {
        // A link in place of a folder is common (a home on another disk); its target is checked.
        Ok(link) if link.is_symlink() => {
            let meta = fs::metadata(path).map_err(|error| cannot("read", path, &error))?;
            check_owner_and_bits(path, &meta, "700").map(|()| true)
        }
        Ok(meta) if meta.is_dir() => check_owner_and_bits(path, &meta, "700").map(|()| true),
        Ok(_) => Err(Error::new(
            Kind::Unusable,
            format!("{} is not a folder", path.display()),
            "Move it away.",
        )),
        Err(error) if is_absent(&error) => Ok(false),
        Err(error) => Err(cannot("read", path, &error)),
    }
}

/// Refuses one of our own files if group or others have any access, another user owns it, or it is not a
/// regular file (a symlink is not). `false` if it does not exist.
pub(crate) fn check_private_file(path: &Path) -> Result<bool> {
    match fs::symlink_metadata(path) {
        Ok(meta) if meta.is_file() => check_owner_and_bits(path, &meta, "600").map(|()| true),
        Ok(_) => Err(Error::new(
            Kind::Unusable,
            format!("{} is not a regular file (a link is not accepted here)", path.display()),
            "Move it away and put the file itself in its place.",
        )),
        Err(error) if is_absent(&error) => Ok(false),
        Err(error) => Err(cannot("read", path, &error)),
    }
}

/// Opens one of our own files for reading, with the checks of [`check_private_file`] on the opened file. `None`
/// if it does not exist.
pub(crate) fn open_private_to_read(path: &Path) -> Result<Option<(File, Metadata)>> {
    // Do not wait for a pipe in place of the file.
    let mut opened = open_without_links(path, Access::Read, Wait::No);
    if matches!(&opened, Err(error) if error.kind() == io::ErrorKind::WouldBlock)
        && check_private_file(path)?
    {
        // A file server has leased it to another client, and must recall the lease first.
        opened = open_without_links(path, Access::Read, Wait::Yes);
    }
    match opened.and_then(|file| Ok((file.metadata()?, file))) {
        Ok((meta, file)) if meta.is_file() => {
            check_owner_and_bits(path, &meta, "600")?;
            Ok(Some((file, meta)))
        }
        Err(error) if is_absent(&error) => Ok(None),
        opened => Err(no_private_file(path, opened.err())),
    }
}

/// The error for another kind of file, or for one that cannot be opened.
fn no_private_file(path: &Path, error: Option<io::Error>) -> Error {
    let error = error.unwrap_or_else(|| io::ErrorKind::InvalidInput.into());
    check_private_file(path).err().unwrap_or_else(|| cannot("open", path, &error))
}

#[derive(Clone, Copy)]
enum Access {
    Read,
    /// For an existing file.
    ReadAndWrite,
}

#[derive(Clone, Copy)]
enum Wait {
    Yes,
    No,
}

#[cfg(unix)]
fn open_without_links(path: &Path, access: Access, wait: Wait) -> io::Result<File> {
    use rustix::fs::OFlags;
    let flags = match wait {
        Wait::Yes => OFlags::NOFOLLOW,
        Wait::No => OFlags::NOFOLLOW | OFlags::NONBLOCK,
    };
    let mut options = OpenOptions::new();
    std::os::unix::fs::OpenOptionsExt::custom_flags(&mut options, flags.bits().cast_signed());
    options.read(true).write(matches!(access, Access::ReadAndWrite)).open(path)
}

#[cfg(not(unix))]
fn open_without_links(path: &Path, access: Access, _wait: Wait) -> io::Result<File> {
    OpenOptions::new().read(true).write(matches!(access, Access::ReadAndWrite)).open(path)
}

/// Reads one of our own files, checked as by [`open_private_to_read`].
pub(crate) fn read_private(path: &Path) -> Result<Option<Zeroizing<Vec<u8>>>> {
    let Some((mut file, meta)) = open_private_to_read(path)? else { return Ok(None) };
    let length = usize::try_from(meta.len().min(MAX_FILE_BYTES)).unwrap_or(0);
    let mut bytes = Zeroizing::new(vec![0; length]);
    let mut filled = 0;
    while filled < length {
        match file.read(&mut bytes[filled..]) {
            Ok(0) => break,
            Ok(count) => filled += count,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(cannot("read", path, &error)),
        }
    }
    bytes.truncate(filled);
    Ok(Some(bytes))
}

/// Whether the file cannot exist: also below a home that is not a folder (`/dev/null`).
fn is_absent(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory)
}

/// Creates an empty private file with the right mode from the beginning; `AlreadyExists` is not an error.
pub(crate) fn create_private(path: &Path) -> Result<()> {
    match make_private(path) {
        Ok(_) => Ok(()),
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(()),
        Err(error) => Err(cannot("make", path, &error)),
    }
}

/// Never through a link, and never an existing file.
fn make_private(path: &Path) -> io::Result<File> {
    whatever_the_umask(|| private_options().read(true).create_new(true).open(path))
}

/// Opens a private file for reading and writing in place, and creates a missing one. The opened file is
/// checked: not reached through a link, and without a second name.
pub(crate) fn open_private(path: &Path) -> Result<File> {
    for _ in 0..OPEN_TRIES {
        let mut opened = open_without_links(path, Access::ReadAndWrite, Wait::No);
        if matches!(&opened, Err(error) if error.kind() == io::ErrorKind::WouldBlock)
            && check_private_file(path)?
        {
            opened = open_without_links(path, Access::ReadAndWrite, Wait::Yes);
        }
        match opened.and_then(|file| Ok((file.metadata()?, file))) {
            Ok((meta, file)) if meta.is_file() => {
                check_owner_and_bits(path, &meta, "600")?;
                check_single_name(path, &meta)?;
                return Ok(file);
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => match make_private(path) {
                // Another process created it meanwhile.
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
                made => return made.map_err(|error| cannot("make", path, &error)),
            },
            opened => return Err(no_private_file(path, opened.err())),
        }
    }
    // A dangling link, or a file that other processes create and remove.
    Err(no_private_file(path, None))
}

fn private_options() -> OpenOptions {
    let mut options = OpenOptions::new();
    options.write(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options
}

/// Whether [`write_whole`] may replace an existing file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Replace {
    /// Yes, in one step.
    Yes,
    /// No: [`io::ErrorKind::AlreadyExists`].
    No,
}

/// Writes a file whole or not at all, mode 0600: [`AtomicFile`], fsync, rename (or a link that never
/// replaces), fsync of the folder.
pub(crate) fn write_whole(path: &Path, bytes: &[u8], replace: Replace) -> io::Result<()> {
    let folder = match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    };
    // A rename would replace a device such as /dev/null by a plain file.
    let is_special = |meta: fs::Metadata| !meta.is_file() && !meta.is_symlink();
    if fs::symlink_metadata(path).is_ok_and(is_special) {
        return Err(match replace {
            Replace::Yes => io::Error::other("it is not a regular file"),
            Replace::No => io::ErrorKind::AlreadyExists.into(),
        });
    }
    let mut file = AtomicFile::beside(folder)?;
    file.as_file_mut().write_all(bytes)?;
    file.commit(path, replace)?;
    sync_dir(folder)
}

/// A folder (mode 0700) that is removed when this is dropped.
pub(crate) fn temporary_folder(prefix: &str, folder: &Path) -> io::Result<tempfile::TempDir> {
    let mut builder = tempfile::Builder::new();
    builder.prefix(prefix);
    #[cfg(unix)]
    builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o700));
    whatever_the_umask(|| builder.tempdir_in(folder))
}

/// Writes redundant data: readers find it whole or not at all, but a power cut may lose it. A hit uses this, so
/// the umask is not changed, which saves a system call: with a umask that restricts the owner, the copy is
/// lost.
pub(crate) fn write_copy(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let folder = path.parent().unwrap_or_else(|| Path::new("."));
    let mut temporary = tempfile::Builder::new().prefix(".concur-cred-").tempfile_in(folder)?;
    temporary.write_all(bytes)?;
    temporary.persist(path).map(|_| ()).map_err(|refused| refused.error)
}

/// Syncs the folder's entries, if the file system supports that: shared folders of some virtual machines and
/// some network mounts refuse it (`EINVAL`). SQLite ignores such an error, too.
#[cfg(unix)]
pub(crate) fn sync_dir(folder: &Path) -> io::Result<()> {
    use io::ErrorKind::{InvalidInput, Unsupported};
    let folder = File::open(folder)?;
    match crate::sys::failpoint::write("folder-sync").and_then(|()| folder.sync_all()) {
        Err(error) if matches!(error.kind(), InvalidInput | Unsupported) => Ok(()),
        done => done,
    }
}

/// Windows has no handle to a folder's entries that could be flushed; the file system journals them.
#[cfg(not(unix))]
pub(crate) fn sync_dir(_folder: &Path) -> io::Result<()> {
    Ok(())
}

/// The error for a file operation that the operating system refused.
pub(crate) fn cannot(verb: &str, path: &Path, error: &io::Error) -> Error {
    let remedy = match error.kind() {
        io::ErrorKind::NotFound => "Check the path.".to_owned(),
        io::ErrorKind::PermissionDenied => owner::in_the_way(path).unwrap_or_else(|| {
            "Check its owner and permissions, and those of its folder.".to_owned()
        }),
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => {
            "Free some disk space and run it again; nothing was lost.".to_owned()
        }
        io::ErrorKind::ReadOnlyFilesystem => {
            "Its file system is read-only: set CONCUR_CRED_HOME to a folder on one that can be written."
                .to_owned()
        }
        _ => "Check the file and its folder.".to_owned(),
    };
    Error::new(
        Kind::Unusable,
        format!("Cannot {verb} {}: {}", path.display(), reason(error)),
        remedy,
    )
}

/// The operating system's reason without its number.
pub(crate) fn reason(error: &io::Error) -> String {
    without_number(&error.to_string()).to_owned()
}

/// An error's text up to the operating system's number, without the full stop that Windows puts before it.
pub(crate) fn without_number(text: &str) -> &str {
    text.split(" (os error").next().unwrap_or(text).trim_end_matches('.')
}

/// Who can read a file that was just made, for the end of a note; empty where no permissions were set.
pub(crate) const READERS: &str = if cfg!(unix) { " (only you can read it)" } else { "" };

/// A path as one word of a shell command.
pub(crate) fn shell_word(path: &Path) -> String {
    let text = path.to_string_lossy();
    let plain = |c: char| c.is_ascii_alphanumeric() || "/._-+:@%".contains(c);
    if !text.is_empty() && text.chars().all(plain) {
        text.into_owned()
    } else {
        format!("'{}'", text.replace('\'', r"'\''"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_system_text_has_neither_number_nor_full_stop() {
        assert_eq!(without_number("Access is denied. (os error 5)"), "Access is denied");
        assert_eq!(without_number("Permission denied (os error 13)"), "Permission denied");
        assert_eq!(without_number("it ended"), "it ended");
        let missing = std::fs::metadata("no such file").unwrap_err();
        assert!(!reason(&missing).ends_with('.'), "on this system too");
    }
}
