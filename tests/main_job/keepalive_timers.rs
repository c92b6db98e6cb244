//! `keepalive --install`: systemd, cron and the shell read what was written, nothing of another
//! owner is lost, and the installed job works.

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::harness::{BINARY, Output, Run, World, program, skipped};

/// Stand-ins for the schedulers' programs that write into the world's home.
const CRONTAB: &str = r#"#!/bin/sh
tab="$TABS/crontab"
[ ! -e "$TABS/broken" ] || { echo 'must be privileged to use crontab' >&2; exit 1; }
case $1 in
-l) [ -e "$tab" ] || { echo 'no crontab for erika' >&2; exit 1; }; cat "$tab" ;;
-) cat >"$tab.new" && mv "$tab.new" "$tab" ;;
*) exit 2 ;;
esac
[ -z "$CONCUR_CRED_KEY$CONCUR_CRED_CLIENT_SECRET$CONCUR_CRED_REQUEST_TOKEN" ] || echo leaked >"$TABS/leaked"
"#;
const SYSTEMCTL: &str = r#"#!/bin/sh
echo "$@" >>"$TABS/systemctl"
[ ! -e "$TABS/broken" ] || { echo 'Failed to connect to bus: No medium found' >&2; exit 1; }
"#;

/// Characters that are special to shells and cron, and for systemd, which accepts no quotes.
const ALL_AWKWARD: &str = "50% of \"it's\" \\ $HOME";
const AWKWARD: &str = "50%h of $HOME; x";

/// A world with stand-ins for the schedulers, and a profile that was idle for two days.
fn world() -> World {
    let world = World::logged_in();
    for (name, script) in [("crontab", CRONTAB), ("systemctl", SYSTEMCTL)] {
        program::script(&world.bin().join(name), script);
    }
    world.sandbox.clear_log();
    let sql = "UPDATE record SET refreshed_at = refreshed_at - 172800";
    world.database().execute(sql, []).unwrap();
    world
}

fn keepalive(world: &World, args: &[&str]) -> Run {
    let run = world.concur(["keepalive"].iter().chain(args));
    run.env("TABS", world.work()).env("CONCUR_CRED_KEY", "AAAA")
}

fn crontab(world: &World) -> String {
    std::fs::read_to_string(world.work().join("crontab")).unwrap_or_default()
}

fn units(world: &World) -> [PathBuf; 2] {
    let folder = world.home().join(".config/systemd/user");
    ["service", "timer"].map(|kind| folder.join(format!("concur-cred-keepalive.{kind}")))
}

/// The command that cron passes to the shell: the line without its times, `\%` as `%`.
fn command_of(line: &str) -> String {
    let command = line.splitn(6, ' ').nth(5).unwrap_or_else(|| panic!("five times: {line}"));
    command.replace("\\%", "%")
}

/// Runs a command as cron does: next to no environment, in the root folder.
fn as_cron_does(command: &str) {
    let mut shell = Command::new("/bin/sh");
    shell.env_clear().env("PATH", "/usr/bin:/bin").env("SHELL", "/bin/sh").env("HOME", "/");
    let output = shell.current_dir("/").args(["-c", command]).output().unwrap();
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success() && stderr.is_empty(), "$ {command}\n{stderr}");
    assert!(output.stdout.is_empty(), "cron would mail it daily: {output:?}");
}

/// The program under a path that shells, cron and systemd all trip over.
fn awkward_program(world: &World, folder: &str) -> PathBuf {
    let folder = world.work().join(folder);
    std::fs::create_dir_all(&folder).unwrap();
    let program = folder.join("concur-cred");
    if std::fs::hard_link(BINARY, &program).is_err() {
        program::copy(&program);
    }
    program
}

fn awkward(world: &World, args: &[&str]) -> Output {
    let run = world.run(awkward_program(world, ALL_AWKWARD), ["keepalive"].iter().chain(args));
    run.env("TABS", world.work()).ok()
}

#[test]
fn the_line_for_cron_is_run_by_the_shell_and_refreshes() {
    let world = world();
    awkward(&world, &["--install", "cron", "--jitter", "0s"]);
    let tab = crontab(&world);
    let line = tab.strip_suffix('\n').unwrap();
    let times: Vec<&str> = line.splitn(6, ' ').take(5).collect();
    assert!(times[0].parse::<u8>().unwrap() < 60 && times[1..] == ["3", "*", "*", "*"], "{tab}");
    as_cron_does(&command_of(line));
    assert_eq!(world.refreshes(), 1, "{tab}");
    world.concur(["get"]).ok().silent();
}

/// What a cron makes of a line's command: up to a bare `%`, and `\%` (and `\\`) as it was, or not.
fn as_read_by_cron(line: &str, unescapes: &str) -> String {
    let (mut command, mut is_escaped) = (String::new(), false);
    for c in line.splitn(6, ' ').nth(5).unwrap().chars() {
        match c {
            c if is_escaped => {
                if unescapes.contains(c) {
                    command.pop();
                }
                command.push(c);
                is_escaped = false;
            }
            '%' => break,
            c => {
                is_escaped = c == '\\';
                command.push(c);
            }
        }
    }
    command
}

#[test]
fn every_path_is_quoted_for_every_cron() {
    for folder in ["50%", r"a\%b", r"a\\%b", r"\", "%%", r"it's \% of $HOME `x`", r"\045", "%s %d"]
    {
        let world = world();
        let home = world.work().join(format!("home {folder}"));
        let file = world.write("credentials.json", world.sandbox.credentials_json());
        let login = ["login", "--base-url", world.sandbox.origin(), "--credentials"];
        world.concur(login).arg(file).env("CONCUR_CRED_HOME", &home).ok();
        world.sandbox.clear_log();
        let args = ["keepalive", "--install", "cron", "--after", "0s", "--jitter", "0s"];
        let run = world.run(awkward_program(&world, folder), args);
        run.env("TABS", world.work()).env("CONCUR_CRED_HOME", &home).ok();
        let tab = crontab(&world);
        // As cronie, as ISC's cron, and as Vixie's first ones do.
        for (round, unescapes) in (1..).zip(["%", "%\\", ""]) {
            as_cron_does(&as_read_by_cron(tab.trim_end(), unescapes));
            assert_eq!(world.refreshes(), round, "{folder:?} {unescapes:?}: {tab}");
        }
    }
}

#[test]
fn a_line_that_is_too_long_for_cron_is_refused() {
    let world = world();
    let home = world.work().join("x".repeat(200)).join("y".repeat(200)).join("z".repeat(200));
    let home = home.join("x".repeat(200)).join("y".repeat(200));
    let run = keepalive(&world, &["--install", "cron"]).env("CONCUR_CRED_HOME", home);
    run.fails(6).says("too long for cron");
    assert_eq!(crontab(&world), "");
}

#[test]
fn the_job_keeps_the_options_and_folders_of_its_installation() {
    let world = world();
    let home = world.work().join("all of it");
    let file = world.write("credentials.json", world.sandbox.credentials_json());
    let login =
        ["login", "--profile", "acme", "--base-url", world.sandbox.origin(), "--credentials"];
    world.concur(login).arg(file).env("CONCUR_CRED_HOME", &home).ok();
    world.sandbox.clear_log();
    let args = ["--install", "cron", "--profile", "acme", "--after", "0s", "--jitter", "1s"];
    keepalive(&world, &args).env("CONCUR_CRED_HOME", format!("{}\n", home.display())).ok();
    let tab = crontab(&world);
    assert!(tab.contains("--profile acme keepalive --after 0s --jitter 1s"), "{tab}");
    as_cron_does(&command_of(tab.trim_end()));
    assert_eq!(world.refreshes(), 1, "of the other home's profile: {tab}");
    let log = world.concur(["log", "--json"]).env("CONCUR_CRED_HOME", &home).ok();
    assert!(log.text().contains("\"action\":\"refresh\""), "{log:?}");
}

#[test]
fn every_other_line_of_the_crontab_is_kept() {
    let world = world();
    let others = "MAILTO=erika\n# m h\n*/5 * * * * date +\\%s\n";
    std::fs::write(world.work().join("crontab"), others).unwrap();
    for _ in 0..2 {
        let run =
            keepalive(&world, &["--install", "cron"]).env("https_proxy", "http://u:p@proxy:1");
        run.ok().says("https_proxy is not passed on");
    }
    let tab = crontab(&world);
    assert!(!tab.contains("AAAA") && !tab.contains("u:p"), "a secret is in it: {tab}");
    assert!(tab.starts_with(others), "{tab}");
    let ours = "concur-cred keepalive --jitter 1800s >/dev/null # concur-cred keepalive\n";
    assert_eq!(tab.matches("# concur-cred keepalive").count(), 1, "once: {tab}");
    assert!(tab.ends_with(ours), "{tab}");
    keepalive(&world, &["--uninstall", "cron"]).ok().says("was removed");
    assert_eq!(crontab(&world), others);
    keepalive(&world, &["--uninstall", "cron"]).ok().says("no such job");
    assert!(!world.work().join("leaked").exists(), "a child got a secret");
}

#[test]
fn a_crontab_that_cannot_be_read_is_not_overwritten() {
    let world = world();
    std::fs::write(world.work().join("crontab"), "1 1 * * * x\n").unwrap();
    world.write("broken", "");
    for what in ["--install", "--uninstall"] {
        keepalive(&world, &[what, "cron"]).output().code(6).says("must be privileged");
    }
    assert_eq!(crontab(&world), "1 1 * * * x\n");
    let none = world.concur(["keepalive", "--install", "cron"]).env("PATH", "/nonexistent");
    none.fails(6).says("crontab cannot be run");
}

#[test]
fn print_shows_and_writes_nothing() {
    let world = world();
    let line = keepalive(&world, &["--install", "cron", "--print"]).ok().line();
    as_cron_does(&command_of(&line.replace("--jitter 1800s", "")));
    let print = || keepalive(&world, &["--install", "systemd", "--print"]);
    print().env("XDG_STATE_HOME", "relative").fails(6).says("XDG_STATE_HOME is not an absolute");
    let shown = print().ok().text().to_owned();
    for part in ["[Service]", "ExecStart=", "[Timer]", "Persistent=true"] {
        assert!(shown.contains(part), "{part} in {shown}");
    }
    assert!(!world.home().join(".config/systemd").exists() && crontab(&world).is_empty());
    assert!(!world.work().join("systemctl").exists(), "no request was sent");
    keepalive(&world, &["--install", "systemd"]).ok();
    keepalive(&world, &["--uninstall", "systemd", "--print"]).output().code(2);
    assert!(units(&world).iter().all(|path| path.exists()), "--print removes nothing");
}

#[test]
fn the_units_are_written_enabled_and_removed() {
    let world = world();
    keepalive(&world, &["--install", "systemd"]).ok().says("the timer runs").says("enable-linger");
    let [service, timer] = units(&world).map(|path| std::fs::read_to_string(path).unwrap());
    assert!(service.contains("\nNoNewPrivileges=yes\n") && service.contains("\nType=oneshot\n"));
    let writes = format!("\nReadWritePaths=\"-{}\"\n", world.state_dir().display());
    assert!(service.contains(&writes), "{service}");
    assert!(!service.contains("AAAA"), "a secret is in the unit: {service}");
    for line in ["Persistent=true", "RandomizedDelaySec=1800s", "WantedBy=timers.target"] {
        assert!(timer.contains(&format!("\n{line}\n")), "{line} in {timer}");
    }
    keepalive(&world, &["--install", "systemd"]).ok();
    keepalive(&world, &["--uninstall", "systemd"]).ok().says("was removed");
    assert!(units(&world).iter().all(|path| !path.exists()));
    keepalive(&world, &["--uninstall", "systemd"]).ok().says("no such job");
    let asked = std::fs::read_to_string(world.work().join("systemctl")).unwrap();
    let enabled = "--user daemon-reload\n--user enable --now concur-cred-keepalive.timer\n";
    let disabled = "--user disable --now concur-cred-keepalive.timer\n--user daemon-reload\n";
    assert_eq!(asked, format!("{enabled}{enabled}{disabled}"));
}

/// Where systemd confines a user's job to one folder it maps user ids. Root's files then seem to belong to the
/// user nobody, and the program would refuse them daily.
#[test]
fn a_job_that_reads_roots_files_is_not_confined_by_systemd() {
    let world = world();
    let roots = Path::new("/etc/hostname");
    let print = |config: &Path| {
        let run = keepalive(&world, &["--install", "systemd", "--print"]);
        run.env("CONCUR_CRED_CLIENT_CERT", config).ok().text().to_owned()
    };
    let own = world.write("client.pem", "");
    assert!(print(&own).contains("\nProtectSystem=strict\nReadWritePaths="));
    let owner =
        |path: &Path| std::os::unix::fs::MetadataExt::uid(&std::fs::metadata(path).unwrap());
    let theirs = if owner(&own) == 0 {
        std::os::unix::fs::chown(&own, Some(54321), None).unwrap();
        &own
    } else {
        roots
    };
    let unit = print(theirs);
    assert!(!unit.contains("ProtectSystem") && !unit.contains("ReadWritePaths"), "{unit}");
    assert!(unit.contains("\nNoNewPrivileges=yes\n"), "{unit}");
}

#[test]
fn a_key_the_job_cannot_get_is_reported_and_a_key_command_works() {
    const KEY: &str = "Uc17XpDrdZxuyIGnfcKpIAtExDjkFriCv5qHwz3+7dw=";
    let world = world();
    let print = |run: Run| ["--install", "systemd", "--print"].into_iter().fold(run, Run::arg).ok();
    let plain = || world.concur(["keepalive"]);
    assert_eq!(print(keepalive(&world, &[])).stderr, "", "a key file is there for the job as well");
    let set = |source: &str| world.concur(["key", "set-source", source]);
    set("environment").env("CONCUR_CRED_KEY", KEY).ok();
    print(plain()).says("is not passed on to the job").says("key set-source file");
    let folder = world.work().join("given");
    std::fs::create_dir(&folder).unwrap();
    std::fs::write(folder.join("concur-cred-key"), KEY).unwrap();
    set("credential").env("CREDENTIALS_DIRECTORY", &folder).ok();
    print(plain().env("CREDENTIALS_DIRECTORY", &folder)).says("which the job does not get");
    let file = world.write("named key", KEY);
    set("named-file").env("CONCUR_CRED_KEY_FILE", &file).ok();
    assert_eq!(print(plain().env("CONCUR_CRED_KEY_FILE", &file)).stderr, "");
    print(plain().env("CONCUR_CRED_KEY_FILE", "/dev/fd/63")).says("names no file here");
    print(plain()).says("names no file here");
    let config = world.config_dir().join("config.toml");
    std::fs::write(&config, "key_command = [\"vault\"]\n").unwrap();
    let vault = world.bin().join("vault");
    program::script(&vault, &format!("#!/bin/sh\necho {KEY}\n"));
    set("command").ok();
    let unit = print(plain()).says("without a prompt").text().to_owned();
    assert!(!unit.contains("ProtectSystem") && !unit.contains("ReadWritePaths"), "{unit}");
    // cron's own PATH has no vault.
    let line = ["--install", "cron", "--print"].into_iter().fold(plain(), Run::arg).ok().line();
    as_cron_does(&command_of(&line.replace("--jitter 1800s", "")));
    assert_eq!(world.refreshes(), 1);
}

#[test]
fn without_systemd_the_commands_are_shown() {
    let world = world();
    world.write("broken", "");
    // Also with --quiet: an installing script must not assume that the job runs.
    let output = keepalive(&world, &["--quiet", "--install", "systemd"]).fails(1);
    let output = output.says("No medium found");
    let commands = "systemctl --user daemon-reload && systemctl --user enable --now concur-cred-keepalive.timer";
    drop(output.says(commands));
    assert!(units(&world).iter().all(|path| path.exists()));
    keepalive(&world, &["--uninstall", "systemd"]).ok().says("was removed");
}

#[test]
fn units_written_by_others_are_not_changed() {
    let world = world();
    let xdg = world.work().join("xdg");
    let folder = xdg.join("systemd/user");
    std::fs::create_dir_all(&folder).unwrap();
    let timer = folder.join("concur-cred-keepalive.timer");
    let run = |what: &str| keepalive(&world, &[what, "systemd"]).env("XDG_CONFIG_HOME", &xdg);
    std::fs::write(&timer, "[Timer]\nOnCalendar=weekly\n").unwrap();
    for what in ["--install", "--uninstall"] {
        run(what).output().code(6).says("was not written by concur-cred").says("mv ");
    }
    std::fs::remove_file(&timer).unwrap();
    std::os::unix::fs::symlink("/dev/null", &timer).unwrap();
    run("--install").output().code(6).says("was not written by concur-cred");
    assert_eq!(std::fs::read_link(&timer).unwrap(), Path::new("/dev/null"), "it stays masked");
    assert!(!folder.join("concur-cred-keepalive.service").exists(), "nothing was written");
    std::fs::remove_file(&timer).unwrap();
    run("--install").ok();
    assert!(timer.exists(), "XDG_CONFIG_HOME is honoured");
}

#[test]
fn systemd_parses_the_units_as_intended() {
    let world = world();
    let folder = world.work().join("50%h \"x\" \\t");
    let args = ["--install", "systemd", "--config"];
    let config = world.write("config.toml", "");
    let program = awkward_program(&world, AWKWARD);
    let run = world.run(&program, ["keepalive"].iter().chain(&args)).arg(&config);
    run.env("TABS", world.work()).env("CONCUR_CRED_HOME", &folder).ok();
    let [service, timer] = units(&world);
    let mut verify = world.run("systemd-analyze", ["verify", "--user", "--man=no"]).into_command();
    verify.args([&service, &timer]).env("XDG_RUNTIME_DIR", world.work());
    let unfit =
        world.run(awkward_program(&world, ALL_AWKWARD), ["keepalive", "--install", "systemd"]);
    unfit.fails(6).says("quote").says("--install cron");
    let Ok(output) = verify.output() else {
        skipped("there is no systemd-analyze");
        return;
    };
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(
        output.status.success() && said.is_empty(),
        "{said}\n{}",
        std::fs::read_to_string(service).unwrap()
    );
}
