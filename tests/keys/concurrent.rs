//! Other commands during a key rotation.

use std::sync::atomic::{AtomicBool, Ordering};

use super::support::{
    assert_clean, assert_whole, entry, recorded, store_by, store_entry, strict_logged_in,
};
use crate::harness::{Run, World};

/// A command that is stopped at `moment` and resumed after a key rotation; it must succeed.
fn overtaken(world: &World, run: Run, moment: &str) {
    let mut caller = run.env("CONCUR_CRED_TEST_FAILPOINT", format!("{moment}=stop")).start();
    let pid = rustix::process::Pid::from_child(&caller.child);
    let stopped = rustix::process::WaitOptions::UNTRACED;
    let status = rustix::process::waitpid(Some(pid), stopped).unwrap().unwrap().1;
    assert!(status.stopped(), "stopped at {moment}");
    let before = recorded(world);
    world.concur(["key", "rotate"]).ok();
    assert_ne!(recorded(world), before);
    // It reaches the moment once more when it repeats its work.
    while caller.child.try_wait().unwrap().is_none() {
        let _ = rustix::process::kill_process(pid, rustix::process::Signal::CONT);
        std::thread::yield_now();
    }
    let _ = caller.wait().code(0);
}

#[test]
fn cells_sealed_before_a_rotation_are_sealed_again_before_the_write() {
    let world = strict_logged_in();
    overtaken(&world, store_by(world.concur(["store"]), "one.example", "first"), "foreign-sealed");
    assert_eq!(entry(&world, "one.example").unwrap(), "first");
    let app = world.sandbox.app().clone();
    let file = world.write("new.json", world.sandbox.credentials_json_of(&app));
    let login = world.concur(["login", "--profile", "new", "--base-url", world.sandbox.origin()]);
    overtaken(&world, login.arg("--credentials").arg(file), "account-sealed");
    assert_whole(&world, &["default", "new"], "after the rotations");
    assert_clean(&world, "after the rotations");
}

#[test]
fn a_reader_that_began_before_a_rotation_is_served_after_it() {
    let world = strict_logged_in();
    store_entry(&world, "one.example", "first");
    world.expire("default");
    // It has read the key and the store's row, and now waits for the lock.
    let gate = world.sandbox.hold_next_token_request();
    let first = world.concur(["get"]).start();
    assert!(gate.wait_until_reached(std::time::Duration::from_secs(20)));
    let others: Vec<_> = (0..5).map(|_| world.concur(["get"]).start()).collect();
    let rotation = world.concur(["key", "rotate"]).start();
    gate.release();
    let token = first.wait().code(0).line();
    for other in others {
        assert_eq!(other.wait().code(0).line(), token);
    }
    let _ = rotation.wait().code(0);
    assert_eq!(world.refreshes(), 1);
    assert_whole(&world, &["default"], "after it");
}

/// A new profile, without a request to the service.
fn import(world: &World, profile: &str) {
    let app = world.sandbox.app().clone();
    let name = format!("credentials-{profile}.json");
    let credentials = world.write(&name, world.sandbox.credentials_json_of(&app));
    let args = ["import", "-", "--profile", profile, "--base-url", world.sandbox.origin()];
    let import = world.concur(args).arg("--credentials").arg(credentials);
    import.stdin(world.sandbox.refresh_token_object_file(&app, 0)).ok();
}

/// Waits until a process has opened a record's lock: all earlier reads are done then.
#[cfg(target_os = "linux")]
fn wait_until_it_waits(pid: u32) {
    let waits = || {
        let open = std::fs::read_dir(format!("/proc/{pid}/fd")).into_iter().flatten();
        open.filter_map(|entry| std::fs::read_link(entry.ok()?.path()).ok())
            .any(|path| path.extension().is_some_and(|extension| extension == "lock"))
    };
    while !waits() {
        std::thread::yield_now();
    }
}

#[cfg(target_os = "linux")]
#[test]
fn a_refresh_that_waited_through_a_rotation_uses_the_new_key() {
    for refused in ["", "grant-commit=full", "sealed-begin=io"] {
        let world = strict_logged_in();
        world.concur(["get"]).ok();
        assert!(world.state_dir().join("ticket").exists(), "with the key, before the lock");
        let before = recorded(&world);
        let rotation = world.concur(["key", "rotate"]);
        let rotation = rotation.env("CONCUR_CRED_TEST_FAILPOINT", "records-locked=stop").start();
        let pid = rustix::process::Pid::from_child(&rotation.child);
        let stopped = rustix::process::WaitOptions::UNTRACED;
        assert!(rustix::process::waitpid(Some(pid), stopped).unwrap().unwrap().1.stopped());
        let get = || world.concur(["get"]).at_offset(7200);
        // Only root could look at its open files otherwise.
        let waiter = get().env("CONCUR_CRED_TEST_DUMPABLE", "1");
        let waiter = waiter.env("CONCUR_CRED_TEST_FAILPOINT", refused).start();
        wait_until_it_waits(waiter.child.id());
        rustix::process::kill_process(pid, rustix::process::Signal::CONT).unwrap();
        let _ = rotation.wait().code(0);
        assert_ne!(recorded(&world), before);
        let token = waiter.wait().code(0).line();
        assert_eq!(get().ok().silent().line(), token, "{refused}: it was kept");
        assert_eq!(world.refreshes(), 1, "{refused}");
        let file = world.concur(["export", "-"]).at_offset(7200).ok().json();
        let kept = file["refresh_token"].as_str().unwrap();
        assert!(world.sandbox.is_current_refresh_token(kept), "{refused}");
        assert_clean(&world, refused);
    }
}

#[test]
fn concurrent_rotations_run_one_at_a_time() {
    let world = strict_logged_in();
    let rotations: Vec<_> = (0..4).map(|_| world.concur(["key", "rotate"]).start()).collect();
    for rotation in rotations {
        let _ = rotation.wait().code(0);
    }
    assert_whole(&world, &["default"], "after four rotations at once");
    assert_clean(&world, "after four rotations at once");
}

#[test]
fn during_repeated_rotations_no_caller_fails_and_nothing_is_lost() {
    let world = strict_logged_in();
    world.login("other", &world.sandbox.app().clone());
    store_entry(&world, "one.example", "first");
    world.sandbox.clear_log();
    let over = AtomicBool::new(false);
    let rotations = std::thread::scope(|scope| {
        let turning = scope.spawn(|| {
            let mut turns = 0;
            while !over.load(Ordering::Relaxed) {
                world.concur(["key", "rotate"]).ok();
                turns += 1;
            }
            turns
        });
        let readers = scope.spawn(|| {
            for _ in 0..50 {
                let token = world.concur(["get", "--profile", "other"]).ok().silent().line();
                assert!(!token.is_empty());
                assert_eq!(entry(&world, "one.example").unwrap(), "first");
            }
        });
        let refreshers = scope.spawn(|| {
            for _ in 0..20 {
                world.concur(["refresh", "--profile", "default"]).ok();
            }
        });
        let writers = scope.spawn(|| {
            for at in 0..10 {
                store_entry(&world, &format!("host{at}.example"), &format!("password{at}"));
                import(&world, &format!("p{at}"));
            }
        });
        for one in [readers, refreshers, writers] {
            if let Err(panic) = one.join() {
                over.store(true, Ordering::Relaxed);
                std::panic::resume_unwind(panic);
            }
        }
        over.store(true, Ordering::Relaxed);
        turning.join().unwrap()
    });
    assert!(rotations > 3, "{rotations} rotations");
    assert_eq!(world.refreshes(), 20, "no caller sent a second request");
    for at in 0..10 {
        assert_eq!(entry(&world, &format!("host{at}.example")).unwrap(), format!("password{at}"));
        world.concur(["export", "-", "--profile", &format!("p{at}")]).ok();
    }
    assert_whole(&world, &["default", "other"], "after the turns");
    assert_clean(&world, "after the turns");
}
