//! Pages as a test reads them.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

/// A file of the checkout.
pub(crate) fn path(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(name)
}

/// A page of the checkout, as text.
pub(crate) fn page(name: &str) -> String {
    let text = std::fs::read_to_string(path(name)).unwrap_or_else(|why| panic!("{name}: {why}"));
    text.replace("\r\n", "\n")
}

/// The program's manual page; see [`manual_page`].
pub(crate) fn manual() -> String {
    manual_page("concur-cred")
}

/// A manual page without its escapes: `\-` is `-`, fonts are gone, macros stay at the line's head.
pub(crate) fn manual_page(name: &str) -> String {
    let mut text = page(&format!("man/{name}.1"));
    for (escape, plain) in
        [("\\-", "-"), ("\\(en", "-"), ("\\e", "\\"), ("\\fI", ""), ("\\fR", ""), ("\"\"\"", "'\"")]
    {
        text = text.replace(escape, plain);
    }
    text
}

/// The sections of the manual page (`.SH` or `.SS` with this name), up to the next heading of the
/// same or a higher level.
pub(crate) fn section(manual: &str, heading: &str) -> String {
    let level = &heading[..3];
    let lines = manual.lines().skip_while(|line| *line != heading);
    let ends =
        |line: &&str| line.starts_with(".SH ") || (level == ".SS" && line.starts_with(".SS "));
    let body: Vec<&str> = lines.skip(1).take_while(|line| !ends(line)).collect();
    assert!(!body.is_empty(), "the manual page has {heading}");
    body.join("\n")
}

/// The tags of a section's lists: the line after each `.TP`, without its macro, quotes and commas.
pub(crate) fn tags(section: &str) -> Vec<Vec<String>> {
    let lines: Vec<&str> = section.lines().collect();
    let after_tp = lines.windows(2).filter(|pair| pair[0].starts_with(".TP")).map(|pair| pair[1]);
    after_tp
        .map(|tag| {
            let words = tag.split_whitespace().skip(1);
            words
                .map(|word| word.trim_matches([',', '"', '|']).to_owned())
                .filter(|word| !word.is_empty())
                .collect()
        })
        .collect()
}

/// The long options among the tags of a section.
pub(crate) fn tagged_options(section: &str) -> BTreeSet<String> {
    tags(section).into_iter().flatten().filter(|word| word.starts_with("--")).collect()
}

/// A fenced block of a Markdown page.
#[derive(Debug)]
pub(crate) struct Block {
    /// Its language.
    pub(crate) language: String,
    /// The text after `tested` in the comment before it; `None` without such a comment.
    pub(crate) tested: Option<String>,
    /// Its lines, without their common indentation.
    pub(crate) text: String,
}

/// The fenced blocks of a Markdown page.
pub(crate) fn blocks(page: &str) -> Vec<Block> {
    let mut blocks = Vec::new();
    let mut before = "";
    let mut lines = page.lines();
    while let Some(line) = lines.next() {
        let indent = line.len() - line.trim_start().len();
        if let Some(language) = line.trim_start().strip_prefix("```") {
            let body: Vec<&str> = lines
                .by_ref()
                .take_while(|line| line.trim() != "```")
                .map(|line| line.get(indent..).unwrap_or_default())
                .collect();
            let comment = before.trim().strip_prefix("<!-- tested");
            let tested = comment.and_then(|rest| rest.strip_suffix("-->"));
            blocks.push(Block {
                language: language.to_owned(),
                tested: tested.map(|rest| rest.trim_start_matches(':').trim().to_owned()),
                text: body.join("\n") + "\n",
            });
        }
        before = line;
    }
    blocks
}

/// The rows of every table of a Markdown page, as trimmed cells.
pub(crate) fn table_rows(page: &str) -> Vec<Vec<String>> {
    let rows = page.lines().filter(|line| line.starts_with('|') && !line.starts_with("|---"));
    rows.map(|line| line.trim_matches('|').split('|').map(|cell| cell.trim().to_owned()).collect())
        .collect()
}

/// The words in a text that are made of these characters.
pub(crate) fn words(text: &str, belongs: fn(char) -> bool) -> BTreeSet<&str> {
    text.split(|c: char| !belongs(c)).filter(|word| !word.is_empty()).collect()
}

/// The text of a Markdown page between a heading and the next one of the same or a higher level.
pub(crate) fn chapter<'p>(page: &'p str, heading: &str) -> &'p str {
    let start = page.find(&format!("{heading}\n")).unwrap_or_else(|| panic!("there is {heading}"));
    let body = &page[start + heading.len()..];
    let level = heading.split(' ').next().map_or(0, str::len);
    // A single # in a block is a comment; the one heading of that level is the page's own.
    let ends = (2..=level).filter_map(|n| body.find(&format!("\n{} ", "#".repeat(n))));
    &body[..ends.min().unwrap_or(body.len())]
}

/// Every file below a folder of the checkout, with its text.
pub(crate) fn sources(folder: &str) -> BTreeMap<PathBuf, String> {
    let mut found = BTreeMap::new();
    let mut left = vec![path(folder)];
    while let Some(next) = left.pop() {
        for entry in std::fs::read_dir(next).unwrap() {
            let file = entry.unwrap().path();
            if file.is_dir() {
                left.push(file);
            } else {
                let text = std::fs::read_to_string(&file).unwrap();
                found.insert(file, text);
            }
        }
    }
    found
}
