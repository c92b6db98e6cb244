//! Keeps a damaged file beside the store, under an unused name.

use std::io;
use std::path::{Path, PathBuf};

use crate::store::error::{Error, Result};
use crate::sys::failpoint;
use crate::sys::files::{self, Replace};
use crate::sys::paths::journal_of;

/// The part between the name of a damaged file and the time of the repair.
pub(crate) const DAMAGED_MARK: &str = ".damaged-";
/// How many names are tried within one second.
const TRIES: u32 = 100;

/// Gives a file a second name, moves its journal to the matching name, and returns the name. The file also
/// keeps its own name; its journal does not, because SQLite would roll it back into the file's replacement.
pub(crate) fn keep_beside(file: &Path, now: i64) -> Result<PathBuf> {
    let kept = second_name(file, now)?;
    let journal = journal_of(file);
    if files::check_private_file(&journal)? {
        let kept_journal = journal_of(&kept);
        link(&journal, &kept_journal).map_err(|error| files::cannot("keep", &journal, &error))?;
        sync(file)?;
        std::fs::remove_file(&journal).map_err(|error| files::cannot("move", &journal, &error))?;
    }
    sync(file)?;
    Ok(kept)
}

/// The same, but the file loses its own name.
pub(crate) fn move_beside(file: &Path, now: i64) -> Result<PathBuf> {
    let kept = keep_beside(file, now)?;
    std::fs::remove_file(file).map_err(|error| files::cannot("move", file, &error))?;
    sync(file)?;
    Ok(kept)
}

fn second_name(file: &Path, now: i64) -> Result<PathBuf> {
    for number in 1..=TRIES {
        let mut name = file.as_os_str().to_owned();
        name.push(format!("{DAMAGED_MARK}{now}"));
        if number > 1 {
            name.push(format!("-{number}"));
        }
        let kept = PathBuf::from(name);
        if journal_of(&kept).exists() {
            continue;
        }
        match link(file, &kept) {
            Ok(()) => return Ok(kept),
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
            Err(error) => return Err(files::cannot("keep a copy of", file, &error).into()),
        }
    }
    Err(Error::NoFreeName)
}

/// A hard link to the same file; a copy if the file system has no hard links. Neither ever replaces a file.
fn link(file: &Path, kept: &Path) -> io::Result<()> {
    match failpoint::write("second-name").and_then(|()| std::fs::hard_link(file, kept)) {
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists => {
            files::write_whole(kept, &std::fs::read(file)?, Replace::No)
        }
        done => done,
    }
}

fn sync(file: &Path) -> Result<()> {
    let folder = file.parent().unwrap_or(file);
    files::sync_dir(folder).map_err(|error| files::cannot("sync", folder, &error).into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_that_was_kept_is_ever_overwritten() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("store.db");
        let mut kept = Vec::new();
        for content in ["one", "two", "three"] {
            files::write_whole(&file, content.as_bytes(), Replace::Yes).unwrap();
            files::write_whole(&journal_of(&file), content.as_bytes(), Replace::Yes).unwrap();
            kept.push((move_beside(&file, 7).unwrap(), content));
            assert!(!file.exists() && !journal_of(&file).exists());
        }
        assert!(kept[0].0.ends_with("store.db.damaged-7"));
        assert!(kept[1].0.ends_with("store.db.damaged-7-2"));
        for (path, content) in kept {
            assert_eq!(std::fs::read_to_string(journal_of(&path)).unwrap(), content);
            assert_eq!(std::fs::read_to_string(path).unwrap(), content);
        }
    }
}
