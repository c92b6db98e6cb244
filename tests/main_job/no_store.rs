//! `get` creates no files, and works without a home.
#![cfg(unix)]

use std::path::{Path, PathBuf};

use super::support::tree;
use crate::harness::{BINARY, Run, World, set_mode};

/// A git request for an unknown host.
const REQUEST: &str = "protocol=https\nhost=nobody.invalid\n\n";

/// A question, what it reads, and its exit code where there is no store.
const QUESTIONS: [(&[&str], &str, i32); 16] = [
    (&["get"], "", 3),
    (&["get"], REQUEST, 0),
    (&["get", "--protocol", "git"], "", 0),
    (&["get", "--format", "json"], "", 3),
    (&["get", "--cached"], "", 3),
    (&["token"], "", 3),
    (&["status"], "", 3),
    (&["status", "--json"], "", 3),
    (&["erase"], REQUEST, 0),
    (&["erase"], "", 0),
    (&["store"], "", 0),
    (&["store"], REQUEST, 0),
    (&["log"], "", 0),
    (&["refresh"], "", 3),
    (&["export", "-"], "", 3),
    (&["use", "acme"], "", 3),
];

/// Asks everything; nothing may be answered, and the exit codes must be the documented ones.
fn ask_everything(world: &World, place: impl Fn(Run) -> Run) {
    for (args, stdin, code) in QUESTIONS {
        let output = place(world.concur(args)).stdin(stdin).output().code(code);
        assert!(output.stdout.is_empty(), "{output:?}");
        assert_eq!(output.stderr.is_empty(), code == 0, "{output:?}");
    }
    let capability = place(world.concur(["capability"])).ok().silent();
    assert_eq!(capability.text(), "version 0\ncapability authtype\n");
    let helper = place(world.helper(["get"])).stdin(REQUEST).ok().silent();
    assert!(helper.stdout.is_empty(), "{helper:?}");
}

fn nothing() -> Vec<PathBuf> {
    Vec::new()
}

#[test]
fn gets_in_an_empty_home_create_nothing() {
    let world = World::new();
    ask_everything(&world, |run| run);
    assert_eq!(tree(&world.home()), nothing());
    assert_eq!(world.sandbox.requests().len(), 0);
}

#[test]
fn gets_in_a_missing_home_create_nothing() {
    let world = World::new();
    let home = world.work().join("no such home");
    ask_everything(&world, |run| run.env("HOME", &home));
    assert!(!home.exists());
}

#[test]
fn gets_work_when_home_is_not_a_folder() {
    let world = World::new();
    let file = world.write("file", "not a folder");
    for home in [file.clone(), file.join("below"), "/dev/null".into()] {
        ask_everything(&world, |run| run.env("HOME", &home));
    }
    assert_eq!(tree(&world.work()), [file]);
}

#[test]
fn gets_in_an_unwritable_home_create_nothing() {
    let world = World::new();
    set_mode(&world.home(), 0o500);
    ask_everything(&world, |run| run);
    assert_eq!(tree(&world.home()), nothing());
    set_mode(&world.home(), 0o700);
}

/// Where the account that runs the tests has its home, whatever `HOME` says.
fn real_state_folder() -> PathBuf {
    let mut whoami = World::new().run("sh", ["-c", "eval echo ~$(id -un)"]).ok().line();
    whoami.push_str("/.local/state/concur-cred");
    PathBuf::from(whoami)
}

#[test]
fn git_with_an_empty_environment_works() {
    let world = World::new();
    let folder = real_state_folder();
    let was_there = folder.exists();
    // Only what that home has no answer to: it may be a developer's own.
    for args in [["erase"], ["capability"]] {
        let mut command = world.concur(args).into_command();
        command.env_clear().stdin(std::process::Stdio::null());
        let output = command.output().unwrap();
        assert_eq!((output.status.code(), output.stderr), (Some(0), Vec::new()), "{args:?}");
    }
    let script = format!("printf '{}' | exec env -i \"$0\" get", REQUEST.replace('\n', "\\n"));
    let output = world.run("sh", ["-c", &script, BINARY]).ok().silent();
    assert!(output.stdout.is_empty(), "{output:?}");
    assert_eq!(folder.exists(), was_there, "nothing is made in the account's own home");
}

/// What must not be spent where its answer cannot be kept.
fn assert_login_is_refused_before_it_asks(world: &World, home: &Path) {
    world.write("credentials.json", world.sandbox.credentials_json());
    let login = world.concur(["login", "--base-url", world.sandbox.origin()]).env("HOME", home);
    let output = login.fails(6);
    assert!(output.stderr.contains(home.to_str().unwrap()), "names the place\n{output:?}");
    assert_eq!(world.token_requests(), 0, "the request token is not spent\n{output:?}");
}

#[test]
fn a_login_that_could_not_be_stored_spends_no_token() {
    let world = World::new();
    let file = world.write("file", "not a folder");
    assert_login_is_refused_before_it_asks(&world, &file);
    assert_login_is_refused_before_it_asks(&world, &file.join("below"));
    if super::support::is_root() {
        // Permission bits do not restrict root; a home below /dev/null restricts all users.
        assert_login_is_refused_before_it_asks(&world, Path::new("/dev/null/home"));
    } else {
        set_mode(&world.home(), 0o500);
        assert_login_is_refused_before_it_asks(&world, &world.home());
        set_mode(&world.home(), 0o700);
    }
}

#[test]
fn a_store_request_without_a_credential_creates_nothing() {
    let world = World::new();
    let requests = [
        "protocol=https\nhost=h\nusername=u\n\n",
        "protocol=https\nhost=h\npassword=p\n\n",
        "protocol=https\nhost=h\nauthtype=Bearer\n\n",
        "protocol=https\nhost=h\nusername=u\npassword=p\nephemeral=1\n\n",
    ];
    for request in requests {
        world.concur(["store"]).stdin(request).ok().silent();
        world.helper(["store"]).stdin(request).ok().silent();
    }
    assert_eq!(tree(&world.home()), nothing());
}

#[test]
fn storing_a_credential_in_an_impossible_place_is_an_error_and_creates_nothing() {
    let world = World::new();
    let file = world.write("file", "not a folder");
    let request = "protocol=https\nhost=h\nusername=u\npassword=hunter2\n\n";
    let output = world.helper(["store"]).env("HOME", &file).stdin(request).fails(6);
    assert!(!output.stderr.contains("hunter2"), "{output:?}");
}
