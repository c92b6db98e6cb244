//! Owners and permissions of files, and the errors about them.

#[cfg(any(test, not(unix)))]
use std::path::Path;

#[cfg(unix)]
pub(super) use unix::{
    check_owner_and_bits, check_single_name, in_the_way, is_of_us_or_root, is_pipe,
};
#[cfg(unix)]
pub(crate) use unix::{close_if_ours, is_of_another_user, is_ours_alone, refuse_writable_by_all};

#[cfg(unix)]
mod unix {
    use std::fs::Metadata;
    use std::os::unix::fs::MetadataExt;
    use std::path::Path;
    use std::sync::OnceLock;

    use super::is_of_ours;
    use crate::error::{Error, Kind, Result};
    use crate::sys::files::{cannot, shell_word};

    const STICKY: u32 = 0o1000;

    pub(in crate::sys::files) fn check_owner_and_bits(
        path: &Path,
        meta: &Metadata,
        mode: &str,
    ) -> Result<()> {
        if meta.uid() != own_uid() {
            return Err(foreign(path, meta));
        }
        if meta.mode() & 0o077 != 0 {
            return Err(open_to_others(path, meta, mode));
        }
        Ok(())
    }

    /// Refuses to write in place to a file with a second name: it may be planted to overwrite another of our
    /// files. Readers need no such check (a backup can be a second name).
    pub(in crate::sys::files) fn check_single_name(path: &Path, meta: &Metadata) -> Result<()> {
        if meta.nlink() <= 1 {
            return Ok(());
        }
        let word = shell_word(path);
        Err(Error::new(
            Kind::Unusable,
            format!("{} has a second name (hard link): both would be written", path.display()),
            format!("Check it, and remove this name: rm {word}"),
        ))
    }

    #[cold]
    fn foreign(path: &Path, meta: &Metadata) -> Error {
        let (own, word) = (own_uid(), shell_word(path));
        let whole = if meta.is_dir() { "-R " } else { "" };
        let remedy = if own == 0 {
            // If root takes ownership, the owner cannot use the file any more.
            "Run it as that user; for profiles of root's own, with root's home: sudo -H concur-cred"
                .to_owned()
        } else if meta.is_dir() && !is_ours_alone(path) {
            a_folder_of_its_own(path)
        } else if meta.uid() == 0 {
            format!("If sudo made it, take it back: sudo chown {whole}{own} {word}")
        } else {
            format!("Run as that user, or take it over: sudo chown {whole}{own} {word}")
        };
        let problem = format!("{} belongs to another user (uid {})", path.display(), meta.uid());
        Error::new(Kind::Unusable, problem, remedy)
    }

    #[cold]
    fn open_to_others(path: &Path, meta: &Metadata, mode: &str) -> Error {
        let remedy = if meta.is_dir() && !is_ours_alone(path) {
            a_folder_of_its_own(path)
        } else {
            format!("Run: chmod {mode} {}", shell_word(path))
        };
        let problem =
            format!("Others have access to {} (mode {:03o})", path.display(), meta.mode() & 0o777);
        Error::new(Kind::Unusable, problem, remedy)
    }

    /// The owner of the folder that denies access, and what to do.
    pub(in crate::sys::files) fn in_the_way(path: &Path) -> Option<String> {
        let folder = path.ancestors().find(|at| std::fs::metadata(at).is_ok())?;
        let owner = std::fs::metadata(folder).ok()?.uid();
        // Every path has folders that belong to root.
        (owner != own_uid() && owner != 0).then(|| {
            format!(
                "{} belongs to another user (uid {owner}): run as that user, or set HOME or \
                 CONCUR_CRED_HOME to a folder of your own.",
                folder.display()
            )
        })
    }

    /// A folder such as `/tmp` or `/etc` must not be closed to other users.
    fn a_folder_of_its_own(path: &Path) -> String {
        let own = shell_word(&path.join("concur-cred"));
        format!("The folder also contains other files. Use a separate one: CONCUR_CRED_HOME={own}")
    }

    /// Whether a folder contains only our files, so that it may be closed to other users.
    pub(crate) fn is_ours_alone(path: &Path) -> bool {
        let Ok(meta) = std::fs::metadata(path) else { return false };
        if meta.mode() & STICKY != 0 {
            return false;
        }
        if path.file_name().is_some_and(|name| name == "concur-cred") {
            return true;
        }
        holds_only_ours(path)
    }

    /// Closes a folder of this user's that others can only look into and that holds nothing but what is ours;
    /// `true` when that was done.
    pub(crate) fn close_if_ours(path: &Path) -> Result<bool> {
        let Ok(meta) = std::fs::symlink_metadata(path) else { return Ok(false) };
        let is_only_open = meta.mode() & 0o077 != 0 && meta.mode() & (0o022 | STICKY) == 0;
        if !meta.is_dir() || meta.uid() != own_uid() || !is_only_open || !holds_only_ours(path) {
            return Ok(false);
        }
        let private = std::os::unix::fs::PermissionsExt::from_mode(0o700);
        let closed = std::fs::set_permissions(path, private).map(|()| true);
        closed.map_err(|error| cannot("change the mode of", path, &error))
    }

    fn holds_only_ours(path: &Path) -> bool {
        let Ok(entries) = std::fs::read_dir(path) else { return false };
        let is_known = |entry: std::io::Result<std::fs::DirEntry>| {
            entry.is_ok_and(|entry| is_of_ours(&entry.file_name().to_string_lossy()))
        };
        entries.into_iter().all(is_known)
    }

    /// Refuses a shared folder in which every user can replace our files.
    pub(crate) fn refuse_writable_by_all(path: &Path) -> Result<()> {
        let is_open = |meta: &Metadata| meta.mode() & 0o002 != 0 && meta.mode() & STICKY == 0;
        if !std::fs::metadata(path).is_ok_and(|meta| meta.is_dir() && is_open(&meta)) {
            return Ok(());
        }
        Err(Error::new(
            Kind::Unusable,
            format!("All users can replace files in {}", path.display()),
            format!("Run: chmod o-w {}", shell_word(path)),
        ))
    }

    /// Whether we or root own the file.
    pub(in crate::sys::files) fn is_of_us_or_root(meta: &Metadata) -> bool {
        [own_uid(), 0].contains(&meta.uid())
    }

    pub(in crate::sys::files) fn is_pipe(meta: &Metadata) -> bool {
        std::os::unix::fs::FileTypeExt::is_fifo(&meta.file_type())
    }

    /// Whether an existing file belongs to another user, such as root.
    pub(crate) fn is_of_another_user(path: &Path) -> bool {
        std::fs::metadata(path).is_ok_and(|meta| meta.uid() != own_uid())
    }

    /// Read once: it never changes, and every check needs it.
    pub(in crate::sys::files) fn own_uid() -> u32 {
        static OWN: OnceLock<u32> = OnceLock::new();
        *OWN.get_or_init(|| rustix::process::geteuid().as_raw())
    }
}

/// The prefixes of the names in our folders; and what a new disk contains.
const OURS: [&str; 11] = [
    "config.toml",
    "key",
    "store.db",
    "ticket",
    "events.db",
    "locks",
    "reserve",
    "credentials",
    "refreshTokenObjectFile",
    ".concur-cred-",
    "lost+found",
];

#[cfg_attr(not(unix), allow(dead_code, reason = "permissions are not checked there"))]
fn is_of_ours(name: &str) -> bool {
    // The files of a record have its number.
    let number = name.split('.').next().unwrap_or_default();
    let is_a_records = number.len() == 16 && number.bytes().all(|byte| byte.is_ascii_hexdigit());
    is_a_records || OURS.iter().any(|start| name.starts_with(start))
}

/// Windows keeps a profile's folders for its user by inherited access lists; there are no mode bits.
#[cfg(not(unix))]
#[allow(clippy::unnecessary_wraps, reason = "it is refused elsewhere")]
pub(super) fn check_owner_and_bits(
    _path: &Path,
    _meta: &std::fs::Metadata,
    _mode: &str,
) -> crate::error::Result<()> {
    Ok(())
}

/// ACLs are not checked there.
#[cfg(not(unix))]
pub(super) fn in_the_way(_path: &Path) -> Option<String> {
    None
}

/// std does not know how many names a file has there.
#[cfg(not(unix))]
#[allow(clippy::unnecessary_wraps, reason = "it is refused elsewhere")]
pub(super) fn check_single_name(
    _path: &Path,
    _meta: &std::fs::Metadata,
) -> crate::error::Result<()> {
    Ok(())
}

/// ACLs are not checked there.
#[cfg(not(unix))]
#[allow(clippy::unnecessary_wraps, reason = "it is refused elsewhere")]
pub(crate) fn refuse_writable_by_all(_path: &Path) -> crate::error::Result<()> {
    Ok(())
}

/// Access lists are not looked at there.
#[cfg(not(unix))]
#[allow(clippy::unnecessary_wraps, reason = "it can fail elsewhere")]
pub(crate) fn close_if_ours(_path: &Path) -> crate::error::Result<bool> {
    Ok(false)
}

/// Owners are not checked on Windows.
#[cfg(not(unix))]
pub(super) fn is_of_us_or_root(_meta: &std::fs::Metadata) -> bool {
    true
}

/// Windows has no pipes in folders.
#[cfg(not(unix))]
pub(super) fn is_pipe(_meta: &std::fs::Metadata) -> bool {
    false
}

/// Owners are not checked on Windows.
#[cfg(not(unix))]
pub(crate) fn is_of_another_user(_path: &Path) -> bool {
    false
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;
    use crate::sys::files;

    #[test]
    fn a_shared_folder_is_never_to_be_closed_to_others() {
        use std::os::unix::fs::PermissionsExt;
        let chmod = |path: &Path, mode| {
            std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).unwrap();
        };
        let folder = tempfile::tempdir().unwrap();
        let remedy = |mode: u32| {
            chmod(folder.path(), mode);
            files::check_private_dir(folder.path()).unwrap_err().remedy().to_owned()
        };
        assert!(remedy(0o755).starts_with("Run: chmod 700 "), "empty");
        for name in ["store.db", "store.db-journal", "key", "00c0ffee00c0ffee.lock", "lost+found"] {
            std::fs::write(folder.path().join(name), "").unwrap();
        }
        assert!(remedy(0o755).starts_with("Run: chmod 700 "), "ours and nothing else");
        assert!(remedy(0o1777).contains("CONCUR_CRED_HOME="), "sticky, as /tmp");
        for (mode, is_closed) in [(0o755, true), (0o700, false), (0o775, false), (0o1755, false)] {
            chmod(folder.path(), mode);
            assert_eq!(close_if_ours(folder.path()), Ok(is_closed), "{mode:o}");
            let bits = std::fs::metadata(folder.path()).unwrap().permissions().mode() & 0o7777;
            assert_eq!(bits, if is_closed { 0o700 } else { mode }, "only what others cannot write");
        }
        std::fs::write(folder.path().join("passwd"), "").unwrap();
        assert!(remedy(0o755).contains("CONCUR_CRED_HOME="), "others' too, as /etc");
        assert_eq!(close_if_ours(folder.path()), Ok(false), "others' too, as /etc");
        let own = folder.path().join("concur-cred");
        std::fs::create_dir(&own).unwrap();
        std::fs::write(own.join("notes"), "").unwrap();
        chmod(&own, 0o755);
        let error = files::check_private_dir(&own).unwrap_err();
        assert!(error.remedy().starts_with("Run: chmod 700 "), "by its name");
    }
}
