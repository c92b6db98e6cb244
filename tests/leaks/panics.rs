//! A panic: its message is not shown, and no file is left half-written.

use concur_cred::failpoint::RENEWAL;
use concur_sandbox::Config;

use crate::harness::{Output, Run, World};

/// The secret in the panic message.
const SECRET: &str = "p4nic-s3cret-0f-the-message";

fn bursting(run: Run, at: &str, how: &str) -> Run {
    run.env("CONCUR_CRED_TEST_FAILPOINT", format!("{at}={how}"))
        .env("CONCUR_CRED_TEST_PANIC", SECRET)
        .env("RUST_BACKTRACE", "full")
}

fn assert_reported(output: &Output) {
    let lines: Vec<&str> = output.stderr.lines().collect();
    let place = "error: Internal error at src/sys/failpoint.rs:";
    assert!(lines.len() == 2 && lines[0].starts_with(place), "{output:?}");
    assert!(lines[1].contains("Report"), "{output:?}");
    assert!(!output.stderr.contains(SECRET) && !output.text().contains(SECRET), "{output:?}");
}

#[test]
fn a_panic_shows_its_location_and_not_its_message_and_loses_nothing() {
    let world = World::logged_in_with(Config::default());
    for how in ["panic", "panic-elsewhere"] {
        for at in RENEWAL {
            world.expire("default");
            let output = bursting(world.concur(["get"]), at, how).output().code(1);
            assert_reported(&output);
            // The answer was printed completely or not at all.
            let is_printed = at == "answer-printed";
            assert_eq!(output.stdout.is_empty(), !is_printed, "{at}\n{output:?}");
            let token = world.concur(["get"]).ok().line();
            assert!(world.sandbox.is_live_access_token(&token), "{at}");
            let sound: String =
                world.database().query_row("PRAGMA integrity_check", [], |row| row.get(0)).unwrap();
            assert_eq!(sound, "ok", "{at}");
        }
    }
    let report = world.concur(["doctor", "--offline"]).output();
    assert!(!report.text().contains(SECRET) && report.code.is_some(), "{report:?}");
}

#[test]
fn panics_before_and_after_a_command_are_reported_in_the_same_way() {
    let world = World::logged_in();
    for (args, at) in [(vec!["status"], "end"), (vec!["exec", "--", "true"], "command-begins")] {
        for how in ["panic", "panic-elsewhere"] {
            assert_reported(&bursting(world.concur(&args), at, how).output().code(1));
        }
    }
}

/// Only an edit of the store or a bit error produces these values.
#[test]
fn extreme_numbers_in_the_store_cause_no_panic() {
    let world = World::logged_in();
    for number in [i64::MAX, i64::MIN, -1] {
        let edit = "UPDATE record SET generation = ?1, attempt = ?1, attempt_failures = 0";
        assert_eq!(world.database().execute(edit, [number]).unwrap(), 1);
        world.expire("default");
        let token = world.concur(["get"]).ok().line();
        assert!(world.sandbox.is_live_access_token(&token), "{number}");
    }
    let edit = "UPDATE record SET generation = ?1";
    assert_eq!(world.database().execute(edit, [i64::MAX]).unwrap(), 1);
    world.login("default", &world.sandbox.app().clone());
    assert_eq!(world.database().execute(edit, [i64::MAX]).unwrap(), 1);
    let token = world.concur(["get"]).ok().line();
    let host = world.sandbox.origin().replace("http://", "");
    let request = format!("protocol=http\nhost={host}\npassword={token}\n\n");
    drop(world.concur(["erase"]).stdin(request).ok());
}

#[test]
fn a_record_without_its_application_is_a_damaged_store_and_no_panic() {
    let world = World::logged_in();
    let edit = "PRAGMA foreign_keys = OFF; UPDATE record SET application_id = 77";
    world.database().execute_batch(edit).unwrap();
    for args in [&["refresh"][..], &["logout", "--revoke", "--yes"], &["get"], &["export", "-"]] {
        let output = world.concur(args).fails(6).says("the store was edited or damaged");
        drop(output.says("concur-cred login --profile default"));
    }
}
