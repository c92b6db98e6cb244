//! Real disks: a small one that fills up, one that is read-only, and files that may not grow.

use std::io::{BufRead, BufReader, Write};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::time::Duration;

use concur_sandbox::{Config, Rotation};

use super::choices::say;
use crate::harness::{BINARY, World};

fn strictest() -> Config {
    Config { rotation: Rotation::NewRevokeFamily, ..Config::default() }
}

/// A shell in its own mount and user namespaces, with a small disk as home. It gets one
/// line at a time and answers each with one line.
struct SmallDisk {
    shell: Child,
    input: ChildStdin,
    output: BufReader<ChildStdout>,
}

impl SmallDisk {
    /// `None`, with the reason printed, where this machine permits no such thing.
    fn mounted(world: &World) -> Option<Self> {
        let mut command = Command::new("unshare");
        command.args(["-rm", "sh"]).env_clear().env("PATH", std::env::var_os("PATH").unwrap());
        command.env("HOME", world.home()).env("PROGRAM", BINARY).current_dir(world.work());
        command.env("ORIGIN", world.sandbox.origin());
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null());
        let Ok(mut shell) = command.spawn() else {
            say("skipped: there is no unshare here");
            return None;
        };
        let (input, output) = (shell.stdin.take().unwrap(), shell.stdout.take().unwrap());
        let mut disk = Self { shell, input, output: BufReader::new(output) };
        let mounted = disk.run_line("mount -t tmpfs -o size=600k,mode=700 none \"$HOME\"; echo $?");
        if mounted == "0" {
            return Some(disk);
        }
        say("skipped: no file system can be mounted in a user namespace here");
        None
    }

    fn send(&mut self, line: &str) {
        // A shell that has ended says so by its missing answer.
        let _ = writeln!(self.input, "{line}");
    }

    fn answer(&mut self) -> String {
        let mut line = String::new();
        let _ = self.output.read_line(&mut line);
        line.trim().to_owned()
    }

    fn run_line(&mut self, line: &str) -> String {
        self.send(line);
        self.answer()
    }

    /// The exit code of the program, its output in the file `out`.
    fn run(&mut self, args: &str) -> String {
        self.run_line(&format!("\"$PROGRAM\" {args} < /dev/null > out 2> err; echo $?"))
    }

    fn login(&mut self) {
        let code = self.run("login --base-url \"$ORIGIN\" --credentials credentials.json");
        assert_eq!(code, "0", "{}", self.run_line("cat err | tr '\\n' ' '; echo"));
    }

    fn fill(&mut self) {
        self.run_line("cat /dev/zero > \"$HOME/ballast\" 2> /dev/null; echo filled");
    }

    fn free(&mut self) {
        self.run_line("rm \"$HOME/ballast\"; echo freed");
    }

    fn token(&mut self) -> String {
        self.run_line("cat out")
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        let _ = self.shell.kill();
        let _ = self.shell.wait();
    }
}

/// A `get` that finds its token expired.
const GET_LATER: &str =
    "CONCUR_CRED_TEST_CLOCK_OFFSET_SECS=7200 \"$PROGRAM\" get < /dev/null > out 2> err";

#[test]
fn a_disk_that_is_full_before_the_request_spends_nothing() {
    let world = World::with(strictest());
    world.write("credentials.json", world.sandbox.credentials_json());
    let Some(mut disk) = SmallDisk::mounted(&world) else { return };
    disk.login();
    assert_eq!(disk.run("get"), "0");
    let token = disk.token();
    disk.fill();
    assert_eq!(disk.run("doctor --offline"), "6");
    let said = disk.run_line("grep FAIL.*disk out");
    assert!(said.starts_with("FAIL  disk") && said.contains("0 MB free"), "{said}");
    assert_eq!(disk.run("get"), "0", "a hit needs no space");
    assert_eq!(disk.token(), token);
    let late = format!("{GET_LATER}; echo $?");
    assert_eq!(disk.run_line(&late), "6");
    let said = disk.run_line("tail -n 1 err");
    let place = format!("hint: It is the disk of {}; token", world.state_dir().display());
    assert!(said.starts_with(&place), "{said}");
    assert_eq!(world.refreshes(), 0, "nothing was spent");
    disk.free();
    assert_eq!(disk.run_line(&late), "0");
    let token = disk.token();
    assert!(world.sandbox.is_live_access_token(&token));
    assert_eq!(world.refreshes(), 1);
}

#[test]
fn a_disk_that_fills_up_during_the_request_loses_nothing() {
    let world = World::with(strictest());
    world.write("credentials.json", world.sandbox.credentials_json());
    let Some(mut disk) = SmallDisk::mounted(&world) else { return };
    disk.login();
    let gate = world.sandbox.hold_next_token_request();
    disk.send(&format!("{GET_LATER} & echo started"));
    assert_eq!(disk.answer(), "started");
    assert!(gate.wait_until_reached(Duration::from_secs(20)), "the caller asks the service");
    disk.fill();
    gate.release();
    assert_eq!(disk.run_line("wait $!; echo $?"), "0", "served all the same");
    let token = disk.token();
    assert!(world.sandbox.is_live_access_token(&token));
    assert!(disk.run_line("cat err").contains("The disk is full"), "and said why");
    let late = format!("{GET_LATER}; echo $?");
    assert_eq!(disk.run_line(&late), "0", "still full: served from the reserve");
    assert_eq!(disk.token(), token);
    disk.free();
    assert_eq!(disk.run_line(&late), "0", "space again: committed");
    assert_eq!(disk.token(), token);
    assert_eq!(world.refreshes(), 1, "asked once in all");
    assert_eq!(disk.run("export -"), "0");
    let file: serde_json::Value =
        serde_json::from_str(&disk.run_line("tr -d '\\n' < out; echo")).unwrap();
    let kept = file["refresh_token"].as_str().unwrap();
    assert!(world.sandbox.is_current_refresh_token(kept), "no rotation was lost");
}

#[test]
fn a_disk_that_is_read_only_spends_nothing() {
    let world = World::with(strictest());
    world.write("credentials.json", world.sandbox.credentials_json());
    let Some(mut disk) = SmallDisk::mounted(&world) else { return };
    disk.login();
    assert_eq!(disk.run_line("mount -o remount,ro none \"$HOME\"; echo $?"), "0");
    assert_eq!(disk.run("doctor --offline"), "6");
    let said = disk.run_line("grep FAIL.*disk out");
    assert!(said.starts_with("FAIL  disk") && said.contains("is read-only"), "{said}");
    let late = format!("{GET_LATER}; echo $?");
    assert_eq!(disk.run_line(&late), "6");
    assert_eq!(world.refreshes(), 0, "nothing was spent");
    assert_eq!(disk.run_line("mount -o remount,rw none \"$HOME\"; echo $?"), "0");
    assert_eq!(disk.run_line(&late), "0");
    assert_eq!(world.refreshes(), 1);
}

#[test]
fn a_file_size_limit_at_any_write_loses_nothing() {
    // In blocks of 512 bytes: from nothing to all that a renewal writes.
    let limits = [0, 1, 2, 4, 8, 9, 12, 16, 17, 24, 32, 40, 48, 56, 64, 80, 96, 128, 255, 257];
    let mut ends = std::collections::BTreeMap::<String, usize>::new();
    for limit in limits {
        let world = World::logged_in_with(strictest());
        world.expire("default");
        world.sandbox.clear_log();
        let script = format!("ulimit -f {limit}; exec \"$0\" get");
        let output = world.run("sh", ["-c", &script, BINARY]).output();
        let spent = world.refreshes();
        match output.code {
            Some(6) => assert_eq!(spent, 0, "{limit} blocks: nothing was spent\n{output:?}"),
            Some(0) => {
                let token = output.line();
                assert_eq!(world.concur(["get"]).ok().line(), token, "{limit} blocks: kept");
                assert_eq!(world.refreshes(), 1, "{limit} blocks");
            }
            _ => panic!("{limit} blocks: {output:?}"),
        }
        world.concur(["refresh"]).ok();
        assert_eq!(world.sandbox.counters().families_revoked_by_reuse, 0, "{limit} blocks");
        *ends.entry(format!("exit {:?}, {spent} spent", output.code.unwrap())).or_default() += 1;
    }
    say(&format!("file sizes: {} limits: {ends:?}", limits.len()));
}
