//! `key rotate`: everything is sealed with another key, and the old one opens nothing.

use super::support::{
    KEY, OTHER, assert_clean, assert_whole, configure, entry, holds, key_file, log_in, next_file,
    recorded, show, store_entry, strict, strict_logged_in, unhex,
};
use crate::harness::{World, set_mode};

/// Two profiles of two applications, and entries of others.
fn furnished() -> World {
    let world = strict_logged_in();
    world.login("other", &world.sandbox.app().clone());
    store_entry(&world, "one.example", "first");
    store_entry(&world, "two.example", "second");
    world
}

#[test]
fn every_secret_moves_to_the_new_key_and_the_old_one_opens_nothing() {
    let world = furnished();
    let (_, old_id) = recorded(&world);
    let old = std::fs::read(key_file(&world)).unwrap();
    // Old cells are in the file's unused space.
    for _ in 0..3 {
        world.concur(["refresh", "--all"]).ok();
    }
    assert!(holds(&world.store_file(), &unhex(&old_id)));
    let output = world.concur(["key", "rotate"]).ok().says("sealed with the new key");
    assert!(output.stdout.is_empty(), "stdout is for answers: {output:?}");
    let (source, id) = recorded(&world);
    assert!(source == "file" && id != old_id);
    assert_ne!(std::fs::read(key_file(&world)).unwrap(), old);
    for file in [world.store_file(), world.state_dir().join("ticket")] {
        assert!(!file.exists() || !holds(&file, &unhex(&old_id)), "{}", file.display());
    }
    assert_whole(&world, &["default", "other"], "after a rotation");
    assert_eq!(entry(&world, "one.example").unwrap(), "first");
    assert_eq!(entry(&world, "two.example").unwrap(), "second");
    assert_clean(&world, "after a rotation");
    let log = world.concur(["log", "--json"]).ok();
    assert!(log.text().contains("\"key rotate\""), "{log:?}");
    std::fs::write(key_file(&world), old).unwrap();
    world
        .concur(["get", "--profile", "other"])
        .fails(6)
        .says("is not the key that this store is sealed with");
    for host in ["one.example", "two.example"] {
        let get = world.concur(["get"]).stdin(format!("protocol=https\nhost={host}\n\n"));
        get.fails(6).says("is not the key");
    }
}

#[test]
fn a_hit_after_a_rotation_leaves_a_valid_cache_again() {
    let world = World::logged_in();
    let token = world.concur(["get"]).ok().line();
    world.concur(["key", "rotate"]).ok();
    for _ in 0..2 {
        assert_eq!(world.concur(["get"]).ok().silent().line(), token);
    }
    let traced = world.concur(["get", "--trace"]).ok();
    traced.says("ticket read");
}

#[test]
fn a_cell_that_cannot_be_opened_is_reported_and_does_not_stop_the_rotation() {
    let world = furnished();
    let damage = "UPDATE record SET refresh_token = zeroblob(80) WHERE profile = 'other'";
    world.database().execute(damage, []).unwrap();
    world
        .concur(["key", "rotate"])
        .ok()
        .says("other: refresh_token did not open and is left as it was");
    assert_whole(&world, &["default"], "beside a damaged cell");
    assert_eq!(entry(&world, "one.example").unwrap(), "first");
    world.concur(["get", "--profile", "other"]).ok().silent();
}

#[test]
fn a_pending_grant_survives_a_rotation() {
    let world = strict_logged_in();
    world
        .concur(["refresh"])
        .env("CONCUR_CRED_TEST_FAILPOINT", "grant-commit=full")
        .ok()
        .says("reserve");
    world.concur(["key", "rotate"]).ok();
    assert_whole(&world, &["default"], "after a pending grant");
    assert_clean(&world, "after a pending grant");
}

#[test]
fn without_a_store_rotate_creates_nothing() {
    let world = World::new();
    world.concur(["key", "rotate"]).fails(3).says("There is no store yet");
    world.concur(["key", "set-source", "environment"]).fails(3).says("There is no store yet");
    assert_eq!(std::fs::read_dir(world.home()).unwrap().count(), 0);
}

#[test]
fn a_key_that_cannot_be_had_or_replaced_safely_changes_nothing() {
    let world = strict_logged_in();
    let before = recorded(&world);
    let key = std::fs::read(key_file(&world)).unwrap();
    set_mode(&key_file(&world), 0o640);
    world.concur(["key", "rotate"]).fails(6).says("chmod 600");
    set_mode(&key_file(&world), 0o600);
    // A planted file in place of the next key is neither followed nor removed.
    let target = world.write("elsewhere", "precious");
    std::os::unix::fs::symlink(&target, next_file(&world)).unwrap();
    world.concur(["key", "rotate"]).fails(6).says("key.next is not a regular file");
    assert_eq!(std::fs::read_to_string(&target).unwrap(), "precious");
    std::fs::remove_file(next_file(&world)).unwrap();
    std::fs::create_dir(next_file(&world)).unwrap();
    world.concur(["key", "rotate"]).fails(6).says("key.next");
    std::fs::remove_dir(next_file(&world)).unwrap();
    std::fs::write(next_file(&world), "of no use").unwrap();
    set_mode(&next_file(&world), 0o600);
    let refused = world.concur(["key", "rotate"]).fails(6).says("key.next is not a key");
    let remedy = refused.hint().split_once(": ").unwrap().1.to_owned();
    world.run("sh", ["-c", &remedy]).ok();
    assert!(!next_file(&world).exists(), "{remedy}");
    std::fs::write(key_file(&world), [7; 32]).unwrap();
    world.concur(["key", "rotate"]).fails(6).says("is not the key");
    std::fs::write(key_file(&world), key).unwrap();
    if !rustix::process::geteuid().is_root() {
        set_mode(&world.config_dir(), 0o500);
        world.concur(["key", "rotate"]).fails(6).says("key.next");
        set_mode(&world.config_dir(), 0o700);
    }
    assert_eq!(recorded(&world), before);
    assert_whole(&world, &["default"], "after refusals");
    assert_clean(&world, "after refusals");
}

#[test]
fn a_concurrent_rotation_is_waited_for_and_named() {
    let world = strict_logged_in();
    let stopped = world.concur(["key", "rotate"]);
    let mut stopped = stopped.env("CONCUR_CRED_TEST_FAILPOINT", "next-written=stop").start();
    let pid = stopped.child.id();
    while !next_file(&world).exists() {
        std::thread::yield_now();
    }
    let waiter = || world.concur(["key", "rotate"]).env("CONCUR_CRED_LOCK_TIMEOUT", "0s");
    waiter().fails(5).says(&format!("pid {pid}"));
    // Refreshes wait as for each other, and hits do not.
    world.concur(["get"]).ok().silent();
    let refresh = world.concur(["refresh"]).env("CONCUR_CRED_LOCK_TIMEOUT", "0s");
    refresh.fails(5).says(&format!("pid {pid}"));
    stopped.child.kill().unwrap();
    let _ = stopped.wait();
    waiter().ok();
    assert_whole(&world, &["default"], "after another");
    assert_clean(&world, "after another");
}

#[test]
fn a_rotation_waits_for_a_refresh_in_flight() {
    let world = strict_logged_in();
    let gate = world.sandbox.hold_next_token_request();
    let refresh = world.concur(["refresh"]).start();
    assert!(gate.wait_until_reached(std::time::Duration::from_secs(20)));
    let rotate = world.concur(["key", "rotate"]).env("CONCUR_CRED_LOCK_TIMEOUT", "0s");
    rotate.fails(5).says("pid");
    assert!(!next_file(&world).exists(), "nothing is begun");
    gate.release();
    let _ = refresh.wait().code(0);
    world.concur(["key", "rotate"]).ok();
    assert_whole(&world, &["default"], "after a refresh in flight");
}

#[test]
fn an_externally_managed_key_is_replaced_by_its_owner_and_the_old_one_is_named() {
    let world = strict();
    let file = world.write("my key", KEY);
    log_in(&world, |run| run.env("CONCUR_CRED_KEY_FILE", &file));
    let (_, old_id) = recorded(&world);
    let rotate = |args: &[&str]| {
        world.concur(["key", "rotate"].iter().chain(args)).env("CONCUR_CRED_KEY_FILE", &file)
    };
    rotate(&[]).fails(2).says("--old-key-file FILE").says("my key");
    let old = world.write("old key", KEY);
    let old = old.to_str().unwrap();
    rotate(&["--old-key-file", old]).ok().says("already");
    std::fs::write(&file, OTHER).unwrap();
    let get = || world.concur(["get"]).env("CONCUR_CRED_KEY_FILE", &file);
    get().fails(6).says("concur-cred key rotate --old-key-file FILE");
    let third = world.write("third", [9; 32]);
    let wrong = rotate(&["--old-key-file", third.to_str().unwrap()]);
    wrong.fails(6).says("third is not the key");
    rotate(&["--old-key-file", "nowhere"]).fails(6).says("nowhere");
    let no_key = rotate(&["--old-key-file", "-"]).stdin("no key").fails(6);
    no_key.says("stdin is not a key").says("Send the old key there; nothing was changed.");
    assert_eq!(recorded(&world).1, old_id, "nothing was changed");
    rotate(&["--old-key-file", old]).ok().says("sealed with the new key");
    get().ok().silent();
    assert!(!holds(&world.store_file(), &unhex(&old_id)));
    rotate(&["--old-key-file", old]).ok().says("already");
    assert!(!key_file(&world).exists() && !next_file(&world).exists());
    std::fs::write(&file, KEY).unwrap();
    rotate(&["--old-key-file", "-"]).stdin(OTHER).ok().says("sealed with the new key");
    get().ok().silent();
}

#[test]
fn a_rotation_does_not_recreate_a_missing_key_file() {
    let world = strict_logged_in();
    let old = world.work().join("old");
    std::fs::rename(key_file(&world), &old).unwrap();
    world.concur(["key", "rotate"]).fails(6).says("which is missing");
    world.concur(["key", "rotate", "--old-key-file"]).arg(&old).fails(6).says("which is missing");
    assert!(!key_file(&world).exists() && !next_file(&world).exists());
    // A key that the operator puts there is used, as from any source.
    std::fs::write(key_file(&world), OTHER).unwrap();
    set_mode(&key_file(&world), 0o600);
    world.concur(["key", "rotate", "--old-key-file"]).arg(&old).ok();
    assert_whole(&world, &["default"], "by a key file of the operator's");
}

#[test]
fn a_pending_grant_sealed_with_the_old_key_still_opens() {
    let world = strict();
    log_in(&world, |run| run.env("CONCUR_CRED_KEY", KEY));
    let refresh = world.concur(["refresh"]).env("CONCUR_CRED_KEY", KEY);
    refresh.env("CONCUR_CRED_TEST_FAILPOINT", "grant-commit=full").ok().says("reserve");
    let old = world.write("old", KEY);
    let rotate = world.concur(["key", "rotate", "--old-key-file"]).arg(&old);
    rotate.env("CONCUR_CRED_KEY", OTHER).ok();
    let file = world.concur(["export", "-"]).env("CONCUR_CRED_KEY", OTHER).ok().json();
    assert!(world.sandbox.is_current_refresh_token(file["refresh_token"].as_str().unwrap()));
}

#[test]
fn a_key_command_that_gives_the_new_key_runs_once() {
    let world = strict();
    let script = |key: &str| {
        configure(
            &world,
            &format!(
                "key_source = \"command\"\nkey_command = [\"sh\", \"-c\", \"echo >>ran; echo {key}\"]\n"
            ),
        );
    };
    script(KEY);
    log_in(&world, |run| run);
    script(OTHER);
    std::fs::write(world.work().join("ran"), "").unwrap();
    let old = world.write("old", KEY);
    world.concur(["key", "rotate", "--old-key-file"]).arg(old).ok();
    assert_eq!(std::fs::read_to_string(world.work().join("ran")).unwrap(), "\n");
    world.concur(["get"]).ok().silent();
    assert_eq!(show(&world)["state"], "good");
}

#[test]
fn more_accounts_than_the_open_file_limit_can_be_locked() {
    let world = strict_logged_in();
    let app = world.sandbox.app().clone();
    let credentials = world.write("credentials.json", world.sandbox.credentials_json_of(&app));
    for at in 0..40 {
        let profile = format!("p{at}");
        let args = ["import", "-", "--profile", &profile, "--base-url", world.sandbox.origin()];
        let import = world.concur(args).arg("--credentials").arg(&credentials);
        import.stdin(world.sandbox.refresh_token_object_file(&app, 0)).ok();
    }
    let before = recorded(&world);
    let few = |rest: &str| world.run("sh", ["-c", &format!("ulimit -Sn 32; exec \"$BIN\" {rest}")]);
    few("key rotate").env("BIN", crate::harness::BINARY).ok();
    assert_ne!(recorded(&world), before);
    std::fs::remove_file(world.state_dir().join("ticket")).unwrap();
    few("doctor --offline --repair").env("BIN", crate::harness::BINARY).ok();
    assert_clean(&world, "after it");
}
