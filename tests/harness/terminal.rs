//! A person at a terminal: types, and reads the screen.

use std::io::{Read, Write};
use std::process::{Child, Command, Stdio};

use super::{BINARY, World};

/// A command on a terminal of its own, made by util-linux's script(1).
pub(crate) struct Terminal {
    child: Child,
    shown: Vec<u8>,
    device: String,
}

impl Terminal {
    /// Starts `login` of this world, with these further arguments, on a terminal; `None` where there
    /// is no script(1).
    pub(crate) fn login(world: &World, args: &str) -> Option<Self> {
        let login = format!("login --base-url {} {args}", world.sandbox.origin());
        Self::start(world, 80, &login, &[])
    }

    /// Starts `concur-cred ARGS` on a terminal with this many columns and these variables.
    pub(crate) fn start(
        world: &World,
        columns: u16,
        args: &str,
        env: &[(&str, &str)],
    ) -> Option<Self> {
        Self::shell(world, columns, &format!("exec '{BINARY}' {args}"), env)
    }

    /// Starts a shell with this script on such a terminal.
    pub(crate) fn shell(
        world: &World,
        columns: u16,
        script: &str,
        env: &[(&str, &str)],
    ) -> Option<Self> {
        Command::new("script").arg("--version").output().ok()?;
        // The terminal names itself first, so that its settings can be looked at.
        let line = format!("stty rows 40 cols {columns}; tty; {script}");
        // A terminal's job heeds Ctrl-C, even where the tests run in the background and do not.
        let script = ["--default-signal", "script", "-qefc", &line, "/dev/null"];
        let mut command = world.run("env", script).into_command();
        command.stdin(Stdio::piped()).stdout(Stdio::piped());
        command.env("SHELL", "/bin/sh").env("TERM", "xterm").envs(env.iter().copied());
        let child = command.spawn().unwrap();
        let mut terminal = Self { child, shown: Vec::new(), device: String::new() };
        let device = terminal.wait_for("\n");
        device.trim().clone_into(&mut terminal.device);
        terminal.shown.clear();
        Some(terminal)
    }

    /// Reads until this text is shown; returns what was shown before it.
    pub(crate) fn wait_for(&mut self, text: &str) -> String {
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

    /// Whether typed text is echoed now.
    pub(crate) fn echoes(&self) -> bool {
        let stty = Command::new("stty").args(["-a", "-F", &self.device]).output().unwrap();
        let settings = String::from_utf8_lossy(&stty.stdout).into_owned();
        assert!(settings.contains("echo"), "{settings}");
        !settings.split_whitespace().any(|word| word == "-echo")
    }

    /// Sets its width in columns.
    pub(crate) fn resize(&self, columns: u16) {
        let columns = columns.to_string();
        let stty = Command::new("stty").args(["-F", &self.device, "cols", &columns]).status();
        assert!(stty.unwrap().success());
    }

    /// Types this after the terminal has disabled echo.
    pub(crate) fn press_unseen(&mut self, keys: &str) {
        self.wait_until_unseen();
        self.press(keys);
    }

    /// Types this.
    pub(crate) fn press(&mut self, keys: &str) {
        // The program may have ended by itself; what it showed is looked at later.
        let _ = self.child.stdin.as_mut().unwrap().write_all(keys.as_bytes());
    }

    /// Types a line.
    pub(crate) fn answer(&mut self, text: &str) {
        let stdin = self.child.stdin.as_mut().unwrap();
        stdin.write_all(format!("{text}\n").as_bytes()).unwrap();
    }

    /// Answers after the terminal has disabled echo.
    pub(crate) fn answer_unseen(&mut self, text: &str) {
        self.wait_until_unseen();
        self.answer(text);
    }

    fn wait_until_unseen(&self) {
        let deadline = std::time::Instant::now() + std::time::Duration::from_secs(20);
        while self.echoes() {
            assert!(std::time::Instant::now() < deadline, "a secret would be echoed");
        }
    }

    /// Types Ctrl-C.
    pub(crate) fn interrupt(&mut self) {
        self.child.stdin.as_mut().unwrap().write_all(b"\x03").unwrap();
    }

    /// Reads to the end; returns the exit code and all that was shown.
    pub(crate) fn end(mut self) -> (Option<i32>, String) {
        drop(self.child.stdin.take());
        // A terminal whose other side has gone gives an error instead of an end.
        let _ = self.child.stdout.as_mut().unwrap().read_to_end(&mut self.shown);
        let code = self.child.wait().unwrap().code();
        (code, String::from_utf8_lossy(&self.shown).into_owned())
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        // Only after a failed test; otherwise the process has already ended.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// What a terminal shows after these bytes, line by line: a carriage return goes back to the line's
/// start, and later text overwrites earlier text. Colours are removed.
pub(crate) fn screen(shown: &str) -> Vec<String> {
    let mut lines = vec![Vec::new()];
    let mut column = 0;
    let mut characters = shown.chars();
    while let Some(character) = characters.next() {
        match character {
            '\r' => column = 0,
            '\n' => {
                lines.push(Vec::new());
                column = 0;
            }
            '\u{1b}' => while characters.next().is_some_and(|c| !c.is_ascii_alphabetic()) {},
            character => {
                let line = lines.last_mut().unwrap();
                line.resize(line.len().max(column + 1), ' ');
                line[column] = character;
                column += 1;
            }
        }
    }
    lines
        .into_iter()
        .map(|line| line.into_iter().collect::<String>().trim_end().to_owned())
        .collect()
}
