//! A full disk (simulated by the file size limit): nothing is spent that
//! could not be kept, and what was granted is kept.
#![cfg(unix)]

use concur_sandbox::{Config, Fault, Rotation};
use serde_json::json;

use super::support::{assert_refresh_token_is_not_lost, tree};
use crate::harness::{BINARY, Run, World};

/// The program, unable to write any file beyond `blocks` of 512 bytes.
fn limited(world: &World, blocks: u64, args: &[&str]) -> Run {
    let script = format!("ulimit -f {blocks}; exec \"$0\" \"$@\"");
    world.run("sh", ["-c", &script, BINARY].iter().chain(args))
}

#[test]
fn a_full_disk_does_not_disturb_a_hit() {
    let world = World::logged_in();
    let token = world.concur(["get"]).ok().line();
    assert_eq!(limited(&world, 0, &["get"]).ok().silent().line(), token);
    std::fs::remove_file(world.state_dir().join("ticket")).unwrap();
    assert_eq!(limited(&world, 0, &["get"]).ok().silent().line(), token, "without a cache, too");
    limited(&world, 0, &["status"]).ok().silent();
}

#[test]
fn a_full_disk_fails_a_refresh_before_the_refresh_token_is_spent() {
    let rotation = Rotation::NewRevokeFamily;
    let world = World::logged_in_with(Config { rotation, ..Config::default() });
    world.expire("default");
    for command in ["get", "refresh"] {
        limited(&world, 0, &[command]).fails(6);
    }
    assert_eq!(world.refreshes(), 0, "the refresh token is not spent");
    assert_refresh_token_is_not_lost(&world, "a full disk");
    world.concur(["get"]).ok().silent();
}

#[test]
fn a_full_disk_fails_a_refresh_without_a_reserve() {
    let world = World::logged_in();
    for reserve in tree(&world.state_dir().join("reserve")) {
        std::fs::remove_file(reserve).unwrap();
    }
    world.expire("default");
    // Room for the store and its journal, none for 128 KiB.
    limited(&world, 200, &["get"]).fails(6).says("disk space");
    assert_eq!(world.refreshes(), 0);
    world.concur(["get"]).ok().silent();
    assert_eq!(tree(&world.state_dir().join("reserve")).len(), 1, "it is made again");
}

#[test]
fn a_full_disk_fails_a_login_before_the_request_token_is_spent() {
    let world = World::new();
    world.write("credentials.json", world.sandbox.credentials_json());
    limited(&world, 0, &["login", "--base-url", world.sandbox.origin()]).fails(6);
    limited(&world, 200, &["login", "--base-url", world.sandbox.origin()]).fails(6);
    assert_eq!(world.token_requests(), 0);
    limited(&world, 0, &["init", "other.json"]).fails(6);
    assert_eq!(tree(&world.work()).len(), 1, "no part of a file stays behind");
    world.concur(["login", "--base-url", world.sandbox.origin()]).ok();
    world.concur(["get"]).ok().silent();
}

#[test]
fn a_full_disk_leaves_an_old_export_unchanged() {
    let world = World::logged_in();
    world.concur(["export", "tokens.json"]).ok();
    let before = std::fs::read(world.work().join("tokens.json")).unwrap();
    let files = tree(&world.work());
    limited(&world, 0, &["export", "--force", "tokens.json"]).fails(6);
    assert_eq!(std::fs::read(world.work().join("tokens.json")).unwrap(), before);
    assert_eq!(tree(&world.work()), files, "no part of a file stays behind");
}

/// A store that is larger than a reserve, so that a limit can stop the one and not the other.
fn with_a_large_store() -> World {
    let rotation = Rotation::NewRevokeFamily;
    let world = World::logged_in_with(Config { rotation, ..Config::default() });
    for n in 0..4 {
        let password = "p".repeat(60_000);
        let request = format!("protocol=https\nhost=h{n}\nusername=u\npassword={password}\n\n");
        world.concur(["store"]).stdin(request).ok();
    }
    world.expire("default");
    world
}

#[test]
fn tokens_granted_while_the_disk_fills_up_are_printed_and_kept() {
    let world = with_a_large_store();
    let token = "t".repeat(50_000);
    let value = json!(token);
    world.sandbox.push_fault(Fault::OverrideField { name: "access_token".to_owned(), value });
    let length = std::fs::metadata(world.store_file()).unwrap().len();
    assert!(length > 160 * 1024, "{length}");
    let output = limited(&world, length / 512, &["get"]).ok();
    assert_eq!(output.line(), token, "it is valid for its hour");
    let _ = output.says("reserve");
    // Still full: served from the reserve, not asked for again.
    assert_eq!(limited(&world, length / 512, &["get"]).ok().line(), token);
    assert_eq!(world.refreshes(), 1);
    // Room again: it is taken into the store.
    assert_eq!(world.concur(["get"]).ok().line(), token);
    assert_refresh_token_is_not_lost(&world, "a disk that filled up");
    assert_eq!(world.concur(["get"]).ok().silent().line(), token);
    assert_eq!(world.refreshes(), 1, "asked for once");
    world.expire("default");
    world.concur(["get"]).ok().silent();
    assert_eq!(world.sandbox.counters().families_revoked_by_reuse, 0);
}
