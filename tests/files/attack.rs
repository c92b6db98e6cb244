//! What an attacker can put in place of a file.

use std::ffi::OsStr;
use std::os::unix::fs::{MetadataExt, symlink};
use std::path::{Path, PathBuf};
use std::process::Command;

use rustix::fs::{CWD, FileType, Mode, makedev, mknodat};

use super::support::is_root;
use crate::harness::{World, set_mode};

/// One thing that can be wrong with a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Attack {
    LinkToFile,
    LinkToNothing,
    LinkToFolder,
    LinkToItself,
    SecondName,
    Pipe,
    Socket,
    Device,
    Folder,
    Empty,
    Huge,
    ReadByAll,
    WrittenByAll,
    OfAnother,
    Immutable,
}

use Attack::{
    Device, Empty, Folder, Huge, Immutable, LinkToFile, LinkToFolder, LinkToItself, LinkToNothing,
    OfAnother, Pipe, ReadByAll, SecondName, Socket, WrittenByAll,
};

impl Attack {
    pub(crate) const ALL: [Self; 15] = [
        LinkToFile,
        LinkToNothing,
        LinkToFolder,
        LinkToItself,
        SecondName,
        Pipe,
        Socket,
        Device,
        Folder,
        Empty,
        Huge,
        ReadByAll,
        WrittenByAll,
        OfAnother,
        Immutable,
    ];
    /// Objects that are not a regular file at that path.
    pub(crate) const NO_FILE: [Self; 8] =
        [LinkToFile, LinkToNothing, LinkToFolder, LinkToItself, Pipe, Socket, Device, Folder];
    /// Files that others can, or could, access.
    pub(crate) const TOUCHED: [Self; 3] = [ReadByAll, WrittenByAll, OfAnother];

    /// Puts it there; `None` where this user or file system cannot.
    pub(crate) fn plant(self, world: &World, path: &Path) -> Option<Planted> {
        if !is_root() && [Device, OfAnother, Immutable].contains(&self) {
            return None;
        }
        let before = std::fs::read(path).ok();
        let content = before.clone().unwrap_or_else(|| b"# precious\n".to_vec());
        let victim = world.work().join("victim");
        let folder = world.work().join("victim folder");
        let nothing = world.work().join("nothing");
        let mut planted = Planted {
            path: path.to_owned(),
            before,
            victim: None,
            nothing: nothing.clone(),
            inode: 0,
        };
        if Attack::NO_FILE.contains(&self) || self == SecondName {
            let _ = std::fs::remove_file(path);
        }
        if [LinkToFile, SecondName].contains(&self) {
            std::fs::write(&victim, &content).unwrap();
            set_mode(&victim, 0o600);
            planted.victim = Some((victim.clone(), content.clone()));
        }
        let is_done = match self {
            ReadByAll | WrittenByAll | OfAnother | Immutable | Huge | Empty => {
                self.spoil(path, &content)
            }
            _ => self.replace(path, &victim, &nothing, &folder),
        };
        if !is_done {
            planted.undo();
            return None;
        }
        planted.inode = path.symlink_metadata().unwrap().ino();
        Some(planted)
    }

    /// Replaces the file by another object.
    fn replace(self, path: &Path, victim: &Path, nothing: &Path, folder: &Path) -> bool {
        match self {
            LinkToFile => symlink(victim, path).unwrap(),
            LinkToNothing => symlink(nothing, path).unwrap(),
            LinkToItself => symlink(path.file_name().unwrap(), path).unwrap(),
            LinkToFolder => {
                let _ = std::fs::create_dir(folder);
                symlink(folder, path).unwrap();
            }
            SecondName => std::fs::hard_link(victim, path).unwrap(),
            Pipe => node(path, FileType::Fifo, 0),
            Device => node(path, FileType::CharacterDevice, makedev(1, 3)),
            Socket => drop(socket(path)),
            _ => {
                std::fs::create_dir(path).unwrap();
                set_mode(path, 0o700);
            }
        }
        true
    }

    /// The same file, and something wrong with it. `false` where the file system cannot.
    fn spoil(self, path: &Path, content: &[u8]) -> bool {
        std::fs::write(path, if self == Empty { b"" } else { content }).unwrap();
        set_mode(path, 0o600);
        match self {
            Huge => {
                std::fs::File::options().write(true).open(path).unwrap().set_len(10 << 30).unwrap();
            }
            ReadByAll => set_mode(path, 0o644),
            WrittenByAll => set_mode(path, 0o622),
            OfAnother => std::os::unix::fs::chown(path, Some(61_001), Some(61_001)).unwrap(),
            Immutable => return immutable(path, true),
            _ => {}
        }
        true
    }
}

/// A path in a socket's address is short: made under a short name.
fn socket(path: &Path) -> std::os::unix::net::UnixListener {
    let folder = tempfile::tempdir_in(path.parent().unwrap()).unwrap();
    let here = std::fs::File::open(folder.path()).unwrap();
    let short = format!("/proc/self/fd/{}/s", std::os::fd::AsRawFd::as_raw_fd(&here));
    let listener = std::os::unix::net::UnixListener::bind(short).unwrap();
    std::fs::rename(folder.path().join("s"), path).unwrap();
    listener
}

fn node(path: &Path, kind: FileType, device: u64) {
    mknodat(CWD, path, kind, Mode::RUSR | Mode::WUSR, device).unwrap();
}

fn immutable(path: &Path, is_on: bool) -> bool {
    let flag = OsStr::new(if is_on { "+i" } else { "-i" });
    let done = Command::new("chattr").args([flag, path.as_os_str()]).output();
    done.is_ok_and(|output| output.status.success())
}

/// The object at the file's path now.
pub(crate) struct Planted {
    path: PathBuf,
    before: Option<Vec<u8>>,
    victim: Option<(PathBuf, Vec<u8>)>,
    nothing: PathBuf,
    inode: u64,
}

impl Planted {
    /// What it leads to was not written to, and nothing was made through it.
    pub(crate) fn victim_is_untouched(&self) -> bool {
        let same = |(path, content): &(PathBuf, Vec<u8>)| std::fs::read(path).unwrap() == *content;
        self.victim.as_ref().is_none_or(same) && !self.nothing.exists()
    }

    /// It was neither replaced nor removed.
    pub(crate) fn is_still_there(&self) -> bool {
        self.path.symlink_metadata().is_ok_and(|meta| meta.ino() == self.inode)
    }

    /// Everything as before.
    pub(crate) fn undo(&self) {
        immutable(&self.path, false);
        if std::fs::remove_file(&self.path).is_err() {
            let _ = std::fs::remove_dir_all(&self.path);
        }
        if let Some(before) = &self.before {
            std::fs::write(&self.path, before).unwrap();
            set_mode(&self.path, 0o600);
        }
        if let Some((victim, _)) = &self.victim {
            std::fs::remove_file(victim).unwrap();
        }
    }
}
