//! Reads files that the operator named, and files with a default name in the current folder.

use std::fs::{self, File, Metadata};
use std::io::{self, Read};
use std::path::Path;

use zeroize::Zeroizing;

use super::opening::{self, followed};
use super::owner::{is_of_us_or_root, is_pipe};
#[cfg(unix)]
use super::shell_word;
use super::{MAX_FILE_BYTES, cannot, is_absent};
use crate::error::{Error, Kind, Result};
use crate::model::wiping::WipingBuffer;

/// A file's content, and a warning if others can read it.
#[derive(Debug)]
pub(crate) struct NamedFile {
    /// The content, wiped when dropped.
    pub bytes: Zeroizing<Vec<u8>>,
    /// A warning about its permissions.
    pub warning: Option<String>,
}

/// [`read_named`] for a default name; `None` if there is no such file. A pipe in its place is refused.
pub(crate) fn read_named_if_there(path: &Path) -> Result<Option<NamedFile>> {
    match opening::at_once(path) {
        Err(error) if is_absent(&error) => Ok(None),
        opened => read_opened(opened, path, Pipes::Refused).map(Some),
    }
}

/// The same for a file that must exist.
pub(crate) fn read_default(path: &Path) -> Result<NamedFile> {
    read_opened(opening::at_once(path), path, Pipes::Refused)
}

/// Reads a file that the operator named and that contains secrets: links are followed; it must belong to us or
/// root, others must not be able to write it, and there is a warning if they can read it. A pipe (`<(…)` of a
/// shell) is read, up to a time limit. Another user's pipe or link is refused.
pub(crate) fn read_named(path: &Path) -> Result<NamedFile> {
    opening::refuse_links_of_others(path).map_err(|error| cannot("read", path, &error))?;
    read_opened(opening::at_once(path), path, Pipes::Read)
}

/// [`read_named`] for a file that need not exist: `None` if it does not.
pub(crate) fn find_named(path: &Path) -> Result<Option<NamedFile>> {
    match opening::at_once(path) {
        Err(error) if is_absent(&error) => Ok(None),
        opened => read_opened(opened, path, Pipes::Read).map(Some),
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Pipes {
    Read,
    Refused,
}

fn read_opened(opened: io::Result<File>, path: &Path, pipes: Pipes) -> Result<NamedFile> {
    let mut file = opened.map_err(|error| cannot("read", path, &error))?;
    let meta = file.metadata().map_err(|error| cannot("read", path, &error))?;
    if meta.is_dir() {
        return Err(Error::new(
            Kind::Unusable,
            format!("{} is a folder", path.display()),
            "Name a file.",
        ));
    }
    if pipes == Pipes::Refused && is_pipe(&meta) {
        return Err(Error::new(
            Kind::Unusable,
            format!("{} is a pipe, which is read only if you name it", path.display()),
            "Move it away, or name it.",
        ));
    }
    let warning = check_named(path, &meta)?;
    #[cfg(unix)]
    if !meta.is_file() {
        return Ok(NamedFile {
            bytes: read_bounded(&mut opening::PipeReader::of(file), path)?,
            warning,
        });
    }
    Ok(NamedFile { bytes: read_bounded(&mut file, path)?, warning })
}

#[cfg(unix)]
fn check_named(path: &Path, meta: &Metadata) -> Result<Option<String>> {
    use std::os::unix::fs::{FileTypeExt, MetadataExt};
    // Owner and mode of the caller's own pipe (`<(…)` of a shell) have no meaning.
    if meta.file_type().is_fifo() {
        return refuse_foreign_pipe(path).map(|()| None);
    }
    if meta.file_type().is_char_device() {
        return Ok(None);
    }
    if !is_of_us_or_root(meta) {
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
#[allow(clippy::unnecessary_wraps, reason = "it is refused elsewhere")]
fn check_named(_path: &Path, _meta: &Metadata) -> Result<Option<String>> {
    Ok(None)
}

/// Refuses another user's pipe at `path`: that user would provide the input or receive the output. An unnamed
/// pipe (`/dev/stdin`) came from the caller and is accepted.
pub(crate) fn refuse_foreign_pipe(path: &Path) -> Result<()> {
    let foreign = |meta: &Metadata| is_pipe(meta) && !is_of_us_or_root(meta);
    // The target of another user's link is refused, too.
    let end = followed(path).unwrap_or_else(|_| path.to_owned());
    if ![path, &end].iter().any(|at| fs::symlink_metadata(at).is_ok_and(|meta| foreign(&meta))) {
        return Ok(());
    }
    Err(Error::new(
        Kind::Unusable,
        format!("{} is a pipe of another user", path.display()),
        "Name a file of your own, in a folder that others cannot write.",
    ))
}

/// The same from a stream.
pub(crate) fn read_bounded(reader: &mut impl Read, name: &Path) -> Result<Zeroizing<Vec<u8>>> {
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
