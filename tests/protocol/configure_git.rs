//! `configure-git`, with the machine's own git.

use std::path::{Path, PathBuf};

use crate::harness::{Output, Run, World, program, skipped};

const KEY: &str = "credential.https://*.api.concursolutions.com.helper";

/// Another program's helper that answers for every host and logs its requests.
const OTHER: &str = "!f() { echo \"$1\" >>diary; echo username=other; echo password=others; }; f";

fn git<const N: usize>(world: &World, args: [&str; N]) -> Run {
    world.run("git", args).env("GIT_TERMINAL_PROMPT", "0")
}

fn fill(world: &World, url: &str) -> Run {
    git(world, ["credential", "fill"]).stdin(format!("url={url}\n\n"))
}

/// git's configuration of the user, as git lists it.
fn configuration(world: &World) -> String {
    let output = git(world, ["config", "--global", "--list"]).output();
    output.text().to_owned()
}

fn helper_log(world: &World) -> String {
    std::fs::read_to_string(world.work().join("diary")).unwrap_or_default()
}

fn configured(world: &World) -> Output {
    world.concur(["configure-git"]).ok().says("git asks concur-cred for")
}

#[test]
fn concurs_hosts_use_our_helper_and_others_keep_theirs() {
    let world = World::logged_in();
    drop(git(&world, ["config", "--global", "credential.helper", OTHER]).ok());
    drop(configured(&world).says("https://*.api.concursolutions.com, https://*.api.concurcdc.cn"));
    let token = world.concur(["token"]).ok().line();
    let ours = fill(&world, world.sandbox.origin()).ok().silent();
    assert_eq!(ours.value("password"), Some(token));
    drop(git(&world, ["credential", "approve"]).stdin(ours.stdout).ok());
    assert_eq!(helper_log(&world), "", "the other helper is neither asked nor given our token");
    let theirs = fill(&world, "https://git.example").ok();
    assert_eq!(theirs.value("password").unwrap(), "others");
    drop(git(&world, ["credential", "approve"]).stdin(theirs.stdout).ok());
    assert_eq!(helper_log(&world), "get\nstore\n");
    let ours = world.database().query_row("SELECT count(*) FROM record", [], |row| row.get(0));
    assert_eq!(ours, Ok(1), "and we did not get theirs");
}

/// Concur's own hosts are not reachable here; the test shows only that git calls our helper for them.
#[test]
fn every_host_of_concur_uses_our_helper_and_no_lookalike_does() {
    let world = World::new();
    drop(configured(&world));
    let entry =
        |host: &str| format!("protocol=https\nhost={host}\nusername=me\npassword=kept here\n\n");
    for (host, is_ours) in [
        ("us2.api.concursolutions.com", true),
        ("www-us2.api.concursolutions.com", true),
        ("us-impl.api.concursolutions.com", true),
        ("cn.api.concurcdc.cn", true),
        ("api.concursolutions.com", false),
        ("us2.api.concursolutions.com.evil.example", false),
        ("evilapi.concursolutions.com", false),
        ("git.example", false),
    ] {
        drop(world.helper(["store"]).stdin(entry(host)).ok().silent());
        let output = fill(&world, &format!("https://{host}/expense/v4/reports")).output();
        let password = output.value("password");
        assert_eq!(password.as_deref() == Some("kept here"), is_ours, "{host}\n{output:?}");
    }
}

#[test]
fn configuring_twice_changes_nothing_and_unset_removes_exactly_what_was_written() {
    let world = World::logged_in();
    for (key, value) in [
        ("user.name", "Erika"),
        ("credential.helper", "cache"),
        ("credential.useHttpPath", "true"),
        ("credential.https://us2.api.concursolutions.com.helper", "concur"),
    ] {
        drop(git(&world, ["config", "--global", key, value]).ok());
    }
    let before = configuration(&world);
    drop(configured(&world));
    let once = configuration(&world);
    assert_eq!(once.replacen(&before, "", 1).lines().count(), 6, "{once}");
    drop(configured(&world));
    assert_eq!(configuration(&world), once);
    // A helper that came later stays.
    drop(git(&world, ["config", "--global", "--add", KEY, "cache"]).ok());
    let unset = || world.concur(["configure-git", "--unset"]).ok();
    drop(unset().says("git no longer asks concur-cred for"));
    assert_eq!(configuration(&world), format!("{before}{KEY}=cache\n"));
    drop(unset().says("configure-git has written nothing there"));
}

#[test]
fn a_helper_already_configured_for_these_hosts_is_kept() {
    let world = World::new();
    drop(git(&world, ["config", "--global", KEY, "cache"]).ok());
    drop(world.concur(["configure-git"]).ok().says("was not changed"));
    let values = git(&world, ["config", "--global", "--get-all", KEY]).ok();
    assert_eq!(values.text(), "cache\n");
}

#[test]
fn print_shows_equivalent_commands_and_runs_none() {
    let world = World::logged_in();
    let before = configuration(&world);
    let printed = world.concur(["configure-git", "--print"]).ok().silent();
    assert_eq!(configuration(&world), before);
    drop(world.run("sh", ["-euc", printed.text()]).ok().silent());
    let by_hand = configuration(&world);
    let again = world.concur(["configure-git", "--print"]).ok().silent();
    assert_eq!(again.text(), "", "there is nothing left to do");
    let undo = world.concur(["configure-git", "--print", "--unset"]).ok().silent();
    assert_eq!(configuration(&world), by_hand);
    drop(world.run("sh", ["-euc", undo.text()]).ok().silent());
    assert_eq!(configuration(&world), before);
    drop(configured(&world));
    assert_eq!(configuration(&world), by_hand);
}

/// Variables that are set to debug git.
#[test]
fn git_trace_output_does_not_confuse_the_parser() {
    let world = World::new();
    let traced = |args: &[&str]| {
        let run = world.concur(args).env("GIT_TRACE", "1").env("GIT_TRACE_SETUP", "1");
        run.env("GIT_TRACE2", "1").env("GIT_TRACE_PERFORMANCE", "1").env("GIT_CURL_VERBOSE", "1")
    };
    drop(traced(&["configure-git"]).ok().says("git asks concur-cred for"));
    let report = traced(&["doctor", "--offline"]).output();
    assert!(!report.text().contains("trace:"), "{report:?}");
}

#[test]
fn the_requested_configuration_file_is_changed() {
    let world = World::new();
    let other = world.work().join("other config");
    let run = world.concur(["configure-git"]).env("GIT_CONFIG_GLOBAL", &other);
    drop(run.ok());
    assert!(std::fs::read_to_string(&other).unwrap().contains("helper = concur"));
    assert_eq!(configuration(&world), "");
    drop(world.concur(["configure-git", "--local"]).fails(1).says("git refused: "));
    drop(git(&world, ["init", "--quiet", "here"]).ok());
    let here = world.work().join("here");
    drop(world.concur(["configure-git", "--local"]).in_folder(&here).ok());
    assert!(std::fs::read_to_string(here.join(".git/config")).unwrap().contains("helper = concur"));
    assert_eq!(configuration(&world), "");
}

/// A copy of the program in a folder of its own, as `cargo install` leaves it; and a PATH with that
/// folder and git's alone.
fn installed(world: &World) -> (PathBuf, String) {
    let folder = world.work().join("cargo bin");
    std::fs::create_dir(&folder).unwrap();
    let program = folder.join("concur-cred");
    program::copy(&program);
    let path = format!("{}:{}", folder.display(), path_of_git(world).display());
    (program, path)
}

/// A folder with git and a shell, and nothing else.
fn path_of_git(world: &World) -> PathBuf {
    let folder = world.work().join("only git");
    std::fs::create_dir_all(&folder).unwrap();
    for name in ["git", "sh"] {
        let found = world.run("sh", ["-c", &format!("command -v {name}")]).ok().line();
        let _ = std::os::unix::fs::symlink(found, folder.join(name));
    }
    folder
}

#[test]
fn the_git_credential_link_is_made_beside_the_program() {
    let world = World::new();
    let (program, path) = installed(&world);
    let link = program.with_file_name("git-credential-concur");
    let run = || world.run(&program, ["configure-git"]).env("PATH", &path);
    let printed = run().arg("--print").ok().silent();
    assert!(printed.text().starts_with("ln -s concur-cred '"), "{printed:?}");
    assert!(!link.exists());
    drop(run().ok().says("made ").says("git asks concur-cred for"));
    assert_eq!(
        std::fs::read_link(&link).unwrap(),
        Path::new("concur-cred"),
        "it moves with its folder"
    );
    let again = run().ok();
    assert!(!again.stderr.contains("made "), "{again:?}");
}

#[test]
fn a_folder_outside_path_is_reported_and_nothing_is_configured() {
    let world = World::new();
    let (program, _) = installed(&world);
    let run = world.run(&program, ["configure-git"]).env("PATH", path_of_git(&world));
    drop(run.output().code(6).says("is not on PATH").says("Put that folder on PATH"));
    assert_eq!(configuration(&world), "");
}

/// git would put a file in its place: /dev/null is gone then, if root does it. Here it is a socket.
#[test]
fn a_configuration_that_is_not_a_file_is_left_unchanged() {
    let world = World::new();
    let path = world.work().join("socket");
    let _listener = std::os::unix::net::UnixListener::bind(&path).unwrap();
    for args in [&["configure-git"][..], &["configure-git", "--unset"]] {
        let run = world.concur(args).env("GIT_CONFIG_GLOBAL", &path);
        drop(run.fails(1).says("is not a writable file").says("GIT_CONFIG_GLOBAL"));
    }
    let system = world.concur(["configure-git", "--system"]).env("GIT_CONFIG_SYSTEM", &path);
    drop(system.fails(1).says("is not a writable file"));
    std::os::unix::fs::symlink(&path, world.home().join(".gitconfig")).unwrap();
    drop(world.concur(["configure-git"]).fails(1).says("is not a writable file"));
    assert!(!std::fs::metadata(&path).unwrap().is_file(), "it is a socket still");
}

#[test]
fn a_dangling_symlink_is_reported_as_such() {
    let world = World::new();
    let (program, path) = installed(&world);
    let place = program.with_file_name("git-credential-concur");
    std::os::unix::fs::symlink("gone", &place).unwrap();
    for args in [&["configure-git"][..], &["configure-git", "--print"]] {
        let run = world.run(&program, args).env("PATH", &path);
        drop(run.fails(6).says("is in the way").says("mv "));
    }
    assert_eq!(configuration(&world), "");
}

#[test]
fn a_folder_of_another_user_is_reported_with_the_command_to_run() {
    use std::os::unix::fs::PermissionsExt;
    let world = World::new();
    let (program, path) = installed(&world);
    let folder = program.parent().unwrap();
    let set_mode = |mode| {
        std::fs::set_permissions(folder, std::fs::Permissions::from_mode(mode)).unwrap();
    };
    set_mode(0o555);
    let root_writes_anywhere = std::fs::write(folder.join("probe"), "").is_ok();
    let output = world.run(&program, ["configure-git"]).env("PATH", &path).output();
    set_mode(0o755);
    if root_writes_anywhere {
        skipped("root is refused nothing");
        return;
    }
    drop(output.code(6).says("Run: sudo ln -s concur-cred '").says("git-credential-concur'"));
    assert_eq!(configuration(&world), "");
}

/// A program of this name that does this, alone on PATH but for a shell.
fn with_program(world: &World, name: &str, text: &str) -> PathBuf {
    let folder = world.work().join("programs");
    std::fs::create_dir_all(&folder).unwrap();
    let file = folder.join(name);
    program::script(&file, &format!("#!/bin/sh\n{text}\n"));
    folder
}

#[test]
fn a_missing_old_or_silent_git_is_reported() {
    let world = World::new();
    let run = |path: &Path| world.concur(["configure-git"]).env("PATH", path);
    drop(run(&world.work()).fails(1).says("There is no git on PATH").says("Install git"));
    let old = with_program(&world, "git", "echo git version 2.25.1");
    drop(run(&old).fails(1).says("git 2.25 does not support host patterns").says("2.26 or newer"));
    let other = with_program(&world, "git", "echo GIT the game");
    drop(run(&other).fails(1).says("does not print its version: GIT the game"));
}

#[test]
fn an_unreadable_configuration_is_reported_with_gits_message() {
    let world = World::new();
    std::fs::write(world.home().join(".gitconfig"), "[user\n").unwrap();
    drop(world.concur(["configure-git"]).fails(1).says("git refused: fatal: bad config line 1"));
}

#[test]
fn another_program_of_that_name_is_reported() {
    let world = World::new();
    let folder = with_program(&world, "git-credential-concur", "echo something 1.0");
    let path = format!("{}:{}", folder.display(), path_of_git(&world).display());
    let run = world.concur(["configure-git"]).env("PATH", &path);
    drop(run.fails(1).says("is another program").says("move it away"));
    with_program(&world, "git-credential-concur", "exit 2");
    let run = world.concur(["configure-git"]).env("PATH", &path);
    drop(run.fails(1).says("is another program"));
    let folder = with_program(&world, "git-credential-concur", "echo concur-cred 0.0.9");
    let path = format!("{}:{}", folder.display(), path_of_git(&world).display());
    let run = world.concur(["configure-git"]).env("PATH", &path);
    drop(run.ok().says("has version 0.0.9"));
}

#[test]
fn git_and_its_children_inherit_no_secret() {
    let world = World::new();
    let log = world.work().join("environment");
    let text = format!("env >>'{}'; echo git version 2.47.0", log.display());
    let folder = with_program(&world, "git", &text);
    // With git's name for the program on it: else one is made beside the program that is tested.
    let path = format!("{}:{}:/usr/bin:/bin", folder.display(), world.bin().display());
    let run = world.concur(["configure-git"]).env("PATH", &path);
    let run = ["KEY", "CLIENT_SECRET", "REQUEST_TOKEN"]
        .iter()
        .fold(run, |run, name| run.env(&format!("CONCUR_CRED_{name}"), "c2VjcmV0"));
    drop(run.output());
    let seen = std::fs::read_to_string(log).unwrap();
    assert!(seen.contains("LC_ALL=C") && !seen.contains("c2VjcmV0"), "{seen}");
}
