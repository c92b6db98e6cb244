//! The memory of the program after its work: secrets are wiped after use.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::os::unix::fs::FileExt as _;
use std::process::{Child, Stdio};

use concur_sandbox::{App, Config, Rotation, Tls};
use rustix::process::{Pid, Signal, WaitOptions, kill_process, waitpid};

use super::finder::Secrets;
use super::forms::FORMS;
use super::scene::{graphic, odd, unescaped};
use crate::harness::{Run, World};

const PAGE_BYTES: usize = 4096;
/// The number of consecutive bytes that may stay on the stack after copying, decrypting or comparing.
const PIECE_BYTES: usize = 32;

/// Runs to the end of its work, and stops there; its memory, piece by piece.
fn memory_at(run: Run, stdin: &str, moment: &str) -> Vec<Vec<u8>> {
    let run = run
        .env("CONCUR_CRED_TEST_FAILPOINT", format!("{moment}=stop"))
        .env("CONCUR_CRED_TEST_DUMPABLE", "1");
    let mut command = run.into_command();
    command.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null());
    let mut child = command.spawn().unwrap();
    std::io::Write::write_all(&mut child.stdin.take().unwrap(), stdin.as_bytes()).unwrap();
    let (_, status) =
        waitpid(Some(Pid::from_child(&child)), WaitOptions::UNTRACED).unwrap().unwrap();
    assert!(status.stopped(), "it stops at {moment}: {status:?}");
    let memory = memory_of(&child);
    kill_process(Pid::from_child(&child), Signal::CONT).unwrap();
    let _ = child.wait().unwrap();
    memory
}

/// The writable memory of a process: heap, stacks, variables; without zero pages.
fn memory_of(child: &Child) -> Vec<Vec<u8>> {
    let maps = std::fs::read_to_string(format!("/proc/{}/maps", child.id())).unwrap();
    let memory = File::open(format!("/proc/{}/mem", child.id())).unwrap();
    let mut pieces = Vec::new();
    for line in maps.lines() {
        let mut fields = line.split_whitespace();
        let (range, may) = (fields.next().unwrap(), fields.next().unwrap());
        if !may.starts_with("rw") {
            continue;
        }
        let (from, to) = range.split_once('-').unwrap();
        let [from, to] = [from, to].map(|digits| u64::from_str_radix(digits, 16).unwrap());
        let mut piece = Vec::new();
        let mut page = [0; PAGE_BYTES];
        for at in (from..to).step_by(PAGE_BYTES) {
            let is_there = memory.read_exact_at(&mut page, at).is_ok();
            if is_there && page.iter().any(|byte| *byte != 0) {
                piece.extend(page);
            } else if !piece.is_empty() {
                pieces.push(std::mem::take(&mut piece));
            }
        }
        pieces.push(piece);
    }
    pieces
}

/// A world, and its secrets by name.
fn world(by_https: bool) -> (World, Secrets) {
    let (client_secret, request_token) = (unescaped("cl13nt"), unescaped("r3quest"));
    let app = App { client_secret, request_token, ..App::made_up() };
    let mut secrets = Secrets::default();
    add(&mut secrets, "client secret", &app.client_secret);
    add(&mut secrets, "request token", &app.request_token);
    let world = World::with(Config {
        app: Some(app),
        rotation: Rotation::NewRevokeFamily,
        refresh_token_tail: graphic("r3fresh"),
        tls: by_https.then(Tls::default),
        ..Config::default()
    });
    world.write("credentials.json", world.sandbox.credentials_json());
    (world, secrets)
}

/// The longest piece of each secret in the whole memory, in each form, and whether it is complete.
fn left(
    secrets: &mut Secrets,
    world: &World,
    memory: &[Vec<u8>],
) -> BTreeMap<&'static str, (usize, bool)> {
    for token in world.sandbox.issued_tokens() {
        let is_jwt = token.starts_with("eyJ");
        add(secrets, if is_jwt { "access or id token" } else { "refresh token" }, &token);
    }
    if let Ok(key) = std::fs::read(world.config_dir().join("key")) {
        secrets.add("key", key);
    }
    let mut all = BTreeMap::new();
    for piece in memory {
        for (kind, longest) in secrets.longest_in(piece) {
            let known = all.entry(kind).or_insert(longest);
            *known = (*known).max(longest);
        }
    }
    all
}

/// Adds a secret in each form, because it is encoded when it is sent, parsed and written.
fn add(secrets: &mut Secrets, kind: &'static str, secret: &str) {
    for (_, write) in FORMS {
        secrets.add(kind, write(secret.as_bytes()));
    }
}

/// A step: a command, its stdin, the moment of the search, and the secrets that may be found.
struct Step {
    args: Vec<&'static str>,
    stdin: String,
    moment: &'static str,
    left: &'static [&'static str],
}

fn step(args: &str, left: &'static [&'static str]) -> Step {
    let args: Vec<&'static str> = args.to_owned().leak().split(' ').collect();
    Step { args, stdin: String::new(), moment: "end", left }
}

/// Of docs/security.md, "Memory": the answer of the token service.
const ANSWER: &[&str] = &["access or id token", "refresh token"];
/// The header of a request, and the environment of `exec`'s command.
const TOKEN: &[&str] = &["access or id token"];
const NOTHING: &[&str] = &[];

fn steps(world: &World, password: &str) -> Vec<Step> {
    let origin = world.sandbox.origin();
    let fed = |args, stdin: String| Step { stdin, ..step(args, NOTHING) };
    let credential = "protocol=https\nhost=git.example.org\nusername=me\n";
    let request = origin.replace("://", "\nhost=");
    vec![
        step(&format!("login --base-url {origin}"), ANSWER),
        step("get", NOTHING),
        step("token", NOTHING),
        step("get --format json --with-refresh-token", NOTHING),
        fed("get", format!("protocol={request}\n\n")),
        fed("get", format!("{{\"uri\":\"{origin}/a\"}}")),
        step("refresh", ANSWER),
        step("export -", NOTHING),
        step("export file.json", NOTHING),
        step(&format!("import file.json --base-url {origin}"), NOTHING),
        step("api /sandbox/echo", TOKEN),
        fed(
            "store",
            format!("{credential}password={password}\noauth_refresh_token={password}\n\n"),
        ),
        fed("get", format!("{credential}\n")),
        Step { moment: "command-begins", ..step("exec -- true", TOKEN) },
        step("status", NOTHING),
        step("keepalive", NOTHING),
        step("log", NOTHING),
        step("doctor", NOTHING),
        step("logout --revoke --yes", TOKEN),
    ]
}

#[test]
fn only_documented_secrets_stay_in_memory() {
    let mut seen = BTreeSet::new();
    for by_https in [false, true] {
        let (world, mut secrets) = world(by_https);
        let password = odd("g1t");
        add(&mut secrets, "password of git's", &password);
        let ca = world.sandbox.ca_pem().map(|pem| world.write("ca.pem", pem));
        for Step { args, stdin, moment, left: may_be_left } in steps(&world, &password) {
            let run = world.concur(&args);
            let run = ca.iter().fold(run, |run, ca| run.env("CONCUR_CRED_CA_BUNDLE", ca));
            let memory = memory_at(run, &stdin, moment);
            let left = left(&mut secrets, &world, &memory);
            let kept = left.iter().filter(|(kind, (length, is_all))| {
                **kind != "key" && (*is_all || *length > PIECE_BYTES)
            });
            for (kind, _) in kept {
                assert!(may_be_left.contains(kind), "{args:?} leaves the {kind}: {left:?}");
                seen.insert((may_be_left, *kind));
            }
            if left.contains_key("key") {
                seen.insert((NOTHING, "key"));
            }
        }
    }
    // The remains that the page documents must exist, or the page is wrong.
    let admitted = [(ANSWER, ANSWER[0]), (ANSWER, ANSWER[1]), (TOKEN, TOKEN[0]), (NOTHING, "key")];
    assert_eq!(seen, BTreeSet::from(admitted));
}

/// A deliberate leak, which the search must find.
#[test]
fn the_memory_search_finds_a_secret() {
    let (world, mut secrets) = world(false);
    let name = world.sandbox.app().client_secret.clone();
    let run = world.concur(["status"]).env("SOME_VARIABLE", &name);
    let left = left(&mut secrets, &world, &memory_at(run, "", "end"));
    assert!(left.get("client secret").is_some_and(|(_, is_all)| *is_all), "{left:?}");
}
