//! The cache after a profile is removed: no process leaves one behind or makes an older one valid
//! again.

use std::fs::{self, File, FileTimes};
use std::io::{Seek as _, Write as _};
use std::path::PathBuf;

use rustix::process::{Pid, Signal, WaitOptions, kill_process, waitpid};

use crate::harness::World;

fn cache(world: &World) -> PathBuf {
    world.state_dir().join("ticket")
}

/// A `get` that was slow to write what it had read, while a `logout` went by.
#[test]
fn a_slow_get_leaves_no_cache_of_a_removed_profile() {
    for change in [&["logout"][..], &["rename", "default", "other"], &["refresh"]] {
        let world = World::logged_in();
        fs::remove_file(cache(&world)).unwrap();
        let slow = world.concur(["get"]).env("CONCUR_CRED_TEST_FAILPOINT", "cache-made=stop");
        let slow = slow.start();
        let pid = Pid::from_child(&slow.child);
        let status = waitpid(Some(pid), WaitOptions::UNTRACED).unwrap().unwrap().1;
        assert!(status.stopped());
        drop(world.concur(change).ok());
        let left = fs::read(cache(&world)).ok();
        kill_process(pid, Signal::CONT).unwrap();
        drop(slow.wait().code(0));
        let now = fs::read(cache(&world)).ok();
        assert!(now.is_none() || now == left, "the cache is of the store before {change:?}");
    }
}

/// Somebody kept a copy of the cache, and makes the database look as it did then.
#[test]
fn an_older_cache_is_not_revived_by_the_databases_header_and_time() {
    let world = World::logged_in();
    drop(world.concur(["get"]).ok().silent());
    let kept = fs::read(cache(&world)).unwrap();
    let modified = fs::metadata(world.store_file()).unwrap().modified().unwrap();
    let header = fs::read(world.store_file()).unwrap()[..28].to_vec();
    drop(world.concur(["rename", "default", "other"]).ok());
    let mut store = File::options().write(true).open(world.store_file()).unwrap();
    store.rewind().unwrap();
    store.write_all(&header).unwrap();
    store.set_times(FileTimes::new().set_modified(modified)).unwrap();
    drop(store);
    fs::write(cache(&world), kept).unwrap();
    drop(world.concur(["get", "--profile", "default"]).fails(3));
    drop(world.concur(["get", "--profile", "other"]).ok());
}
