//! The context of a command: environment, paths, clock, streams and settings.

use std::error::Error as _;
use std::fmt::Write as _;
use std::io::{self, IsTerminal as _, Write};
use std::path::{Path, PathBuf};

use crate::cli::{Color, Global};
use crate::config::Config;
use crate::error::{Error, Kind, Result};
use crate::model::printable::printable;
use crate::model::profile::ProfileName;
use crate::store::audit::{self, Event};
use crate::store::keys::KeySettings;
use crate::store::{self, Store};
use crate::sys::env::Env;
use crate::sys::paths::Paths;
use crate::sys::{failpoint, files, message, progress, trace};

/// The context of one run.
pub(crate) struct Context<'io> {
    /// The environment.
    pub env: Env,
    /// The clock, epoch seconds.
    pub clock: fn() -> i64,
    /// stdout, for answers.
    pub out: &'io mut dyn Write,
    /// stderr, for everything else.
    pub err: &'io mut dyn Write,
    /// Checks whether stdout is a terminal.
    pub out_is_terminal: fn() -> bool,
    /// Called as `git-credential-concur`.
    pub called_by_git: bool,
    /// A person was asked something.
    pub has_asked: bool,
    /// stdin is known to be a terminal, so the caller is a person. Never checked only for this.
    pub is_typed: bool,
    /// The options of every command.
    pub global: Global,
    /// The folders; `None` without a home.
    pub paths: Option<Paths>,
    /// The settings.
    pub config: Config,
    /// The error in the settings; only for `doctor`, which continues with the defaults.
    pub config_problem: Option<Error>,
    /// Events for the audit log.
    pub(crate) events: Vec<Event>,
}

/// The environment, clock and streams of a run.
pub(crate) struct Surroundings<'io> {
    /// The environment.
    pub env: Env,
    /// The clock, epoch seconds.
    pub clock: fn() -> i64,
    /// stdout, for answers.
    pub out: &'io mut dyn Write,
    /// stderr, for everything else.
    pub err: &'io mut dyn Write,
    /// Checks whether stdout is a terminal.
    pub out_is_terminal: fn() -> bool,
}

impl<'io> Context<'io> {
    /// Reads the settings.
    pub(crate) fn new(
        around: Surroundings<'io>,
        global: Global,
        called_by_git: bool,
    ) -> Result<Self> {
        let mut context = Self::for_doctor(around, global, called_by_git)?;
        context.config_problem.take().map_or(Ok(context), Err)
    }

    /// Reads the settings; uses the defaults if they are invalid.
    pub(crate) fn for_doctor(
        around: Surroundings<'io>,
        global: Global,
        called_by_git: bool,
    ) -> Result<Self> {
        let Surroundings { env, clock, out, err, out_is_terminal } = around;
        start_trace(&env, &global)?;
        let found = Paths::find(&env);
        let named = named_config(&env, &global);
        let loaded = match &found {
            Ok(paths) => Config::load(paths.as_ref(), named.as_deref(), &env),
            Err(problem) => Err(problem.clone()),
        };
        let paths = found.unwrap_or_default();
        let (mut config, config_problem) = match loaded {
            Ok(config) => (config, None),
            Err(problem) => (Config::load(None, None, &Env::fixed([]))?, Some(problem)),
        };
        if config_problem.is_some() {
            config.keys = KeySettings::of(&env);
        }
        if global.quiet {
            config.keys.be_quiet();
        }
        trace::step("settings read");
        Ok(Self {
            env,
            clock,
            out,
            err,
            out_is_terminal,
            called_by_git,
            has_asked: false,
            is_typed: false,
            global,
            paths,
            config,
            config_problem,
            events: Vec::new(),
        })
    }

    /// Epoch seconds.
    pub(crate) fn now(&self) -> i64 {
        (self.clock)()
    }

    /// The profile that the caller named, by option, environment or configuration.
    pub(crate) fn named_profile(&self) -> Result<Option<ProfileName>> {
        if let Some(name) = &self.global.profile {
            return Ok(Some(name.clone()));
        }
        if let Some(text) = self.env.setting("CONCUR_CRED_PROFILE")? {
            return text.parse().map(Some).map_err(|bad| {
                Error::new(
                    Kind::Usage,
                    format!("CONCUR_CRED_PROFILE is not a profile name: {bad}"),
                    "Correct or unset it.",
                )
            });
        }
        Ok(self.config.default_profile.clone())
    }

    /// What chooses a profile in place of `use`: a variable, else a setting; with the command that ends that.
    pub(crate) fn chooses_profile(&self) -> Option<(&'static str, &'static str)> {
        if self.env.is_set("CONCUR_CRED_PROFILE") {
            Some(("CONCUR_CRED_PROFILE", "unset CONCUR_CRED_PROFILE"))
        } else if self.env.is_set("CONCUR_CRED_DEFAULT_PROFILE") {
            Some(("CONCUR_CRED_DEFAULT_PROFILE", "unset CONCUR_CRED_DEFAULT_PROFILE"))
        } else if self.config.default_profile.is_some() {
            Some(("the setting default_profile", "concur-cred config unset default_profile"))
        } else {
            None
        }
    }

    /// The folders, for a command that needs them.
    pub(crate) fn need_paths(&self) -> Result<Paths> {
        self.paths.clone().ok_or_else(|| {
            self.config_problem.clone().unwrap_or_else(|| {
                Error::new(
                    Kind::Unusable,
                    "There is no home folder, and so no store: HOME is not set",
                    "Set HOME, or CONCUR_CRED_HOME to a folder of your own.",
                )
            })
        })
    }

    /// The configuration file in use, if there are folders.
    pub(crate) fn config_file(&self) -> Option<PathBuf> {
        let named = named_config(&self.env, &self.global);
        named.or_else(|| self.paths.as_ref().map(Paths::config_file))
    }

    /// The store, if there is one.
    pub(crate) fn store(&self) -> Result<Option<Store>> {
        let store = match &self.paths {
            Some(paths) => Store::open(paths, &self.config.keys)?,
            None => None,
        };
        trace::step(if store.is_some() { "store opened" } else { "no store" });
        Ok(store)
    }

    /// The store, for a command that creates one; with warnings about its location.
    pub(crate) fn store_or_new(&mut self) -> Result<Store> {
        let paths = self.need_paths()?;
        for (what, remedy) in files::look_around(&paths, &self.env)?.warnings {
            self.warn(&format!("{what}. {remedy}"));
        }
        for folder in [paths.config_dir(), paths.state_dir()] {
            if files::close_if_ours(folder)? {
                self.note(&format!("closed {} to other users (mode 700)", folder.display()));
            }
        }
        self.store_or_new_for_helper()
    }

    /// The same without the warnings, which a helper would repeat at each call.
    pub(crate) fn store_or_new_for_helper(&self) -> Result<Store> {
        let paths = self.need_paths()?;
        files::look_around(&paths, &self.env)?;
        Ok(Store::open_or_create(&paths, &self.config.keys)?)
    }

    /// Writes the whole answer with one write. A closed reader is not an error.
    pub(crate) fn answer(&mut self, bytes: &[u8]) -> Result<()> {
        let written = write_answer(self.out, bytes);
        failpoint::pass("answer-printed");
        trace::step("answer written");
        written
    }

    /// Whether answers may be coloured.
    pub(crate) fn colours(&self) -> bool {
        match self.global.color {
            Color::Always => true,
            Color::Never => false,
            Color::Auto => (self.out_is_terminal)() && !self.env.is_set("NO_COLOR"),
        }
    }

    /// Shows what was done, or what there is to know.
    pub(crate) fn note(&mut self, text: &str) {
        if !self.global.quiet {
            message::write(self.err, &printable(text, 600));
        }
    }

    /// Shows what may need a person, though the command goes on.
    pub(crate) fn warn(&mut self, text: &str) {
        self.note(&format!("warning: {text}"));
    }

    /// Says that something was done, and what follows from it in further lines; with a mark on a terminal that
    /// can show it.
    pub(crate) fn succeeded(&mut self, lines: &[String]) {
        let is_marked = io::stderr().is_terminal() && self.env.has_utf8_locale();
        let marks = if is_marked { [message::DONE, "  "] } else { [""; 2] };
        for (at, line) in lines.iter().enumerate() {
            self.note(&format!("{}{line}", marks[at.min(1)]));
        }
    }

    /// Shows an error.
    pub(crate) fn show(&mut self, error: &Error) {
        let mut lines = error.to_string();
        let of_store = error.source().and_then(|source| source.downcast_ref::<store::Error>());
        if let (true, Some(paths)) = (of_store.is_some_and(store::Error::is_full_disk), &self.paths)
        {
            let place = printable(&paths.state_dir().to_string_lossy(), usize::MAX);
            let still = "token, get and exec still work while a stored token is valid";
            let _ = write!(lines, "\nhint: It is the disk of {place}; {still}.");
        }
        message::write(self.err, &lines);
    }

    /// Shows progress on a terminal from here on.
    pub(crate) fn show_progress(&self) {
        progress::enable(!self.global.quiet);
    }

    /// Adds an event to the audit log.
    pub(crate) fn audit(&mut self, event: Event) {
        self.events.push(event);
    }

    /// Writes the audit log, after the answer. A failure does no harm.
    pub(crate) fn write_audit_log(&mut self) {
        let Some(paths) = &self.paths else { return };
        audit::record_all(paths, &mut self.events);
    }
}

/// Writes a whole answer. A closed reader is not an error.
pub(crate) fn write_answer(out: &mut dyn Write, bytes: &[u8]) -> Result<()> {
    match out.write_all(bytes).and_then(|()| out.flush()) {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => Err(Error::new(
            Kind::Other,
            format!("The answer cannot be written: {}", crate::sys::files::reason(&error)),
            "Check where stdout goes.",
        )),
        _ => Ok(()),
    }
}

fn named_config(env: &Env, global: &Global) -> Option<PathBuf> {
    global.config.clone().or_else(|| env.path("CONCUR_CRED_CONFIG"))
}

fn start_trace(env: &Env, global: &Global) -> Result<()> {
    match env.path("CONCUR_CRED_TRACE") {
        _ if global.trace => trace::start(None),
        None => Ok(()),
        Some(path) if path == Path::new("0") => Ok(()),
        Some(path) if path == Path::new("1") => trace::start(None),
        Some(path) => trace::start(Some(&path)),
    }
}
