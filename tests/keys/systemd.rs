//! A key as systemd really gives it.

use std::process::Command;

use super::support::KEY;
use crate::harness::{BINARY, World, set_mode};

/// Whether services can be started here, as root.
fn can_run() -> bool {
    let tried = Command::new("systemd-run").args(["--wait", "--pipe", "--quiet", "true"]).output();
    rustix::process::geteuid().is_root() && tried.is_ok_and(|output| output.status.success())
}

#[test]
#[allow(clippy::print_stderr, reason = "a test that is skipped says so")]
fn a_service_with_load_credential_logs_in_hits_and_refreshes() {
    if !can_run() {
        eprintln!("skipped: no systemd here that starts services (systemd-run)");
        return;
    }
    let world = World::new();
    let key = world.write("key", KEY);
    world.write("credentials.json", world.sandbox.credentials_json());
    // systemd splits at blanks.
    let folder = tempfile::Builder::new().prefix("concur-keys-").tempdir().unwrap();
    let credential = folder.path().join("key");
    std::fs::copy(&key, &credential).unwrap();
    set_mode(&credential, 0o600);
    let run = |args: &[&str]| {
        let load = format!("LoadCredential=concur-cred-key:{}", credential.display());
        let home = format!("CONCUR_CRED_HOME={}", world.work().join("home").display());
        let work = format!("--working-directory={}", world.work().display());
        let first = ["--wait", "--pipe", "--quiet", "-p", &load, "-E", &home, &work, BINARY];
        world.run("systemd-run", first.iter().chain(args)).ok()
    };
    let origin = world.sandbox.origin().to_owned();
    run(&["login", "--base-url", &origin]);
    let home = world.work().join("home");
    assert!(home.join("store.db").exists() && !home.join("key").exists());
    let token = run(&["get"]).line();
    assert!(world.sandbox.is_live_access_token(&token));
    run(&["refresh"]);
    let outside = world.concur(["get"]).env("CONCUR_CRED_HOME", &home);
    outside.fails(6).says("CREDENTIALS_DIRECTORY is not set");
}
