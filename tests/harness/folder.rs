//! Where the tests' home folders are.

use std::path::PathBuf;

use tempfile::TempDir;

/// A new folder with a space in its name, gone with the value.
pub(super) fn new() -> TempDir {
    tempfile::Builder::new().prefix("concur cred ").tempdir_in(root()).unwrap()
}

/// In memory where that can be, for every commit waits for its disk; `TMPDIR` chooses another place.
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
    /// Several times what worlds of one time hold. In a container it is often 64 MB large.
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
