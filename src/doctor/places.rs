//! Folders and files: whether they exist, are of the right kind, and accessible only to us.

use std::path::{Path, PathBuf};

use super::Context;
use super::report::{Report, counted, listed};
use crate::error::Result;
#[cfg(unix)]
use crate::error::{Error, Kind};
use crate::store::sqlite::salvage::{DAMAGED_MARK, WORK_PREFIX};
use crate::sys::files::{self, shell_word};
use crate::sys::paths::{Paths, companions_of};

/// How many wrong files of one kind are listed.
const SHOWN: usize = 5;
/// The prefix of files that are renamed when they are complete.
const UNFINISHED_PREFIX: &str = ".concur-cred-";

/// The settings, and the file that they come from.
pub(super) fn settings(context: &Context<'_>, report: &mut Report) {
    let file = &context.config_file;
    match context.config_problem {
        Some(error) => report.error("settings", error.clone()),
        None if file.exists() => report.ok("settings", file.display().to_string()),
        None => report.ok("settings", "no configuration file; the defaults apply"),
    }
}

/// The settings that a request needs; a line for each that is set.
pub(super) fn parts(context: &Context<'_>, report: &mut Report) {
    for part in context.http.parts() {
        match part.found {
            Ok((shown, None)) => report.ok(part.key, shown),
            Ok((_, Some(warning))) => report.warn(part.key, warning, ""),
            Err(error) => report.error(part.key, error),
        }
    }
}

/// One of our folders or files.
pub(super) struct Place {
    /// The path.
    pub(super) path: PathBuf,
    /// Whether it is a folder.
    pub(super) is_folder: bool,
}

/// One kind of place, as one line of the report.
struct Group {
    name: &'static str,
    places: Vec<Place>,
}

/// Every folder and file that only we may enter or read.
fn groups(paths: &Paths) -> Vec<Group> {
    let folder = |path: &Path| vec![Place { path: path.to_owned(), is_folder: true }];
    let file = |path: PathBuf| vec![Place { path, is_folder: false }];
    let files = |paths: Vec<PathBuf>| {
        paths.into_iter().map(|path| Place { path, is_folder: false }).collect::<Vec<_>>()
    };
    let mut groups = Vec::new();
    // Without a key in it, this folder contains no secret of ours.
    if paths.key_file().symlink_metadata().is_ok() {
        groups.push(Group { name: "configuration folder", places: folder(paths.config_dir()) });
        groups.push(Group { name: "key file", places: file(paths.key_file()) });
        groups.push(Group { name: "next key file", places: file(paths.next_key_file()) });
    }
    groups.extend([
        Group { name: "state folder", places: folder(paths.state_dir()) },
        Group { name: "store file", places: file(paths.store()) },
        Group { name: "store journal", places: files(companions_of(&paths.store()).into()) },
        Group { name: "ticket file", places: file(paths.cache()) },
        Group { name: "audit log file", places: file(paths.events()) },
        Group { name: "audit journal", places: files(companions_of(&paths.events()).into()) },
        Group { name: "locks folder", places: folder(&paths.locks_dir()) },
        Group { name: "lock files", places: files(entries(&paths.locks_dir())) },
        Group { name: "reserve folder", places: folder(&paths.reserves_dir()) },
        Group { name: "reserve files", places: files(entries(&paths.reserves_dir())) },
        Group { name: "damaged files", places: files(set_aside(paths)) },
    ]);
    groups
}

/// Every place whose permissions can be fixed.
pub(super) fn all(paths: &Paths) -> Vec<Place> {
    groups(paths).into_iter().flat_map(|group| group.places).collect()
}

/// The entries of a folder, sorted; none if it cannot be read.
pub(super) fn entries(folder: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).into_iter().flatten();
    let mut paths: Vec<PathBuf> = entries.filter_map(|entry| Some(entry.ok()?.path())).collect();
    paths.sort();
    paths
}

fn name_of(path: &Path) -> String {
    path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default()
}

fn set_aside(paths: &Paths) -> Vec<PathBuf> {
    let mut found = entries(paths.state_dir());
    found.retain(|path| name_of(path).contains(DAMAGED_MARK));
    found
}

/// The surroundings of our folders: who could replace them, and their disk.
fn surroundings(context: &Context<'_>, report: &mut Report) {
    match files::look_around(context.paths, context.env) {
        Ok(around) => {
            for (what, remedy) in around.warnings {
                report.warn("surroundings", what, remedy);
            }
        }
        Err(error) => report.error("surroundings", error),
    }
}

/// With less a refresh has no room for its new token, bytes: the reserve file, and the store's journal.
const TOO_LITTLE_SPACE: u64 = 512 << 10;
/// With less a refresh is about to have no room for its new token, bytes.
const LITTLE_SPACE: u64 = 32 << 20;

/// How much can still be written where tokens are kept.
fn free_space(context: &Context<'_>, report: &mut Report) {
    let folder = context.paths.state_dir();
    match files::free_bytes(folder) {
        Ok(free) => {
            let shown = format!("{} MB free for {}", free / 1_000_000, folder.display());
            if files::is_read_only(folder) {
                let what = format!("{} is read-only: no token can be refreshed", folder.display());
                report.fail("disk", what, "Set CONCUR_CRED_HOME to a folder that can be written");
            } else if free < TOO_LITTLE_SPACE {
                let what = format!("{shown}: no token can be refreshed");
                report.fail("disk", what, "Free some space on that disk");
            } else if free < LITTLE_SPACE {
                let why = "a refresh first makes sure of room for its new token";
                report.warn("disk", format!("{shown}: {why}"), "Free some space on that disk");
            } else {
                report.ok("disk", shown);
            }
        }
        Err(error) => report.warn("disk", files::reason(&error), "Check that disk"),
    }
}

/// SQLite derives the journal's name from the database's name.
#[cfg(unix)]
fn second_names(paths: &Paths, report: &mut Report) {
    use std::os::unix::fs::MetadataExt;
    for (name, path) in [("store file", paths.store()), ("audit log file", paths.events())] {
        if path.symlink_metadata().is_ok_and(|meta| meta.is_file() && meta.nlink() > 1) {
            let word = shell_word(&path);
            report.warn(
                name,
                format!(
                    "{} has a second name (hard link). Each name has a journal of its own: after \
                     a crash, a program that opens the other name finds it damaged",
                    path.display()
                ),
                format!(
                    "If no concur-cred is running: cp -p {word} {word}.new && mv {word}.new \
                     {word}"
                ),
            );
        }
    }
}

/// std does not know how many names a file has there.
#[cfg(not(unix))]
fn second_names(_paths: &Paths, _report: &mut Report) {}

/// Checks kind, owner and mode of every place, and reports the files of killed processes.
pub(super) fn permissions(context: &Context<'_>, report: &mut Report) {
    surroundings(context, report);
    free_space(context, report);
    second_names(context.paths, report);
    for group in groups(context.paths) {
        examine(&group, report);
    }
    let mut left = entries(context.paths.state_dir());
    left.extend(entries(context.paths.config_dir()));
    left.extend(entries(&context.paths.reserves_dir()));
    left.retain(|path| name_of(path).starts_with(UNFINISHED_PREFIX));
    left.sort();
    left.dedup();
    if !left.is_empty() {
        let words: Vec<String> = left.iter().map(|path| shell_word(path)).collect();
        let repairs = left.iter().filter(|path| name_of(path).starts_with(WORK_PREFIX)).count();
        report.warn(
            "unfinished files",
            format!(
                "{}, {} of a repair; a process is working or was killed",
                counted(left.len(), "unfinished file"),
                repairs
            ),
            format!("If no concur-cred is running: rm -r {}", listed(&words).replace(", ", " ")),
        );
    }
}

fn examine(group: &Group, report: &mut Report) {
    let Group { name, places } = group;
    let mut there = 0;
    let mut wrong = Vec::new();
    for place in places {
        match checked(place) {
            Ok(false) => {}
            Ok(true) => there += 1,
            Err(error) => wrong.push(error),
        }
    }
    for error in wrong.iter().take(SHOWN) {
        report.error(name, error.clone());
    }
    if wrong.len() > SHOWN {
        let more = format!("{} more like these", wrong.len() - SHOWN);
        report.fail(name, more, "Run: concur-cred doctor --repair");
    }
    // Missing places are reported by the checks that need them.
    if wrong.is_empty() && there > 0 {
        let detail = match places.as_slice() {
            [only] => only.path.display().to_string(),
            _ => counted(there, "file"),
        };
        report.ok(name, detail);
    }
}

/// Whether a place exists; an error if kind, owner or mode is wrong.
fn checked(place: &Place) -> Result<bool> {
    let Place { path, is_folder } = place;
    let there =
        if *is_folder { files::check_private_dir(path)? } else { files::check_private_file(path)? };
    #[cfg(unix)]
    if there {
        use std::os::unix::fs::MetadataExt;
        let meta = std::fs::metadata(path).map_err(|error| files::cannot("read", path, &error))?;
        let wanted = if *is_folder { 0o700 } else { 0o600 };
        let needed = match path.file_name().and_then(std::ffi::OsStr::to_str) {
            // A key that its owner cannot write is fine.
            Some("key") => 0o400,
            // One that the owner cannot read is not.
            Some("ticket") => 0,
            _ => wanted,
        };
        if meta.mode() & needed != needed {
            return Err(Error::new(
                Kind::Unusable,
                format!(
                    "Its owner cannot use {} (mode {:03o})",
                    path.display(),
                    meta.mode() & 0o777
                ),
                format!("Run: chmod {wanted:03o} {}", shell_word(path)),
            ));
        }
    }
    Ok(there)
}

/// Corrects the mode of a place. `None` if there is nothing to do.
#[cfg(unix)]
pub(super) fn fix(place: &Place) -> Option<Result<String>> {
    use std::os::unix::fs::{MetadataExt, PermissionsExt};
    let Place { path, is_folder } = place;
    checked(place).err()?;
    // A folder may be a link to one of ours; a file may not.
    let meta = if *is_folder { std::fs::metadata(path) } else { path.symlink_metadata() }.ok()?;
    let is_ours = meta.uid() == rustix::process::geteuid().as_raw();
    if !is_ours || meta.is_dir() != *is_folder || (!is_folder && !meta.is_file()) {
        return None;
    }
    // Closing /tmp or /etc to other users would break the machine.
    if *is_folder && !files::is_ours_alone(path) {
        return None;
    }
    let mode = if *is_folder { 0o700 } else { 0o600 };
    let set = std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode));
    let command = format!("chmod {mode:03o} {}", shell_word(path));
    Some(set.map(|()| command).map_err(|error| files::cannot("change the mode of", path, &error)))
}

/// Windows has no mode bits.
#[cfg(not(unix))]
pub(super) fn fix(_place: &Place) -> Option<Result<String>> {
    None
}
