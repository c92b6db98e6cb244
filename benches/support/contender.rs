//! A program to measure: a whole process, without a shell, always in the same environment.

use std::ffi::OsString;
use std::io::{PipeReader, Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use super::Outcome;

/// What a login on a desktop leaves in the environment, besides HOME: the number and size of the
/// variables is part of what a process costs to start, so they are the same on every machine.
const ENVIRONMENT: [(&str, &str); 34] = [
    ("PATH", "/usr/local/bin:/usr/bin:/bin"),
    ("USER", "user"),
    ("LOGNAME", "user"),
    ("SHELL", "/bin/bash"),
    ("LANG", "C.UTF-8"),
    ("TZ", "UTC"),
    ("TERM", "xterm-256color"),
    ("COLORTERM", "truecolor"),
    ("TERM_PROGRAM", "terminal"),
    ("VTE_VERSION", "7006"),
    ("WINDOWID", "62914563"),
    ("DISPLAY", ":0"),
    ("WAYLAND_DISPLAY", "wayland-0"),
    ("XAUTHORITY", "/run/user/1000/.mutter-Xwaylandauth.D8ZQX1"),
    ("XDG_RUNTIME_DIR", "/run/user/1000"),
    ("XDG_SESSION_TYPE", "wayland"),
    ("XDG_SESSION_CLASS", "user"),
    ("XDG_SESSION_DESKTOP", "gnome"),
    ("XDG_CURRENT_DESKTOP", "GNOME"),
    ("XDG_MENU_PREFIX", "gnome-"),
    ("XDG_DATA_DIRS", "/usr/local/share:/usr/share"),
    ("DESKTOP_SESSION", "gnome"),
    ("GDMSESSION", "gnome"),
    ("SESSION_MANAGER", "local/desk:@/tmp/.ICE-unix/1234,unix/desk:/tmp/.ICE-unix/1234"),
    ("DBUS_SESSION_BUS_ADDRESS", "unix:path=/run/user/1000/bus"),
    ("SSH_AUTH_SOCK", "/run/user/1000/keyring/ssh"),
    ("SSH_AGENT_LAUNCHER", "gnome-keyring"),
    ("EDITOR", "vi"),
    ("PAGER", "less"),
    ("LESSOPEN", "| /usr/bin/lesspipe %s"),
    ("LESSCLOSE", "/usr/bin/lesspipe %s %s"),
    ("HISTCONTROL", "ignoreboth"),
    ("SHLVL", "1"),
    ("_", "/usr/bin/env"),
];

/// A program, and what it must answer.
pub struct Contender {
    /// Its name in tables.
    pub name: String,
    program: PathBuf,
    /// The copy that is run; `None` if the original is run.
    copy: Option<PathBuf>,
    args: Vec<OsString>,
    stdin: Option<Vec<u8>>,
    home: PathBuf,
    variables: Vec<(&'static str, OsString)>,
    expected: String,
}

impl Contender {
    /// A program that is run from its own path, with an empty stdin.
    pub fn new(name: &str, program: &Path, home: &Path) -> Self {
        Self {
            name: name.to_owned(),
            program: program.to_owned(),
            copy: None,
            args: Vec::new(),
            stdin: None,
            home: home.to_owned(),
            variables: Vec::new(),
            expected: String::new(),
        }
    }

    /// The position in the page cache makes a binary up to a fifth faster or slower: it is run as a
    /// copy, and [`Contender::copy_afresh`] makes a new one.
    pub fn copied(mut self) -> Outcome<Self> {
        let name = self.program.file_name().ok_or("a program has a name")?;
        let folder = tempfile::Builder::new().prefix("bin-").tempdir_in(&self.home)?.keep();
        self.copy = Some(folder.join(name));
        self.copy_afresh()?;
        Ok(self)
    }

    /// Its arguments.
    pub fn args<S: Into<OsString>>(mut self, args: impl IntoIterator<Item = S>) -> Self {
        self.args.extend(args.into_iter().map(Into::into));
        self
    }

    /// What it reads; `/dev/null` if this is not called.
    pub fn stdin(mut self, bytes: &str) -> Self {
        self.stdin = Some(bytes.as_bytes().to_vec());
        self
    }

    /// More variables.
    pub fn variables(mut self, variables: &[(&'static str, OsString)]) -> Self {
        self.variables.extend_from_slice(variables);
        self
    }

    /// What its answer must contain.
    pub fn expects(mut self, text: &str) -> Self {
        text.clone_into(&mut self.expected);
        self
    }

    /// Puts a new copy in the place of the old one.
    pub fn copy_afresh(&self) -> Outcome {
        if let Some(copy) = &self.copy {
            if copy.exists() {
                std::fs::remove_file(copy)?;
            }
            std::fs::copy(&self.program, copy)?;
        }
        Ok(())
    }

    /// A folder for what a tool writes about it.
    pub fn home(&self) -> &Path {
        &self.home
    }

    /// Starts it, under `tool` and its arguments if they are given.
    fn start(&self, tool: &[OsString]) -> Outcome<Running> {
        let mut words = tool.to_vec();
        words.push(self.copy.as_ref().unwrap_or(&self.program).into());
        words.extend_from_slice(&self.args);
        let mut command = Command::new(&words[0]);
        command.args(&words[1..]).env_clear().envs(ENVIRONMENT).env("HOME", &self.home);
        command.envs(self.variables.iter().map(|(name, value)| (name, value)));
        command.current_dir(&self.home).stdin(Stdio::null());
        // The whole request is in the pipe before the clock starts, so that the program does not wait for the bench.
        if let Some(bytes) = &self.stdin {
            let (reader, mut writer) = std::io::pipe()?;
            writer.write_all(bytes)?;
            command.stdin(reader);
        }
        let (answer, writer) = std::io::pipe()?;
        command.stdout(writer);
        let started = Instant::now();
        let child = command.spawn()?;
        Ok(Running { child, answer, started })
    }

    /// Starts it, to be waited for later.
    pub fn spawn(&self) -> Outcome<Running> {
        self.start(&[])
    }

    /// From its start to its end. The answer is looked at after that.
    pub fn time(&self) -> Outcome<Duration> {
        let mut running = self.start(&[])?;
        let elapsed = running.wait(&self.name)?;
        running.answers(self)?;
        Ok(elapsed)
    }

    /// Runs it under a tool.
    pub fn under(&self, tool: &[OsString]) -> Outcome {
        let mut running = self.start(tool)?;
        running.wait(&self.name)?;
        running.answers(self)
    }

    /// What it prints.
    pub fn answer(&self) -> Outcome<String> {
        let mut running = self.start(&[])?;
        running.wait(&self.name)?;
        running.text()
    }
}

/// A program that was started.
pub struct Running {
    child: Child,
    answer: PipeReader,
    started: Instant,
}

impl Running {
    /// Its process id.
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// Waits for its end; says how long it ran.
    pub fn wait(&mut self, name: &str) -> Outcome<Duration> {
        let status = self.child.wait()?;
        let elapsed = self.started.elapsed();
        if status.success() { Ok(elapsed) } else { Err(format!("{name}: {status}").into()) }
    }

    /// Everything it printed.
    pub fn text(&mut self) -> Outcome<String> {
        let mut text = String::new();
        self.answer.read_to_string(&mut text)?;
        Ok(text)
    }

    /// Its answer must be the right one.
    pub fn answers(&mut self, contender: &Contender) -> Outcome {
        if self.text()?.contains(&contender.expected) {
            Ok(())
        } else {
            Err(format!("{}: a wrong answer", contender.name).into())
        }
    }
}
