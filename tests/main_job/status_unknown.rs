//! Internal failures of `status --check`: always UNKNOWN (3) with a status line, never a code that means
//! something else to a monitor.
#![cfg(unix)]

use crate::harness::{Output, Run, World, set_mode};

fn unknown(run: Run) -> Output {
    let output = run.output().code(3);
    let line = output.line();
    assert!(line.starts_with("CONCUR UNKNOWN - ") && !line.contains('|'), "{output:?}");
    output
}

fn check(world: &World) -> Run {
    world.concur(["status", "--check"])
}

#[test]
fn a_panic_is_unknown_with_a_status_line() {
    let world = World::logged_in();
    for how in ["panic", "panic-elsewhere"] {
        let at =
            |name: &str| check(&world).env("CONCUR_CRED_TEST_FAILPOINT", format!("{name}={how}"));
        drop(unknown(at("check-begins")).says("Internal error at src/"));
        for answered in ["answer-printed", "end"] {
            let output = at(answered).output().code(3);
            assert!(output.line().starts_with("CONCUR OK - "), "one line, already out\n{output:?}");
        }
        let other =
            world.concur(["status"]).env("CONCUR_CRED_TEST_FAILPOINT", format!("end={how}"));
        drop(other.output().code(1));
    }
}

#[test]
fn unusable_settings_and_environments_are_unknown() {
    let world = World::logged_in();
    let folder = world.work().join("folder");
    std::fs::create_dir(&folder).unwrap();
    drop(unknown(check(&world).env("CONCUR_CRED_TRACE", &folder)));
    drop(unknown(check(&world).env("CONCUR_CRED_TRACE", world.work().join("no/such/file"))));
    drop(unknown(check(&world).env("CONCUR_CRED_CONFIG", &folder)));
    drop(unknown(check(&world).env("CONCUR_CRED_CONFIG", world.work().join("nothere"))));
    drop(unknown(check(&world).env("CONCUR_CRED_WARN_BEFORE", "soon")));
    drop(unknown(check(&world).env("CONCUR_CRED_PROFILE", "NOT A NAME").arg("--profile=nobody")));
    drop(unknown(check(&world).without_env("HOME")));
    drop(unknown(check(&world).env("HOME", world.work().join("nothere"))));
}

#[test]
fn a_store_that_cannot_be_read_is_unknown() {
    let damages: [fn(&World); 7] = [
        |world| std::fs::write(world.store_file(), "").unwrap(),
        |world| std::fs::write(world.store_file(), "x".repeat(5000)).unwrap(),
        |world| {
            let mut bytes = std::fs::read(world.store_file()).unwrap();
            let middle = bytes.len() / 2;
            bytes[100..middle].fill(0xff);
            std::fs::write(world.store_file(), bytes).unwrap();
        },
        |world| set_mode(&world.store_file(), 0o666),
        |world| {
            std::fs::remove_file(world.store_file()).unwrap();
            std::fs::create_dir(world.store_file()).unwrap();
        },
        |world| {
            std::fs::remove_file(world.store_file()).unwrap();
            std::os::unix::fs::symlink("/dev/zero", world.store_file()).unwrap();
        },
        |world| drop(world.database().execute("UPDATE meta SET schema_version = 99", [])),
    ];
    for (number, damage) in damages.into_iter().enumerate() {
        let world = World::logged_in();
        damage(&world);
        let output = unknown(check(&world));
        assert!(!output.text().contains("CONCUR OK"), "{number}: {output:?}");
    }
}

#[test]
fn wrong_usage_of_check_is_unknown_with_a_status_line_and_only_of_check() {
    let world = World::logged_in();
    for args in [&["--no-such-option"][..], &["--warn"], &["Stray!"], &["--config"]] {
        let wrong = unknown(args.iter().fold(check(&world), Run::arg));
        assert!(!wrong.stderr.is_empty(), "{wrong:?}");
    }
    let broken = world.write("config.toml", "no_such_key = 1\n");
    for args in [&["exec", "--", "echo", "status", "--check"][..], &["exec", "echo", "status"]] {
        let run = world.concur(["--config"]).arg(&broken);
        drop(args.iter().fold(run, Run::arg).fails(6));
    }
    let words = ["exec", "--no-such-option", "--", "status", "--check"];
    drop(world.concur(words).output().code(2));
}
