//! Pending grants: an answer that cannot be committed is kept in the reserve. Without space for it, nothing
//! is spent.

use std::time::Duration;

use concur_sandbox::{Config, Gate, Rotation};
use rustix::process::{Pid, Resource, Rlimit, prlimit};

use crate::harness::{BINARY, Run, Running, World};

/// Space for a sealed answer at the beginning of a file, but not for one page of the database after
/// the header of its journal.
const NO_ROOM_FOR_A_PAGE: u64 = 4096;

fn world() -> World {
    let rotation = Rotation::NewRevokeFamily;
    let world = World::logged_in_with(Config { rotation, ..Config::default() });
    world.expire("default");
    world.sandbox.clear_log();
    world
}

/// `concur-cred ARGS` whose files are limited to `blocks` of 512 bytes (POSIX: ulimit) from its start:
/// writing fails as on a full disk, also for root.
fn limited(world: &World, blocks: u64, args: &str) -> Run {
    let script = format!("ulimit -f {blocks}; exec \"$0\" {args}");
    world.run("sh", ["-c", &script, BINARY])
}

/// A caller whose token request is delayed; from now on it can write no page of the database, and is not
/// ended for trying to.
fn held_and_limited(world: &World, limit: u64) -> (Running, Gate) {
    let gate = world.sandbox.hold_next_token_request();
    let caller = world.concur(["get"]).start();
    assert!(gate.wait_until_reached(Duration::from_secs(20)), "the caller asks the service");
    let limit = Rlimit { current: Some(limit), maximum: Some(limit) };
    prlimit(Some(Pid::from_child(&caller.child)), Resource::Fsize, limit).unwrap();
    (caller, gate)
}

/// The record's reserve file.
fn reserve(world: &World) -> std::path::PathBuf {
    let id: i64 = world.column("default", "id");
    world.state_dir().join("reserve").join(format!("{id:016x}"))
}

fn is_blank(bytes: &[u8]) -> bool {
    bytes.iter().all(|byte| *byte == 0)
}

/// A world whose new token is only in the reserve, and that token.
fn with_pending_grant() -> (World, String) {
    let world = world();
    let generation: i64 = world.column("default", "generation");
    let (caller, gate) = held_and_limited(&world, NO_ROOM_FOR_A_PAGE);
    gate.release();
    let token = caller.wait().code(0).line();
    assert!(world.sandbox.is_live_access_token(&token), "the token is served all the same");
    assert_eq!(world.column::<i64>("default", "generation"), generation, "nothing was committed");
    assert!(!is_blank(&std::fs::read(reserve(&world)).unwrap()), "the reserve holds the answer");
    (world, token)
}

#[test]
fn a_pending_grant_is_printed_and_committed_by_the_next_caller() {
    let (world, token) = with_pending_grant();
    let next = world.concur(["get"]).ok().silent();
    assert_eq!(next.line(), token);
    assert_eq!(world.token_requests(), 1, "the next caller sends no request");
    assert!(is_blank(&std::fs::read(reserve(&world)).unwrap()), "and empties the reserve");
    let outcome: Option<String> = world.column("default", "attempt_outcome");
    assert_eq!(outcome.as_deref(), Some("granted"), "the attempt ended with success");
    world.expire("default");
    drop(world.concur(["get"]).ok().silent());
    assert_eq!(world.refreshes(), 2);
    assert_eq!(world.sandbox.counters().families_revoked_by_reuse, 0, "no rotation was lost");
}

#[test]
fn a_herd_commits_a_pending_grant_once() {
    let (world, token) = with_pending_grant();
    let herd: Vec<_> = (0..30).map(|_| world.concur(["get"]).start()).collect();
    for caller in herd {
        assert_eq!(caller.wait().code(0).line(), token);
    }
    assert_eq!(world.token_requests(), 1);
}

#[test]
fn git_and_an_explicit_refresh_commit_a_pending_grant_too() {
    let (world, token) = with_pending_grant();
    let answer = world.helper(["get"]).stdin(world.request("")).ok().silent();
    assert_eq!(answer.value("password"), Some(token));
    let (world, _) = with_pending_grant();
    drop(world.concur(["refresh"]).ok());
    assert_eq!(world.sandbox.counters().families_revoked_by_reuse, 0);
    drop(world.concur(["get"]).ok().silent());
}

#[test]
fn a_pending_grant_is_sealed() {
    let (world, token) = with_pending_grant();
    let bytes = std::fs::read(reserve(&world)).unwrap();
    let run = world.helper(["get", "--with-refresh-token"]).stdin(world.request(""));
    let refresh_token = run.ok().value("oauth_refresh_token").unwrap();
    for secret in [&token, &refresh_token] {
        let found = bytes.windows(secret.len()).any(|window| window == secret.as_bytes());
        assert!(!found, "no secret is in the reserve");
    }
    assert!(!bytes.windows(12).any(|window| window == b"access_token"));
    assert_eq!(crate::harness::mode(&reserve(&world)), 0o600);
}

#[test]
fn a_pending_grant_is_printed_while_the_store_cannot_be_written() {
    let (world, token) = with_pending_grant();
    for _ in 0..2 {
        let blocks = NO_ROOM_FOR_A_PAGE / 512;
        let output = limited(&world, blocks, "get").output().code(0);
        assert_eq!(output.line(), token);
    }
    assert_eq!(world.token_requests(), 1, "no request is sent for a stored grant");
    assert_eq!(world.concur(["get"]).ok().silent().line(), token);
}

#[test]
fn a_pending_grant_of_another_generation_is_ignored_and_cleared() {
    let (world, old) = with_pending_grant();
    let stale = std::fs::read(reserve(&world)).unwrap();
    drop(world.concur(["get"]).ok());
    std::fs::write(reserve(&world), &stale).unwrap();
    world.expire("default");
    let token = world.concur(["get"]).ok().line();
    assert_ne!(token, old, "an answer older than the current tokens is ignored");
    assert_eq!(world.refreshes(), 2);
    assert!(is_blank(&std::fs::read(reserve(&world)).unwrap()));
    assert_eq!(world.sandbox.counters().families_revoked_by_reuse, 0);
}

#[test]
fn a_login_makes_a_pending_grant_stale() {
    let (world, old) = with_pending_grant();
    let app = world.sandbox.app().clone();
    drop(world.login("default", &app));
    world.expire("default");
    let token = world.concur(["get"]).ok().line();
    assert_ne!(token, old);
    assert!(world.sandbox.is_live_access_token(&token));
    assert!(is_blank(&std::fs::read(reserve(&world)).unwrap()));
}

#[test]
fn a_damaged_pending_grant_is_ignored() {
    let (world, _) = with_pending_grant();
    let mut bytes = std::fs::read(reserve(&world)).unwrap();
    for byte in bytes.iter_mut().skip(40).take(8) {
        *byte ^= 0x55;
    }
    std::fs::write(reserve(&world), &bytes).unwrap();
    // The rotated refresh token is lost with it: the company grant obtains new tokens.
    let token = world.concur(["get"]).ok().line();
    assert!(world.sandbox.is_live_access_token(&token));
}

#[test]
fn without_space_in_the_store_no_refresh_token_is_spent() {
    let world = world();
    let refresh_token: Vec<u8> = world.column("default", "refresh_token");
    drop(limited(&world, 1, "get").fails(6));
    assert_eq!(world.token_requests(), 0, "nothing was asked");
    assert_eq!(world.column::<Vec<u8>>("default", "refresh_token"), refresh_token);
    drop(world.concur(["get"]).ok().silent());
}

#[test]
fn without_space_inside_the_soft_window_the_current_token_is_printed() {
    let world = World::logged_in();
    let token = world.concur(["get"]).ok().line();
    world.age_access_token("default", 3600 - 280);
    assert_eq!(limited(&world, 1, "get").ok().line(), token);
    assert_eq!(world.refreshes(), 0, "nothing was asked");
    assert_ne!(world.concur(["get"]).ok().line(), token);
}

#[test]
fn without_space_for_the_reserve_no_refresh_token_is_spent() {
    let world = world();
    std::fs::remove_file(reserve(&world)).unwrap();
    // Enough for the database and its journal, not for the 128 KiB.
    drop(limited(&world, 200, "get").fails(6).says("disk space"));
    assert_eq!(world.token_requests(), 0, "nothing was asked");
    drop(world.concur(["get"]).ok().silent());
    assert_eq!(std::fs::metadata(reserve(&world)).unwrap().len(), 128 * 1024, "made again");
}

#[test]
fn a_hit_needs_no_disk_space() {
    let world = World::logged_in();
    let token = world.concur(["get"]).ok().line();
    assert_eq!(limited(&world, 0, "get").ok().silent().line(), token);
}

#[test]
fn even_without_the_reserve_the_token_is_printed_and_the_loss_is_reported() {
    let world = world();
    let (caller, gate) = held_and_limited(&world, 0);
    gate.release();
    let output = caller.wait().code(0).says("log in");
    assert!(world.sandbox.is_live_access_token(&output.line()));
}

/// The newest tokens may be only in the reserve file. A copy newer than the store but older than those
/// counts as older.
#[test]
fn importing_an_older_copy_does_not_overwrite_a_pending_grant() {
    let rotation = Rotation::NewRevokeFamily;
    let world = World::with(Config { rotation, ..Config::default() });
    let app = world.sandbox.app().clone();
    world.write("credentials.json", world.sandbox.credentials_json());
    let import = |age_seconds: i64| {
        let file = world.sandbox.refresh_token_object_file(&app, age_seconds);
        world.concur(["import", "-", "--base-url", world.sandbox.origin()]).stdin(file)
    };
    drop(import(7200).ok());
    let (caller, gate) = held_and_limited(&world, NO_ROOM_FOR_A_PAGE);
    gate.release();
    let token = caller.wait().code(0).line();
    assert!(!is_blank(&std::fs::read(reserve(&world)).unwrap()), "the reserve holds the answer");
    drop(import(3000).fails(2).says("nothing was changed"));
    assert_eq!(world.concur(["get"]).ok().line(), token);
    world.expire("default");
    drop(world.concur(["get"]).ok());
    assert_eq!(world.sandbox.counters().families_revoked_by_reuse, 0, "no rotation was lost");
}
