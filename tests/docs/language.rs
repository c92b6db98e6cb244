//! Plain English: words that the glossary has another one for are in nothing that people read.

use super::pages::{page, sources};

/// What is not written, and what is instead.
const REPLACED: [(&str, &str); 51] = [
    ("told", "said, asked, named"),
    ("nobody", "no one, or who it is that does not"),
    ("somebody", "someone, or who it is"),
    ("whoever", "everyone who, the first one to"),
    ("hand out", "print, return"),
    ("hands out", "prints, returns"),
    ("handed out", "printed, returned"),
    ("mend", "fix"),
    ("mends", "fixes"),
    ("mended", "fixed"),
    ("mending", "fixing"),
    ("is over", "has expired, has ended"),
    ("is meant", "the default profile; is intended"),
    ("is said", "the message says"),
    ("it says so", "the message says"),
    ("audit trail", "audit log"),
    ("foreign entry", "stored credential"),
    ("foreign entries", "stored credentials"),
    ("spill", "pending grant"),
    ("condemned", "invalid"),
    ("works now", "valid"),
    ("is good", "is valid"),
    ("not good", "expired, invalid"),
    ("still good", "still valid"),
    ("good once", "valid once"),
    ("good until", "valid until"),
    ("good for", "valid for"),
    ("is dead", "is invalid"),
    ("lives on", "stays valid"),
    ("that is none", "invalid"),
    ("that are none", "invalid"),
    ("and no random key", "looks like a password"),
    ("can be had", "can be obtained"),
    ("cannot be had", "cannot be obtained"),
    ("to be had", "where it comes from"),
    ("in the clear", "not encrypted"),
    ("be sent secrets", "an allowed origin"),
    ("be sent a secret", "an allowed origin"),
    ("wins over", "overrides, precedes"),
    ("is borne", "is accepted"),
    ("that very", "exactly that"),
    ("all the same", "nevertheless"),
    ("look whether", "check whether"),
    ("if it stays so", "if this persists"),
    ("to the letter", "exactly"),
    ("in silence", "without a message"),
    ("in vain", "without success"),
    ("anew", "again"),
    ("anybody", "all users, an attacker"),
    ("everybody", "all users, everyone"),
    ("goes on", "continues"),
];

/// A text as its words in one line, lower case, each between spaces.
fn words(text: &str) -> String {
    let is_letter = |c: char| c.is_alphanumeric() || c == '\'';
    let words = text.split(|c: char| !is_letter(c)).filter(|word| !word.is_empty());
    format!(" {} ", words.collect::<Vec<_>>().join(" ").to_lowercase())
}

/// The prose of a Markdown page: without what stands in fences, and with a mark for what stands in backquotes.
fn prose(page: &str) -> String {
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
    prose.split('`').step_by(2).collect::<Vec<_>>().join(" CODE ")
}

/// The prose of a manual page: without its examples, and with a mark for what a macro sets in another font.
fn prose_of_manual(page: &str) -> String {
    let mut is_prose = true;
    let mut prose = String::new();
    for line in page.lines() {
        match line.split(' ').next() {
            Some(".nf") => is_prose = false,
            Some(".fi") => is_prose = true,
            Some(".SH" | ".SS") => prose += line,
            Some(word) if word.starts_with('.') => prose += "CODE",
            _ if is_prose => prose += line,
            _ => {}
        }
        prose.push(' ');
    }
    prose
}

/// Every text of `--help`, with the command that it belongs to.
fn helps(command: &mut clap::Command) -> Vec<(String, String)> {
    let name = format!("{} --help", command.get_name());
    let mut all = vec![(name, command.render_long_help().to_string())];
    all.extend(command.get_subcommands_mut().flat_map(helps));
    all
}

/// The program's command line, complete.
fn program() -> clap::Command {
    use clap::CommandFactory as _;
    let mut program = concur_cred::Cli::command();
    program.build();
    program
}

/// The prose of everything that people read.
fn texts() -> Vec<(String, String)> {
    let pages = [
        "README.md",
        "SECURITY.md",
        "ARCHITECTURE.md",
        "CONTRIBUTING.md",
        "CHANGELOG.md",
        "fuzz/README.md",
    ];
    let mut texts: Vec<_> = pages.map(|name| (name.to_owned(), prose(&page(name)))).into();
    for (file, text) in sources("docs").into_iter().chain(sources("man")) {
        let prose = match file.extension().and_then(|end| end.to_str()) {
            Some("md") => prose(&text),
            Some("1") => prose_of_manual(&text),
            _ => continue,
        };
        texts.push((file.display().to_string(), prose));
    }
    texts.extend(helps(&mut program()));
    // The sandbox's `--help` is what its clap types document.
    let sandbox = page("sandbox/src/cli.rs");
    let comments = sandbox.lines().filter_map(|line| line.trim_start().strip_prefix("///"));
    texts.push(("concur-sandbox --help".to_owned(), comments.collect::<Vec<_>>().join(" ")));
    for (file, text) in sources("src") {
        let is_test =
            file.file_stem().is_some_and(|stem| stem.to_string_lossy().ends_with("tests"));
        if !is_test && file.extension().is_some_and(|end| end == "rs") {
            texts.push((file.display().to_string(), literals(&text)));
        }
    }
    texts
}

/// The string literals of a source file that are more than one word, without those of its tests.
fn literals(source: &str) -> String {
    let code = source.split("#[cfg(test)]\nmod tests {").next().unwrap_or_default();
    let lines = code.lines().filter(|line| !line.trim_start().starts_with("//"));
    let code: Vec<&str> = lines.collect();
    // A literal goes on in the next line after a backslash; a quote in a literal is not its end.
    let code = code.join("\n").replace("\\\n", " ").replace("\\\"", "").replace("'\"'", "");
    let literals = code.split('"').skip(1).step_by(2).filter(|text| text.contains(' '));
    literals.collect::<Vec<_>>().join("\n")
}

/// The first of the glossary's "not" column in a text, with what to write and the words around it.
fn replaced(text: &str) -> Option<String> {
    let text = words(text);
    REPLACED.into_iter().find_map(|(word, instead)| {
        let at = text.find(&format!(" {word} "))?;
        let near = text.get(at.saturating_sub(40)..(at + 40).min(text.len()));
        Some(format!("{word:?}; write: {instead}\n{near:?}"))
    })
}

#[test]
fn what_people_read_has_the_glossarys_words() {
    let texts = texts();
    assert!(texts.len() > 300, "{} texts", texts.len());
    let found: Vec<String> = texts
        .iter()
        .filter_map(|(name, text)| Some(format!("{name}: {}", replaced(text)?)))
        .collect();
    assert!(found.is_empty(), "{}", found.join("\n"));
}

#[test]
fn words_are_found_over_line_ends_and_not_in_code() {
    assert!(words(&prose("the token works\nnow, they say")).contains(" works now "));
    assert!(!words(&prose("a\n```sh\nnobody\n```\nb `nobody` c")).contains("nobody"));
    let manual = prose_of_manual(".SH A\nthe token works\nnow\n.nf\nnobody\n.fi\nis\n.B good\nb");
    assert_eq!(words(&manual), " sh a the token works now is code b ");
}

#[test]
fn messages_are_read_whole_and_without_the_comments() {
    let source = r#"
// "nobody"
f("is \
   over", '"', "a \"told\" b");
#[cfg(test)]
mod tests {
    const A: &str = "whoever";
"#;
    assert_eq!(words(&literals(source)), " is over a told b ");
}
