//! Recognises file systems of another machine or program, whose locks and renames are only as reliable as their
//! server.

use std::path::{Path, PathBuf};

/// The kind of file system of a folder, if it is not a disk of this machine; also `None` if it is unknown.
pub(crate) fn remote_kind(folder: &Path) -> Option<&'static str> {
    edge::remote_kind(folder)
}

/// The folder itself, or the nearest existing one above it.
pub(super) fn nearest(folder: &Path) -> PathBuf {
    let there = folder.ancestors().find(|path| path.exists());
    there.filter(|path| !path.as_os_str().is_empty()).unwrap_or(Path::new(".")).to_owned()
}

/// How much this user can still write where the folder is, or will be, bytes.
pub(crate) fn free_bytes(folder: &Path) -> std::io::Result<u64> {
    fs2::available_space(nearest(folder))
}

/// Whether nothing can be written there, whoever asks.
#[cfg(unix)]
pub(crate) fn is_read_only(folder: &Path) -> bool {
    let asked = rustix::fs::access(nearest(folder), rustix::fs::Access::WRITE_OK);
    asked == Err(rustix::io::Errno::ROFS)
}

/// Seen at the first write only.
#[cfg(not(unix))]
pub(crate) fn is_read_only(_folder: &Path) -> bool {
    false
}

#[cfg(target_os = "linux")]
mod edge {
    use std::path::Path;

    /// `f_type` of statfs(2): its manual page and `linux/magic.h`. Cluster file systems whose locks hold for
    /// the whole cluster (GFS2, OCFS2) are not in the list.
    const REMOTE: [(u32, &str); 15] = [
        (0x0000_6969, "NFS"),
        (0x0000_517b, "SMB"),
        (0xff53_4d42, "SMB (cifs)"),
        (0xfe53_4d42, "SMB (smb2)"),
        (0x0000_564c, "NCP"),
        (0x5346_414f, "AFS"),
        (0x6b41_4653, "AFS (kafs)"),
        (0x7375_7245, "Coda"),
        (0x0102_1997, "9p"),
        (0x00c3_6400, "Ceph"),
        (0x0bd0_0bd0, "Lustre"),
        (0x6573_5546, "FUSE"),
        (0x786f_4256, "a VirtualBox share"),
        (0xbacb_acbc, "a VMware share"),
        (0x7c7c_6673, "a Parallels share"),
    ];

    /// Pure: the kind for a number of statfs(2).
    pub(super) fn named(f_type: u32) -> Option<&'static str> {
        REMOTE.iter().find(|(number, _)| *number == f_type).map(|(_, name)| *name)
    }

    pub(super) fn remote_kind(folder: &Path) -> Option<&'static str> {
        #[cfg(debug_assertions)]
        if let Some(number) = wanted() {
            return named(number);
        }
        let about = rustix::fs::statfs(folder).ok()?;
        // As wide as the machine's word, of which the kernel fills 32 bits.
        #[allow(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "its type is another on each platform"
        )]
        named(about.f_type as u32)
    }

    /// The file system that a test imitates: a number in hex.
    #[cfg(debug_assertions)]
    fn wanted() -> Option<u32> {
        let text = crate::sys::env::Env::of_process().text("CONCUR_CRED_TEST_FS_TYPE")?;
        u32::from_str_radix(&text, 16).ok()
    }

    #[cfg(test)]
    mod tests {
        use super::*;

        #[test]
        fn what_is_a_disk_of_this_machine_is_none_of_them() {
            // ext4, XFS, Btrfs, tmpfs, overlayfs, ZFS, F2FS, GFS2, OCFS2.
            for local in [
                0xef53,
                0x5846_5342,
                0x9123_683e,
                0x0102_1994,
                0x794c_7630,
                0x2fc1_2fc1,
                0xf2f5_2010,
                0x0116_1970,
                0x7461_636f,
            ] {
                assert_eq!(named(local), None, "{local:x}");
            }
            assert_eq!(named(0x6969), Some("NFS"));
            let mut numbers: Vec<u32> = REMOTE.iter().map(|(number, _)| *number).collect();
            numbers.sort_unstable();
            numbers.dedup();
            assert_eq!(numbers.len(), REMOTE.len(), "each is there once");
        }
    }
}

/// A volume has a flag for local disks (`MNT_LOCAL`, statfs(2)).
#[cfg(target_os = "macos")]
mod edge {
    use std::path::Path;

    const MNT_LOCAL: u32 = 0x1000;

    pub(super) fn remote_kind(folder: &Path) -> Option<&'static str> {
        let about = rustix::fs::statfs(folder).ok()?;
        (about.f_flags & MNT_LOCAL == 0).then_some("a network volume")
    }
}

/// A path of the form `\\server\share`. Drive letters are not resolved.
#[cfg(windows)]
mod edge {
    use std::path::{Component, Path, Prefix};

    pub(super) fn remote_kind(folder: &Path) -> Option<&'static str> {
        match folder.components().next()? {
            Component::Prefix(prefix) => match prefix.kind() {
                Prefix::UNC(..) | Prefix::VerbatimUNC(..) => Some("a network share"),
                _ => None,
            },
            _ => None,
        }
    }
}

/// Not known there.
#[cfg(not(any(target_os = "linux", target_os = "macos", windows)))]
mod edge {
    use std::path::Path;

    pub(super) fn remote_kind(_folder: &Path) -> Option<&'static str> {
        None
    }
}
