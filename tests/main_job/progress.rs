//! Progress is shown on a terminal and erased afterwards; it is shown nowhere else.
#![cfg(target_os = "linux")]

use std::time::Duration;

use concur_sandbox::Gate;

use crate::harness::terminal::{Terminal, screen};
use crate::harness::{BINARY, World, skipped};

const SOON: Duration = Duration::from_secs(20);

/// A command on a terminal whose request is held until the test has seen what it waits for.
fn held(world: &World, args: &str) -> Option<(Terminal, Gate)> {
    let gate = world.sandbox.hold_next_token_request();
    let terminal = Terminal::start(world, 80, args, &[]);
    if terminal.is_none() {
        skipped("there is no script(1) to make a terminal with");
    }
    Some((terminal?, gate))
}

fn asking(world: &World) -> String {
    format!("asking {}... ", world.host())
}

#[test]
fn progress_is_shown_and_then_erased_completely() {
    let world = World::logged_in();
    world.expire("default");
    let Some((mut terminal, gate)) = held(&world, "token") else { return };
    terminal.wait_for(&asking(&world));
    // It goes on for as long as it takes.
    terminal.wait_for("... 1 s");
    gate.release();
    let (code, shown) = terminal.end();
    assert_eq!(code, Some(0), "{shown}");
    let lines = screen(&shown);
    let token = world.concur(["get"]).ok().silent().line();
    let left: Vec<&str> =
        lines.iter().map(String::as_str).filter(|line| !line.is_empty()).collect();
    assert_eq!(left[0], token, "only the token and its note are left on the screen:\n{shown}");
    assert!(left.len() == 2 && left[1].contains("scrollback"), "{left:?}");
    assert!(!shown.contains('\u{1b}'), "no escape sequence is sent: {shown:?}");
}

#[test]
fn notes_and_errors_get_their_own_lines() {
    let world = World::logged_in();
    let Some((mut terminal, gate)) = held(&world, "refresh") else { return };
    terminal.wait_for(&asking(&world));
    gate.release();
    let (code, shown) = terminal.end();
    assert_eq!(code, Some(0), "{shown}");
    let lines = screen(&shown);
    let message = "default: refreshed; the access token is valid for ";
    assert!(lines[0].starts_with(message) && lines[1..] == [""], "{shown}");

    world.sandbox.disable_client(true);
    let Some((mut terminal, gate)) = held(&world, "refresh") else { return };
    terminal.wait_for(&asking(&world));
    gate.release();
    let (code, shown) = terminal.end();
    assert_eq!(code, Some(4), "{shown}");
    assert!(screen(&shown)[0].starts_with("error: default: "), "{shown}");
}

#[test]
fn a_login_shows_which_service_it_contacts() {
    let world = World::new();
    world.write("credentials.json", world.sandbox.credentials_json());
    let login = format!("login --base-url {}", world.sandbox.origin());
    let Some((mut terminal, gate)) = held(&world, &login) else { return };
    terminal.wait_for(&asking(&world));
    gate.release();
    let (code, shown) = terminal.end();
    assert_eq!(code, Some(0), "{shown}");
    let lines = screen(&shown);
    assert!(lines[0].starts_with("Logged in: default, http://127."), "{shown}");
    assert!(!lines.concat().contains("asking"), "{shown}");
}

#[test]
fn a_question_after_a_refusal_gets_its_own_line() {
    let world = World::new();
    let secret = world.sandbox.app().client_secret.clone();
    let text = world.sandbox.credentials_json();
    world.write("credentials.json", text.replace(&secret, "not-this-one"));
    let login = format!("login --base-url {}", world.sandbox.origin());
    let Some((mut terminal, gate)) = held(&world, &login) else { return };
    terminal.wait_for(&asking(&world));
    gate.release();
    terminal.wait_for("Client secret (not shown): ");
    terminal.answer_unseen(&secret);
    let (code, shown) = terminal.end();
    assert_eq!(code, Some(0), "{shown}");
    let lines = screen(&shown);
    assert!(lines[0].starts_with("Concur refused clientSecret (code 64"), "{shown}");
    assert!(!lines.concat().contains("asking"), "{shown}");
}

#[test]
fn waiting_for_another_process_is_shown_too() {
    let world = World::logged_in();
    world.expire("default");
    let gate = world.sandbox.hold_next_token_request();
    let holder = world.concur(["get"]).start();
    assert!(gate.wait_until_reached(SOON), "the lock holder sends a request");
    let Some(mut terminal) = Terminal::start(&world, 80, "token", &[]) else { return };
    terminal.wait_for("waiting for another concur-cred... ");
    gate.release();
    let token = holder.wait().code(0).line();
    let (code, shown) = terminal.end();
    assert_eq!(code, Some(0), "{shown}");
    let lines = screen(&shown);
    assert!(
        lines.contains(&token) && lines.iter().all(|line| !line.contains("another concur-cred..."))
    );
}

#[test]
fn the_progress_line_fits_a_narrow_utf8_terminal() {
    let world = World::logged_in();
    let gate = world.sandbox.hold_next_token_request();
    let env = [("LANG", "C.UTF-8")];
    let Some(mut terminal) = Terminal::start(&world, 16, "refresh", &env) else { return };
    terminal.wait_for("asking 127.0.");
    gate.release();
    let (_, shown) = terminal.end();
    let first = shown.split('\r').find(|part| part.contains("asking")).unwrap();
    assert_eq!(first, "⠋ asking 127.0.", "15 of 16 columns: a line that wraps cannot be erased");
}

#[test]
fn a_terminal_that_gets_narrower_shows_one_progress_line() {
    let world = World::logged_in();
    let Some((mut terminal, gate)) = held(&world, "refresh") else { return };
    terminal.wait_for(&asking(&world));
    terminal.resize(20);
    // At most one more frame of the progress line.
    for _ in 0..2 {
        terminal.wait_for("\r");
    }
    let narrow = [terminal.wait_for("\r"), terminal.wait_for("\r")];
    gate.release();
    let (code, shown) = terminal.end();
    assert_eq!(code, Some(0), "{shown}");
    for line in narrow {
        assert_eq!(line.chars().count(), 19, "wraps in 20 columns: {line:?}\n{shown}");
    }
}

#[test]
fn a_background_job_never_overwrites_typed_text() {
    let world = World::logged_in();
    // Long enough for a line to be shown.
    world.sandbox.push_fault(concur_sandbox::Fault::Latency(Duration::from_millis(1200)));
    let script = format!("set -m; '{BINARY}' refresh & wait; echo over");
    let Some(mut terminal) = Terminal::shell(&world, 80, &script, &[]) else {
        skipped("there is no script(1) to make a terminal with");
        return;
    };
    terminal.wait_for("over");
    let (_, shown) = terminal.end();
    assert!(shown.contains("default: refreshed"), "notes are still shown: {shown}");
    assert!(!shown.contains("asking"), "{shown}");
}

#[test]
fn a_jitter_can_be_interrupted_and_holds_no_lock() {
    let world = World::logged_in();
    let Some(mut terminal) = Terminal::start(&world, 80, "keepalive --jitter 30d", &[]) else {
        return;
    };
    terminal.wait_for("beginning in ");
    world.concur(["refresh"]).ok();
    terminal.press("\u{3}");
    let (code, shown) = terminal.end();
    assert_ne!(code, Some(0), "{shown}");
    assert!(!shown.contains('\u{1b}'), "the cursor was never hidden: {shown:?}");
    assert_eq!(world.refreshes(), 1, "of the other command alone");
}

#[test]
fn quiet_or_no_terminal_means_no_progress() {
    let world = World::logged_in();
    for (args, env) in
        [("--quiet refresh", "xterm"), ("refresh 2>&1 | cat", "xterm"), ("refresh", "dumb")]
    {
        let gate = world.sandbox.hold_next_token_request();
        let Some(terminal) = Terminal::start(&world, 80, args, &[("TERM", env)]) else { return };
        assert!(gate.wait_until_reached(SOON), "it asks");
        // Long enough for a line to be shown: another request, with latency, runs meanwhile.
        let latency = concur_sandbox::Fault::Latency(Duration::from_millis(900));
        let other = World::logged_in();
        other.sandbox.push_fault(latency);
        other.concur(["refresh"]).ok();
        gate.release();
        let (code, shown) = terminal.end();
        assert_eq!(code, Some(0), "{shown}");
        assert!(!shown.contains("asking"), "{args}, TERM={env}: {shown}");
    }
}

#[test]
fn a_stopped_terminal_delays_neither_the_commit_nor_other_processes() {
    let world = World::logged_in();
    world.expire("default");
    let generation = || world.column::<i64>("default", "generation");
    let before = generation();
    let Some((mut terminal, gate)) = held(&world, "token") else { return };
    terminal.wait_for(&asking(&world));
    // Ctrl-S: every writer to the terminal blocks from now on.
    terminal.press("\u{13}");
    gate.release();
    let deadline = std::time::Instant::now() + SOON;
    while generation() == before {
        assert!(std::time::Instant::now() < deadline, "the answer is not kept");
    }
    world.concur(["refresh"]).env("CONCUR_CRED_LOCK_TIMEOUT", "10s").ok();
    // Ctrl-Q: output continues.
    terminal.press("\u{11}");
    let (code, shown) = terminal.end();
    assert_eq!(code, Some(0), "{shown}");
    assert!(!screen(&shown).concat().contains("asking"), "{shown}");
}
