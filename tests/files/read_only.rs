//! A read-only mounted home: a valid token is printed, and no command stops halfway.

use std::process::Command;

use super::support::tree;
use crate::harness::{BINARY, Run, World, skipped};

/// Set in the place of `"$0"`: the folder that is read-only.
const ENTER: &str =
    "mount --bind \"$0\" \"$0\" && mount -o remount,ro,bind \"$0\" && exec timeout -k 1 60 \"$@\"";

/// The program in a namespace in which HOME is read-only.
fn read_only(world: &World, args: &[&str]) -> Run {
    let run = world.run("unshare", ["-rm", "sh", "-c", ENTER]).arg(world.home()).arg(BINARY);
    args.iter().fold(run, Run::arg)
}

fn can_be_tried() -> bool {
    let probe = "mount --bind /tmp /tmp && mount -o remount,ro,bind /tmp";
    let output = Command::new("unshare").args(["-rm", "sh", "-c", probe]).output();
    let can = output.is_ok_and(|output| output.status.success());
    if !can {
        skipped("no user and mount namespaces here");
    }
    can
}

#[test]
fn a_read_only_home_serves_a_valid_token_and_refuses_the_rest_with_the_reason() {
    if !can_be_tried() {
        return;
    }
    let world = World::logged_in();
    let token = world.concur(["get"]).ok().line();
    std::fs::remove_file(world.state_dir().join("ticket")).unwrap();
    let before = tree(&world.home());
    for args in [&["get"][..], &["token"], &["status"], &["log"], &["export", "-"]] {
        let output = read_only(&world, args).ok();
        assert!(args != ["get"] || output.line() == token, "{output:?}");
    }
    let asked = world.token_requests();
    world.write("credentials.json", world.sandbox.credentials_json());
    let origin = world.sandbox.origin().to_owned();
    let login = ["login", "--base-url", &origin];
    let commands: [&[&str]; 5] =
        [&["refresh"], &login, &["logout"], &["use", "default"], &["keepalive", "--after", "0s"]];
    for args in commands {
        if args[0] == "keepalive" {
            continue;
        }
        read_only(&world, args).fails(6).says("ead-only");
    }
    let entry = "protocol=https\nhost=h\nusername=u\npassword=p\n\n";
    read_only(&world, &["store"]).stdin(entry).fails(6).says("ead-only");
    read_only(&world, &["get"]).at_offset(3700).fails(6).says("ead-only");
    assert_eq!(world.token_requests(), asked, "nothing is spent that could not be kept");
    assert_eq!(tree(&world.home()), before);
    world.concur(["refresh"]).ok();
}

#[test]
fn a_first_login_in_a_read_only_home_sends_no_request_and_leaves_nothing() {
    if !can_be_tried() {
        return;
    }
    let world = World::new();
    world.write("credentials.json", world.sandbox.credentials_json());
    let origin = world.sandbox.origin().to_owned();
    read_only(&world, &["login", "--base-url", &origin]).fails(6).says("ead-only");
    assert_eq!(world.token_requests(), 0);
    assert_eq!(tree(&world.home()), []);
    read_only(&world, &["get"]).fails(3);
}
