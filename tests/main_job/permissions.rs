//! Files are created with the right permissions, and refused with wrong ones, with the command that fixes them.
#![cfg(unix)]

use std::os::unix::fs::{MetadataExt, symlink};
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::support::{is_root, tree};
use crate::harness::{BINARY, World, mode, set_mode};

#[test]
fn everything_is_made_for_its_owner_alone_whatever_the_umask() {
    for umask in ["000", "022", "077"] {
        let world = World::new();
        world.write("credentials.json", world.sandbox.credentials_json());
        let script = format!(
            "umask {umask}; set -e; \"$0\" login --base-url \"$1\"; \
             printf 'protocol=https\\nhost=h\\nusername=u\\npassword=p\\n\\n' | \"$0\" store"
        );
        world.run("sh", ["-c", &script, BINARY, world.sandbox.origin()]).ok();
        world.expire("default");
        world.run("sh", ["-c", &format!("umask {umask}; exec \"$0\" get"), BINARY]).ok();
        let made = tree(&world.home());
        assert!(made.contains(&world.config_dir().join("key")), "{made:?}");
        assert!(made.contains(&world.state_dir().join("events.db")), "{made:?}");
        for path in made {
            let expected = if path.is_dir() { 0o700 } else { 0o600 };
            assert_eq!(mode(&path), expected, "{} under umask {umask}", path.display());
        }
    }
}

#[test]
fn key_and_store_lie_in_different_folders() {
    let world = World::logged_in();
    assert_eq!(std::fs::read(world.config_dir().join("key")).unwrap().len(), 32);
    assert!(world.store_file().is_file());
    let reserves = tree(&world.state_dir().join("reserve"));
    let blocks = std::fs::metadata(&reserves[0]).unwrap().blocks();
    assert!(blocks * 512 >= 128 * 1024, "the reserve is really written: {blocks} blocks");
}

/// Refused with a command; that command, run by a shell, fixes the permissions.
fn assert_refused_and_fixed(world: &World, path: &Path, bits: u32, command: &[&str]) {
    let was = mode(path);
    set_mode(path, was | bits);
    let output = world.concur(command).fails(6);
    let output = output.says(path.to_str().unwrap());
    let remedy = output.hint().trim_end_matches('.');
    let chmod = remedy.strip_prefix("Run: ").unwrap_or_else(|| panic!("a command\n{output:?}"));
    assert!(chmod.starts_with("chmod "), "{output:?}");
    world.run("sh", ["-c", chmod]).ok();
    assert_eq!(mode(path), was, "{chmod}");
    world.concur(command).ok();
}

const BITS: [u32; 7] = [0o040, 0o020, 0o010, 0o004, 0o002, 0o001, 0o077];

#[test]
fn a_hit_refuses_files_that_others_can_write() {
    let world = World::logged_in();
    let paths =
        [world.store_file(), world.state_dir(), world.config_dir().join("key"), world.config_dir()];
    for path in paths {
        for bits in BITS {
            assert_refused_and_fixed(&world, &path, bits, &["get"]);
        }
    }
}

#[test]
fn the_suggested_chmod_quotes_any_folder_name() {
    let world = World::logged_in();
    let home = world.work().join("it's \"a\" home $(touch pwned) `touch pwned`; touch pwned\\");
    std::fs::rename(world.home(), &home).unwrap();
    let store = home.join(".local/state/concur-cred/store.db");
    set_mode(&store, 0o644);
    let output = world.concur(["get"]).env("HOME", &home).fails(6);
    let remedy = output.hint();
    world.run("sh", ["-c", remedy.strip_prefix("Run: ").unwrap()]).ok();
    assert_eq!(mode(&store), 0o600, "{remedy}");
    assert!(!world.work().join("pwned").exists(), "{remedy}");
    world.concur(["get"]).env("HOME", &home).ok().silent();
    std::fs::rename(&home, world.home()).unwrap();
}

#[test]
fn a_first_login_refuses_a_folder_that_others_can_write() {
    for folder in ["config", "state"] {
        let world = World::new();
        let path = if folder == "config" { world.config_dir() } else { world.state_dir() };
        std::fs::create_dir_all(&path).unwrap();
        set_mode(&path, 0o775);
        world.write("credentials.json", world.sandbox.credentials_json());
        let login = || world.concur(["login", "--base-url", world.sandbox.origin()]);
        login().fails(6).says("chmod 700").says(path.to_str().unwrap());
        assert_eq!(world.token_requests(), 0);
        set_mode(&path, 0o700);
        login().ok();
    }
}

/// The only file in a folder of the state folder.
fn only_file(world: &World, folder: &str, ending: &str) -> PathBuf {
    let mut files = tree(&world.state_dir().join(folder));
    files.retain(|path| path.to_string_lossy().ends_with(ending));
    assert_eq!(files.len(), 1, "{files:?}");
    files.remove(0)
}

#[test]
fn a_refresh_refuses_files_that_others_can_write_before_it_sends_anything() {
    let world = World::logged_in();
    let paths = [
        world.state_dir().join("locks"),
        world.state_dir().join("reserve"),
        only_file(&world, "locks", ".lock"),
        only_file(&world, "reserve", ""),
    ];
    for path in paths {
        for bits in [0o040, 0o002, 0o066] {
            let before = world.refreshes();
            let was = mode(&path);
            set_mode(&path, was | bits);
            world.concur(["refresh"]).fails(6).says("chmod");
            assert_eq!(world.refreshes(), before, "nothing is sent: {}", path.display());
            set_mode(&path, was);
            assert_refused_and_fixed(&world, &path, bits, &["refresh"]);
        }
    }
}

#[test]
fn an_audit_log_that_others_can_write_is_not_used_and_fails_no_command() {
    let world = World::logged_in();
    let events = world.state_dir().join("events.db");
    set_mode(&events, 0o644);
    let before = std::fs::read(&events).unwrap();
    world.expire("default");
    world.concur(["get"]).ok();
    assert_eq!(std::fs::read(&events).unwrap(), before);
    set_mode(&events, 0o600);
    assert_refused_and_fixed(&world, &events, 0o044, &["log"]);
}

#[test]
fn a_symlink_in_place_of_a_file_is_refused_and_not_followed() {
    for name in ["store", "key"] {
        let world = World::logged_in();
        let path = match name {
            "store" => world.store_file(),
            _ => world.config_dir().join("key"),
        };
        let real = world.work().join("real");
        std::fs::rename(&path, &real).unwrap();
        symlink(&real, &path).unwrap();
        world.concur(["get"]).fails(6).says(path.to_str().unwrap()).says("link");
        world.concur(["login", "--credentials", "credentials-default.json"]).fails(6);
        assert_eq!(world.token_requests(), 1, "nothing is spent");
    }
}

#[test]
fn a_dangling_symlink_is_not_an_empty_store() {
    let world = World::new();
    std::fs::create_dir_all(world.state_dir()).unwrap();
    set_mode(&world.state_dir(), 0o700);
    let target = world.work().join("made through a link");
    symlink(&target, world.store_file()).unwrap();
    world.write("credentials.json", world.sandbox.credentials_json());
    world.concur(["get"]).fails(6).says("link");
    world.concur(["login", "--base-url", world.sandbox.origin()]).fails(6);
    assert!(!target.exists());
    assert_eq!(world.token_requests(), 0);
}

#[test]
fn a_special_file_is_refused_without_waiting() {
    for kind in ["mkdir", "mkfifo"] {
        for name in ["store", "key"] {
            let world = World::logged_in();
            let path = match name {
                "store" => world.store_file(),
                _ => world.config_dir().join("key"),
            };
            std::fs::remove_file(&path).unwrap();
            world.run(kind, [&path]).ok();
            set_mode(&path, if kind == "mkdir" { 0o700 } else { 0o600 });
            let mut running = world.concur(["get"]).start();
            let ended = wait_at_most(&mut running.child, Duration::from_secs(20));
            assert!(ended, "{kind} {name}: it hangs");
            let output = running.wait().code(6);
            assert!(output.stdout.is_empty() && output.stderr.contains("regular"), "{output:?}");
        }
    }
}

/// Whether the process ended in time; it is killed when not.
fn wait_at_most(child: &mut std::process::Child, limit: Duration) -> bool {
    let deadline = std::time::Instant::now() + limit;
    while child.try_wait().unwrap().is_none() {
        if std::time::Instant::now() > deadline {
            child.kill().unwrap();
            return false;
        }
        std::thread::sleep(Duration::from_millis(5));
    }
    true
}

#[test]
fn a_file_in_place_of_a_folder_is_refused() {
    let world = World::new();
    std::fs::create_dir_all(world.state_dir().parent().unwrap()).unwrap();
    std::fs::write(world.state_dir(), "").unwrap();
    world.write("credentials.json", world.sandbox.credentials_json());
    world.concur(["login", "--base-url", world.sandbox.origin()]).fails(6);
    assert_eq!(world.token_requests(), 0);
    world.concur(["get"]).fails(3);
}

#[test]
fn a_file_that_belongs_to_another_user_is_refused() {
    if !is_root() {
        // Only root can give a file away.
        return;
    }
    let world = World::logged_in();
    for path in [world.store_file(), world.config_dir().join("key"), world.state_dir()] {
        std::os::unix::fs::chown(&path, Some(65_534), None).unwrap();
        world.concur(["get"]).fails(6).says("another user").says(path.to_str().unwrap());
        std::os::unix::fs::chown(&path, Some(0), None).unwrap();
        world.concur(["get"]).ok().silent();
    }
    let file = world.write("credentials.json", world.sandbox.credentials_json());
    std::os::unix::fs::chown(&file, Some(65_534), None).unwrap();
    world.concur(["login"]).fails(6).says("another user");
}

#[test]
fn a_read_only_store_still_serves_a_valid_token() {
    let world = World::logged_in();
    set_mode(&world.store_file(), 0o400);
    set_mode(&world.state_dir(), 0o500);
    world.concur(["get"]).ok().silent();
    if !is_root() {
        // Permission bits do not restrict root.
        world.concur(["get"]).at_offset(3700).fails(6);
        assert_eq!(world.refreshes(), 0, "nothing is spent that could not be kept");
    }
    set_mode(&world.state_dir(), 0o700);
    set_mode(&world.store_file(), 0o600);
}
