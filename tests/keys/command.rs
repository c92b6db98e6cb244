//! The key command: run once, without our secrets; its output is never shown.

use std::path::PathBuf;

use super::support::{KEY, OTHER, configure, key_file, log_in, shown};
use crate::harness::{Output, World, program, set_mode};

/// A program that appends to `ran` and goes on with `rest`; and `config.toml` that names it.
fn command(world: &World, rest: &str) -> PathBuf {
    let script = world.config_dir().join("unlock");
    configure(
        world,
        "key_source = \"command\"\nkey_command = [\"./unlock\", \"--vault\", \"hunter2\"]\n",
    );
    let ran = world.work().join("ran");
    let text = format!("#!/bin/sh\necho run >>'{}'\n{rest}\n", ran.display());
    program::script(&script, &text);
    ran
}

fn count(ran: &std::path::Path) -> usize {
    std::fs::read_to_string(ran).unwrap_or_default().lines().count()
}

fn logged_in() -> (World, PathBuf) {
    let world = World::new();
    let ran = command(&world, &format!("echo {KEY}"));
    log_in(&world, |run| run);
    (world, ran)
}

/// A parent that ignores SIGCHLD; our process inherits that.
#[test]
fn a_parent_that_ignores_sigchld_is_served_too() {
    let (world, _) = logged_in();
    let get = || {
        let run = world.run("env", ["--ignore-signal=CHLD", crate::harness::BINARY, "get"]);
        run.env("CONCUR_CRED_TEST_HASTE", "12")
    };
    get().ok().silent();
    command(&world, "echo no key");
    get().fails(6).says("did not print a key");
}

#[test]
fn the_key_command_runs_once_per_process_and_only_if_a_key_is_needed() {
    let (world, ran) = logged_in();
    assert_eq!(count(&ran), 1, "by the login");
    assert!(!key_file(&world).exists());
    let counted = |command: &[&str]| {
        std::fs::write(&ran, "").unwrap();
        world.concur(command).ok();
        count(&ran)
    };
    world.age_access_token("default", 120);
    for command in [
        &["get"][..],
        &["refresh"],
        &["export", "-"],
        &["keepalive"],
        &["doctor", "--offline"],
        &["key", "show-source"],
        &["rename", "default", "acme"],
        &["rename", "acme", "default"],
    ] {
        assert_eq!(counted(command), 1, "{command:?}");
    }
    for command in [
        &["status"][..],
        &["log"],
        &["use", "default"],
        &["config", "show"],
        &["logout"],
        &["key", "show-source", "--help"],
    ] {
        assert_eq!(counted(command), 0, "{command:?}");
    }
}

#[test]
fn the_key_command_runs_before_the_lock_is_taken() {
    let (world, _) = logged_in();
    let begun = world.work().join("begun");
    let go_on = world.work().join("go on");
    for fifo in [&begun, &go_on] {
        let made =
            rustix::fs::mkfifoat(rustix::fs::CWD, fifo, rustix::fs::Mode::from_raw_mode(0o600));
        made.unwrap();
    }
    command(
        &world,
        &format!("echo >'{}'; read -r line <'{}'; echo {KEY}", begun.display(), go_on.display()),
    );
    world.expire("default");
    let caller = world.concur(["get"]).start();
    // It prompts a person; no other process waits for that.
    std::fs::read(&begun).unwrap();
    let config = format!("key_source = \"command\"\nkey_command = [\"echo\", \"{KEY}\"]\n");
    let config = world.write("quick.toml", config);
    let quick = world.concur(["get"]).env("CONCUR_CRED_CONFIG", config);
    let token = quick.env("CONCUR_CRED_LOCK_TIMEOUT", "1s").ok().line();
    std::fs::write(&go_on, "\n").unwrap();
    assert_eq!(caller.wait().code(0).line(), token, "and the inherited signal setting works");
    assert_eq!(world.refreshes(), 1);
}

fn get_with(rest: &str) -> (World, Output) {
    let (world, ran) = logged_in();
    std::fs::remove_file(&ran).unwrap();
    command(&world, rest);
    let output = world.concur(["get"]).output();
    assert_eq!(count(&ran), 1, "a failure is not tried again\n{output:?}");
    (world, output)
}

#[test]
fn a_failed_key_command_is_named_with_its_exit_status_and_never_quoted() {
    for (rest, message) in [
        ("echo s3cret; exit 7", "failed with exit code 7"),
        ("echo s3cret; kill -KILL $$", "was ended by signal 9"),
        ("echo s3cret", "did not print a key"),
        ("head -c 33 /dev/zero", "did not print a key"),
        (":", "did not print a key"),
        ("exec yes s3cret", "printed far more than a key"),
    ] {
        let (_, output) = get_with(rest);
        let output = output.code(6).says(message).says("unlock");
        assert!(output.stdout.is_empty(), "{output:?}");
        for hidden in ["s3cret", "hunter2"] {
            assert!(!output.stderr.contains(hidden), "{hidden}: {output:?}");
        }
    }
    let (_, output) = get_with(&format!("echo {OTHER}"));
    output.code(6).says("is not the key that this store is sealed with");
}

#[test]
fn stderr_of_the_key_command_is_passed_on_unchanged() {
    let (_, output) = get_with(&format!("echo 'touch your token' >&2; echo {KEY}"));
    assert_eq!(output.code(0).stderr, "touch your token\n");
}

#[test]
fn the_key_command_may_print_raw_bytes() {
    let world = World::new();
    command(&world, &format!("echo {KEY} | base64 -d"));
    log_in(&world, |run| run);
    command(&world, &format!("echo; echo '  {KEY}'"));
    world.concur(["get"]).ok().silent();
}

#[test]
fn a_missing_key_program_is_reported_with_its_name() {
    let (world, _) = logged_in();
    configure(&world, "key_command = [\"no-such-vault\", \"hunter2\"]\n");
    let output = world.concur(["get"]).fails(6).says("no-such-vault").says("PATH");
    assert!(!output.stderr.contains("hunter2"), "{output:?}");
    configure(&world, "");
    world.concur(["get"]).fails(6).says("key_command (not set)");
    configure(&world, "key_command = []\n");
    world.concur(["get"]).fails(6).says("key_command is not a list");
    configure(&world, "key_command = \"pass show key\"\n");
    world.concur(["get"]).fails(6).says("line 1");
}

#[cfg(target_os = "linux")]
#[test]
fn a_hanging_key_command_is_killed_with_its_children() {
    let (world, _) = logged_in();
    let pid = world.work().join("pid");
    let never = world.work().join("never");
    rustix::fs::mkfifoat(rustix::fs::CWD, &never, rustix::fs::Mode::from_raw_mode(0o600)).unwrap();
    command(
        &world,
        &format!(
            "sh -c 'echo $$ >\"{}\"; read -r line <\"{}\"' 2>/dev/null & wait",
            pid.display(),
            never.display()
        ),
    );
    let get = world.run("setsid", ["--wait", crate::harness::BINARY, "get"]);
    let output = get.env("CONCUR_CRED_TEST_HASTE", "12").fails(5);
    let output = output.says("did not end within 5 s").says("waiting for the key command");
    let pid = std::fs::read_to_string(&pid).unwrap();
    let pid = rustix::process::Pid::from_raw(pid.trim().parse().unwrap()).unwrap();
    // Killed; its new parent may not have reaped it yet, and the kernel may be a moment late.
    let is_ended = || {
        let stat = std::fs::read_to_string(format!("/proc/{}/stat", pid.as_raw_nonzero()));
        stat.map_or(true, |stat| stat.rsplit(") ").next().unwrap().starts_with(['Z', 'X']))
    };
    let until = std::time::Instant::now() + std::time::Duration::from_secs(20);
    while !is_ended() {
        assert!(std::time::Instant::now() < until, "what it started is ended as well\n{output:?}");
        std::thread::yield_now();
    }
}

#[test]
fn the_key_command_inherits_no_secret() {
    let (world, _) = logged_in();
    let seen = world.work().join("environment");
    command(&world, &format!("env >'{}'; echo {KEY}", seen.display()));
    let secrets = [
        ("CONCUR_CRED_KEY", OTHER),
        ("CONCUR_CRED_CLIENT_SECRET", "s3cret-1"),
        ("CONCUR_CRED_REQUEST_TOKEN", "s3cret-2"),
        ("CONCUR_CRED_PROXY", "http://u:s3cret-3@proxy.example:1"),
    ];
    let get = secrets.iter().fold(world.concur(["get"]), |run, (name, value)| run.env(name, value));
    get.env("VAULT", "mine").ok().silent();
    let seen = std::fs::read_to_string(seen).unwrap();
    assert!(seen.contains("VAULT=mine"), "the rest is there");
    for (name, value) in secrets {
        assert!(!seen.contains(value) && !seen.contains(&format!("{name}=")), "{name}\n{seen}");
    }
}

#[test]
fn key_command_is_read_only_from_a_configuration_that_others_cannot_write() {
    let (world, ran) = logged_in();
    std::fs::write(&ran, "").unwrap();
    let config = world.config_dir().join("config.toml");
    for bits in [0o620, 0o602, 0o666] {
        set_mode(&config, bits);
        world.concur(["get"]).fails(6).says("Others can write");
    }
    set_mode(&config, 0o600);
    // Neither a variable nor the database can name a program.
    let other = World::logged_in();
    let trap = other.work().join("trap");
    other.database().execute("UPDATE meta SET key_source = 'command'", []).unwrap();
    for name in ["CONCUR_CRED_KEY_COMMAND", "KEY_COMMAND"] {
        let get = other.concur(["get"]).env(name, format!("[\"touch\", \"{}\"]", trap.display()));
        get.fails(6).says("key_command (not set)");
    }
    assert!(!trap.exists() && count(&ran) == 0, "nothing was run");
}

#[test]
fn a_bare_name_is_found_in_path_and_a_relative_path_beside_the_configuration() {
    let (world, _) = logged_in();
    let script = world.bin().join("my-vault");
    program::script(&script, &format!("#!/bin/sh\necho {KEY}\n"));
    configure(&world, "key_command = [\"my-vault\"]\n");
    world.concur(["get"]).in_folder("/").ok().silent();
    configure(&world, "key_command = [\"./unlock\"]\n");
    world.concur(["get"]).in_folder("/").ok().silent();
}

#[test]
fn show_source_prints_the_program_and_not_its_arguments() {
    let (world, _) = logged_in();
    for shown in [
        world.concur(["key", "show-source"]).ok().text().to_owned(),
        world.concur(["config", "show"]).ok().text().to_owned(),
        shown(world.concur(["key", "show-source", "--json"])).to_string(),
        shown(world.concur(["config", "show", "--json"])).to_string(),
    ] {
        assert!(shown.contains("unlock") && !shown.contains("hunter2"), "{shown}");
        assert!(!shown.contains(KEY), "{shown}");
    }
}

#[cfg(target_os = "linux")]
#[test]
fn an_agent_started_by_the_key_command_is_not_waited_for() {
    let (world, _) = logged_in();
    let never = world.work().join("never");
    rustix::fs::mkfifoat(rustix::fs::CWD, &never, rustix::fs::Mode::from_raw_mode(0o600)).unwrap();
    // It keeps its stdout open as long as it runs.
    let agent = format!("(read -r line <'{}') 2>/dev/null &", never.display());
    command(&world, &format!("{agent}\necho {KEY}"));
    world.concur(["get"]).ok().silent();
    std::fs::write(&never, "go\n").unwrap();
}

#[cfg(target_os = "linux")]
#[test]
fn a_timed_out_key_command_can_restore_the_terminal() {
    let (world, _) = logged_in();
    let (never, restored) = (world.work().join("never"), world.work().join("restored"));
    rustix::fs::mkfifoat(rustix::fs::CWD, &never, rustix::fs::Mode::from_raw_mode(0o600)).unwrap();
    let trap = format!("trap 'echo right >\"{}\"; exit 1' TERM", restored.display());
    command(&world, &format!("{trap}\n(read -r line <'{}') 2>/dev/null & wait", never.display()));
    let get = world.run("setsid", ["--wait", crate::harness::BINARY, "get"]);
    get.env("CONCUR_CRED_TEST_HASTE", "12").fails(5).says("was ended");
    assert_eq!(std::fs::read_to_string(restored).unwrap(), "right\n");
}

#[test]
fn a_key_command_that_calls_us_fails_and_is_not_run_recursively() {
    let (world, ran) = logged_in();
    // Limits the number of runs: each run could start another.
    let few = format!("[ \"$(wc -l <'{}')\" -gt 5 ] && exit 9", ran.display());
    command(&world, &format!("{few}\nexec '{}' get", crate::harness::BINARY));
    std::fs::write(&ran, "").unwrap();
    let output = world.concur(["get"]).fails(6);
    output.says("runs a concur-cred that needs the key itself").says("in another way");
    assert_eq!(count(&ran), 1);
    // Commands that need no key are allowed.
    let home = format!("'{}' status >/dev/null; echo {KEY}", crate::harness::BINARY);
    command(&world, &home);
    world.concur(["get"]).ok().silent();
}
