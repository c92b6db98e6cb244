//! `$(concur-cred get)` with any stdin; and that a script's text on stdin is never taken for a request.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::process::Stdio;

use super::common::assert_nothing;
use crate::harness::{BINARY, Run, World};

/// A shell's script about `$BIN`, with this on its stdin.
fn shell(world: &World, shell: &str, script: &str) -> Run {
    world.run(shell, ["-c", script]).env("BIN", BINARY)
}

fn logged_in() -> (World, String) {
    let world = World::logged_in();
    let token = world.concur(["token"]).ok().silent().line();
    (world, token)
}

/// The output of a command in a file of the current folder.
fn left(world: &World, name: &str) -> String {
    std::fs::read_to_string(world.work().join(name)).unwrap()
}

#[test]
fn get_prints_the_token_when_stdin_is_empty() {
    let (world, token) = logged_in();
    let dev_null = world.concur(["get"]).ok().silent();
    assert_eq!(dev_null.line(), token, "/dev/null");
    let empty = world.concur(["get"]).stdin("").ok().silent();
    assert_eq!(empty.line(), token, "an empty pipe");
    let closed = shell(&world, "sh", "exec \"$BIN\" get <&-").ok().silent();
    assert_eq!(closed.line(), token, "closed");
    let substituted = shell(&world, "sh", "printf '%s\\n' \"$(\"$BIN\" get)\"").ok().silent();
    assert_eq!(substituted.line(), token, "$(concur-cred get)");
    world.write("empty", "");
    let file = shell(&world, "sh", "exec \"$BIN\" get < empty").ok().silent();
    assert_eq!(file.line(), token, "an empty file");
}

#[cfg(target_os = "linux")]
#[test]
fn get_prints_the_token_when_stdin_is_a_terminal() {
    let (world, token) = logged_in();
    let typed = "\"$BIN\" get > token.txt 2> err.txt; \
                 \"$GIT_NAME\" get > git.txt 2>> err.txt; \
                 \"$BIN\" get --protocol git > asked.txt 2>> err.txt";
    let name = world.bin().join("git-credential-concur");
    let run = world.run("script", ["-qec", typed, "/dev/null"]).env("BIN", BINARY);
    drop(run.env("GIT_NAME", name).env("SHELL", "/bin/sh").ok());
    assert_eq!(left(&world, "token.txt"), format!("{token}\n"));
    assert_eq!(left(&world, "git.txt"), "", "under git's name nothing is an empty request");
    assert_eq!(left(&world, "asked.txt"), "");
    assert_eq!(left(&world, "err.txt"), "");
}

#[test]
fn under_gits_name_an_empty_request_is_nothing() {
    let (world, _) = logged_in();
    assert_nothing(&world.helper(["get"]).ok().silent());
    assert_nothing(&world.helper(["get"]).stdin("").ok().silent());
    assert_nothing(&world.helper(["get"]).stdin("\n").ok().silent());
    assert_nothing(&world.concur(["get", "--protocol", "git"]).ok().silent());
    assert_nothing(&world.concur(["get", "--protocol", "git"]).stdin("").ok().silent());
    let closed = shell(&world, "sh", "exec git-credential-concur get <&-").ok().silent();
    assert_nothing(&closed);
}

#[test]
fn without_a_profile_the_bare_form_is_an_error() {
    let world = World::new();
    drop(world.concur(["get"]).fails(3).says("concur-cred login"));
    drop(world.concur(["token"]).fails(3));
    drop(world.concur(["get", "--profile", "nothere"]).fails(3));
    assert_eq!(
        std::fs::read_dir(world.home()).unwrap().count(),
        0,
        "a failed request creates nothing"
    );
    let (world, _) = logged_in();
    drop(world.concur(["get", "--profile", "nothere"]).fails(3).says("default"));
}

#[test]
fn a_failed_get_leaves_the_substitution_empty() {
    let world = World::logged_in();
    world.expire("default");
    world.sandbox.fault_always(concur_sandbox::Fault::too_many_requests(600));
    let output = shell(&world, "sh", "token=$(\"$BIN\" get); echo \"$? [$token]\"").ok();
    assert_eq!(output.line(), "5 []");
}

#[test]
fn get_fails_when_stdin_is_the_rest_of_a_script() {
    let (world, _) = logged_in();
    for rest in [
        "echo next > next.txt",
        "next=1\nother=2",
        "curl -H \"Authorization: Bearer $token\" https://host/?a=b",
        "host=1",
        "\n\n\necho next > next.txt",
        "{\n echo next > next.txt; }",
    ] {
        let script = format!("\"$BIN\" get > out.txt 2> err.txt; echo $? > code.txt\n{rest}\n");
        // bash reads a script on stdin byte by byte, so that the rest is the child's to read.
        drop(world.run("bash", ["-s"]).env("BIN", BINARY).stdin(script).output());
        assert_eq!(left(&world, "code.txt"), "2\n", "{rest:?}");
        assert_eq!(left(&world, "out.txt"), "", "{rest:?}");
        let message = left(&world, "err.txt");
        assert!(message.contains("concur-cred token"), "{rest:?}: {message}");
        assert!(!message.contains("next"), "the script is not shown: {message}");
    }
}

#[test]
fn token_does_not_read_a_script_on_stdin() {
    let (world, token) = logged_in();
    let script = "\"$BIN\" token > out.txt\necho next > next.txt\n";
    drop(world.run("bash", ["-s"]).env("BIN", BINARY).stdin(script).ok());
    assert_eq!(left(&world, "out.txt"), format!("{token}\n"));
    assert_eq!(left(&world, "next.txt"), "next\n");
}

#[test]
fn in_a_read_loop_get_fails_and_token_works() {
    let (world, _) = logged_in();
    let script = |command: &str| {
        format!(
            "while read -r line; do \"$BIN\" {command} > out.txt 2> err.txt; echo \"$line $?\"; done"
        )
    };
    let lines = "one\ntwo\nthree\n";
    let output = shell(&world, "sh", &script("get")).stdin(lines).ok();
    assert_eq!(output.line(), "one 2", "it has read the loop's lines");
    assert_eq!(left(&world, "out.txt"), "");
    assert!(left(&world, "err.txt").contains("concur-cred token"));
    let output = shell(&world, "sh", &script("token")).stdin(lines).ok();
    assert_eq!(output.text(), "one 0\ntwo 0\nthree 0\n");
}

#[test]
fn token_and_format_never_read_stdin() {
    let (world, _) = logged_in();
    let formats = ["token", "header", "json", "env", "powershell", "curl", "git"];
    let mut commands = vec!["token".to_owned(), "token --min-ttl 5m".to_owned()];
    commands.extend(formats.map(|format| format!("get --format {format}")));
    for command in commands {
        let script = format!("\"$BIN\" {command} > out.txt && IFS= read -r line && echo \"$line\"");
        let stdin = format!("marker for {command}\nprotocol=http\nhost=x\n\n");
        let output = shell(&world, "sh", &script).stdin(stdin).ok().silent();
        assert_eq!(output.line(), format!("marker for {command}"));
        assert_ne!(left(&world, "out.txt"), "", "{command}");
    }
}

#[test]
fn a_silent_stdin_gets_a_hint_and_may_still_send_a_request() {
    let (world, token) = logged_in();
    let mut command = world.concur(["get"]).into_command();
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    let mut hint = String::new();
    let mut message = BufReader::new(child.stderr.take().unwrap());
    message.read_line(&mut hint).unwrap();
    assert!(hint.contains("concur-cred token"), "{hint}");
    let mut stdin = child.stdin.take().unwrap();
    stdin.write_all(world.request("").as_bytes()).unwrap();
    // stdin stays open: the blank line ends the request, not the end of input.
    let mut answer = String::new();
    child.stdout.take().unwrap().read_to_string(&mut answer).unwrap();
    assert!(answer.contains(&format!("password={token}\n")), "{answer}");
    assert!(child.wait().unwrap().success());
    drop(stdin);
}

#[test]
fn a_request_of_git_is_answered_under_the_bare_name_too() {
    let (world, token) = logged_in();
    let output = world.concur(["get"]).stdin(world.request("")).ok().silent();
    assert_eq!(output.value("password"), Some(token));
    let other = "protocol=https\nhost=git.example\n\n";
    assert_nothing(&world.concur(["get"]).stdin(other).ok().silent());
    let blank = world.concur(["get"]).stdin("\n").fails(2);
    drop(blank.says("concur-cred token"));
}
