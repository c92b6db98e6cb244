//! Commands and options: what `--help` prints, the manual page and the README name the same ones.

use std::collections::{BTreeMap, BTreeSet};

use super::pages::{
    blocks, manual, manual_page, page, path, section, sources, tagged_options, tags, words,
};
use crate::harness::World;
use concur_cred::Format;
use concur_cred::SHORT_NAMES;

pub(crate) type Options = BTreeSet<String>;

/// The text of `--help` for one command.
struct Help {
    options: Options,
    commands: Vec<String>,
}

fn help(world: &World, command: &[&str]) -> Help {
    let output = world.concur(command.iter().chain(&["--help"])).ok().silent();
    let text = output.text();
    // A command stands below its heading, with what it does: "  name   Text".
    let is_command = |line: &&str| {
        line.strip_prefix("  ").is_some_and(|rest| rest.starts_with(char::is_alphabetic))
    };
    let list = text.split_once("\nOptions").map_or("", |(list, _)| list);
    let commands = list
        .lines()
        .filter(is_command)
        .filter_map(|line| line.split_whitespace().next().map(str::to_owned))
        .collect();
    let options = text
        .lines()
        .map(str::trim_start)
        // `--long`, or `-s, --long`; a possible value is `- value: …`.
        .filter(|line| line.starts_with('-') && !line.starts_with("- "))
        .flat_map(|line| line.split_whitespace().take(2))
        .filter(|word| word.starts_with("--"))
        .map(str::to_owned)
        .collect();
    Help { options, commands }
}

/// The global options, and every command with its own ones.
pub(crate) fn command_line() -> (Options, BTreeMap<String, Options>) {
    let world = World::new();
    let top = help(&world, &[]);
    let mut commands = BTreeMap::new();
    for name in top.commands {
        let its = help(&world, &[&name]);
        let mut options: Options = its.options.difference(&top.options).cloned().collect();
        // A command's own commands share its page, and so its chapter of options.
        for nested in its.commands {
            let deeper = help(&world, &[&name, &nested]);
            assert!(deeper.commands.is_empty(), "{name} {nested} has commands: walk them as well");
            options.extend(deeper.options.difference(&top.options).cloned());
        }
        commands.insert(name, options);
    }
    (top.options, commands)
}

/// The names of the manual pages of commands.
fn pages_of_commands() -> BTreeSet<String> {
    let files = std::fs::read_dir(path("man")).unwrap();
    let names = files.map(|file| file.unwrap().file_name().to_string_lossy().into_owned());
    names
        .filter_map(|name| Some(name.strip_prefix("concur-cred-")?.strip_suffix(".1")?.to_owned()))
        .collect()
}

#[test]
fn every_command_has_a_manual_page_and_no_other_has_one() {
    let (_, commands) = command_line();
    let known: BTreeSet<String> = commands.keys().cloned().collect();
    assert_eq!(pages_of_commands(), known);
    let text = manual();
    let listed: BTreeSet<String> = tags(&section(&text, ".SH COMMANDS"))
        .into_iter()
        .map(|words| words[0].trim_start_matches("concur-cred-").to_owned())
        .collect();
    assert_eq!(listed, known, "the list in concur-cred(1)");
}

#[test]
fn every_help_fits_a_hundred_columns_and_its_examples_are_command_lines() {
    let (global, commands) = command_line();
    let world = World::new();
    let mut examples = 0;
    for (name, options) in &commands {
        let output = world.concur([name, "--help"]).ok().silent();
        let text = output.text();
        assert!(text.lines().all(|line| line.chars().count() <= 100), "{name}\n{text}");
        let documented = text.rsplit_once("\nExample").map_or("", |(_, documented)| documented);
        for (at, program) in documented.match_indices("concur-cred ") {
            let words = command_words(&documented[at + program.len()..]);
            assert!(commands.contains_key(words[0]), "{name}: {words:?}");
            let mut given = words.iter().filter(|word| word.starts_with("--"));
            let known = |word: &&str| options.contains(*word) || global.contains(*word);
            assert!(words[0] != name || given.all(known), "{name}: {words:?}");
            examples += 1;
        }
    }
    assert!(examples > 20, "{examples} examples");
}

#[test]
fn the_manual_pages_have_every_option_and_no_other() {
    let (global, commands) = command_line();
    assert_eq!(tagged_options(&section(&manual(), ".SH OPTIONS")), global, "the global options");
    for (name, options) in &commands {
        let text = manual_page(&format!("concur-cred-{name}"));
        let has_chapter = text.contains("\n.SH OPTIONS\n");
        let described = if has_chapter {
            tagged_options(&section(&text, ".SH OPTIONS"))
        } else {
            Options::new()
        };
        assert_eq!(&described, options, "{name}");
    }
}

#[test]
fn the_manual_pages_begin_with_the_text_of_the_help() {
    use clap::CommandFactory as _;
    let program = concur_cred::Cli::command();
    let all = manual();
    for command in program.get_subcommands() {
        let name = command.get_name();
        let about = command.get_about().unwrap().to_string();
        let text = manual_page(&format!("concur-cred-{name}"));
        let heading = format!(".TH CONCUR-CRED-{} 1 ", name.to_uppercase());
        assert!(text.starts_with(&heading), "{name}");
        let line = section(&text, ".SH NAME");
        let (_, documented) = line.split_once(" - ").unwrap();
        assert_eq!(documented.to_lowercase(), about.to_lowercase(), "{name}: NAME");
        assert!(all.contains(&format!("\n{about}.\n")), "{name}: its line in concur-cred(1)");
        let synopsis = section(&text, ".SH SYNOPSIS");
        assert!(synopsis.starts_with(&format!(".B concur-cred {name}")), "{name}: SYNOPSIS");
        for argument in command.get_positionals() {
            for value in argument.get_value_names().unwrap_or_default() {
                let is_there = words(&synopsis, char::is_alphanumeric).contains(&value.as_str());
                assert!(is_there, "{name}: {value} in SYNOPSIS");
            }
        }
        let description = section(&text, ".SH DESCRIPTION");
        for nested in command.get_subcommands() {
            let (verb, about) = (nested.get_name(), nested.get_about().unwrap());
            let documented = format!(".TP\n.B {verb}\n{about}.\n");
            assert!(format!("{description}\n").contains(&documented), "{name}: {documented}");
            assert!(synopsis.contains(&format!(".B concur-cred {name} {verb}")), "{name} {verb}");
        }
        let examples = section(&text, ".SH EXAMPLES");
        assert!(examples.contains(&format!("concur-cred {name}")), "{name}: an example");
        assert!(section(&text, ".SH SEE ALSO").starts_with(".BR concur-cred (1)"), "{name}");
    }
}

#[test]
fn every_command_line_in_the_pages_parses() {
    let (global, commands) = command_line();
    let mut seen = BTreeSet::new();
    let mut pages = vec![manual()];
    pages
        .extend(pages_of_commands().iter().map(|name| manual_page(&format!("concur-cred-{name}"))));
    for name in ["README.md", "ARCHITECTURE.md", "CHANGELOG.md", "SECURITY.md"] {
        pages.push(page(name));
    }
    pages.extend(sources("docs").into_values());
    for text in &pages {
        for line in text.lines() {
            for (at, _) in line.match_indices("concur-cred ") {
                let rest = &line[at + "concur-cred ".len()..];
                let words = command_words(rest);
                let name = words.iter().find(|word| commands.contains_key(**word));
                let options = words.iter().filter(|word| word.starts_with("--"));
                let Some(name) = name else { continue };
                seen.insert((*name).to_owned());
                for option in options {
                    let known = global.contains(*option) || commands[*name].contains(*option);
                    assert!(known, "{name} has no {option}: {line}");
                }
            }
        }
    }
    for needed in ["init", "login", "get", "token", "status", "import", "export", "use", "log"] {
        assert!(seen.contains(needed), "an example of {needed}");
    }
}

/// The words of one simple command; after `--` they are another program's.
pub(crate) fn command_words(rest: &str) -> Vec<&str> {
    let end = rest.find(['|', ')', ';', '&', '`', '"', '#', '>']).unwrap_or(rest.len());
    rest[..end].split_whitespace().take_while(|word| *word != "--").collect()
}

#[test]
fn every_program_call_in_a_shell_block_names_a_command() {
    let (global, commands) = command_line();
    let pages = std::iter::once(page("README.md")).chain(sources("docs").into_values());
    let blocks = pages.flat_map(|page| blocks(&page));
    for block in blocks.filter(|block| block.language == "sh") {
        for line in block.text.lines().map(str::trim) {
            let Some(rest) = line.strip_prefix("concur-cred ") else { continue };
            let words = command_words(rest);
            let first = words.iter().find(|word| !global.contains(**word)).unwrap();
            assert!(commands.contains_key(*first), "{first} is no command: {line}");
        }
    }
}

#[test]
fn the_manual_pages_name_every_format_and_every_data_centre() {
    let formats = section(&manual_page("concur-cred-get"), ".SH OPTIONS");
    for name in Format::NAMES {
        assert!(formats.contains(&format!("\n.B {name}\n")), "--format {name}");
    }
    let login = section(&manual_page("concur-cred-login"), ".SH OPTIONS");
    let page = page("docs/login.md");
    for name in SHORT_NAMES {
        let tagged = login.lines().any(|line| {
            line.strip_prefix(".BR ").is_some_and(|rest| rest.split(' ').next() == Some(name))
        });
        assert!(tagged, "--base-url {name} is in the manual page");
        assert!(page.contains(&format!("`{name}`")), "--base-url {name} is in docs/login.md");
    }
}
