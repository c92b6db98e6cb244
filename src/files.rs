//! The file edge: private files made right, checked before use, and replaced whole or not at all.

use std::fs::{self, DirBuilder, File, Metadata, OpenOptions};
use std::io::{self, Read, Write};
use std::path::Path;

use zeroize::Zeroizing;

use crate::error::{Error, Kind, Result};
use crate::model::wiping::WipingBuffer;

/// The largest file that is read whole.
const MAX_FILE_BYTES: u64 = 1 << 20;

/// A file's contents, and a warning for a person when others can read it.
#[derive(Debug)]
pub struct NamedFile {
    /// The contents, wiped when dropped.
    pub bytes: Zeroizing<Vec<u8>>,
    /// What to say about its permissions.
    pub warning: Option<String>,
}

/// Makes a folder that only its owner can enter, and its parents; then checks it.
pub fn ensure_private_dir(path: &Path) -> Result<()> {
    let mut builder = DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(path).map_err(|error| cannot("make the folder", path, &error))?;
    check_private_dir(path).map(|_| ())
}

/// Refuses a folder that others could change or read. `false` when there is none.
pub fn check_private_dir(path: &Path) -> Result<bool> {
    match fs::symlink_metadata(path) {
        // A link in a folder's place is common (a home on another disk); what it points at counts.
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

/// Refuses one of our own files when group or others have any bit, its owner is foreign, or it is
/// not a regular file (a symlink is not). `false` when there is none.
pub fn check_private_file(path: &Path) -> Result<bool> {
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

/// Opens one of our own files for reading; the same is refused as by [`check_private_file`], of the
/// very file that is open. `None` when there is none.
pub fn open_private_to_read(path: &Path) -> Result<Option<(File, Metadata)>> {
    // A pipe in the file's place is not waited for.
    let mut opened = open_without_links(path, Wait::No);
    if matches!(&opened, Err(error) if error.kind() == io::ErrorKind::WouldBlock)
        && check_private_file(path)?
    {
        // A file server that has lent it to somebody gets it back first.
        opened = open_without_links(path, Wait::Yes);
    }
    match opened.and_then(|file| Ok((file.metadata()?, file))) {
        Ok((meta, file)) if meta.is_file() => {
            check_owner_and_bits(path, &meta, "600")?;
            Ok(Some((file, meta)))
        }
        Err(error) if is_absent(&error) => Ok(None),
        // What it is instead, or that it cannot be read.
        opened => {
            check_private_file(path)?;
            let error = opened.err().unwrap_or_else(|| io::ErrorKind::InvalidInput.into());
            Err(cannot("read", path, &error))
        }
    }
}

#[derive(Clone, Copy)]
enum Wait {
    Yes,
    No,
}

#[cfg(unix)]
fn open_without_links(path: &Path, wait: Wait) -> io::Result<File> {
    use rustix::fs::OFlags;
    let flags = match wait {
        Wait::Yes => OFlags::NOFOLLOW,
        Wait::No => OFlags::NOFOLLOW | OFlags::NONBLOCK,
    };
    let mut options = OpenOptions::new();
    std::os::unix::fs::OpenOptionsExt::custom_flags(&mut options, flags.bits().cast_signed());
    options.read(true).open(path)
}

#[cfg(not(unix))]
fn open_without_links(path: &Path, _wait: Wait) -> io::Result<File> {
    File::open(path)
}

/// Reads one of our own files, checked as by [`open_private_to_read`].
pub fn read_private(path: &Path) -> Result<Option<Zeroizing<Vec<u8>>>> {
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

/// Whether nothing can be there: also below a home that is no folder (`/dev/null`).
fn is_absent(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory)
}

#[cfg(unix)]
fn check_owner_and_bits(path: &Path, meta: &Metadata, mode: &str) -> Result<()> {
    use std::os::unix::fs::MetadataExt;
    if meta.uid() != own_uid() {
        return Err(Error::new(
            Kind::Unusable,
            format!("{} belongs to another user (uid {})", path.display(), meta.uid()),
            format!("Run as that user, or: chown {} {}", own_uid(), shell_word(path)),
        ));
    }
    if meta.mode() & 0o077 != 0 {
        return Err(Error::new(
            Kind::Unusable,
            format!("Others have access to {} (mode {:03o})", path.display(), meta.mode() & 0o777),
            format!("Run: chmod {mode} {}", shell_word(path)),
        ));
    }
    Ok(())
}

/// Windows keeps a profile's folders for its user by inherited access lists; there are no mode bits.
#[cfg(not(unix))]
fn check_owner_and_bits(_path: &Path, _meta: &Metadata, _mode: &str) -> Result<()> {
    Ok(())
}

/// Asked once: it never changes, and each file is held against it.
#[cfg(unix)]
fn own_uid() -> u32 {
    static OWN: std::sync::OnceLock<u32> = std::sync::OnceLock::new();
    *OWN.get_or_init(|| rustix::process::geteuid().as_raw())
}

/// Makes an empty private file, right from its first moment; `AlreadyExists` is not an error.
pub fn create_private(path: &Path) -> Result<()> {
    match private_options().create_new(true).open(path) {
        Ok(_) => Ok(()),
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(()),
        Err(error) => Err(cannot("make", path, &error)),
    }
}

/// Opens a private file for reading and writing in place, making it when it is not there.
pub fn open_private(path: &Path) -> Result<File> {
    check_private_file(path)?;
    private_options()
        .read(true)
        .create(true)
        .truncate(false)
        .open(path)
        .map_err(|error| cannot("open", path, &error))
}

fn private_options() -> OpenOptions {
    let mut options = OpenOptions::new();
    options.write(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options
}

/// Whether [`write_whole`] may replace what is there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Replace {
    /// Yes: the new contents take its place in one step.
    Yes,
    /// No: [`io::ErrorKind::AlreadyExists`].
    No,
}

/// Writes a file whole or not at all, mode 0600: temporary file beside it, fsync, rename (or a link
/// that never replaces), fsync of the folder.
pub fn write_whole(path: &Path, bytes: &[u8], replace: Replace) -> io::Result<()> {
    let folder = match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    };
    // A rename would put a plain file in the place of a device such as /dev/null.
    let is_special = |meta: fs::Metadata| !meta.is_file() && !meta.is_symlink();
    if fs::symlink_metadata(path).is_ok_and(is_special) {
        return Err(match replace {
            Replace::Yes => io::Error::other("it is not a regular file"),
            Replace::No => io::ErrorKind::AlreadyExists.into(),
        });
    }
    let mut temporary = tempfile::Builder::new().prefix(".concur-cred-").tempfile_in(folder)?;
    temporary.write_all(bytes)?;
    temporary.as_file().sync_all()?;
    match replace {
        Replace::Yes => temporary.persist(path).map_err(|refused| refused.error)?,
        Replace::No => temporary.persist_noclobber(path).map_err(|refused| refused.error)?,
    };
    sync_dir(folder)
}

/// Writes a copy of what stands elsewhere: readers find it whole or not at all, but a power cut may
/// cost it.
pub fn write_copy(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let folder = path.parent().unwrap_or_else(|| Path::new("."));
    let mut temporary = tempfile::Builder::new().prefix(".concur-cred-").tempfile_in(folder)?;
    temporary.write_all(bytes)?;
    temporary.persist(path).map(|_| ()).map_err(|refused| refused.error)
}

/// Makes the folder's entries durable.
#[cfg(unix)]
pub fn sync_dir(folder: &Path) -> io::Result<()> {
    File::open(folder)?.sync_all()
}

/// Windows has no handle to a folder's entries that could be flushed; the file system journals them.
#[cfg(not(unix))]
pub fn sync_dir(_folder: &Path) -> io::Result<()> {
    Ok(())
}

/// [`read_named`], or `None` when there is no such file.
pub fn read_named_if_there(path: &Path) -> Result<Option<NamedFile>> {
    match File::open(path) {
        Err(error) if is_absent(&error) => Ok(None),
        opened => read_opened(opened, path).map(Some),
    }
}

/// Reads a file that the operator named and that holds secrets: links are followed; it must belong
/// to us or root, others must not be able to write it, and it is said when they can read it.
pub fn read_named(path: &Path) -> Result<NamedFile> {
    read_opened(File::open(path), path)
}

fn read_opened(opened: io::Result<File>, path: &Path) -> Result<NamedFile> {
    let mut file = opened.map_err(|error| cannot("read", path, &error))?;
    let meta = file.metadata().map_err(|error| cannot("read", path, &error))?;
    if meta.is_dir() {
        return Err(Error::new(
            Kind::Unusable,
            format!("{} is a folder", path.display()),
            "Name a file.",
        ));
    }
    let warning = check_named(path, &meta)?;
    Ok(NamedFile { bytes: read_bounded(&mut file, path)?, warning })
}

/// Whether a file that is there belongs to somebody else, root for example.
#[cfg(unix)]
pub fn is_of_another_user(path: &Path) -> bool {
    use std::os::unix::fs::MetadataExt;
    std::fs::metadata(path).is_ok_and(|meta| meta.uid() != own_uid())
}

/// As nobody's owner is looked at there.
#[cfg(not(unix))]
pub fn is_of_another_user(_path: &Path) -> bool {
    false
}

#[cfg(unix)]
fn check_named(path: &Path, meta: &Metadata) -> Result<Option<String>> {
    use std::os::unix::fs::{FileTypeExt, MetadataExt};
    // A pipe of the caller's own (`<(…)` of a shell) has no owner or bits worth a question.
    if meta.file_type().is_fifo() || meta.file_type().is_char_device() {
        return Ok(None);
    }
    if ![own_uid(), 0].contains(&meta.uid()) {
        return Err(Error::new(
            Kind::Unusable,
            format!("{} belongs to another user (uid {})", path.display(), meta.uid()),
            "Use a file of your own.",
        ));
    }
    if meta.mode() & 0o022 != 0 {
        return Err(Error::new(
            Kind::Unusable,
            format!("Others can write {} (mode {:03o})", path.display(), meta.mode() & 0o777),
            format!("Run: chmod 600 {}", shell_word(path)),
        ));
    }
    Ok((meta.mode() & 0o044 != 0).then(|| {
        format!(
            "others can read {} (mode {:03o}); run: chmod 600 {}",
            path.display(),
            meta.mode() & 0o777,
            shell_word(path)
        )
    }))
}

#[cfg(not(unix))]
fn check_named(_path: &Path, _meta: &Metadata) -> Result<Option<String>> {
    Ok(None)
}

/// Reads from a stream what [`read_named`] would read from a file.
pub fn read_bounded(reader: &mut impl Read, name: &Path) -> Result<Zeroizing<Vec<u8>>> {
    let mut bytes = WipingBuffer::new();
    let copied = io::copy(&mut reader.take(MAX_FILE_BYTES + 1), &mut bytes)
        .map_err(|error| cannot("read", name, &error))?;
    if copied > MAX_FILE_BYTES {
        return Err(Error::new(
            Kind::Usage,
            format!("{} is larger than 1 MiB", name.display()),
            "Name the right file.",
        ));
    }
    Ok(bytes.into_bytes())
}

/// An error about a file that the operating system refused.
pub fn cannot(verb: &str, path: &Path, error: &io::Error) -> Error {
    let remedy = match error.kind() {
        io::ErrorKind::NotFound => "Check the path.".to_owned(),
        io::ErrorKind::PermissionDenied => {
            "Check its owner and permissions, and those of its folder.".to_owned()
        }
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => {
            "Free some disk space and run it again; nothing was lost.".to_owned()
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
pub fn reason(error: &io::Error) -> String {
    without_number(&error.to_string()).to_owned()
}

/// An error's text up to the operating system's number.
pub fn without_number(text: &str) -> &str {
    text.split(" (os error").next().unwrap_or(text)
}

/// A path as one word of a shell command.
pub fn shell_word(path: &Path) -> String {
    let text = path.to_string_lossy();
    let plain = |c: char| c.is_ascii_alphanumeric() || "/._-+:@%".contains(c);
    if !text.is_empty() && text.chars().all(plain) {
        text.into_owned()
    } else {
        format!("'{}'", text.replace('\'', r"'\''"))
    }
}
