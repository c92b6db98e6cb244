//! Parses the most frequent command lines without building clap's whole command line (a third of a hit's
//! instructions, docs/performance.md). A closed list; clap parses all others, prints help and refuses. Tests
//! compare each shape with clap.

use std::ffi::OsString;

use crate::cli::{Cli, Command, Get, Global, Named, Serving, Token};
use crate::formats::format::Format;
use crate::model::profile::ProfileName;

/// `get` or `token`, with at most one `--profile NAME`, before or after it, and for `get` one
/// `--format FORMAT`. `args[0]` is the program's name.
pub(crate) fn recognised(args: &[OsString]) -> Option<Cli> {
    let mut words = args.get(1..)?.iter();
    let mut command = None;
    let mut profile: Option<ProfileName> = None;
    let mut format: Option<Format> = None;
    while let Some(word) = words.next() {
        let taken = match word.to_str()? {
            verb @ ("get" | "token") => command.replace(verb == "get").is_some(),
            "--profile" => profile.replace(words.next()?.to_str()?.parse().ok()?).is_some(),
            "--format" if command == Some(true) => {
                format.replace(words.next()?.to_str()?.parse().ok()?).is_some()
            }
            _ => return None,
        };
        if taken {
            return None;
        }
    }
    let serving = Serving::default();
    let command = if command? {
        Command::Get(Get { format, with_refresh_token: false, protocol: None, serving })
    } else {
        Command::Token(Token { named: Named::default(), serving })
    };
    Some(Cli { global: Global { profile, ..Global::default() }, command })
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;

    fn both(words: &[&str]) -> (Option<String>, Option<String>) {
        let args: Vec<_> = ["concur-cred"].iter().chain(words).map(OsString::from).collect();
        let ours = recognised(&args).map(|cli| format!("{cli:?}"));
        (ours, Cli::try_parse_from(args).ok().map(|cli| format!("{cli:?}")))
    }

    #[test]
    fn what_is_recognised_is_what_clap_reads() {
        let options = ["--profile", "acme", "--format", "json", "get", "token", "--trace", "x"];
        let mut recognised = 0;
        // Every line of up to four of these words.
        let mut lines = vec![Vec::new()];
        for _ in 0..4 {
            let longer = |line: &Vec<&'static str>| {
                let line = line.clone();
                options.map(|word| [&line[..], &[word]].concat())
            };
            let next: Vec<_> = lines.iter().flat_map(longer).collect();
            for line in &next {
                let (ours, claps) = both(line);
                assert!(ours.is_none() || ours == claps, "{line:?}: {ours:?} and {claps:?}");
                recognised += usize::from(ours.is_some());
            }
            lines = next;
        }
        assert!(recognised > 6, "{recognised}");
    }

    #[test]
    fn the_shapes_of_the_hot_path_are_recognised() {
        for line in [
            &["get"][..],
            &["token"],
            &["--profile", "acme", "get"],
            &["get", "--profile", "acme"],
            &["token", "--profile", "acme"],
            &["get", "--format", "env"],
            &["get", "--profile", "acme", "--format", "env"],
        ] {
            let (ours, claps) = both(line);
            assert!(ours.is_some() && ours == claps, "{line:?}");
        }
    }

    #[test]
    fn what_clap_refuses_is_left_to_clap() {
        for line in [
            &[][..],
            &["token", "--format", "env"],
            &["get", "get"],
            &["get", "--profile", "Not A Name"],
            &["get", "--profile"],
            &["get", "--format", "yaml"],
            &["get", "--profile", "a", "--profile", "b"],
            &["get", "--help"],
        ] {
            assert_eq!(both(line).0, None, "{line:?}");
        }
    }
}
