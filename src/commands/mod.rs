//! One short file per command: arguments → library → output.

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
mod key;
mod log;
mod login;
mod logout;
mod refresh;
mod rename;
mod set_secret;
mod status;
mod store;
mod use_profile;

use std::ffi::OsString;
use std::io::Write;
use std::path::Path;

use clap::error::ErrorKind;

use crate::cli::{self, Cli, Color, Command, alone, refusal, shapes};
use crate::error::{Error, Kind, Result};
use crate::formats::pasted;
use crate::model::printable::printable;
use crate::sys::{hardening, message, signals};
use crate::ui::context::{self, Context, Surroundings};
use crate::ui::prompt;

/// The name under which git calls the program (`credential.helper = concur`).
const GIT_NAME: &str = "git-credential-concur";
/// The operations of git's helper protocol that this program knows.
const GIT_OPERATIONS: [&str; 4] = ["get", "store", "erase", "capability"];
/// The exit code of wrong usage.
const USAGE: u8 = 2;

/// Runs a command line (`args[0]` is the program's name) and returns the exit code.
pub(crate) fn main(args: Vec<OsString>, around: Surroundings<'_>) -> u8 {
    let called_by_git = args.first().is_some_and(is_git_name);
    if called_by_git {
        message::name_the_program();
    }
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
    if cli.global.color != Color::Auto {
        message::colour_labels(cli.global.color == Color::Always);
    }
    let is_check = matches!(&cli.command, Command::Status(cli::Status { check: true, .. }));
    if is_check {
        hardening::end_panics_with(status::UNKNOWN, status::DEFECT);
    }
    // These two write nothing unless they refresh.
    if !matches!(cli.command, Command::Get(_) | Command::Token(_)) {
        signals::survive_the_file_size_limit();
    }
    let Surroundings { env, clock, out, err, out_is_terminal } = around;
    let around = Surroundings { env, clock, out: &mut *out, err: &mut *err, out_is_terminal };
    // `doctor` and the check report errors that stop every other command; a completion cannot report them.
    let context = match &cli.command {
        Command::Doctor(_)
        | Command::Config(_)
        | Command::Completions(_)
        | Command::Status(cli::Status { check: true, .. }) => {
            Context::for_doctor(around, cli.global, called_by_git)
        }
        _ => Context::new(around, cli.global, called_by_git),
    };
    let mut context = match context {
        Ok(context) => context,
        Err(error) if is_check => {
            let line = format!("{}\n", status::unknown(&error));
            let _ = context::write_answer(out, line.as_bytes());
            return status::UNKNOWN;
        }
        Err(error) => {
            message::write(err, &error.to_string());
            return error.kind().exit_code();
        }
    };
    let code = match run(&mut context, cli.command) {
        Ok(code) => code,
        Err(error) => {
            prompt::discard_unread(&context);
            context.show(&error);
            error.kind().exit_code()
        }
    };
    context.write_audit_log();
    code
}

fn run(context: &mut Context<'_>, command: Command) -> Result<u8> {
    match command {
        Command::Get(args) => get::run(context, &args),
        Command::Token(args) => get::token(context, &args),
        Command::Store(args) => store::run(context, &args),
        Command::Erase => erase::run(context),
        Command::Capability => capability::run(context),
        Command::Init(args) => init::run(context, &args),
        Command::Login(args) => login::run(context, &args),
        Command::Logout(args) => logout::run(context, &args),
        Command::Refresh(args) => refresh::run(context, &args),
        Command::Keepalive(args) => keepalive::run(context, &args),
        Command::Status(args) => status::run(context, &args),
        Command::Import(args) => import::run(context, &args),
        Command::Export(args) => export::run(context, &args),
        Command::Exec(args) => exec::run(context, &args),
        Command::Api(args) => api::run(context, &args),
        Command::Use(args) => use_profile::run(context, &args),
        Command::Rename(args) => rename::run(context, &args),
        Command::SetSecret => set_secret::run(context),
        Command::Log(args) => log::run(context, &args),
        Command::Doctor(args) => doctor::run(context, &args),
        Command::ConfigureGit(args) => configure_git::run(context, &args),
        Command::Key(args) => key::run(context, &args),
        Command::Config(args) => config::run(context, &args),
        Command::Completions(args) => completions::run(context, &args),
    }
}

/// The command line, or the exit code after its error was shown.
fn parsed(args: Vec<OsString>, out: &mut dyn Write, err: &mut dyn Write) -> Result<Cli, u8> {
    let is_check = is_check(&args);
    let harmless = [in_harmless_words(&args, true), in_harmless_words(&args, false)];
    let has_secret = args.iter().filter_map(|arg| arg.to_str()).any(pasted::is_secret);
    let is_login = args.iter().any(|arg| arg == "login");
    let read = alone::recognised(&args).map_or_else(|| cli::read(args), Ok);
    let cli = read.map_err(|refused| {
        if has_secret && is_login && refused.use_stderr() {
            let error = link_with_a_secret();
            message::write(err, &error.to_string());
            return error.kind().exit_code();
        }
        let mut again = harmless.into_iter().flatten();
        let refused = again.find_map(|words| cli::read(words).err()).unwrap_or(refused);
        let code = show_refusal(&refused, out, err);
        if is_check && code == USAGE { misused_check(out) } else { code }
    })?;
    // The arguments of these belong to another program or to Concur.
    if has_secret && !matches!(cli.command, Command::Exec(_) | Command::Api(_)) {
        let error = link_with_a_secret();
        message::write(err, &error.to_string());
        return Err(if is_check { misused_check(out) } else { error.kind().exit_code() });
    }
    Ok(cli)
}

/// A check with wrong usage also prints its line.
fn misused_check(out: &mut dyn Write) -> u8 {
    let _ = context::write_answer(out, format!("{}\n", status::MISUSED).as_bytes());
    status::UNKNOWN
}

fn link_with_a_secret() -> Error {
    Error::new(
        Kind::Usage,
        "An argument is a link that contains a secret, and other programs can read arguments",
        "Request a new one, and paste it at the prompt of concur-cred login.",
    )
}

/// A word of this length that clap refuses may be a secret (a UUID, a JWT), bytes. No command, option or value
/// of a closed list is as long.
const LONG_WORD_BYTES: usize = 20;

/// The same words without characters that could control a terminal, and without possible secrets: clap quotes
/// what it refuses. The substitute for a long word is valid wherever any word is (so that clap refuses nothing
/// else), or invalid wherever it can be (if clap refused exactly this word). `None` if there is nothing to
/// hide.
fn in_harmless_words(args: &[OsString], good: bool) -> Option<Vec<String>> {
    let (program, words) = args.split_first()?;
    let words = words.iter().map(|arg| harmless(&arg.to_string_lossy(), good));
    let program = printable(&program.to_string_lossy(), usize::MAX);
    let words: Vec<String> = std::iter::once(program).chain(words).collect();
    let is_same = words.iter().zip(args).all(|(word, arg)| arg == word.as_str());
    (!is_same).then_some(words)
}

/// Whether a word, or an option's value after `=`, can be shown.
fn harmless(word: &str, good: bool) -> String {
    let (option, value) = match word.split_once('=') {
        Some((option, value)) if option.starts_with("--") => (format!("{option}="), value),
        None if word.starts_with('-') => return printable(word, usize::MAX),
        _ => (String::new(), word),
    };
    if value.len() < LONG_WORD_BYTES {
        return printable(word, usize::MAX);
    }
    let (option, count) = (printable(&option, usize::MAX), value.chars().count());
    if good {
        format!("{option}word-of-{count}-characters")
    } else {
        format!("{option}[{count} characters]")
    }
}

/// Whether this is `status --check`: monitoring would read the exit code of wrong usage as CRITICAL.
fn is_check(args: &[OsString]) -> bool {
    // The rest belongs to another command.
    let words = || args.iter().take_while(|arg| *arg != "--");
    words().any(|arg| arg == "status") && words().any(|arg| arg == "--check")
}

fn is_git_name(name: &OsString) -> bool {
    Path::new(name).file_stem().is_some_and(|stem| stem == GIT_NAME)
}

fn is_unknown_operation(args: &[OsString]) -> bool {
    let words = || args.iter().skip(1).map(|arg| arg.to_string_lossy());
    let is_known = words().any(|word| GIT_OPERATIONS.contains(&&*word));
    !is_known && words().next_back().is_some_and(|last| !last.starts_with('-'))
}

/// `--help` and `--version` are answers; anything else is wrong usage.
fn show_refusal(refused: &clap::Error, out: &mut dyn Write, err: &mut dyn Write) -> u8 {
    let asked = matches!(refused.kind(), ErrorKind::DisplayHelp | ErrorKind::DisplayVersion);
    if !asked {
        message::write(err, &refusal::lines(refused));
        return USAGE;
    }
    match context::write_answer(out, refused.render().to_string().as_bytes()) {
        Ok(()) => 0,
        Err(error) => {
            message::write(err, &error.to_string());
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
    fn a_word_that_could_be_a_secret_is_not_quoted() {
        for (word, shown) in [
            ("configure-gti", "configure-gti"),
            ("--no-such-option-as-this", "--no-such-option-as-this"),
            ("a\u{1b}b", r"a\u{1b}b"),
            ("2803b8f8-9e42-43c2-a739-ff768b00b7ea", "word-of-36-characters"),
            ("--client-secret=2803b8f8-9e42-43c2-a739", "--client-secret=word-of-23-characters"),
            ("--color=alwys", "--color=alwys"),
        ] {
            assert_eq!(harmless(word, true), shown);
        }
    }

    #[test]
    fn the_command_line_is_sound() {
        <Cli as clap::CommandFactory>::command().debug_assert();
    }
}
