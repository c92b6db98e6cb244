//! Plain English: words that the glossary has another one for are in no document that people read.

use super::pages::{page, sources};

/// What is not written, and what is instead.
const REPLACED: [(&str, &str); 16] = [
    ("told", "said, asked, named"),
    ("nobody", "no one, or who it is that does not"),
    ("whoever", "everyone who"),
    ("hand out", "print, return"),
    ("hands out", "prints, returns"),
    ("handed out", "printed, returned"),
    ("mend", "fix"),
    ("mends", "fixes"),
    ("mended", "fixed"),
    ("mending", "fixing"),
    ("is over", "has expired, has ended"),
    ("is meant", "the default profile; is intended"),
    ("audit trail", "audit log"),
    ("foreign entry", "stored credential"),
    ("foreign entries", "stored credentials"),
    ("works now", "valid"),
];

/// A page as its words in one line, lower case, each between spaces; without what stands in fences or backquotes.
fn words(page: &str) -> String {
    let mut is_prose = true;
    let mut prose = String::new();
    for line in page.lines() {
        if line.trim_start().starts_with("```") {
            is_prose = !is_prose;
        } else if is_prose {
            prose += line;
            prose.push(' ');
        }
    }
    let outside: String = prose.split('`').step_by(2).collect::<Vec<_>>().join(" ");
    let is_letter = |c: char| c.is_alphanumeric() || c == '\'';
    let words = outside.split(|c: char| !is_letter(c)).filter(|word| !word.is_empty());
    format!(" {} ", words.collect::<Vec<_>>().join(" ").to_lowercase())
}

#[test]
fn the_documents_use_the_glossarys_words() {
    let mut pages: Vec<(String, String)> =
        ["README.md", "SECURITY.md"].map(|name| (name.to_owned(), page(name))).into();
    for (file, text) in sources("docs") {
        if file.extension().is_some_and(|end| end == "md") {
            pages.push((file.display().to_string(), text));
        }
    }
    assert!(pages.len() > 25, "{} pages", pages.len());
    for (name, text) in &pages {
        let text = words(text);
        for (word, instead) in REPLACED {
            let at = text.find(&format!(" {word} "));
            let near = at.map(|at| text.get(at.saturating_sub(40)..(at + 40).min(text.len())));
            assert!(at.is_none(), "{name}: {word:?}; write: {instead}\n{near:?}");
        }
    }
}

#[test]
fn words_are_found_over_line_ends_and_not_in_code() {
    assert!(words("the token works\nnow, they say").contains(" works now "));
    assert!(!words("a\n```sh\nnobody\n```\nb `nobody` c").contains("nobody"));
}
