//! Files have their final mode from creation, with any umask and any number of concurrent writers.

use std::path::Path;

use super::support::tree;
use crate::harness::{BINARY, World, mode, skipped};

const CALLERS: usize = 200;

fn is_ours(world: &World, path: &Path) -> bool {
    path.starts_with(world.state_dir()) || path.starts_with(world.config_dir())
}

fn assert_right(world: &World, umask: &str) {
    let made = tree(&world.home());
    assert!(made.iter().any(|(path, ..)| path.ends_with("store.db")), "{umask}: {made:?}");
    for (path, _, _, _) in made.iter().filter(|(path, ..)| is_ours(world, path)) {
        let expected = if path.is_dir() { 0o700 } else { 0o600 };
        // A cache is a copy: with a mode that its owner cannot read it is ignored.
        let is_right =
            mode(path) == expected || (path.ends_with("ticket") && mode(path) < expected);
        assert!(is_right, "{:o} {} under umask {umask}", mode(path), path.display());
    }
}

#[test]
fn two_hundred_first_callers_make_one_store_of_the_right_modes_under_any_umask() {
    for umask in ["000", "077", "777"] {
        let world = World::new();
        let script = format!(
            "umask {umask}; for n in $(seq {CALLERS}); do \
             printf 'protocol=https\\nhost=h%s\\nusername=u\\npassword=p\\n\\n' $n | \"$0\" store & \
             pids=\"$pids $!\"; done; for pid in $pids; do wait $pid; echo $?; done"
        );
        let output = world.run("sh", ["-c", &script, BINARY]).ok();
        assert_right(&world, umask);
        // On a slow disk the last of so many writers may fail as temporary.
        let kept = output.text().lines().filter(|code| *code == "0").count();
        let busy = output.text().lines().filter(|code| *code == "5").count();
        assert!(kept > 0 && kept + busy == CALLERS, "umask {umask}\n{output:?}");
        let count: isize = world
            .database()
            .query_row("SELECT count(*) FROM record", [], |row| row.get(0))
            .unwrap();
        assert_eq!(count, kept.cast_signed(), "umask {umask}");
    }
}

#[test]
fn login_refresh_and_get_make_the_right_modes_under_any_umask() {
    for umask in ["000", "077", "0277", "777"] {
        let world = World::new();
        world.write("credentials.json", world.sandbox.credentials_json());
        let sh = |command: &str| {
            let script = format!("umask {umask}; exec \"$0\" {command}");
            world.run("sh", ["-c", &script, BINARY, world.sandbox.origin()])
        };
        sh("login --base-url \"$1\"").ok();
        world.expire("default");
        sh("get").ok();
        sh("export exported").ok();
        sh("init blank").ok();
        sh("doctor --offline --report report").ok();
        sh("get").env("CONCUR_CRED_TRACE", "trace").ok();
        sh("exec -- sh -c 'umask >umask'").ok();
        assert_right(&world, umask);
        for name in ["exported", "blank", "report", "trace"] {
            assert_eq!(mode(&world.work().join(name)), 0o600, "{name} under umask {umask}");
        }
        assert_right(&world, umask);
    }
}

/// The creation modes in strace's output.
fn modes_asked_for(trace: &str) -> Vec<(&str, &str)> {
    let is_making = |line: &&str| line.contains("O_CREAT") || line.contains("mkdir");
    let mode = |line: &str| -> Option<(usize, usize)> {
        let end = line.rfind(')')?;
        let start = line[..end].rfind(", ")? + 2;
        Some((start, end))
    };
    trace
        .lines()
        .filter(is_making)
        .filter(|line| !line.contains(" = -1 "))
        .filter_map(|line| mode(line).map(|(start, end)| (line, &line[start..end])))
        .collect()
}

#[test]
fn every_file_is_created_with_its_final_mode() {
    let world = World::new();
    world.write("credentials.json", world.sandbox.credentials_json());
    let log = world.work().join("strace");
    let strace = |command: &str| {
        let script = format!(
            "umask 000; exec strace -f -qq -e trace=open,openat,mkdir,mkdirat,umask \
                              -o '{}' \"$0\" {command}",
            log.display()
        );
        world.run("sh", ["-c", &script, BINARY, world.sandbox.origin()])
    };
    if strace("--version").output().code != Some(0) {
        return skipped("strace cannot run here");
    }
    let mut count = 0;
    for command in ["login --base-url \"$1\"", "refresh", "export --force", "init other.json"] {
        strace(command).ok();
        let trace = std::fs::read_to_string(&log).unwrap();
        for (line, mode) in modes_asked_for(&trace) {
            let right = if line.contains("mkdir") { "0700" } else { "0600" };
            assert_eq!(mode, right, "{command}: {line}");
            count += 1;
        }
    }
    assert!(count > 12, "{count} files and folders were made");
}
