//! docs/troubleshooting.md: an entry for each exit code and for each of Concur's codes that the advice knows.

use std::collections::BTreeSet;

use super::pages::{chapter, page, sources};

const PAGE: &str = "docs/troubleshooting.md";

/// The entries of a chapter: heading, and text.
fn entries(chapter: &str) -> Vec<(&str, &str)> {
    chapter.split("\n### ").skip(1).map(|entry| entry.split_once('\n').unwrap()).collect()
}

/// The numbers that stand alone in a text between commas.
fn numbers(list: &str) -> impl Iterator<Item = i64> {
    list.split(", ").filter_map(|number| number.parse().ok())
}

/// The codes in the patterns of src/auth/oauth/advice.rs: `Some(5 | 19)`, `Some(10..=14 | 123)`.
fn known() -> BTreeSet<i64> {
    let source = page("src/auth/oauth/advice.rs");
    let mut codes = BTreeSet::new();
    for pattern in source.split("Some(").skip(1).filter_map(|rest| rest.split(')').next()) {
        for part in pattern.split(" | ") {
            let (first, last) = part.split_once("..=").unwrap_or((part, part));
            if let (Ok(first), Ok(last)) = (first.parse::<i64>(), last.parse::<i64>()) {
                codes.extend(first..=last);
            }
        }
    }
    assert!(codes.len() > 40, "the patterns were read: {codes:?}");
    codes
}

#[test]
fn each_code_of_concurs_that_the_advice_knows_has_one_entry() {
    let text = page(PAGE);
    let entries = entries(chapter(&text, "## Concur's codes"));
    let listed: Vec<i64> = entries.iter().flat_map(|(heading, _)| numbers(heading)).collect();
    let once: BTreeSet<i64> = listed.iter().copied().collect();
    assert_eq!(once.len(), listed.len(), "a code has one entry: {listed:?}");
    assert_eq!(once, known());
}

#[test]
fn each_exit_code_has_one_entry() {
    let text = page(PAGE);
    let entries = entries(chapter(&text, "## Exit codes"));
    let codes: Vec<&str> =
        entries.iter().map(|(heading, _)| heading.split_once(": ").unwrap().0).collect();
    assert_eq!(codes, ["0", "1", "2", "3", "4", "5", "6"]);
}

#[test]
fn each_entry_says_what_is_seen_why_and_what_fixes_it() {
    let text = page(PAGE);
    for heading in ["## Exit codes", "## Concur's codes"] {
        for (heading, entry) in entries(chapter(&text, heading)) {
            for part in ["- **You see** \"", "- **Why**: ", "- **Fix**: "] {
                let is_done = heading.starts_with("0:");
                assert!(is_done || entry.contains(part), "{heading}: {part}");
            }
        }
    }
}

#[test]
fn what_is_seen_is_what_the_program_prints() {
    // A long literal goes on in the next line, after a backslash and white space.
    let code: String = sources("src").into_values().collect();
    let code: Vec<String> = code
        .split("\\\n")
        .enumerate()
        .map(|(at, part)| if at == 0 { part } else { part.trim_start() }.to_owned())
        .collect();
    let code = code.concat();
    let text = page(PAGE);
    let seen = text.split("- **You see** ").skip(1).filter_map(|rest| rest.split("\n- **").next());
    let mut quotes = 0;
    for seen in seen {
        let seen = seen.split_whitespace().collect::<Vec<_>>().join(" ");
        for quote in seen.split('"').skip(1).step_by(2) {
            // Clap's own words.
            if quote.starts_with("error: unexpected argument") {
                continue;
            }
            for part in quote.split('…').map(str::trim).filter(|part| !part.is_empty()) {
                assert!(code.contains(part), "no message has {part:?}");
                quotes += 1;
            }
        }
    }
    assert!(quotes > 40, "{quotes} quotes");
}
