//! The exported file: complete, private, and never replacing another file without `--force`.

use std::path::PathBuf;

use super::support::tree;
use crate::harness::World;
#[cfg(unix)]
use crate::harness::set_mode;

const NAME: &str = "refreshTokenObjectFile.json";

fn exported_to(world: &World, name: &str) -> PathBuf {
    world.concur(["export", name]).ok().says(name);
    world.work().join(name)
}

#[cfg(unix)]
#[test]
fn an_export_is_for_its_owner_alone_whatever_the_umask() {
    let world = World::logged_in();
    for umask in ["000", "022", "077"] {
        let name = format!("umask {umask}.json");
        let script = format!("umask {umask}; exec \"$0\" export \"$1\"");
        world.run("sh", ["-c", &script, crate::harness::BINARY, &name]).ok();
        assert_eq!(crate::harness::mode(&world.work().join(&name)), 0o600, "umask {umask}");
    }
}

#[test]
fn only_where_permissions_are_set_does_it_say_who_can_read_the_file() {
    let world = World::logged_in();
    for output in [world.concur(["export", NAME]).ok(), world.concur(["init"]).ok()] {
        let is_said = output.stderr.contains("(only you can read it)");
        assert_eq!(is_said, cfg!(unix), "{output:?}");
    }
}

#[test]
fn an_export_never_overwrites_unasked() {
    let world = World::logged_in();
    let file = world.write(NAME, "somebody's");
    world.concur(["export"]).fails(2).says("nothing was changed").says("--force");
    assert_eq!(std::fs::read(&file).unwrap(), b"somebody's");
    world.concur(["export", "--force"]).ok();
    let text = std::fs::read(&file).unwrap();
    assert!(serde_json::from_slice::<serde_json::Value>(&text).is_ok());
}

#[cfg(unix)]
#[test]
fn a_forced_export_replaces_the_old_file_atomically() {
    use std::os::unix::fs::MetadataExt;
    let world = World::logged_in();
    let file = world.write(NAME, "old");
    set_mode(&file, 0o644);
    let other_name = world.work().join("other name");
    std::fs::hard_link(&file, &other_name).unwrap();
    world.concur(["export", "--force"]).ok();
    assert_eq!(std::fs::read(&other_name).unwrap(), b"old", "not written in place");
    assert_eq!(crate::harness::mode(&file), 0o600, "the old mode is not kept");
    assert_eq!(std::fs::metadata(&file).unwrap().nlink(), 1);
}

#[cfg(unix)]
#[test]
fn an_export_does_not_write_through_a_link() {
    let world = World::logged_in();
    let target = world.write("target", "mine");
    std::os::unix::fs::symlink(&target, world.work().join(NAME)).unwrap();
    world.concur(["export"]).fails(2);
    let dangling = world.work().join("dangling.json");
    std::os::unix::fs::symlink(world.work().join("nowhere"), &dangling).unwrap();
    world.concur(["export", "dangling.json"]).fails(2);
    assert!(!world.work().join("nowhere").exists());
    world.concur(["export", "--force"]).ok();
    assert_eq!(std::fs::read(&target).unwrap(), b"mine");
}

#[test]
fn an_export_to_an_impossible_path_is_an_error_and_leaves_nothing() {
    let world = World::logged_in();
    let before = tree(&world.work());
    std::fs::create_dir(world.work().join("folder")).unwrap();
    world.concur(["export", "nowhere/file.json"]).fails(6).says("nowhere/file.json");
    let output = world.concur(["export", "folder"]).output();
    assert!([Some(2), Some(6)].contains(&output.code) && output.stdout.is_empty(), "{output:?}");
    let forced = world.concur(["export", "--force", "folder"]).fails(6);
    drop(forced);
    std::fs::remove_dir(world.work().join("folder")).unwrap();
    assert_eq!(tree(&world.work()), before, "no temporary file stays behind");
}

#[cfg(unix)]
#[test]
fn an_export_does_not_replace_a_pipe_or_device() {
    use std::os::unix::fs::FileTypeExt as _;
    let world = World::logged_in();
    world.run("mkfifo", ["pipe"]).ok();
    world.concur(["export", "pipe"]).fails(2).says("already exists");
    let forced = world.concur(["export", "--force", "pipe"]).fails(6);
    forced.says("not a regular file");
    let kind = std::fs::metadata(world.work().join("pipe")).unwrap().file_type();
    assert!(kind.is_fifo(), "it is still a pipe");
}

#[test]
fn two_exports_of_one_state_differ_only_in_the_remaining_time() {
    let world = World::logged_in();
    let read = |name: &str| {
        let text = std::fs::read(exported_to(&world, name)).unwrap();
        let mut value: serde_json::Value = serde_json::from_slice(&text).unwrap();
        value["expires_in"] = 0.into();
        value
    };
    assert_eq!(read("one.json"), read("two.json"));
    assert_eq!(world.token_requests(), 1, "export sends no request");
}

#[test]
fn an_export_of_an_unknown_profile_writes_nothing() {
    let world = World::logged_in();
    world.concur(["export", "x.json", "--profile", "gamma"]).fails(3).says("gamma");
    assert!(!world.work().join("x.json").exists());
}
