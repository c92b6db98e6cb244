//! External programs that hang, or leave children that hold their streams: no command waits for ever.

use std::path::Path;

use crate::harness::{Output, Run, World, program};

/// Sleeps for longer than any test, in a process of its own: who ends the shell alone has not ended it. What it
/// writes down first is the id of that process.
const HANGS: &str = "#!/bin/sh\nsleep 600 & echo $! >>\"$HOME/left\"; wait\n";

fn world_with(name: &str, script: &str) -> World {
    let world = World::logged_in();
    program::script(&world.bin().join(name), script);
    world
}

/// A program that loses its patience fifty times sooner.
fn concur(world: &World, args: &[&str]) -> Run {
    world.concur(args).env("CONCUR_CRED_TEST_HASTE", "50")
}

/// Nothing that a program started goes on.
fn assert_nothing_is_left(world: &World) {
    let left = std::fs::read_to_string(world.home().join("left")).unwrap();
    for pid in left.lines() {
        let stat = Path::new("/proc").join(pid).join("stat");
        let until = std::time::Instant::now() + std::time::Duration::from_secs(30);
        while std::fs::read_to_string(&stat).is_ok_and(|stat| !stat.contains(") Z ")) {
            assert!(std::time::Instant::now() < until, "{pid} goes on");
            std::thread::yield_now();
        }
    }
}

fn assert_names(output: Output, program: &str) -> Output {
    output.says(program).says("did not end in time, and was ended")
}

#[test]
fn git_is_killed_when_it_hangs() {
    let world = world_with("git", HANGS);
    for args in
        [&["configure-git"][..], &["configure-git", "--unset"], &["configure-git", "--print"]]
    {
        let output = assert_names(concur(&world, args).fails(5), "git");
        output.says("git --version");
    }
    let doctor = concur(&world, &["doctor", "--offline"]).output();
    assert!(doctor.text().contains("did not end in time"), "{doctor:?}");
    assert_nothing_is_left(&world);
}

#[test]
fn git_is_killed_when_it_hangs_later() {
    for hanging in ["config", "--exec-path"] {
        let answers = format!(
            "[ \"$1\" = {hanging} ] || {{ [ \"$1\" = --version ] && echo 'git version 2.47.3' || pwd; exit 0; }}"
        );
        let world = world_with("git", &HANGS.replace("sleep", &format!("{answers}\nsleep")));
        assert_names(concur(&world, &["configure-git"]).fails(5), "git");
        assert_nothing_is_left(&world);
    }
}

#[test]
fn a_hanging_helper_is_killed_and_named() {
    let world = World::logged_in();
    let helper = world.bin().join("git-credential-concur");
    std::fs::remove_file(&helper).unwrap();
    program::script(&helper, HANGS);
    let output = concur(&world, &["configure-git"]).output();
    if output.stderr.contains("no git on PATH") {
        return;
    }
    assert_names(output.code(5), "git-credential-concur");
    assert_nothing_is_left(&world);
}

#[test]
fn children_that_git_leaves_behind_are_not_waited_for() {
    let script = "#!/bin/sh\n[ \"$1\" = --version ] || exit 1\nsleep 600 & echo $! >>\"$HOME/left\"\n\
                  echo 'git version 2.47.3'\n";
    let world = world_with("git", script);
    let doctor = world.concur(["doctor", "--offline", "--verbose"]).output();
    assert!(doctor.text().contains("2.47.3"), "{doctor:?}");
    let left = std::fs::read_to_string(world.home().join("left")).unwrap();
    for pid in left.lines() {
        let _ = std::process::Command::new("sh").args(["-c", "kill $0", pid]).status();
    }
}

#[test]
fn a_hanging_crontab_is_killed_and_nothing_is_lost() {
    let world = world_with("crontab", HANGS);
    for what in ["--install", "--uninstall"] {
        let output = concur(&world, &["keepalive", what, "cron"]).fails(5);
        assert_names(output, "crontab").says("nothing was changed");
    }
    assert_nothing_is_left(&world);
    let hangs_when_writing = HANGS.replace("sleep", "[ \"$1\" != -l ] || exit 0\nsleep");
    let world = world_with("crontab", &hangs_when_writing);
    let output = concur(&world, &["keepalive", "--install", "cron"]).fails(5);
    assert_names(output, "crontab").says("it may have installed").says("crontab -l");
    assert_nothing_is_left(&world);
}

#[test]
fn an_endless_crontab_is_refused() {
    let world = world_with("crontab", "#!/bin/sh\nexec yes '# a line'\n");
    let output = world.concur(["keepalive", "--install", "cron"]).fails(6);
    output.says("printed without end");
}

#[test]
fn a_hanging_systemctl_is_killed() {
    let world = world_with("systemctl", HANGS);
    let output = concur(&world, &["keepalive", "--install", "systemd"]).output().code(5);
    assert_names(output, "systemctl")
        .says("written but not enabled")
        .says("systemctl --user enable");
    concur(&world, &["keepalive", "--uninstall", "systemd"]).ok();
    assert_nothing_is_left(&world);
}

#[test]
fn a_hanging_browser_delays_no_login() {
    let world = world_with("a-browser", HANGS);
    world.write("credentials.json", world.sandbox.credentials_json());
    let args = ["login", "--grant", "browser", "--profile", "new", "--timeout", "0s"];
    let run = concur(&world, &args).env("BROWSER", "a-browser");
    let output = run.env("CONCUR_CRED_ALLOWED_ORIGINS", world.sandbox.origin()).output();
    output.code(5).says("after 0 s");
}

#[test]
fn an_alias_of_the_repository_is_not_run() {
    let world = World::new();
    let repository = world.work().join("repository");
    let folder = repository.to_str().unwrap();
    let git = |args: &[&str]| world.run("git", args).output().code == Some(0);
    if !git(&["init", "--quiet", folder]) {
        return;
    }
    let alias = "!touch \"$HOME/run\"; echo concur-cred 0";
    assert!(git(&["-C", folder, "config", "alias.credential-concur", alias]));
    std::fs::remove_file(world.bin().join("git-credential-concur")).unwrap();
    // A place of its own, where the helper's name can be made, and is not found.
    let own = world.home().join("own");
    std::fs::create_dir(&own).unwrap();
    program::copy(&own.join("concur-cred"));
    let path = std::env::var_os("PATH").unwrap();
    let inside = [("GIT_DIR", repository.join(".git"))];
    for variables in [&inside[..], &[]] {
        for args in [&["configure-git", "--print"][..], &["configure-git"][..]] {
            let run = world.run(own.join("concur-cred"), args).in_folder(&repository);
            let run = variables.iter().fold(run, |run, (name, value)| run.env(name, value));
            let output = run.env("PATH", &path).output();
            assert!(!world.home().join("run").exists(), "{output:?}");
        }
    }
}
