//! Text from outside (the service, files, callers, an edited store) is shown escaped: it cannot
//! steer a terminal, reorder a line, hide in it, or pass for a line of ours.
#![cfg(target_os = "linux")]

use concur_sandbox::Fault;
use serde_json::json;

use crate::harness::terminal::Terminal;
use crate::harness::{Output, Run, World, set_mode, skipped};

/// Sets a title, clears the screen, goes back in the line, begins one; DEL, C1, reordering marks, and what
/// is not seen.
pub(super) const HOSTILE: &str = "a\u{1b}]0;x\u{7}\u{1b}[2J\r\u{8}\u{7f}\u{9b}31m\u{85}\u{202e}b\u{2066}\u{200b}\u{feff}\
                       \u{e0041}\u{2028}\u{34f}\u{3164}\u{e0101}\nFORGED: all is well";

/// Neither stream holds any of that as it is.
pub(super) fn assert_harmless(output: &Output) {
    assert!(output.code.is_some_and(|code| code != 101), "no panic\n{output:?}");
    for text in [output.text(), &output.stderr] {
        let is_harmful = |c: char| {
            (c.is_control() && c != '\n')
                || ('\u{200b}'..='\u{200f}').contains(&c)
                || ('\u{2028}'..='\u{202e}').contains(&c)
                || ('\u{2060}'..='\u{206f}').contains(&c)
                || ('\u{e0000}'..='\u{e0fff}').contains(&c)
                || ['\u{feff}', '\u{34f}', '\u{3164}'].contains(&c)
        };
        assert!(!text.chars().any(is_harmful), "{text:?}\n{output:?}");
        assert!(!text.lines().any(|line| line.starts_with("FORGED")), "{output:?}");
    }
}

/// The run must show the text, in some form.
pub(super) fn shows_harmless(run: Run) {
    let output = run.output();
    let is_shown = output.text().contains("FORGED") || output.stderr.contains("FORGED");
    assert!(is_shown, "the text is shown\n{output:?}");
    assert_harmless(&output);
}

pub(super) fn harmless(run: Run) {
    assert_harmless(&run.output());
}

/// What shows what is stored.
const LOOKS: [&[&str]; 13] = [
    &["status"],
    &["status", "--json"],
    &["status", "--check"],
    &["log"],
    &["log", "--json"],
    &["doctor", "--offline"],
    &["doctor", "--offline", "--json"],
    &["doctor", "--offline", "--report", "-"],
    &["config", "show"],
    &["keepalive"],
    &["keepalive", "--json"],
    &["completions", "--list", "profiles"],
    &["get", "--profile", "nobody"],
];

pub(super) fn all_looks(run: impl Fn(&[&str]) -> Run) {
    for look in LOOKS {
        harmless(run(look));
    }
}

#[test]
fn text_of_the_service_is_escaped() {
    let world = World::logged_in();
    for field in ["error", "error_description"] {
        let mut body = json!({ "code": 61, "error": "invalid_client" });
        body[field] = HOSTILE.into();
        let body = body.to_string().into_bytes();
        let content_type = "application/json".to_owned();
        world.sandbox.push_fault(Fault::RawBody { status: 400, content_type, body });
        shows_harmless(world.concur(["refresh"]));
        world.expire("default");
        harmless(world.concur(["get"]));
        all_looks(|look| world.concur(look));
        world.concur(["refresh"]).ok();
    }
    for field in ["scope", "geolocation", "token_type", "company_uuid"] {
        let value = json!(HOSTILE);
        world.sandbox.push_fault(Fault::OverrideField { name: field.to_owned(), value });
        harmless(world.concur(["refresh"]));
        all_looks(|look| world.concur(look));
    }
    for status in [400, 403, 500] {
        let body = json!({ "message": HOSTILE }).to_string().into_bytes();
        let content_type = "application/json".to_owned();
        let fault = Fault::RawBody { status, content_type, body };
        world.sandbox.push_faults_at("/sandbox/", 2, fault);
        shows_harmless(world.concur(["api", "/sandbox/echo"]));
        world.sandbox.clear_faults();
    }
}

#[test]
fn file_and_folder_names_are_escaped() {
    let world = World::logged_in();
    world.write(HOSTILE, "nothing of ours");
    let inside = format!("{HOSTILE}/x");
    for args in [
        &["import", HOSTILE][..],
        &["import", &inside],
        &["login", "--credentials", HOSTILE, "--base-url", "us2"],
        &["login", "--credentials", &inside, "--base-url", "us2"],
        &["export", HOSTILE],
        &["export", &inside],
        &["--config", HOSTILE, "status"],
        &["--config", HOSTILE, "doctor", "--offline"],
        &["--config", &inside, "get"],
        &["doctor", "--offline", "--report", HOSTILE],
        &["api", "/x", "--input", &inside],
        &["exec", "--", &inside],
    ] {
        shows_harmless(world.concur(args));
    }
    for name in ["HOME", "KEY_FILE", "CA_BUNDLE", "CLIENT_CERT", "TRACE", "CONFIG"] {
        for value in [HOSTILE, &inside] {
            let name = format!("CONCUR_CRED_{name}");
            let with = |args: &[&str]| world.concur(args).env(&name, value);
            all_looks(|look| with(look));
            harmless(with(&["refresh"]));
            harmless(with(&["config", "show", "--json"]));
        }
    }
}

#[test]
fn text_of_a_caller_is_escaped() {
    let world = World::logged_in();
    let option = format!("--{HOSTILE}");
    let field = format!("{HOSTILE}=@x");
    for args in [
        &[HOSTILE][..],
        &["get", HOSTILE],
        &["get", &option],
        &["get", "--format", HOSTILE],
        &["--profile", HOSTILE, "get"],
        &["use", HOSTILE],
        &["rename", "default", HOSTILE],
        &["login", "--base-url", HOSTILE],
        &["login", "--grant", HOSTILE],
        &["api", HOSTILE],
        &["api", "/x", "-H", HOSTILE],
        &["api", "/x", "-f", &field],
        &["completions", HOSTILE],
        &["status", "--check", "--warn", HOSTILE],
    ] {
        harmless(world.concur(args));
    }
    // A long word is shown by its length: it may be a secret.
    shows_harmless(world.concur(["get", "--format", "\u{1b}[2J\u{202e}\r\nFORGED"]));
    for request in [
        format!("{HOSTILE}\n\n"),
        format!("protocol={HOSTILE}\nhost={HOSTILE}\n\n"),
        format!("protocol=https\nhost=h\npath={HOSTILE}\nusername={HOSTILE}\n\n"),
        json!({ "uri": HOSTILE }).to_string(),
        json!({ HOSTILE: HOSTILE }).to_string(),
    ] {
        for command in ["get", "store", "erase"] {
            harmless(world.concur([command]).stdin(request.clone()));
        }
    }
    for name in ["PROFILE", "PROXY", "MIN_TTL", "ALLOWED_ORIGINS", "WARN_BEFORE", "KEY"] {
        let name = format!("CONCUR_CRED_{name}");
        all_looks(|look| world.concur(look).env(&name, HOSTILE));
        harmless(world.concur(["refresh"]).env(&name, HOSTILE));
    }
}

#[test]
fn text_of_the_configuration_is_escaped() {
    let world = World::logged_in();
    std::fs::create_dir_all(world.config_dir()).unwrap();
    let file = world.config_dir().join("config.toml");
    let text = json!(HOSTILE);
    let mut lines = vec![format!("{text} = 1"), HOSTILE.to_owned()];
    for key in ["default_profile", "min_ttl", "proxy", "ca_bundle", "client_cert", "warn_before"] {
        lines.push(format!("{key} = {text}"));
    }
    lines.push(format!("allowed_origins = [{text}]"));
    for line in lines {
        // TOML has no escape for what JSON leaves as it is: DEL must be written out.
        std::fs::write(&file, line.replace('\u{7f}', "\\u007f")).unwrap();
        set_mode(&file, 0o600);
        all_looks(|look| world.concur(look));
        harmless(world.concur(["refresh"]));
        harmless(world.concur(["config", "show", "--json"]));
    }
}

#[test]
fn a_token_printed_on_a_terminal_causes_a_scrollback_note() {
    const NOTE: &str = "scrollback";
    let world = World::logged_in();
    let token = world.concur(["get"]).ok().silent().line();
    let Some(terminal) = Terminal::start(&world, 300, "get", &[]) else {
        return skipped("there is no script(1) to make a terminal with");
    };
    let (code, shown) = terminal.end();
    let (before, after) = shown.split_once(&token).unwrap_or_else(|| panic!("{shown}"));
    assert_eq!((code, before), (Some(0), ""), "the token comes first");
    assert_eq!(after.matches(NOTE).count(), 1, "{after}");
    for better in ["api", "exec", "--format curl"] {
        assert!(after.contains(better), "{better}: {after}");
    }
    // Not with --quiet, not when the token is not written to the terminal, and not without a token.
    for script in ["get --quiet", "token | cat", "get > token; cat token"] {
        let script = format!("concur-cred {script}");
        let (code, shown) = Terminal::shell(&world, 300, &script, &[]).unwrap().end();
        assert_eq!((code, shown.trim_end()), (Some(0), token.as_str()), "{script}");
    }
    // Every command that prints a token adds the note, and none where a script reads it.
    for args in ["export -", "get --with-refresh-token --format json", "token", "get --format env"]
    {
        let (code, shown) = Terminal::start(&world, 300, args, &[]).unwrap().end();
        assert_eq!((code, shown.matches(NOTE).count()), (Some(0), 1), "{args}: {shown}");
        let piped = format!("concur-cred {args} | cat");
        let (code, shown) = Terminal::shell(&world, 300, &piped, &[]).unwrap().end();
        assert_eq!((code, shown.matches(NOTE).count()), (Some(0), 0), "{piped}: {shown}");
    }
    let (code, shown) = Terminal::start(&world, 300, "get --profile nobody", &[]).unwrap().end();
    assert!(code == Some(3) && !shown.contains(NOTE), "{shown}");
}
