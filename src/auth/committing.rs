//! Commits of tokens that must not be lost to a busy store.

use crate::store::Result;

/// How often a commit is tried while another process keeps the store busy.
const TRIES: u32 = 3;

/// Commits, and tries again while the store is busy.
pub(crate) fn retried<T>(mut commit: impl FnMut() -> Result<T>) -> Result<T> {
    for _ in 1..TRIES {
        match commit() {
            Err(error) if error.is_temporary() => {}
            settled => return settled,
        }
    }
    commit()
}
