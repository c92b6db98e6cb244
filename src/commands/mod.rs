//! One file a command, thin: arguments → library → output.

mod api;
mod capability;
mod completions;
mod config;
mod configure_git;
mod doctor;
mod erase;
mod exec;
mod export;
mod get;
mod helper;
mod import;
mod init;
mod keepalive;
mod log;
mod login;
mod logout;
mod obtain;
mod prompt;
mod refresh;
mod rename;
mod shapes;
mod status;
mod store;
mod times;
mod use_profile;

use std::ffi::OsString;
use std::io::Write;
use std::path::Path;

use clap::Parser;
use clap::error::ErrorKind;

use crate::app::{self, App, Surroundings};
use crate::cli::{self, Cli, Command};
use crate::error::Result;
use crate::model::printable::printable;

/// The name under which git calls the program (`credential.helper = concur`).
const GIT_NAME: &str = "git-credential-concur";
/// The operations of git's helper protocol that this program knows.
const GIT_OPERATIONS: [&str; 4] = ["get", "store", "erase", "capability"];
/// The exit code of wrong usage.
const USAGE: u8 = 2;

/// Runs a command line (`args[0]` is the program's name) and returns the exit code.
pub fn main(args: Vec<OsString>, around: Surroundings<'_>) -> u8 {
    let called_by_git = args.first().is_some_and(is_git_name);
    if called_by_git && is_unknown_operation(&args) {
        // git adds operations over time; a helper ignores those that it does not know.
        return 0;
    }
    let cli = match shapes::recognised(&args) {
        Some(cli) => cli,
        None => match parsed(args, &mut *around.out, &mut *around.err) {
            Ok(cli) => cli,
            Err(code) => return code,
        },
    };
    let Surroundings { env, clock, out, err, out_is_terminal } = around;
    let around = Surroundings { env, clock, out, err: &mut *err, out_is_terminal };
    // The doctor, and a check, report what keeps everybody else from starting; a shell that completes a
    // word cannot.
    let app = match &cli.command {
        Command::Doctor(_)
        | Command::Config(_)
        | Command::Completions(_)
        | Command::Status(cli::Status { check: true, .. }) => {
            App::for_doctor(around, cli.global, called_by_git)
        }
        _ => App::new(around, cli.global, called_by_git),
    };
    let mut app = match app {
        Ok(app) => app,
        Err(error) => {
            let _ = writeln!(err, "{error}");
            return error.kind().exit_code();
        }
    };
    let code = match run(&mut app, cli.command) {
        Ok(code) => code,
        Err(error) => {
            app.show(&error);
            error.kind().exit_code()
        }
    };
    app.write_audit_trail();
    code
}

fn run(app: &mut App<'_>, command: Command) -> Result<u8> {
    match command {
        Command::Get(args) => get::run(app, &args),
        Command::Token(args) => get::token(app, &args),
        Command::Store(args) => store::run(app, &args),
        Command::Erase => erase::run(app),
        Command::Capability => capability::run(app),
        Command::Init(args) => init::run(app, &args),
        Command::Login(args) => login::run(app, &args),
        Command::Logout(args) => logout::run(app, &args),
        Command::Refresh(args) => refresh::run(app, &args),
        Command::Keepalive(args) => keepalive::run(app, &args),
        Command::Status(args) => status::run(app, &args),
        Command::Import(args) => import::run(app, &args),
        Command::Export(args) => export::run(app, &args),
        Command::Exec(args) => exec::run(app, &args),
        Command::Api(args) => api::run(app, &args),
        Command::Use(args) => use_profile::run(app, &args),
        Command::Rename(args) => rename::run(app, &args),
        Command::Log(args) => log::run(app, &args),
        Command::Doctor(args) => doctor::run(app, &args),
        Command::ConfigureGit(args) => configure_git::run(app, &args),
        Command::Config(args) => config::run(app, &args),
        Command::Completions(args) => completions::run(app, &args),
    }
}

/// The command line, or the exit code once it was said what is wrong with it.
fn parsed(args: Vec<OsString>, out: &mut dyn Write, err: &mut dyn Write) -> Result<Cli, u8> {
    let is_check = is_check(&args);
    let harmless = in_printable_words(&args);
    Cli::try_parse_from(args).map_err(|refused| {
        let refused =
            harmless.and_then(|words| Cli::try_parse_from(words).err()).unwrap_or(refused);
        let code = show_refusal(&refused, out, err);
        if is_check && code == USAGE { status::UNKNOWN } else { code }
    })
}

/// The same words with what could steer a terminal escaped: clap quotes what it refuses. `None` when there
/// is nothing to escape in them.
fn in_printable_words(args: &[OsString]) -> Option<Vec<String>> {
    let shown = |arg: &OsString| printable(&arg.to_string_lossy(), usize::MAX);
    let words: Vec<String> = args.iter().map(shown).collect();
    let is_same = words.iter().zip(args).all(|(word, arg)| arg == word.as_str());
    (!is_same).then_some(words)
}

/// Whether monitoring calls, which takes the exit code of wrong usage for CRITICAL.
fn is_check(args: &[OsString]) -> bool {
    args.iter().any(|arg| arg == "status") && args.iter().any(|arg| arg == "--check")
}

fn is_git_name(name: &OsString) -> bool {
    Path::new(name).file_stem().is_some_and(|stem| stem == GIT_NAME)
}

fn is_unknown_operation(args: &[OsString]) -> bool {
    let words = || args.iter().skip(1).map(|arg| arg.to_string_lossy());
    let is_known = words().any(|word| GIT_OPERATIONS.contains(&&*word));
    !is_known && words().next_back().is_some_and(|last| !last.starts_with('-'))
}

/// `--help` and `--version` are answers; anything else is wrong usage. The text of clap's errors can
/// quote an argument, which is never a secret here: no argument takes one.
fn show_refusal(refused: &clap::Error, out: &mut dyn Write, err: &mut dyn Write) -> u8 {
    let asked = matches!(refused.kind(), ErrorKind::DisplayHelp | ErrorKind::DisplayVersion);
    let text = refused.render();
    if !asked {
        let _ = err.write_all(text.to_string().as_bytes());
        return USAGE;
    }
    match app::write_answer(out, text.to_string().as_bytes()) {
        Ok(()) => 0,
        Err(error) => {
            let _ = writeln!(err, "{error}");
            error.kind().exit_code()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_operation_that_git_invents_is_ignored_and_a_known_one_is_not() {
        let args = |words: &[&str]| words.iter().map(OsString::from).collect::<Vec<_>>();
        assert!(is_unknown_operation(&args(&["git-credential-concur", "rotate"])));
        assert!(!is_unknown_operation(&args(&["git-credential-concur", "--profile", "a", "get"])));
        assert!(!is_unknown_operation(&args(&["git-credential-concur", "get", "--profile", "a"])));
        assert!(!is_unknown_operation(&args(&["git-credential-concur", "--help"])));
        assert!(!is_unknown_operation(&args(&["git-credential-concur"])));
        assert!(is_git_name(&OsString::from("/usr/bin/git-credential-concur")));
        assert!(is_git_name(&OsString::from("git-credential-concur.exe")));
        assert!(!is_git_name(&OsString::from("/opt/git-credential-concur/concur-cred")));
    }

    #[test]
    fn the_command_line_is_sound() {
        <Cli as clap::CommandFactory>::command().debug_assert();
    }
}
