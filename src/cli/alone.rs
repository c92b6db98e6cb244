//! Parses one command without building the others: at a start, clap spends most time on describing the two
//! dozen other commands (docs/performance.md). Only a valid command line is parsed here; help, versions and
//! errors need clap's whole description. Tests compare each of these commands with it.

use std::ffi::OsString;

use clap::{Args, FromArgMatches};

use super::{Cli, Command, Global};

/// The options of a command that has none.
#[derive(Args)]
struct Nothing {}

/// The command line, where its first word is one of the commands that scripts and git call and the rest is
/// valid. `args[0]` is the program's name.
pub(crate) fn recognised(args: &[OsString]) -> Option<Cli> {
    let words = args.get(1..)?;
    match words.first()?.to_str()? {
        "get" => read(words, Command::Get),
        "token" => read(words, Command::Token),
        "exec" => read(words, Command::Exec),
        "api" => read(words, Command::Api),
        "status" => read(words, Command::Status),
        "refresh" => read(words, Command::Refresh),
        "store" => read(words, Command::Store),
        "erase" => read(words, |Nothing {}| Command::Erase),
        "capability" => read(words, |Nothing {}| Command::Capability),
        _ => None,
    }
}

/// `words[0]` is the command, which clap reads as the program's name.
fn read<A: Args + FromArgMatches>(words: &[OsString], command: fn(A) -> Command) -> Option<Cli> {
    let described = Global::augment_args(A::augment_args(clap::Command::new("concur-cred")));
    let found = described.try_get_matches_from(words).ok()?;
    let global = Global::from_arg_matches(&found).ok()?;
    let command = command(A::from_arg_matches(&found).ok()?);
    Some(Cli { global, command }.with_named_profile())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn both(words: &[&str]) -> (Option<String>, Option<String>) {
        let args: Vec<_> = ["concur-cred"].iter().chain(words).map(OsString::from).collect();
        let ours = recognised(&args).map(|cli| format!("{cli:?}"));
        (ours, super::super::read(args).ok().map(|cli| format!("{cli:?}")))
    }

    const COMMANDS: [&str; 9] =
        ["get", "token", "exec", "api", "status", "refresh", "store", "erase", "capability"];

    #[test]
    fn what_is_read_alone_is_what_clap_reads_of_the_whole() {
        // Each of these words behind each command, and every two of them behind the commands that take most:
        // what it takes, what only another takes, options of every command, and what ends options.
        let words = [
            "--min-ttl=10m",
            "--cached",
            "--format",
            "json",
            "--profile",
            "acme",
            "--profile=b",
            "-q",
            "--json",
            "--check",
            "--all",
            "-Hx: y",
            "--",
            "--help",
            "--application",
            "get",
            "-",
        ];
        for command in COMMANDS {
            let mut lines = vec![vec![command]];
            let mut valid = 0;
            let most = if ["get", "exec", "api"].contains(&command) { 3 } else { 2 };
            for _ in 0..most {
                for line in &lines {
                    let (ours, claps) = both(line);
                    assert_eq!(ours, claps, "{line:?}");
                    valid += usize::from(ours.is_some());
                }
                if lines[0].len() < most {
                    lines = lines
                        .iter()
                        .flat_map(|line| words.map(|word| [&line[..], &[word]].concat()))
                        .collect();
                }
            }
            assert!(valid > 2, "{command}: {valid}");
        }
    }

    #[test]
    fn longer_lines_are_read_alone_too() {
        for line in [
            "get --min-ttl 10m --format env --profile acme",
            "get --with-refresh-token --protocol git --color never --trace",
            "exec --profile acme --min-ttl 20m -- env --profile b get",
            "exec make -j2 --help",
            "api POST /a --input - -H x:y --include -f a=b -F n=1",
            "status --check --warn 30d --crit 7d --config file",
            "store --application a --quiet",
        ] {
            let (ours, claps) = both(&line.split(' ').collect::<Vec<_>>());
            assert!(ours.is_some() && ours == claps, "{line}: {ours:?} and {claps:?}");
        }
    }

    #[test]
    fn what_is_not_valid_is_left_to_clap() {
        for line in [
            &[][..],
            &["--quiet", "get"],
            &["login"],
            &["get", "--help"],
            &["get", "--version"],
            &["get", "--min-ttl", "soon"],
            &["get", "more"],
            &["status", "--json", "--check"],
            &["help", "get"],
            &["ge"],
        ] {
            assert_eq!(both(line).0, None, "{line:?}");
        }
    }
}
