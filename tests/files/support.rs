//! Helpers shared by these tests.

use std::path::{Path, PathBuf};

use crate::harness::{BINARY, Run, World};

/// Whether the tests run as root, whom permission bits do not bind.
pub(crate) fn is_root() -> bool {
    rustix::process::geteuid().is_root()
}

/// The program, ended (with exit code 124) when it hangs.
pub(crate) fn timed(world: &World, args: &[&str]) -> Run {
    world.run("timeout", ["-k", "1", "60", BINARY].iter().chain(args))
}

/// A path as an argument.
pub(crate) fn text(path: &Path) -> &str {
    path.to_str().unwrap()
}

/// Every file, folder and link under `folder`, with its owner, mode and contents.
pub(crate) fn tree(folder: &Path) -> Vec<(PathBuf, u32, u32, Vec<u8>)> {
    use std::os::unix::fs::MetadataExt;
    let mut found = Vec::new();
    let mut left = vec![folder.to_owned()];
    while let Some(next) = left.pop() {
        for entry in std::fs::read_dir(&next).unwrap() {
            let path = entry.unwrap().path();
            let meta = path.symlink_metadata().unwrap();
            // A file that not even its owner can read is not compared.
            let read = |path: &Path| std::fs::read(path).unwrap_or_default();
            let contents = if meta.is_file() { read(&path) } else { Vec::new() };
            if meta.is_dir() {
                left.push(path.clone());
            }
            found.push((path, meta.uid(), meta.mode(), contents));
        }
    }
    found.sort();
    found
}

/// The only file in a folder of the state folder with this ending.
pub(crate) fn only(world: &World, folder: &str, ending: &str) -> PathBuf {
    let entries = std::fs::read_dir(world.state_dir().join(folder)).unwrap();
    let mut found: Vec<PathBuf> = entries.map(|entry| entry.unwrap().path()).collect();
    found.retain(|path| path.to_string_lossy().ends_with(ending));
    assert_eq!(found.len(), 1, "{found:?}");
    found.remove(0)
}
