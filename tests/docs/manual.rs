//! The OPTIONS of man/concur-cred*.1 are written from the clap types: which options there are, their order,
//! and how each is written. What a page says of an option stays by hand, because it is more than `--help` says;
//! an option that is new begins with what `--help` says of it.
//!
//! Not by `clap_mangen`: it would put the sentences of `--help` in the place of the pages'.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::process::Command as Process;

use clap::{Arg, Command, CommandFactory as _};

use super::pages::{page, path, words};
use crate::harness::skipped;

/// If set, the pages are written instead of compared.
const REGENERATE: &str = "CONCUR_CRED_REGENERATE_MAN";
const HEADING: &str = ".SH OPTIONS\n";
/// What a command's own chapter begins with.
const INTRODUCTION: &str = "Those of every command are in\n.BR concur\\-cred (1).\n";

/// Text in roff: a hyphen that is typed, and no macro at the head of a line.
fn roff(text: &str) -> String {
    let text = text.replace('\\', "\\e").replace('-', "\\-");
    if text.starts_with(['.', '\'']) { format!("\\&{text}") } else { text }
}

/// The parts of a value's name: whether it is a placeholder (in italics) or to be typed (in bold), and its text.
fn parts(name: &str) -> Vec<(bool, String)> {
    let mut parts: Vec<(bool, String)> = Vec::new();
    for c in name.chars() {
        let is_placeholder = c.is_ascii_uppercase();
        match parts.last_mut() {
            Some((same, text)) if *same == is_placeholder => text.push(c),
            _ => parts.push((is_placeholder, c.to_string())),
        }
    }
    if name.contains(' ') {
        parts.insert(0, (false, "'".to_owned()));
        parts.push((false, "'".to_owned()));
    }
    parts
}

/// The line after an option's `.TP`.
fn tag(option: &Arg) -> String {
    let long = format!("\\-\\-{}", roff(option.get_long().unwrap()));
    let takes_value = option.get_action().takes_values();
    let value = takes_value.then(|| option.get_value_names().unwrap()[0].as_str());
    match (option.get_short(), value) {
        (None, None) => format!(".B {long}"),
        (Some(short), None) => format!(".BR \\-{short} \", \" {long}"),
        (None, Some(value)) => {
            let mut parts = parts(value).into_iter().map(|(_, text)| roff(&text));
            let first = parts.next().unwrap();
            let rest: Vec<String> = parts.collect();
            format!(".BI {long} \" {first}\" {}", rest.join(" ")).trim_end().to_owned()
        }
        (Some(short), Some(value)) => {
            let font = |is_placeholder| if is_placeholder { "\\fI" } else { "\\fB" };
            let value: String =
                parts(value).iter().map(|(italic, text)| font(*italic).to_owned() + text).collect();
            format!(".BR \\-{short} \", \" {long} \" {value}\"")
        }
    }
}

/// What `--help` says of an option, as a sentence.
fn sentence(option: &Arg) -> String {
    let help = option.get_help().map(ToString::to_string).unwrap_or_default();
    format!("{}.\n", roff(&help))
}

/// A chapter: the text before the first option, and each option's text by its long name.
fn read(chapter: &str) -> (String, BTreeMap<String, String>) {
    let (mut introduction, mut said) = (String::new(), BTreeMap::new());
    let (mut current, mut depth) = (None, 0);
    let mut lines = chapter.lines();
    while let Some(line) = lines.next() {
        depth += i32::from(line == ".RS");
        depth -= i32::from(line == ".RE");
        if depth == 0 && line == ".TP" {
            let tag = lines.next().unwrap_or_default().replace("\\-", "-");
            let long = tag.split(' ').find_map(|word| word.strip_prefix("--"));
            let long = long.unwrap_or_else(|| panic!("an option's long name in {tag}")).to_owned();
            said.insert(long.clone(), String::new());
            current = Some(long);
            continue;
        }
        let text = current.as_ref().map_or(&mut introduction, |long| said.get_mut(long).unwrap());
        text.push_str(line);
        text.push('\n');
    }
    (introduction, said)
}

/// A page with its OPTIONS as the clap types have them.
fn written(page: &str, options: &[&Arg]) -> String {
    let Some((before, rest)) = page.split_once(HEADING) else {
        if options.is_empty() {
            return page.to_owned();
        }
        // Its place by man-pages(7).
        let at = [".SH EXIT STATUS\n", ".SH EXAMPLES\n"].iter().find_map(|next| page.find(next));
        let (before, after) = page.split_at(at.expect("a page has EXAMPLES"));
        return written(&format!("{before}{HEADING}{INTRODUCTION}{after}"), options);
    };
    let end = rest.find("\n.SH ").map_or(rest.len(), |at| at + 1);
    let (introduction, said) = read(&rest[..end]);
    let mut text = format!("{before}{HEADING}{introduction}");
    for option in options {
        let by_hand = said.get(option.get_long().unwrap()).filter(|body| !body.is_empty());
        let body = by_hand.cloned().unwrap_or_else(|| sentence(option));
        text.extend([".TP\n", &tag(option), "\n", &body]);
    }
    let text = if options.is_empty() { before.to_owned() } else { text };
    text + &rest[end..]
}

/// The options that a command's page describes: its own, and those of its own commands; no one else's.
fn own_options(command: &Command) -> Vec<&Arg> {
    let own = |arg: &&Arg| {
        arg.get_long().is_some()
            && !arg.is_global_set()
            && !arg.is_hide_set()
            && !["help", "version"].contains(&arg.get_id().as_str())
    };
    let mut options: Vec<&Arg> = command.get_arguments().filter(own).collect();
    options.extend(command.get_subcommands().flat_map(own_options));
    options
}

/// Each page of the program with the options that it describes, in their order.
fn pages(program: &Command) -> Vec<(String, Vec<&Arg>)> {
    let has_long = |arg: &&Arg| arg.get_long().is_some();
    let mut pages =
        vec![("man/concur-cred.1".to_owned(), program.get_arguments().filter(has_long).collect())];
    pages.extend(program.get_subcommands().map(|command| {
        (format!("man/concur-cred-{}.1", command.get_name()), own_options(command))
    }));
    pages
}

fn program() -> Command {
    let mut program = concur_cred::Cli::command();
    program.build();
    program
}

#[test]
fn the_options_of_the_manual_pages_are_written_from_the_clap_types() {
    let is_asked_for = std::env::var_os(REGENERATE).is_some();
    let program = program();
    let pages = pages(&program);
    assert!(pages.len() > 20, "{}", pages.len());
    for (name, options) in pages {
        let (found, expected) = (page(&name), written(&page(&name), &options));
        if found != expected && is_asked_for {
            std::fs::write(path(&name), &expected).unwrap();
            continue;
        }
        let differs =
            expected.lines().zip(found.lines()).find(|(expected, found)| expected != found);
        assert!(
            found == expected,
            "{name}: its OPTIONS are not those of the clap types, first at {differs:?} (generated, \
             committed). To write them anew:\n  {REGENERATE}=1 cargo test --test suite docs::manual\nthen read \
             the diff, and say more of an option than --help does where there is more to say"
        );
    }
}

#[test]
fn the_page_of_the_program_has_what_most_readers_want_before_the_reference() {
    let text = page("man/concur-cred.1");
    let chapters: Vec<&str> = text.lines().filter_map(|line| line.strip_prefix(".SH ")).collect();
    let expected = [
        "NAME",
        "SYNOPSIS",
        "DESCRIPTION",
        "EXAMPLES",
        "COMMANDS",
        "OPTIONS",
        "WHEN IT FAILS",
        "PROFILES",
        "CONFIGURATION",
        "ENVIRONMENT",
        "FILES",
        "HELPER PROTOCOLS",
        "SECURITY",
        "SEE ALSO",
    ];
    assert_eq!(chapters, expected);
    let (_, description) = text.split_once("\n.SH DESCRIPTION\n").unwrap();
    assert!(description.starts_with(".RS 4\n.nf\n$ concur\\-cred "), "an example comes first");
}

#[test]
fn the_manual_pages_are_without_mistakes_in_their_markup() {
    let lint =
        |page: &Path| Process::new("mandoc").args(["-Tlint", "-Wwarning"]).arg(page).output();
    for entry in std::fs::read_dir(path("man")).unwrap() {
        let file = entry.unwrap().path();
        let Ok(output) = lint(&file) else { return skipped("there is no mandoc") };
        let said = String::from_utf8_lossy(&output.stdout);
        assert!(output.status.success(), "{}:\n{said}", file.display());
    }
}

#[test]
fn each_option_in_the_pages_has_its_values_and_its_default() {
    let program = program();
    for (name, options) in pages(&program) {
        let text = page(&name).replace("\\-", "-");
        let Some((_, rest)) = text.split_once(HEADING) else { continue };
        let chapter = &rest[..rest.find("\n.SH ").unwrap_or(rest.len())];
        let belongs = |c: char| c.is_ascii_alphanumeric() || c == '-';
        let known: BTreeSet<&str> = words(chapter, belongs);
        for option in options.iter().filter(|option| option.get_action().takes_values()) {
            let values = option.get_possible_values();
            let values = values.iter().map(|value| value.get_name().to_owned());
            let defaults =
                option.get_default_values().iter().map(|v| v.to_string_lossy().into_owned());
            for word in values.chain(defaults) {
                assert!(
                    known.contains(word.as_str()),
                    "{name}: {:?} and {word}",
                    option.get_long()
                );
            }
        }
    }
}

#[test]
fn a_page_keeps_handwritten_text_while_options_come_and_go() {
    let flag = |name: &'static str, help: &'static str| {
        Arg::new(name).long(name).help(help).action(clap::ArgAction::SetTrue)
    };
    let old = ".SH NAME\nx\n.SH OPTIONS\nSee\n.BR x (1).\n.TP\n.B \\-\\-gone\nNo more.\n.TP\n.B \\-\\-kept\nBy \
               hand:\n.RS\n.TP\n.B a\nA.\n.RE\n.SH EXAMPLES\ny\n";
    let (kept, new) = (flag("kept", "Of --help"), flag("new-one", "Go on-line"));
    let value = Arg::new("value").long("value").short('v').value_name("KEY=VALUE").help("It");
    assert_eq!(
        written(old, &[&new, &kept, &value]),
        ".SH NAME\nx\n.SH OPTIONS\nSee\n.BR x (1).\n.TP\n.B \\-\\-new\\-one\nGo on\\-line.\n.TP\n.B \
         \\-\\-kept\nBy hand:\n.RS\n.TP\n.B a\nA.\n.RE\n.TP\n.BR \\-v \", \" \\-\\-value \" \
         \\fIKEY\\fB=\\fIVALUE\"\nIt.\n.SH EXAMPLES\ny\n"
    );
    let without = written(old, &[]);
    assert_eq!(without, ".SH NAME\nx\n.SH EXAMPLES\ny\n");
    assert!(
        written(&without, &[&kept]).contains("(1).\n.TP\n.B \\-\\-kept\nOf \\-\\-help.\n.SH EX")
    );
}
