//! The table of docs/peers.md: our cells name commands that exist, and every other word has its source.

use super::commands::{command_line, command_words};
use super::pages::{blocks, chapter, page, table_rows};

/// The words in backquotes.
fn code_spans(cell: &str) -> Vec<&str> {
    cell.split('`').skip(1).step_by(2).collect()
}

/// The entries of a list: `- what: **word**, source`, which may go on in further lines.
fn entries(chapter: &str) -> Vec<(String, String, String)> {
    let text = chapter.replace("\n  ", " ");
    let items = text.lines().filter_map(|line| line.strip_prefix("- "));
    let entry = |item: &str| {
        let (what, rest) = item.split_once(": **")?;
        let (word, source) = rest.split_once("**, ")?;
        Some((what.to_owned(), word.to_owned(), source.to_owned()))
    };
    items.map(|item| entry(item).unwrap_or_else(|| panic!("{item:?} has no word"))).collect()
}

#[test]
fn each_command_in_our_cells_exists() {
    let (global, commands) = command_line();
    let text = page("docs/peers.md");
    let rows = table_rows(chapter(&text, "## The table"));
    assert_eq!(rows[0][1], "concur-cred");
    let mut named = 0;
    for row in &rows[1..] {
        for span in code_spans(&row[1]) {
            let words = command_words(span);
            let options = commands.get(words[0]).unwrap_or_else(|| panic!("{span} is no command"));
            for option in words.iter().filter(|word| word.starts_with("--")) {
                assert!(options.contains(*option) || global.contains(*option), "{span}");
            }
            named += 1;
        }
    }
    assert!(named > 10, "{named} commands are named");
}

#[test]
fn each_word_about_a_peer_has_its_source() {
    let sources = page("docs/peers.md");
    let table = chapter(&sources, "## The table");
    let rows = table_rows(table);
    let legend = table.rsplit_once("\n|").unwrap().1;
    for (column, short) in rows[0].iter().enumerate().skip(2) {
        let ends = format!("({short})");
        let heading = sources.lines().find(|line| line.starts_with("## ") && line.ends_with(&ends));
        let heading = heading.unwrap_or_else(|| panic!("docs/peers.md has {short}"));
        assert!(legend.contains(short.as_str()), "the legend has {short}");
        let told = chapter(&sources, heading);
        assert!(told.contains("\nLooked at: ") && told.contains("<https://"), "{heading}");
        let told = entries(told);
        assert_eq!(told.len(), rows.len() - 1, "{heading}");
        for (row, (what, word, source)) in rows[1..].iter().zip(&told) {
            assert_eq!((&row[0], &row[column]), (what, word), "{heading}");
            assert!(source.len() > 5, "{heading}: the source of {what:?}");
        }
    }
}

#[test]
fn the_readme_has_180_lines_at_most_and_100_columns_as_the_peers_have() {
    assert!(page("README.md").lines().count() <= 180, "what a newcomer reads in ten minutes");
    for name in ["README.md", "docs/peers.md"] {
        let text = page(name);
        // What `status` prints into a pipe is a line a profile, however long.
        let printed: Vec<_> = blocks(&text).into_iter().filter(|b| b.language == "text").collect();
        for line in text.lines() {
            let is_printed = printed.iter().any(|block| block.text.lines().any(|l| l == line));
            assert!(line.chars().count() <= 100 || is_printed, "{name}: {line}");
        }
    }
}
