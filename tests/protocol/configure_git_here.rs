//! git, run inside an untrusted repository: nothing of the repository is run.

use std::path::Path;

use crate::harness::{BINARY, Run, World, program, set_mode};

/// A repository in the current folder whose configuration has all that git might run.
fn hostile(world: &World) {
    let git = |args: &[&str]| drop(world.run("git", args).ok());
    git(&["init", "--quiet", "."]);
    for (key, value) in [
        ("alias.credential-concur", "!touch ran-alias; echo concur-cred 9.9.9"),
        ("alias.config", "!touch ran-config"),
        ("core.pager", "touch ran-pager"),
        ("pager.config", "touch ran-pager-config"),
        ("core.fsmonitor", "touch ran-fsmonitor"),
        ("core.hooksPath", "."),
        ("core.sshCommand", "touch ran-ssh"),
        ("core.askPass", "touch ran-askpass"),
        ("credential.helper", "!touch ran-helper"),
        ("credential.https://*.api.concursolutions.com.helper", "!touch ran-helper"),
    ] {
        git(&["config", "--local", key, value]);
    }
    let program = world.work().join("git-credential-concur");
    program::script(&program, "#!/bin/sh\ntouch ran-here\necho concur-cred 9.9.9\n");
}

fn nothing_ran(world: &World, what: &str) {
    let names = std::fs::read_dir(world.work()).unwrap();
    let names = names.map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned());
    let ran: Vec<String> = names.filter(|name| name.starts_with("ran-")).collect();
    assert!(ran.is_empty(), "{what}: {ran:?}");
}

/// The program in a folder of its own without the name that git looks for, and a PATH that begins with it.
fn installed(world: &World) -> (std::path::PathBuf, String) {
    let folder = world.home().join("own bin");
    std::fs::create_dir(&folder).unwrap();
    let program = folder.join("concur-cred");
    program::copy(&program);
    let without =
        |folder: &Path| folder != world.bin() && Some(folder) != Path::new(BINARY).parent();
    let all = std::env::var_os("PATH").unwrap();
    let rest = std::env::split_paths(&all).filter(|folder| without(folder));
    let path = std::env::join_paths(std::iter::once(folder).chain(rest)).unwrap();
    (program, path.into_string().unwrap())
}

fn run(world: &World, program: &Path, path: &str, args: &[&str]) -> Run {
    world.run(program, args).env("PATH", path)
}

#[test]
fn no_alias_of_the_repository_is_run_or_taken_for_the_helper() {
    let world = World::new();
    hostile(&world);
    let (program, path) = installed(&world);
    let place = program.with_file_name("git-credential-concur");
    let git_dir = world.work().join(".git").display().to_string();
    let printed = run(&world, &program, &path, &["configure-git", "--print"]).ok();
    assert!(printed.text().starts_with("ln -s "), "{printed:?}");
    for more in ["", ".", ":.:", "./:git-credential-concur"] {
        let path = if more.is_empty() { path.clone() } else { format!("{more}:{path}") };
        let _ = std::fs::remove_file(&place);
        let asked = || run(&world, &program, &path, &["configure-git"]);
        drop(asked().ok().says("made ").says("git asks concur-cred for"));
        nothing_ran(&world, more);
        drop(asked().env("GIT_DIR", &git_dir).ok());
        drop(asked().env("GIT_DIR", ".git").env("GIT_WORK_TREE", ".").ok());
        drop(run(&world, &program, &path, &["configure-git", "--unset"]).ok());
        drop(run(&world, &program, &path, &["configure-git", "--local"]).ok());
        drop(run(&world, &program, &path, &["configure-git", "--local", "--unset"]).ok());
        drop(run(&world, &program, &path, &["doctor", "--offline"]).output());
        nothing_ran(&world, more);
    }
}

#[test]
fn global_settings_go_to_the_user_and_local_ones_to_the_repository() {
    let world = World::new();
    hostile(&world);
    let list = |scope: &str| world.run("git", ["config", scope, "--list"]).output();
    drop(world.concur(["configure-git"]).ok());
    let global = list("--global").text().to_owned();
    assert!(global.contains("concursolutions.com.helper=concur"), "{global}");
    assert!(!list("--local").text().contains("helper=concur"));
    let listed = world.run("git", ["config", "--get-regexp", "^alias"]).ok();
    assert!(listed.text().contains("credential-concur"), "the repository is as it was");
    let inner = world.work().join("inner");
    std::fs::create_dir(&inner).unwrap();
    set_mode(&inner, 0o755);
    drop(world.run("git", ["init", "--quiet", "inner"]).ok());
    drop(world.concur(["configure-git", "--local"]).in_folder(&inner).ok());
    let local = world.run("git", ["config", "--local", "--list"]).in_folder(&inner).ok();
    assert!(local.text().contains("helper=concur"), "{local:?}");
    nothing_ran(&world, "either");
}
