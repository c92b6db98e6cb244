//! The lock for changing the store's key: one for the whole store.

use std::fs::File;
use std::io::Write;
use std::time::Duration;

use super::{is_contended, named_holder};
use crate::store::error::{Error, Result};
use crate::sys::paths::Paths;
use crate::sys::{clock, files};

/// Proof that this process alone changes the store's key or its source. Released when dropped, and by
/// the operating system when the process dies.
#[derive(Debug)]
pub(crate) struct KeyLock {
    file: File,
    /// The holder file, if it could be written.
    holder: Option<File>,
}

impl KeyLock {
    /// Takes the lock if it is free.
    pub(crate) fn try_take(paths: &Paths) -> Result<Option<Self>> {
        files::ensure_private_dir(&paths.locks_dir())?;
        let file = files::open_private(&paths.key_lock())?;
        match fs2::FileExt::try_lock_exclusive(&file) {
            Ok(()) => {}
            Err(error) if is_contended(&error) => return Ok(None),
            Err(error) => return Err(Error::NotLockable(error)),
        }
        let mut holder = files::open_private(&paths.key_lock_holder()).ok();
        if let Some(holder) = &mut holder {
            let name = format!("pid {}, since {}\n", std::process::id(), clock::now_epoch());
            let _ = holder.set_len(0).and_then(|()| holder.write_all(name.as_bytes()));
        }
        Ok(Some(Self { file, holder }))
    }

    /// Takes the lock, waiting up to `timeout` for its holder.
    pub(crate) fn take(paths: &Paths, timeout: Duration) -> Result<Self> {
        super::wait(
            timeout,
            |_| Self::try_take(paths),
            |_| Error::KeyLocked(named_holder(&paths.key_lock_holder())),
        )
    }
}

impl Drop for KeyLock {
    fn drop(&mut self) {
        let _ = self.holder.as_ref().map(|holder| holder.set_len(0));
        let _ = fs2::FileExt::unlock(&self.file);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_at_a_time_changes_the_key_and_the_other_learns_who() {
        let home = tempfile::tempdir().unwrap();
        let paths = Paths::under(&home.path().join("home"));
        let lock = KeyLock::take(&paths, Duration::ZERO).unwrap();
        let error = KeyLock::take(&paths, Duration::ZERO).unwrap_err();
        assert!(error.is_temporary());
        assert!(error.to_string().contains(&format!("pid {}", std::process::id())), "{error}");
        drop(lock);
        KeyLock::take(&paths, Duration::ZERO).unwrap();
    }
}
