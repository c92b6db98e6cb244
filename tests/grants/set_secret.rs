//! `set-secret`: a client secret that was replaced at Concur costs no login, and no token.

use concur_sandbox::{App, Config, Fault, Rotation, StatusBody};
use rustix::process::{Pid, Signal, WaitOptions, kill_process, waitpid};

use super::support::{assert_nowhere, write_application};
use crate::harness::terminal::Terminal;
use crate::harness::{Output, World, leaving, skipped};

const DAY_SECS: i64 = 86_400;
const UNKNOWN: &str = "11111111-2222-3333-4444-555555555555";

/// Two profiles of one application, and one of another.
fn world() -> World {
    world_with(Config::default())
}

fn world_with(config: Config) -> World {
    let world = World::with(config);
    let app = world.sandbox.app().clone();
    world.login("one", &app);
    world.login("two", &app);
    let other = world.sandbox.add_app();
    world.login("other", &other);
    world.concur(["use", "one"]).ok();
    world.sandbox.clear_log();
    world
}

fn set_secret(world: &World, secret: &str) -> crate::harness::Run {
    world.concur(["set-secret"]).stdin(format!("{secret}\n"))
}

fn expire_all(world: &World) {
    for profile in ["one", "two", "other"] {
        world.expire(profile);
    }
}

/// Every profile refreshes, by the refresh token that it has.
fn assert_all_refresh(world: &World, why: &str) {
    let before = world.refreshes();
    for profile in ["one", "two", "other"] {
        world.concur(["refresh", "--profile", profile]).ok();
        world.concur(["get", "--profile", profile]).ok().silent();
    }
    assert_eq!(world.refreshes(), before + 3, "{why}");
    let counters = world.sandbox.counters();
    assert_eq!(counters.token_requests_of("password"), 0, "{why}: no new login");
}

/// The stored values are unchanged, and no back-off applies.
fn assert_kept(world: &World, output: &Output) {
    assert!(output.stderr.contains("kept"), "{output:?}");
    assert_all_refresh(world, &output.stderr);
}

#[test]
fn set_secret_updates_every_profile_of_the_application() {
    for rotation in [Rotation::Same, Rotation::NewKeepOld, Rotation::NewRevokeFamily] {
        for code in [64, 61] {
            let config = Config { rotation, wrong_secret_code: code, ..Config::default() };
            let world = world_with(config);
            let secret = world.sandbox.change_client_secret();
            expire_all(&world);
            for profile in ["one", "two"] {
                let output = world.concur(["get", "--profile", profile]).fails(4);
                let output = output.says(&format!("code {code}"));
                let command = format!("concur-cred set-secret --profile {profile}");
                assert!(output.hint().contains(&command), "{output:?}");
            }
            let output = set_secret(&world, &secret).ok().says("profiles one, two");
            assert!(output.stdout.is_empty(), "{output:?}");
            // A recorded refusal of the old secret delays no caller.
            world.concur(["get"]).ok().silent();
            world.concur(["get", "--profile", "two"]).ok().silent();
            assert_all_refresh(&world, "the new secret is used");
            let log = world.concur(["log", "--json"]).ok();
            let is_it =
                |line: &&str| line.contains("\"set-secret\"") && line.contains("\"replaced\"");
            assert_eq!(log.text().lines().filter(is_it).count(), 1, "{log:?}");
            assert_nowhere(&world, log.text(), &[&secret]);
        }
    }
}

#[test]
fn the_secret_comes_from_a_variable_a_pipe_or_a_person() {
    let world = world();
    let secret = world.sandbox.change_client_secret();
    let variable =
        |secret: &str| world.concur(["set-secret"]).env("CONCUR_CRED_CLIENT_SECRET", secret);
    variable(&secret).stdin("not read").ok();
    assert_all_refresh(&world, "by variable");
    for text in ["", "\n", " \r\n", "\u{feff}\n"] {
        set_secret(&world, text).fails(2).says("No client secret was given");
    }
    world.concur(["set-secret"]).fails(2).says("CONCUR_CRED_CLIENT_SECRET");
    for text in ["one\ntwo", "{\n}", "a\u{0}b"] {
        let output = set_secret(&world, text).fails(2).says("nothing was changed");
        assert!(!output.stderr.contains(text), "{output:?}");
    }
    let latin = world.concur(["set-secret"]).stdin(b"\xff\xfe".to_vec());
    drop(latin.fails(2).says("no text"));
    world.concur(["set-secret", &secret]).output().code(2);
    let secret = world.sandbox.change_client_secret();
    let padded = world.concur(["set-secret"]).stdin(format!("\u{feff}  {secret}\r\n\n"));
    padded.ok();
    assert_all_refresh(&world, "by a pipe");
    let secret = world.sandbox.change_client_secret();
    let Some(mut terminal) = Terminal::start(&world, 80, "set-secret --profile two", &[]) else {
        skipped("there is no script(1) to make a terminal with");
        return;
    };
    terminal.wait_for("(not shown): ");
    terminal.answer_unseen(&secret);
    let (code, shown) = terminal.end();
    assert_eq!(code, Some(0), "{shown}");
    assert!(!shown.contains(&secret) && shown.contains("profiles one, two"), "{shown}");
    assert_all_refresh(&world, "by a prompt");
}

#[test]
fn a_mistyped_secret_is_asked_for_again() {
    let world = world();
    expire_all(&world);
    let secret = world.sandbox.change_client_secret();
    let Some(mut terminal) = Terminal::start(&world, 80, "set-secret --profile two", &[]) else {
        skipped("there is no script(1) to make a terminal with");
        return;
    };
    terminal.wait_for("(not shown): ");
    terminal.answer_unseen(UNKNOWN);
    terminal.wait_for("Concur refused the new client secret (code 64");
    terminal.wait_for("(not shown): ");
    terminal.answer_unseen("two words");
    terminal.wait_for("no spaces");
    terminal.wait_for("(not shown): ");
    terminal.answer_unseen(&secret);
    let (code, shown) = terminal.end();
    assert_eq!(code, Some(0), "{shown}");
    assert_all_refresh(&world, "by a prompt");
}

#[test]
fn a_secret_that_concur_refuses_is_not_kept() {
    for code in [64, 61, 5] {
        let world = world();
        expire_all(&world);
        world.sandbox.push_fault(Fault::Code(code));
        let output = set_secret(&world, UNKNOWN).fails(4).says(&format!("code {code}"));
        let output = output.says("refused the new client secret");
        assert!(output.hint().contains("concur-cred set-secret --profile one"), "{output:?}");
        // The stored secret is valid: that refusal does not delay a get.
        world.concur(["get"]).ok().silent();
        assert_kept(&world, &output);
        assert!(world.concur(["log"]).ok().text().contains("client secret not replaced"));
    }
    // And by the service itself.
    let world = world();
    let output = set_secret(&world, UNKNOWN).fails(4).says("code 64");
    assert_kept(&world, &output);
    let other = world.sandbox.change_client_secret();
    set_secret(&world, UNKNOWN).fails(4).says("stored one was kept");
    let named = world.concur(["set-secret"]).env("CONCUR_CRED_CLIENT_SECRET", UNKNOWN).fails(4);
    assert!(named.hint().starts_with("Correct CONCUR_CRED_CLIENT_SECRET"), "{named:?}");
    assert!(named.hint().contains("concur-cred set-secret --profile one"), "{named:?}");
    set_secret(&world, &other).ok();
    assert_all_refresh(&world, "the third try");
}

#[test]
fn every_other_answer_is_reported_and_changes_nothing() {
    let status = |code| Fault::Status { code, body: StatusBody::Html, retry_after: None };
    for (fault, code, says) in [
        (Fault::Code(59), 4, "could not be checked"),
        (Fault::Code(107), 4, "could not be checked"),
        (Fault::Code(9999), 4, "could not be checked"),
        (Fault::Code(134), 5, "maintenance"),
        (status(403), 5, "answered 403"),
    ] {
        let world = world();
        world.sandbox.fault_always(fault);
        let output = set_secret(&world, UNKNOWN).fails(code).says(says).says("one was kept");
        let again = output.hint();
        assert!(again.contains("concur-cred set-secret --profile one"), "{output:?}");
        assert!(
            !again.contains("concur-cred refresh"),
            "the file still has the old secret\n{output:?}"
        );
        world.sandbox.clear_faults();
        assert_kept(&world, &output);
    }
}

#[test]
fn a_service_that_cannot_be_reached_changes_nothing() {
    let mut world = World::with(leaving());
    let app = world.sandbox.app().clone();
    world.login("one", &app);
    let fresh = concur_sandbox::Sandbox::start(Config::default()).unwrap();
    let gone = std::mem::replace(&mut world.sandbox, fresh);
    drop(gone);
    let output = set_secret(&world, UNKNOWN).fails(5).says("cannot be reached");
    assert!(output.stderr.contains("kept"), "{output:?}");
    let stored: i64 = world.column("one", "generation");
    assert_eq!(stored, 1);
    world.concur(["get"]).ok().silent();
}

#[test]
fn an_invalid_refresh_token_proves_nothing_and_the_next_profile_is_tried() {
    let world = world();
    let secret = world.sandbox.change_client_secret();
    world.sandbox.push_fault(Fault::Code(108));
    let late = |secret: &str| set_secret(&world, secret).at_offset(2 * DAY_SECS);
    late(&secret).ok().says("profiles one, two");
    assert_eq!(world.refreshes(), 2, "the second profile's was tried");
    let world = self::world();
    let secret = world.sandbox.change_client_secret();
    world.sandbox.revoke_refresh_tokens();
    let late = |secret: &str| set_secret(&world, secret).at_offset(2 * DAY_SECS);
    let output = late(&secret).fails(4).says("code 108").says("stored one was kept");
    assert!(output.hint().contains("concur-cred login --profile"), "{output:?}");
    let output = late(&secret).fails(4).says("No profile of this application");
    assert!(output.hint().contains("concur-cred login --profile one"), "{output:?}");
    let app = App { client_secret: secret, ..world.sandbox.app().clone() };
    world.login("one", &app);
    world.login("two", &app);
}

#[test]
fn an_application_of_its_own_is_tried_by_its_own_grant() {
    let world = World::new();
    write_application(&world);
    let login = ["login", "--grant", "app", "--base-url", world.sandbox.origin()];
    world.concur(login).ok();
    let secret = world.sandbox.change_client_secret();
    set_secret(&world, UNKNOWN).fails(4).says("code 64");
    set_secret(&world, &secret).ok().says("profile default");
    world.expire("default");
    world.concur(["get"]).ok().silent();
}

#[test]
fn secret_and_tokens_are_written_together_or_not_at_all() {
    let config = Config { rotation: Rotation::NewRevokeFamily, ..Config::default() };
    // Killed before and after the commit.
    let world = world_with(config.clone());
    let secret = world.sandbox.change_client_secret();
    let killed = |at: &str| {
        let run =
            set_secret(&world, &secret).env("CONCUR_CRED_TEST_FAILPOINT", format!("{at}=kill"));
        assert_eq!(run.output().signal, Some(9), "{at}");
    };
    killed("attempt-begun");
    world.concur(["refresh"]).fails(4).says("code 64");
    killed("grant-committed");
    assert_all_refresh(&world, "both were committed");
    // A full disk: a pending grant, the old secret stays, and nothing is lost.
    let world = world_with(config);
    let secret = world.sandbox.change_client_secret();
    let full = set_secret(&world, &secret).env("CONCUR_CRED_TEST_FAILPOINT", "grant-commit=full");
    full.fails(6).says("accepted the new client secret").says("saved in the reserve");
    set_secret(&world, &secret).ok();
    assert_all_refresh(&world, "the saved tokens were taken in");
}

#[test]
fn concurrent_gets_use_the_new_secret() {
    let world = world();
    let secret = world.sandbox.change_client_secret();
    expire_all(&world);
    let setting =
        set_secret(&world, &secret).env("CONCUR_CRED_TEST_FAILPOINT", "reserve-ready=stop").start();
    let pid = Pid::from_child(&setting.child);
    let (_, status) = waitpid(Some(pid), WaitOptions::UNTRACED).unwrap().unwrap();
    assert!(status.stopped());
    let get = |profile| world.concur(["get", "--profile", profile]).start();
    let gets: Vec<_> = ["one", "two"].into_iter().cycle().take(10).map(get).collect();
    kill_process(pid, Signal::CONT).unwrap();
    drop(setting.wait().code(0));
    for get in gets {
        let token = get.wait().code(0).line();
        assert!(world.sandbox.is_live_access_token(&token));
    }
    assert_eq!(world.refreshes(), 2, "one of each profile");
}

#[test]
fn without_a_profile_there_is_nothing_to_replace() {
    let world = World::new();
    set_secret(&world, UNKNOWN).fails(3).says("no profile");
    assert!(!world.store_file().exists());
    let world = self::world();
    let absent = world.concur(["set-secret", "--profile", "absent"]).stdin(UNKNOWN);
    drop(absent.fails(3));
}

#[test]
fn an_edited_link_sends_no_secret() {
    let world = world();
    let other_service = World::new();
    let sql = "UPDATE application SET origin = ?1 WHERE client_id = ?2";
    let client_id = world.sandbox.app().client_id.clone();
    world.database().execute(sql, (other_service.sandbox.origin(), &client_id)).unwrap();
    let output = set_secret(&world, UNKNOWN).fails(6);
    assert!(!output.stderr.contains(UNKNOWN), "{output:?}");
    let sql = "UPDATE record SET geolocation = ?1";
    world.database().execute(sql, [other_service.sandbox.origin()]).unwrap();
    set_secret(&world, UNKNOWN).fails(6);
    assert_eq!((other_service.sandbox.requests().len(), world.token_requests()), (0, 0));
}

#[test]
fn an_edited_row_gives_the_new_secret_to_no_other_application() {
    let other_link = "UPDATE record SET application_id = \
                      (SELECT application_id FROM record WHERE profile = 'other') WHERE profile = 'one'";
    // One after the other: names are unique, and the order of rows is that of random ids.
    let swapped = "UPDATE record SET profile = 'x' WHERE profile = 'one'; \
                   UPDATE record SET profile = 'one' WHERE profile = 'other'";
    for sql in [other_link, swapped] {
        let world = world();
        world.database().execute_batch(sql).unwrap();
        let output = set_secret(&world, UNKNOWN).fails(6);
        assert!(!output.stderr.contains(UNKNOWN), "{output:?}");
        assert_eq!(world.token_requests(), 0, "{sql}");
    }
}

#[test]
fn tokens_of_another_principal_are_reported_and_kept_with_the_new_secret() {
    let world = world();
    let secret = world.sandbox.change_client_secret();
    let another = "0a3ac1d5-1c0b-4c5c-9d6a-5b8f3f3f0001";
    world.sandbox.configure(|config| config.refresh_principal = Some(another.to_owned()));
    set_secret(&world, &secret).ok().says("profiles one, two").says(another);
    world.concur(["get"]).fails(4).says(another);
    world.sandbox.configure(|config| config.refresh_principal = None);
    world.concur(["refresh", "--profile", "two"]).ok();
}

#[test]
fn a_variable_that_is_not_text_is_named() {
    use std::os::unix::ffi::OsStrExt as _;
    let world = world();
    let latin = std::ffi::OsStr::from_bytes(b"\xff\xfe");
    let output = world.concur(["set-secret"]).env("CONCUR_CRED_CLIENT_SECRET", latin).fails(6);
    output.says("CONCUR_CRED_CLIENT_SECRET");
    assert_eq!(world.token_requests(), 0);
}
