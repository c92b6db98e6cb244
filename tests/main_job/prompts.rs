//! A person at a terminal is asked for what is missing; what is secret is not echoed.
#![cfg(target_os = "linux")]

use crate::harness::terminal::Terminal;
use crate::harness::{BINARY, World, skipped};

#[test]
fn missing_values_are_prompted_for_and_secrets_are_not_echoed() {
    let world = World::new();
    let app = world.sandbox.app().clone();
    let Some(mut terminal) = Terminal::login(&world, "") else {
        skipped("there is no script(1) to make a terminal with");
        return;
    };
    terminal.wait_for("Enter 1 to 5 [1]: ");
    terminal.answer("");
    terminal.wait_for("client id): ");
    terminal.answer(&app.client_id);
    terminal.wait_for("Client secret (not shown): ");
    terminal.answer_unseen(&app.client_secret);
    terminal.wait_for("Company UUID: ");
    terminal.answer(&app.company_uuid);
    terminal.wait_for("request token (not shown): ");
    terminal.answer_unseen(&app.request_token);
    let (code, shown) = terminal.end();
    assert_eq!(code, Some(0), "{shown}");
    assert!(shown.contains(&app.company_uuid), "other text is echoed:\n{shown}");
    for secret in [&app.client_secret, &app.request_token] {
        assert!(!shown.contains(secret.as_str()), "a secret is echoed:\n{shown}");
    }
    world.concur(["get"]).ok().silent();
}

#[test]
fn only_missing_values_are_prompted_for() {
    let world = World::new();
    let app = world.sandbox.app().clone();
    let text = world.sandbox.credentials_json();
    world.write("credentials.json", text.replace(&app.request_token, ""));
    let Some(mut terminal) = Terminal::login(&world, "") else {
        skipped("there is no script(1) to make a terminal with");
        return;
    };
    let before = terminal.wait_for("request token (not shown): ");
    assert!(!before.contains("Client secret") && !before.contains("Company UUID"), "{before}");
    terminal.answer_unseen(&app.request_token);
    let (code, shown) = terminal.end();
    assert_eq!(code, Some(0), "{shown}");
}

#[test]
fn an_unanswered_prompt_creates_nothing() {
    let world = World::new();
    let Some(mut terminal) = Terminal::login(&world, "--grant company") else {
        skipped("there is no script(1) to make a terminal with");
        return;
    };
    terminal.wait_for("client id): ");
    terminal.answer("");
    let (code, shown) = terminal.end();
    assert_eq!(code, Some(2), "{shown}");
    assert_eq!(super::support::tree(&world.home()).len(), 0, "{shown}");
    assert_eq!(world.token_requests(), 0);
}

/// `login` under a shell that then prints the terminal's settings, with further commands.
fn login_under_shell(world: &World, words: &str) -> Option<Terminal> {
    let settings = "set -- $(stty -a); echo settings: $*";
    let login = format!("'{BINARY}' login --grant company --base-url {}", world.sandbox.origin());
    let script = words.replace("LOGIN", &login).replace("SETTINGS", settings);
    let terminal = Terminal::shell(world, 80, &script, &[]);
    if terminal.is_none() {
        skipped("there is no script(1) to make a terminal with");
    }
    terminal
}

/// Answers the first question, so that a secret is asked for.
fn until_the_secret(world: &World, terminal: &mut Terminal) {
    terminal.wait_for("client id): ");
    terminal.answer(&world.sandbox.app().client_id);
    terminal.wait_for("Client secret (not shown): ");
}

/// Whether the shell printed the settings of a usable terminal.
fn are_usual(settings: &str) -> bool {
    let has = |word| settings.split_whitespace().any(|one| one == word);
    ["echo", "icanon", "isig"].into_iter().all(has)
}

#[test]
fn ctrl_c_at_a_secret_leaves_the_terminal_as_it_was() {
    let world = World::new();
    // The shell survives the interrupt, like an interactive one.
    let script = "trap : INT; LOGIN; echo \"ended with $?\"; SETTINGS";
    let Some(mut terminal) = login_under_shell(&world, script) else { return };
    until_the_secret(&world, &mut terminal);
    terminal.press_unseen("half of it\u{3}");
    terminal.wait_for("ended with 130");
    let (_, shown) = terminal.end();
    let settings = shown.rsplit("settings:").next().unwrap();
    assert!(are_usual(settings), "later text is echoed again:\n{shown}");
    assert!(!shown.contains("half of it"), "{shown}");
    assert_eq!(super::support::tree(&world.home()).len(), 0, "{shown}");
}

#[cfg(unix)]
#[test]
fn a_signal_at_a_secret_leaves_the_terminal_as_it_was() {
    use rustix::process::{Pid, Signal, kill_process};

    for (signal, code) in [(Signal::TERM, 143), (Signal::HUP, 129), (Signal::INT, 130)] {
        let world = World::new();
        let words =
            "trap : INT; sh -c \"echo pid \\$\\$.; exec LOGIN\"; echo \"ended with $?\"; SETTINGS";
        let Some(mut terminal) = login_under_shell(&world, words) else { return };
        terminal.wait_for("pid ");
        let pid = terminal.wait_for(".").parse().unwrap();
        until_the_secret(&world, &mut terminal);
        terminal.press_unseen("");
        kill_process(Pid::from_raw(pid).unwrap(), signal).unwrap();
        terminal.wait_for(&format!("ended with {code}"));
        let (_, shown) = terminal.end();
        let settings = shown.rsplit("settings:").next().unwrap();
        assert!(are_usual(settings), "later text is echoed again:\n{shown}");
        assert_eq!(super::support::tree(&world.home()).len(), 0, "{shown}");
    }
}

/// After a signal to the stopped program: whether it has ended, or stopped again.
const UNTIL_IT_SETTLES: &str = "\
    while grep '^State:' /proc/$pid/status | grep -v '[TZ]'; do :; done; \
    if grep -q '^State:.T' /proc/$pid/status; then echo it stopped.; else echo it ended.; fi; \
    kill -KILL $pid";

#[test]
fn a_signal_ends_a_background_process_that_waits_for_the_terminal() {
    let world = World::new();
    let text = world.sandbox.credentials_json();
    world.write("credentials.json", text.replace(&world.sandbox.app().request_token, ""));
    // As `timeout` does in a script: a secret is asked for by a job that has not got the terminal.
    let script = "set -m; LOGIN & pid=$!; until grep -q '^State:.T' /proc/$pid/status; do :; done; \
        kill -TERM $pid; kill -CONT $pid; ";
    let Some(mut terminal) = login_under_shell(&world, &format!("{script}{UNTIL_IT_SETTLES}"))
    else {
        return;
    };
    let shown = terminal.wait_for("it ");
    assert_eq!(terminal.wait_for("."), "ended", "{shown}");
}

#[test]
fn a_signal_ends_a_secret_prompt_that_lost_its_terminal() {
    let world = World::new();
    // The shell takes the terminal when the job has stopped.
    let stopped = "until grep -q '^State:.T' /proc/$(cat pid)/status; do :; done";
    let begun = "sh -c \"echo \\$\\$ >pid; exec LOGIN\"; pid=$(cat pid); echo 'stopped.'";
    let ended = "kill -TERM $pid; kill -CONT $pid";
    let script = format!("set -m; {begun}; {stopped}; {ended}; {UNTIL_IT_SETTLES}");
    let Some(mut terminal) = login_under_shell(&world, &script) else {
        return;
    };
    until_the_secret(&world, &mut terminal);
    terminal.press_unseen("");
    let pid = std::fs::read_to_string(world.work().join("pid")).unwrap();
    let pid = rustix::process::Pid::from_raw(pid.trim().parse().unwrap()).unwrap();
    rustix::process::kill_process(pid, rustix::process::Signal::STOP).unwrap();
    let shown = terminal.wait_for("it ");
    assert_eq!(terminal.wait_for("."), "ended", "{shown}");
}

#[test]
fn a_secret_prompt_is_shown_again_after_stop_and_continue() {
    let world = World::new();
    let app = world.sandbox.app().clone();
    let script = "set -m; LOGIN; SETTINGS; fg; echo \"ended with $?\"";
    let Some(mut terminal) = login_under_shell(&world, script) else { return };
    until_the_secret(&world, &mut terminal);
    terminal.press_unseen("half of it\u{1a}");
    terminal.wait_for("settings:");
    let settings = terminal.wait_for("Client secret (not shown): ");
    assert!(are_usual(&settings), "the terminal is usable by the shell meanwhile:\n{settings}");
    terminal.answer_unseen(&app.client_secret);
    terminal.wait_for("Company UUID: ");
    terminal.answer(&app.company_uuid);
    terminal.wait_for("request token (not shown): ");
    terminal.answer_unseen(&app.request_token);
    terminal.wait_for("ended with 0");
    let (_, shown) = terminal.end();
    assert!(!shown.contains("half of it") && !shown.contains(&app.client_secret), "{shown}");
    world.concur(["get"]).ok().silent();
}

#[test]
fn only_a_new_profile_is_prompted_for_its_data_centre() {
    let world = World::new();
    let app = world.sandbox.app().clone();
    for is_new in [true, false] {
        let Some(mut terminal) = Terminal::start(&world, 80, "login --grant company", &[]) else {
            skipped("there is no script(1) to make a terminal with");
            return;
        };
        if is_new {
            until_the_secret(&world, &mut terminal);
            terminal.answer_unseen(&app.client_secret);
            let question = "Data centre (us2, eu2, apj1, ... or an origin) [glz]: ";
            terminal.wait_for(question);
            terminal.answer("us3");
            let message = terminal.wait_for(question);
            assert!(
                message.contains("Invalid data centre") && message.contains("emea-impl"),
                "{message}"
            );
            terminal.answer(world.sandbox.origin());
            terminal.wait_for("Company UUID: ");
            terminal.answer(&app.company_uuid);
        }
        let before = terminal.wait_for("request token (not shown): ");
        assert!(!before.contains("Data centre"), "the profile knows it:\n{before}");
        terminal.answer_unseen(&app.request_token);
        let (code, shown) = terminal.end();
        assert_eq!(code, Some(0), "{shown}");
        world.database().execute("UPDATE record SET request_token_expires_at = 1", []).unwrap();
    }
    assert_eq!(world.token_requests(), 2, "both asked the sandbox");
}
