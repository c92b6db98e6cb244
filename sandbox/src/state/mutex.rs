//! Locking without panics.

use std::sync::{Mutex, MutexGuard, PoisonError};

/// Locks, whatever happened to another holder: a panic of one request is no reason to fail the next.
pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
