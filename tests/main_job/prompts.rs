//! A person at a terminal is asked for what is missing; what is secret is not echoed.
#![cfg(target_os = "linux")]

use std::io::{Read, Write};
use std::process::{Child, Command, Stdio};

use super::harness::{BINARY, World};
use super::support::skipped;

/// A command on a terminal of its own, made by util-linux's script(1).
struct Terminal {
    child: Child,
    shown: Vec<u8>,
    device: String,
}

impl Terminal {
    /// Starts `login` of this world on a terminal; `None` where there is no script(1).
    fn login(world: &World) -> Option<Self> {
        Command::new("script").arg("--version").output().ok()?;
        // The terminal names itself first, so that its settings can be looked at.
        let line = format!("tty; exec '{BINARY}' login --base-url {}", world.sandbox.origin());
        let mut command = world.run("script", ["-qefc", &line, "/dev/null"]).into_command();
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).env("SHELL", "/bin/sh");
        let child = command.spawn().unwrap();
        let mut terminal = Self { child, shown: Vec::new(), device: String::new() };
        let device = terminal.wait_for("\n");
        device.trim().clone_into(&mut terminal.device);
        Some(terminal)
    }

    /// Reads until this text is shown; returns what was shown before it.
    fn wait_for(&mut self, text: &str) -> String {
        let from = self.shown.len();
        let out = self.child.stdout.as_mut().unwrap();
        let mut byte = [0];
        while !self.shown[from..].ends_with(text.as_bytes()) {
            let read = out.read(&mut byte).unwrap();
            let shown = String::from_utf8_lossy(&self.shown);
            assert_eq!(read, 1, "{text:?} is shown before the end:\n{shown}");
            self.shown.push(byte[0]);
        }
        let before = &self.shown[from..self.shown.len() - text.len()];
        String::from_utf8_lossy(before).into_owned()
    }

    fn echoes(&self) -> bool {
        let stty = Command::new("stty").args(["-a", "-F", &self.device]).output().unwrap();
        let settings = String::from_utf8_lossy(&stty.stdout).into_owned();
        assert!(settings.contains("echo"), "{settings}");
        !settings.split_whitespace().any(|word| word == "-echo")
    }

    fn answer(&mut self, text: &str) {
        let stdin = self.child.stdin.as_mut().unwrap();
        stdin.write_all(format!("{text}\n").as_bytes()).unwrap();
    }

    /// Answers once the terminal has stopped to echo.
    fn answer_unseen(&mut self, text: &str) {
        let deadline = std::time::Instant::now() + std::time::Duration::from_secs(20);
        while self.echoes() {
            assert!(std::time::Instant::now() < deadline, "a secret would be echoed");
        }
        self.answer(text);
    }

    /// Reads to the end; returns the exit code and all that was shown.
    fn end(mut self) -> (Option<i32>, String) {
        drop(self.child.stdin.take());
        // A terminal whose other side has gone gives an error instead of an end.
        let _ = self.child.stdout.as_mut().unwrap().read_to_end(&mut self.shown);
        let code = self.child.wait().unwrap().code();
        (code, String::from_utf8_lossy(&self.shown).into_owned())
    }
}

#[test]
fn what_no_file_gives_is_asked_for_and_secrets_are_not_echoed() {
    let world = World::new();
    let app = world.sandbox.app().clone();
    let Some(mut terminal) = Terminal::login(&world) else {
        skipped("there is no script(1) to make a terminal with");
        return;
    };
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
    assert!(shown.contains(&app.company_uuid), "what is no secret is seen:\n{shown}");
    for secret in [&app.client_secret, &app.request_token] {
        assert!(!shown.contains(secret.as_str()), "a secret is echoed:\n{shown}");
    }
    world.concur(["get"]).ok().silent();
}

#[test]
fn only_what_is_missing_is_asked_for() {
    let world = World::new();
    let app = world.sandbox.app().clone();
    let text = world.sandbox.credentials_json();
    world.write("credentials.json", text.replace(&app.request_token, ""));
    let Some(mut terminal) = Terminal::login(&world) else {
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
fn a_question_without_an_answer_makes_nothing() {
    let world = World::new();
    let Some(mut terminal) = Terminal::login(&world) else {
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
