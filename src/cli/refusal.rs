//! What clap says about a wrong command line, in the style of every other error.

use std::fmt::Write as _;

use clap::error::ErrorKind;

/// `error: …` and the hints: clap's tips, how the command is used, and where to read more. Help that was
/// printed because a command is missing stays as it is.
pub(crate) fn lines(refused: &clap::Error) -> String {
    let text = refused.render().to_string();
    if refused.kind() == ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand {
        return text;
    }
    let mut lines = String::new();
    let mut more = "see --help".to_owned();
    for line in text.lines().filter(|line| !line.is_empty()) {
        // No option here takes another one as its value.
        if line.starts_with("  tip: to pass '") {
        } else if let Some(tip) = line.strip_prefix("  tip: ") {
            let _ = writeln!(lines, "hint: {tip}");
        } else if let Some(usage) = line.strip_prefix("Usage: ") {
            more = format!("usage: {usage}; see --help");
        } else if !line.starts_with("For more information") {
            let _ = writeln!(lines, "{line}");
        }
    }
    format!("{lines}hint: {more}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli;

    fn said(words: &[&str]) -> String {
        let args: Vec<_> =
            ["concur-cred"].iter().chain(words).map(std::ffi::OsString::from).collect();
        lines(&cli::read(args).unwrap_err())
    }

    #[test]
    fn an_error_is_one_line_and_its_hints_follow() {
        assert_eq!(
            said(&["stauts"]),
            "error: unrecognized subcommand 'stauts'\nhint: a similar subcommand exists: 'status'\n\
             hint: usage: concur-cred [OPTIONS] <COMMAND>; see --help"
        );
        assert_eq!(
            said(&["get", "--format", "nope"]),
            "error: invalid value 'nope' for '--format <FORMAT>'\n  [possible values: token, header, \
             json, env, powershell, curl, git]\nhint: see --help"
        );
        assert!(said(&["key"]).contains("Commands:\n  show-source"), "its help is no error");
    }
}
