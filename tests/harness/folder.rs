//! Where the tests' home folders are.

use std::path::PathBuf;

use tempfile::TempDir;

/// A new folder with a space in its name, removed on drop.
pub(super) fn new() -> TempDir {
    tempfile::Builder::new().prefix("concur cred ").tempdir_in(root()).unwrap()
}

/// In memory where possible, because every commit waits for the disk; `TMPDIR` selects another folder.
fn root() -> PathBuf {
    #[cfg(target_os = "linux")]
    if std::env::var_os("TMPDIR").is_none() && in_memory::has_room_for_programs() {
        return in_memory::FOLDER.into();
    }
    std::env::temp_dir()
}

#[cfg(target_os = "linux")]
mod in_memory {
    use std::sync::OnceLock;

    use rustix::fs::{StatVfsMountFlags, statvfs};

    pub(super) const FOLDER: &str = "/dev/shm";
    /// Several times the size of all simultaneous worlds. In a container `/dev/shm` often has 64 MB.
    const ROOM_BYTES: u64 = 4 << 30;

    /// Scripts must be able to run there, too.
    pub(super) fn has_room_for_programs() -> bool {
        static HAS: OnceLock<bool> = OnceLock::new();
        *HAS.get_or_init(|| {
            statvfs(FOLDER).is_ok_and(|found| {
                found.f_bavail * found.f_frsize >= ROOM_BYTES
                    && !found.f_flag.contains(StatVfsMountFlags::NOEXEC)
                    && tempfile::tempdir_in(FOLDER).is_ok()
            })
        })
    }
}
