//! The browser is on another machine: a person pastes its address on the terminal.
#![cfg(target_os = "linux")]

use std::io::{Read, Write};
use std::process::{Child, Command, Stdio};

use super::support::{Place, press};
use crate::harness::{BINARY, skipped};

/// A login on a terminal of its own, made by util-linux's script(1).
struct Terminal {
    child: Child,
    shown: Vec<u8>,
}

impl Terminal {
    /// `None` where there is no script(1).
    fn login(place: &Place) -> Option<Self> {
        if Command::new("script").arg("--version").output().is_err() {
            skipped("there is no script(1) to make a terminal with");
            return None;
        }
        let words: Vec<String> =
            place.login(&[]).into_iter().map(|word| format!("'{word}'")).collect();
        let line = format!("exec '{BINARY}' {}", words.join(" "));
        let mut command = place.world.run("script", ["-qefc", &line, "/dev/null"]).into_command();
        command.env("SHELL", "/bin/sh").env("SSH_CONNECTION", "192.0.2.1 1 192.0.2.2 22");
        let child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
        Some(Self { child, shown: Vec::new() })
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
        String::from_utf8_lossy(&self.shown[from..]).into_owned()
    }

    fn address(&mut self) -> url::Url {
        self.wait_for("\r\n\r\n  ");
        url::Url::parse(self.wait_for("\r\n").trim()).unwrap()
    }

    fn paste(&mut self, text: &str) {
        let stdin = self.child.stdin.as_mut().unwrap();
        stdin.write_all(format!("{text}\n").as_bytes()).unwrap();
    }

    /// Reads to the end; returns the exit code and all that was shown.
    fn end(mut self) -> (Option<i32>, String) {
        // A terminal whose other side has gone gives an error instead of an end.
        let _ = self.child.stdout.as_mut().unwrap().read_to_end(&mut self.shown);
        drop(self.child.stdin.take());
        let code = self.child.wait().unwrap().code();
        (code, String::from_utf8_lossy(&self.shown).into_owned())
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[test]
fn over_ssh_a_pasted_address_logs_in_and_mistakes_are_explained() {
    let place = Place::new();
    let Some(mut terminal) = Terminal::login(&place) else { return };
    let link = terminal.address();
    terminal.wait_for("paste its address here.");
    terminal.paste("https://www.example.org/");
    terminal.wait_for("this is another page");
    terminal.paste(link.as_str());
    terminal.wait_for("this is the address to open");
    let callback = press(&place.world.sandbox, &link, "allow");
    let origin = format!("http://localhost:{}", place.port);
    terminal.paste(&format!("{origin}/callback?code=x&state=y"));
    terminal.wait_for("belongs to another login");
    terminal.paste(&format!("  {origin}{callback}  "));
    let (code, shown) = terminal.end();
    assert_eq!(code, Some(0), "{shown}");
    place.world.concur(["get"]).ok().silent();
}

#[test]
fn the_browser_is_waited_for_while_the_terminal_is_read() {
    let place = Place::new();
    let Some(mut terminal) = Terminal::login(&place) else { return };
    let link = terminal.address();
    terminal.wait_for("paste its address here.");
    for left in (0..4).rev() {
        terminal.paste("nonsense");
        terminal.wait_for(if left > 0 { "Paste it again:" } else { "for the browser." });
    }
    let callback = press(&place.world.sandbox, &link, "allow");
    assert_eq!(place.get(&callback).status, 303);
    assert!(place.get("/concur-cred/done").body.contains("You are logged in"));
    let (code, shown) = terminal.end();
    assert_eq!(code, Some(0), "{shown}");
}

#[test]
fn a_redirect_uri_of_another_machine_works_by_pasting_alone() {
    let uri = "https://intranet.example/cb?app=1";
    let place = Place::at(1, uri);
    let Some(mut terminal) = Terminal::login(&place) else { return };
    let link = terminal.address();
    terminal.wait_for("at which the browser ends:");
    let callback = press(&place.world.sandbox, &link, "allow");
    terminal.paste(&format!("https://intranet.example{callback}"));
    let (code, shown) = terminal.end();
    assert_eq!(code, Some(0), "{shown}");
}

#[test]
fn four_invalid_pastes_end_the_login_and_make_nothing() {
    let place = Place::at(1, "https://intranet.example/cb");
    let Some(mut terminal) = Terminal::login(&place) else { return };
    terminal.wait_for("at which the browser ends:");
    for _ in 0..3 {
        terminal.paste("nonsense");
        terminal.wait_for("Paste it again:");
    }
    terminal.paste("nonsense");
    let (code, shown) = terminal.end();
    assert_eq!(code, Some(2), "{shown}");
    assert!(shown.contains("No address was pasted"), "{shown}");
    assert_eq!(place.made(), [""; 0]);
}
