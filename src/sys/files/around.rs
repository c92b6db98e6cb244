//! The surroundings of our folders: who could replace them, and the file system that they are on. Checked
//! before new secrets are written, and by `doctor`; never by a hit.

use std::path::Path;
#[cfg(unix)]
use std::path::PathBuf;

use super::volume;
use crate::error::Result;
#[cfg(unix)]
use crate::error::{Error, Kind};
use crate::sys::env::Env;
use crate::sys::paths::Paths;

/// Warnings about the location of our folders.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Around {
    /// Problem and remedy.
    pub warnings: Vec<(String, String)>,
}

/// Checks both of our folders, whether they exist or not. It is an error if every user may replace one, or if
/// root would create one in another user's home.
pub(crate) fn look_around(paths: &Paths, env: &Env) -> Result<Around> {
    let mut around = Around::default();
    let mut folders = vec![paths.state_dir(), paths.config_dir()];
    folders.dedup();
    for folder in folders {
        // A relative path counts from the current folder.
        let folder = std::path::absolute(folder).unwrap_or_else(|_| folder.to_owned());
        on_the_way(&folder, env, &mut around)?;
    }
    if let Some(kind) = volume::remote_kind(&volume::nearest(paths.state_dir())) {
        around.warnings.push((
            format!(
                "{} is on {kind}, where locks are not reliable: a token may be refreshed twice, \
                 and the store damaged (sqlite.org/howtocorrupt.html)",
                paths.state_dir().display()
            ),
            "Move it to a local disk: set CONCUR_CRED_HOME to a folder there".to_owned(),
        ));
    }
    around.warnings.dedup();
    Ok(around)
}

#[cfg(unix)]
fn on_the_way(folder: &Path, env: &Env, around: &mut Around) -> Result<()> {
    use rustix::process::{getegid, geteuid};
    use unix::{Own, Step};
    let own = Own { uid: geteuid().as_raw(), gid: getegid().as_raw() };
    let there = volume::nearest(folder);
    if there != folder
        && let Some(owner) = unix::by_sudo(own, Step::of(&there), env)
    {
        return Err(Error::new(
            Kind::Unusable,
            format!(
                "{} belongs to another user (uid {owner}), who could not use files that root \
                 creates there",
                there.display()
            ),
            "Run it without sudo; for profiles of root's own, with root's home: sudo -H concur-cred",
        ));
    }
    // Links on the path are followed; the path to them is checked, too.
    let mut ways = vec![folder.to_owned()];
    // A missing folder would be created in the nearest existing one.
    let real = |path: PathBuf| if there == folder { path } else { path.join("new") };
    ways.extend(there.canonicalize().ok().map(real));
    for way in ways {
        for (step, fault) in unix::faults(&unix::steps(&way), own) {
            let (what, remedy) = unix::warning(folder, &step, fault, own);
            if fault == unix::Fault::Anybody {
                return Err(Error::new(Kind::Unusable, what, format!("Run: {remedy}")));
            }
            around.warnings.push((what, remedy));
        }
    }
    Ok(())
}

/// Windows has access lists, which a profile's folders inherit.
#[cfg(not(unix))]
#[allow(clippy::unnecessary_wraps, reason = "it is refused elsewhere")]
fn on_the_way(_folder: &Path, _env: &Env, _around: &mut Around) -> Result<()> {
    Ok(())
}

#[cfg(unix)]
mod unix {
    use std::os::unix::fs::MetadataExt;
    use std::path::{Path, PathBuf};

    use crate::sys::env::Env;
    use crate::sys::files::shell_word;

    const STICKY: u32 = 0o1000;
    /// The owner shown for files of users outside this user namespace (`/proc/sys/kernel/overflowuid`).
    const UNKNOWN: u32 = 65_534;

    /// The user of this process.
    #[derive(Debug, Clone, Copy)]
    pub(super) struct Own {
        pub(super) uid: u32,
        pub(super) gid: u32,
    }

    /// A folder on the path to ours.
    #[derive(Debug, Clone, PartialEq, Eq)]
    pub(super) struct Step {
        pub(super) path: PathBuf,
        pub(super) uid: u32,
        pub(super) gid: u32,
        pub(super) mode: u32,
    }

    impl Step {
        /// Links followed; `None` if it does not exist.
        pub(super) fn of(path: &Path) -> Option<Self> {
            let meta = std::fs::metadata(path).ok()?;
            let (uid, gid, mode) = (meta.uid(), meta.gid(), meta.mode() & 0o7777);
            Some(Self { path: path.to_owned(), uid, gid, mode })
        }
    }

    /// Who may replace the next folder on the path.
    #[derive(Debug, Clone, Copy, PartialEq, Eq)]
    pub(super) enum Fault {
        /// Every user of the machine.
        Anybody,
        /// Members of this group.
        Group(u32),
        /// This user.
        User(u32),
    }

    /// The folders above one, beginning at the root.
    pub(super) fn steps(folder: &Path) -> Vec<Step> {
        let mut steps: Vec<Step> = folder.ancestors().skip(1).filter_map(Step::of).collect();
        steps.reverse();
        steps
    }

    /// Pure: the faults of the folders on the path, beginning at the root. Below a folder that is closed to
    /// others, nothing is a fault.
    pub(super) fn faults(steps: &[Step], own: Own) -> Vec<(Step, Fault)> {
        let is_closed = |step: &&Step| step.uid == own.uid && step.mode & 0o011 == 0;
        let until = steps.iter().position(|step| is_closed(&step)).unwrap_or(steps.len());
        let fault = |step: &Step| Some((step.clone(), fault(step, own)?));
        steps[..until].iter().filter_map(fault).collect()
    }

    fn fault(step: &Step, own: Own) -> Option<Fault> {
        // In a sticky folder only its owner and an entry's owner may rename the entry.
        let is_sticky = step.mode & STICKY != 0;
        // As in Debian and Fedora: each user has a private group with the user's number.
        let is_private_group = step.gid == own.gid && own.gid == own.uid;
        if step.mode & 0o002 != 0 && !is_sticky {
            Some(Fault::Anybody)
        } else if ![own.uid, 0, UNKNOWN].contains(&step.uid) {
            Some(Fault::User(step.uid))
        } else if step.mode & 0o020 != 0 && !is_sticky && step.gid != 0 && !is_private_group {
            Some(Fault::Group(step.gid))
        } else {
            None
        }
    }

    /// Problem and remedy.
    pub(super) fn warning(folder: &Path, step: &Step, fault: Fault, own: Own) -> (String, String) {
        let Step { path, uid, mode, .. } = step;
        let sudo = if own.uid == *uid || own.uid == 0 { "" } else { "sudo " };
        let word = shell_word(path);
        let (who, remedy) = match fault {
            Fault::Anybody => ("all users".to_owned(), format!("{sudo}chmod o-w {word}")),
            Fault::Group(gid) => (format!("group {gid}"), format!("{sudo}chmod g-w {word}")),
            Fault::User(uid) => (
                format!("its owner (uid {uid})"),
                "set CONCUR_CRED_HOME to a folder of your own".to_owned(),
            ),
        };
        let what = format!(
            "{}: {who} can replace this folder, because {} has mode {:03o}",
            folder.display(),
            path.display(),
            mode & 0o777
        );
        (what, remedy)
    }

    /// The user in whose home root, by sudo, would create a folder. A container's root with such a home is
    /// accepted: the user does not return to it.
    pub(super) fn by_sudo(own: Own, nearest: Option<Step>, env: &Env) -> Option<u32> {
        let caller: u32 = env.text("SUDO_UID")?.parse().ok()?;
        let owner = nearest?.uid;
        (own.uid == 0 && caller != 0 && owner == caller).then_some(owner)
    }

    #[cfg(test)]
    mod tests {
        use super::*;

        const OWN: Own = Own { uid: 1000, gid: 1000 };

        fn step(path: &str, uid: u32, gid: u32, mode: u32) -> Step {
            Step { path: path.into(), uid, gid, mode }
        }

        #[test]
        fn a_folder_that_others_can_write_is_a_fault_unless_it_is_sticky_or_out_of_their_reach() {
            for (uid, gid, mode, expected) in [
                (0, 0, 0o755, None),
                (1000, 1000, 0o755, None),
                (0, 0, 0o1777, None),
                (0, 0, 0o777, Some(Fault::Anybody)),
                (1000, 1000, 0o757, Some(Fault::Anybody)),
                (1001, 1001, 0o757, Some(Fault::Anybody)),
                (1000, 1000, 0o775, None),
                (1000, 100, 0o775, Some(Fault::Group(100))),
                (1000, 100, 0o3775, None),
                (0, 0, 0o775, None),
                (0, 50, 0o775, Some(Fault::Group(50))),
                (1001, 1001, 0o755, Some(Fault::User(1001))),
                (1001, 1001, 0o1777, Some(Fault::User(1001))),
                (UNKNOWN, UNKNOWN, 0o755, None),
            ] {
                let way = [step("/", 0, 0, 0o755), step("/a", uid, gid, mode)];
                let found = faults(&way, OWN).pop().map(|(_, fault)| fault);
                assert_eq!(found, expected, "{uid} {gid} {mode:o}");
                let closed = [&way[..1], &[step("/h", 1000, 1000, 0o700)], &way[1..]].concat();
                assert_eq!(faults(&closed, OWN), [], "below a closed folder: {mode:o}");
                let above = [&way[..], &[step("/a/h", 1000, 1000, 0o700)]].concat();
                assert_eq!(faults(&above, OWN).len(), usize::from(expected.is_some()), "above one");
            }
        }

        #[test]
        fn a_group_that_many_are_in_is_not_a_private_one() {
            let staff = Own { uid: 1000, gid: 100 };
            let way = [step("/a", 1000, 100, 0o775)];
            assert_eq!(faults(&way, staff), [(way[0].clone(), Fault::Group(100))]);
        }

        #[test]
        fn sudo_is_known_by_its_variable_and_by_whose_the_home_is() {
            let root = Own { uid: 0, gid: 0 };
            let home = || Some(step("/home/a", 1000, 1000, 0o755));
            let sudo = Env::fixed([("SUDO_UID", "1000")]);
            assert_eq!(by_sudo(root, home(), &sudo), Some(1000));
            assert_eq!(by_sudo(OWN, home(), &sudo), None, "not root");
            assert_eq!(by_sudo(root, Some(step("/root", 0, 0, 0o700)), &sudo), None, "sudo -H");
            assert_eq!(by_sudo(root, home(), &Env::fixed([])), None, "a container");
            for odd in ["", "x", "0", "-1", "1001"] {
                assert_eq!(by_sudo(root, home(), &Env::fixed([("SUDO_UID", odd)])), None, "{odd}");
            }
        }
    }
}
