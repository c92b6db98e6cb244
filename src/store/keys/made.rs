//! Key files that this program creates: the first one without a race, and the next one beside it.

use std::io;
use std::path::Path;

use zeroize::Zeroizing;

use super::fault::KeyPlace;
use super::{KEY_BYTES, Key};
use crate::store::error::Result;
use crate::store::lock::KeyLock;
use crate::sys::failpoint;
use crate::sys::files::{self, Replace};
use crate::sys::paths::Paths;

/// Creates the key file if there is none. Of two processes, the second one uses the first one's.
pub(crate) fn ensure_file(paths: &Paths) -> Result<()> {
    files::ensure_private_dir(paths.config_dir())?;
    if files::check_private_file(&paths.key_file())? {
        return Ok(());
    }
    make(&paths.key_file()).map(|_| ())
}

/// `None` if another process was first.
fn make(path: &Path) -> Result<Option<Key>> {
    let mut bytes = Zeroizing::new([0u8; KEY_BYTES]);
    crate::sys::random::fill(&mut *bytes)?;
    match files::write_whole(path, &*bytes, Replace::No) {
        Ok(()) => Ok(Some(Key::from_bytes(*bytes))),
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(None),
        Err(error) => Err(files::cannot("make the key file", path, &error).into()),
    }
}

/// The next key, which a rotation left beside the key file, if there is one.
pub(in crate::store) fn next(paths: &Paths) -> Result<Option<Key>> {
    let path = paths.next_key_file();
    let Some(bytes) = files::read_private(&path)? else { return Ok(None) };
    Key::given(&bytes, &path, KeyPlace::Next).map(Some)
}

/// Whether there is a next key file.
pub(crate) fn pending(paths: &Paths) -> bool {
    paths.next_key_file().symlink_metadata().is_ok()
}

/// Creates the next key beside the key file, durably. The file of a killed rotation is replaced: the caller has
/// checked that the store does not name it.
pub(in crate::store) fn make_next(paths: &Paths, _lock: &KeyLock) -> Result<Key> {
    let path = paths.next_key_file();
    files::check_private_dir(paths.config_dir())?;
    // Another user's file, or one that is not a regular file, is refused and not removed.
    if files::check_private_file(&path)? {
        std::fs::remove_file(&path).map_err(|error| files::cannot("replace", &path, &error))?;
    }
    failpoint::pass("next-begun");
    failpoint::write("next-write")
        .map_err(|error| files::cannot("make the key file", &path, &error))?;
    let made = make(&path)?;
    let exists = || io::Error::from(io::ErrorKind::AlreadyExists);
    made.ok_or_else(|| files::cannot("make the key file", &path, &exists()).into())
}

/// Writes the key of [`make_next`] again if its file was removed or replaced.
pub(in crate::store) fn write_next(paths: &Paths, key: &Key, _lock: &KeyLock) -> Result<()> {
    let path = paths.next_key_file();
    files::write_whole(&path, key.expose(), Replace::Yes)
        .map_err(|error| files::cannot("make the key file", &path, &error).into())
}

/// Removes the file of [`make_next`] if the store was not sealed with its key.
pub(in crate::store) fn discard_next(paths: &Paths, _lock: &KeyLock) {
    // A file that is left is replaced by the next rotation, and `doctor` reports it.
    let _ = std::fs::remove_file(paths.next_key_file());
}

/// Replaces the key file by the next key if that has this `id`; durable when it returns. `false`: there is no
/// such next key.
pub(in crate::store) fn promote(paths: &Paths, id: &[u8], _lock: &KeyLock) -> Result<bool> {
    if next(paths)?.is_none_or(|key| key.id() != id) {
        return Ok(false);
    }
    let path = paths.key_file();
    failpoint::write("key-rename")
        .and_then(|()| std::fs::rename(paths.next_key_file(), &path))
        .and_then(|()| files::sync_dir(paths.config_dir()))
        .map_err(|error| files::cannot("replace", &path, &error))?;
    Ok(true)
}

/// The same for any writer, unless another process changes the key: only under the key's lock, because
/// otherwise the renamed file could be that of another rotation.
pub(in crate::store) fn promote_if_free(paths: &Paths, id: &[u8]) {
    if let Ok(Some(lock)) = KeyLock::try_take(paths) {
        let _ = promote(paths, id, &lock);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_next_key_takes_the_place_of_the_key_file_by_its_id_alone() {
        let home = tempfile::tempdir().unwrap();
        let paths = Paths::under(&home.path().join("home"));
        ensure_file(&paths).unwrap();
        let lock = KeyLock::try_take(&paths).unwrap().unwrap();
        let old = std::fs::read(paths.key_file()).unwrap();
        let first = make_next(&paths, &lock).unwrap();
        let second = make_next(&paths, &lock).unwrap();
        assert_ne!(first.id(), second.id(), "what was left is replaced");
        assert!(!promote(&paths, &first.id(), &lock).unwrap());
        assert_eq!(std::fs::read(paths.key_file()).unwrap(), old, "another key stays where it is");
        promote_if_free(&paths, &second.id());
        assert!(pending(&paths), "another process changes the key");
        assert!(promote(&paths, &second.id(), &lock).unwrap());
        assert_eq!(std::fs::read(paths.key_file()).unwrap(), second.expose());
        assert!(!pending(&paths));
        assert!(!promote(&paths, &second.id(), &lock).unwrap(), "it has been done");
    }
}
