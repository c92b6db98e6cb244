//! Valid requests, and every attack on a helper's parser: through the real binary, under
//! both of its names, for each operation.

use super::common::{ask, assert_nothing, snapshot, store};
use crate::harness::World;

/// Part of every hostile request; no message may contain it.
const SECRET: &str = "hunter2-do-not-show";

/// A world with a managed account, whose refresh would be seen, and a stored credential that could leak or be lost.
fn world() -> World {
    let world = World::logged_in();
    store(&world, b"protocol=https\nhost=git.example\nusername=me\npassword=kept\n\n".to_vec());
    world.expire("default");
    world.sandbox.clear_log();
    world
}

/// Runs every operation under both names: it must be refused, say nothing of the line, and change nothing.
fn refused_everywhere(world: &World, name: &str, input: &[u8]) {
    let before = snapshot(world);
    for operation in ["get", "store", "erase"] {
        for output in [
            world.helper([operation]).stdin(input).output(),
            world.concur([operation]).stdin(input).output(),
        ] {
            assert_eq!(output.code, Some(2), "{name}\n{output:?}");
            assert_nothing(&output);
            assert!(output.stderr.contains("error: "), "{name}\n{output:?}");
            // `store` must not print a token.
            let remedy = if operation == "get" { "concur-cred token" } else { "gitcredentials(7)" };
            let lines: Vec<&str> = output.stderr.lines().collect();
            assert!(lines[1].contains(remedy), "{name}\n{output:?}");
            assert_eq!(lines.len(), 2, "{name}\n{output:?}");
            for shown in [SECRET, "hunter2", "evil", "git.example", "\u{1b}", "\r", "\0"] {
                assert!(!output.stderr.contains(shown), "{name} shows {shown:?}\n{output:?}");
            }
        }
    }
    assert_eq!(snapshot(world), before, "{name} changes nothing");
    assert_eq!(world.token_requests(), 0, "{name} sends no request");
}

fn refused(rows: &[(&str, &[u8])]) {
    let world = world();
    for (name, input) in rows {
        let host = world.host().as_bytes().to_vec();
        refused_everywhere(&world, name, &replaced(input, b"OURS", &host));
    }
}

/// `input` with `with` in the place of every `what`.
fn replaced(input: &[u8], what: &[u8], with: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    let mut rest = input;
    while let Some(at) = rest.windows(what.len()).position(|window| window == what) {
        out.extend_from_slice(&rest[..at]);
        out.extend_from_slice(with);
        rest = &rest[at + what.len()..];
    }
    out.extend_from_slice(rest);
    out
}

#[test]
fn a_line_without_an_equals_sign_is_refused() {
    refused(&[
        ("a bare word", b"hunter2-do-not-show\n"),
        ("a script's line", b"echo hunter2-do-not-show\ndate\n"),
        ("after a valid line", b"protocol=https\nhost=git.example\nhunter2-do-not-show\n\n"),
        ("at the end of input", b"protocol=https\nhost=git.example\nhunter2-do-not-show"),
        ("a line of one blank", b"protocol=https\nhost=git.example\n \n"),
        ("a line of one tab", b"protocol=https\nhost=git.example\n\t\n\n"),
        ("a colon in place of the sign", b"protocol: http\nhost: OURS\n\n"),
        ("an HTTP request", b"GET / HTTP/1.1\r\nHost: OURS\r\n\r\n"),
        ("a JSON list", b"[\"hunter2-do-not-show\"]\n"),
        ("bytes that are no text", b"\xff\xfe\x00h\n"),
        ("an escape sequence", b"protocol=http\nhost=OURS\n\x1b]0;hunter2-do-not-show\x07\n\n"),
    ]);
}

#[test]
fn a_key_given_twice_is_refused() {
    refused(&[
        ("host", b"protocol=https\nhost=git.example\nhost=OURS\n\n"),
        ("host, the same", b"protocol=http\nhost=OURS\nhost=OURS\n\n"),
        ("protocol", b"protocol=https\nprotocol=http\nhost=OURS\n\n"),
        ("empty first", b"protocol=http\nhost=\nhost=OURS\n\n"),
        ("username", b"protocol=http\nhost=OURS\nusername=a\nusername=b\n\n"),
        ("path", b"protocol=http\nhost=OURS\npath=a\npath=b\n\n"),
        ("password", b"protocol=http\nhost=OURS\npassword=hunter2-do-not-show\npassword=x\n\n"),
        ("credential", b"protocol=http\nhost=OURS\ncredential=a\ncredential=b\n\n"),
        ("authtype", b"protocol=http\nhost=OURS\nauthtype=Bearer\nauthtype=Basic\n\n"),
        ("expiry", b"protocol=http\nhost=OURS\npassword_expiry_utc=1\npassword_expiry_utc=2\n\n"),
        (
            "refresh token",
            b"protocol=http\nhost=OURS\noauth_refresh_token=a\noauth_refresh_token=b\n\n",
        ),
        ("CVE-2020-5260, decoded", b"protocol=https\nhost=evil.example\nhost=OURS\n\n"),
    ]);
}

#[test]
fn carriage_returns_and_nul_bytes_are_refused() {
    refused(&[
        ("CVE-2024-50338", b"protocol=https\nhost=evil.example\rhost=OURS\n\n"),
        ("CVE-2024-52006", b"protocol=http\nhost=OURS\rprotocol=https\n\n"),
        ("a CR before CRLF", b"protocol=http\nhost=OURS\r\r\n\r\n"),
        ("a CR at the end of input", b"protocol=http\nhost=OURS\r"),
        ("a CR in the key", b"pro\rtocol=http\nhost=OURS\n\n"),
        ("a CR alone on its line, then LF", b"protocol=http\nhost=OURS\n\r\r\n"),
        ("a CR in an unknown key", b"protocol=http\nhost=OURS\nx=hunter2-do-not-show\ry\n\n"),
        ("old Mac line ends", b"protocol=http\rhost=OURS\r\r"),
        ("a NUL in a value", b"protocol=http\nhost=OURS\0.evil.example\n\n"),
        ("a NUL in a key", b"protocol=http\nhost\0=OURS\n\n"),
        ("a NUL in an unknown key", b"protocol=http\nhost=OURS\nx=\0\n\n"),
        ("UTF-16", b"p\0r\0o\0t\0o\0c\0o\0l\0=\0h\0\n\0"),
    ]);
}

#[test]
fn an_under_specified_request_is_refused() {
    refused(&[
        ("CVE-2020-11008, no host", b"protocol=http\n\n"),
        ("CVE-2020-11008, an empty host", b"protocol=http\nhost=\n\n"),
        ("no protocol", b"host=OURS\n\n"),
        ("an empty protocol", b"protocol=\nhost=OURS\n\n"),
        ("only a URL", b"url=http://OURS/\n\n"),
        ("a URL without a protocol", b"url=://OURS/\nhost=OURS\n\n"),
        ("CVE-2024-53263, a newline before the host", b"protocol=http\n\nhost=OURS\n\n"),
        ("only a user name", b"username=me\n\n"),
        ("only secrets", b"password=hunter2-do-not-show\ncredential=hunter2-do-not-show\n\n"),
        ("keys in capitals", b"PROTOCOL=http\nHOST=OURS\n\n"),
        ("blanks around keys", b"protocol =http\n host=OURS\n\n"),
        ("a list in place of a value", b"protocol[]=http\nhost[]=OURS\n\n"),
        ("two byte order marks", b"\xef\xbb\xbf\xef\xbb\xbfprotocol=http\nhost=OURS\n\n"),
    ]);
}

#[test]
fn an_oversized_request_is_refused_before_its_end() {
    let world = world();
    let valid = format!("protocol=http\nhost={}\n", world.host());
    let long_line = format!("{valid}x={}\n\n", "h".repeat(65_535));
    refused_everywhere(&world, "a line over 65,535 bytes", long_line.as_bytes());
    let many_lines = format!("{valid}{}\n", "wwwauth[]=hunter2\n".repeat(70_000));
    refused_everywhere(&world, "a request over 1 MiB", many_lines.as_bytes());
    let endless = format!("{valid}x={}", "h".repeat(8 << 20));
    refused_everywhere(&world, "a line without an end", endless.as_bytes());
}

#[test]
fn a_request_within_the_limits_is_answered() {
    let world = World::logged_in();
    let token = world.concur(["token"]).ok().line();
    let longest = format!("x={}\n", "h".repeat(65_533));
    for more in [longest.clone(), longest.repeat(15), "wwwauth[]=Basic\n".repeat(50_000)] {
        let output = ask(&world, world.request(&more)).silent();
        assert_eq!(output.value("password"), Some(token.clone()));
    }
}

#[test]
fn every_valid_form_of_a_request_gets_the_same_answer() {
    let world = World::logged_in();
    let host = world.host().to_owned();
    let expected = ask(&world, format!("protocol=http\nhost={host}\n\n")).silent().stdout;
    assert!(!expected.is_empty());
    for request in [
        format!("protocol=http\nhost={host}\n"),
        format!("protocol=http\nhost={host}"),
        format!("protocol=http\r\nhost={host}\r\n\r\n"),
        format!("protocol=http\r\nhost={host}\n\r\n"),
        format!("host={host}\nprotocol=http\n\n"),
        format!("protocol=http\nhost={host}\n\nnot ours\0\r\r\nhost=evil.example\n"),
        format!("future=1\nfuture=2\n=\nprotocol=http\nhost={host}\nstate[]=a\nstate[]=\n\n"),
        format!("protocol=http\nhost={host}\nurl=https://evil.example/\n\n"),
        format!("protocol=http\nhost={host}\ncontinue=1\nwwwauth[]=Bearer realm=\"a=b\"\n\n"),
        format!("protocol=http\nhost={host}\npassword=ignored\nephemeral=1\n\n"),
    ] {
        let output = ask(&world, request.clone()).silent();
        assert_eq!(output.stdout, expected, "{request:?}");
        let output = world.concur(["get"]).stdin(request.clone()).ok().silent();
        assert_eq!(output.stdout, expected, "{request:?}");
    }
}

#[test]
fn an_encoded_newline_stays_part_of_its_value() {
    let world = world();
    for host in ["evil.example%0ahost=git.example", "git.example%0a", "%67it.example"] {
        let request = format!("protocol=https\nhost={host}\n\n");
        assert_nothing(&ask(&world, request).silent());
    }
    let kept = ask(&world, "protocol=https\nhost=git.example\n\n").value("password");
    assert_eq!(kept.unwrap(), "kept");
}

#[test]
fn an_empty_request_under_gits_name_gets_no_answer() {
    let world = world();
    let before = snapshot(&world);
    for operation in ["get", "store", "erase"] {
        let output = world.helper([operation]).stdin("").ok().silent();
        assert_nothing(&output);
    }
    assert_nothing(&world.concur(["get", "--protocol", "git"]).stdin("").ok().silent());
    assert_eq!(snapshot(&world), before);
    assert_eq!(world.token_requests(), 0);
}

#[test]
fn a_get_creates_no_files() {
    let world = World::new();
    for request in ["", "protocol=https\nhost=git.example\n\n"] {
        assert_nothing(&ask(&world, request).silent());
        let erased = world.helper(["erase"]).stdin(request).ok().silent();
        assert_nothing(&erased);
    }
    let incomplete = "protocol=https\nhost=git.example\nusername=me\n\n";
    assert_nothing(&world.helper(["store"]).stdin(incomplete).ok().silent());
    assert_eq!(std::fs::read_dir(world.home()).unwrap().count(), 0, "HOME is untouched");
}
