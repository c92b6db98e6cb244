//! The layout of `src`: which module may import which, and that no files import each other in a circle.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

/// Every top module (a folder or a file of `src`), from the top, with the modules that it imports. Not
/// here: `lib`, which declares all, and the program (`main`, `cli`), which uses only the library's public items.
const MODULES: &[(&str, &[&str])] = &[
    ("sandbox", &["clock", "config", "faults", "grants", "protocol", "server", "state", "world"]),
    ("server", &["config", "endpoints", "faults", "http", "protocol", "state"]),
    ("endpoints", &["clock", "config", "faults", "grants", "http", "protocol", "state", "world"]),
    ("grants", &["config", "protocol", "world"]),
    ("state", &["clock", "config", "faults", "http", "protocol", "world"]),
    ("faults", &["http", "protocol"]),
    ("world", &["config", "protocol"]),
    ("protocol", &["config", "http"]),
    ("http", &["clock"]),
    ("config", &[]),
    ("clock", &[]),
];

/// Imports: from one name to others.
type Arrows = BTreeMap<String, BTreeSet<String>>;

#[test]
fn a_module_may_import_only_modules_below_it() {
    for (at, (top_module, allowed)) in MODULES.iter().enumerate() {
        for other in *allowed {
            let is_below = MODULES[at + 1..].iter().any(|(below, _)| below == other);
            assert!(
                is_below,
                "{other} is not below {top_module} in the table: that allows a circle"
            );
        }
    }
}

#[test]
fn a_module_imports_what_the_table_allows() {
    let mut modules = Arrows::new();
    for (file, others) in imports_of_files() {
        let arrows = modules.entry(top_module(&file).to_owned()).or_default();
        arrows.extend(others.iter().map(|other| top_module(other).to_owned()));
    }
    for (top_module, others) in &mut modules {
        others.remove(top_module);
    }
    let table = |&(top_module, others): &(&str, &[&str])| {
        (top_module.to_owned(), others.iter().map(|&other| other.to_owned()).collect())
    };
    let table: Arrows = MODULES.iter().map(table).collect();
    assert_eq!(
        modules, table,
        "left is src, right the table of this test; an arrow to lib is an import of the library's public items"
    );
}

#[test]
fn no_file_imports_in_a_circle() {
    let mut files = imports_of_files();
    // A file that imports none of the rest, or that none of the rest imports, is in no circle.
    loop {
        let left: BTreeSet<String> = files.keys().cloned().collect();
        let imported: BTreeSet<String> = files.values().flatten().cloned().collect();
        files.retain(|file, others| !others.is_disjoint(&left) && imported.contains(file));
        if files.len() == left.len() {
            break;
        }
    }
    assert_eq!(files, Arrows::new(), "these files import each other");
}

#[test]
fn imports_are_found_in_every_form() {
    let text = "
        // crate::a
        use crate::b::{self, c::{D, e}, f as g};
        use super::{h,
            i};
        mod j { use std::k; }
        fn l() -> crate::m::N { self::o::p(\"https://x\") }
        #[cfg(test)]
        mod tests { use crate::q; }";
    let found: Vec<String> = paths(text).iter().map(|path| path.join("::")).collect();
    let expected = [
        "crate::b::self",
        "crate::b::c::D",
        "crate::b::c::e",
        "crate::b::f",
        "super::h",
        "super::i",
        "crate::m::N",
        "self::o::p",
    ];
    assert_eq!(found, expected);
}

/// The top module of a module: the first name of its path.
fn top_module(module: &str) -> &str {
    module.split("::").next().unwrap_or(module)
}

/// Every file of the library but `lib.rs`, as a module path, and the files that it imports.
fn imports_of_files() -> Arrows {
    let mut texts = BTreeMap::new();
    collect(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src"), "", &mut texts);
    let resolved = |module: &String, text: &String| {
        let others = paths(text).into_iter().map(|path| resolve(module, &path, &texts));
        others.filter(|other| other != module).collect()
    };
    texts.iter().map(|(module, text)| (module.clone(), resolved(module, text))).collect()
}

/// Reads the files of a folder and of those in it. `prefix` is the folder's module with `::` behind it.
fn collect(folder: &Path, prefix: &str, texts: &mut BTreeMap<String, String>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_stem().unwrap().to_str().unwrap();
        if path.is_dir() {
            collect(&path, &format!("{prefix}{name}::"), texts);
        } else if name == "mod" {
            let module = prefix.trim_end_matches("::").to_owned();
            texts.insert(module, fs::read_to_string(&path).unwrap());
        } else if !prefix.is_empty() || !["lib", "main", "cli"].contains(&name) {
            texts.insert(format!("{prefix}{name}"), fs::read_to_string(&path).unwrap());
        }
    }
}

/// The file that a path leads to: the longest beginning that is a module. `lib` if there is none.
fn resolve(module: &str, path: &[&str], texts: &BTreeMap<String, String>) -> String {
    let mut full: Vec<&str> = module.split("::").collect();
    for &name in path {
        match name {
            "crate" => full.clear(),
            "super" => drop(full.pop()),
            "self" => {}
            name => full.push(name),
        }
    }
    while !full.is_empty() && !texts.contains_key(&full.join("::")) {
        full.pop();
    }
    if full.is_empty() { "lib".to_owned() } else { full.join("::") }
}

/// The paths in a file that begin with `crate`, `super` or `self`; comments and its inner tests, which stand
/// at its end, are left out.
fn paths(text: &str) -> Vec<Vec<&str>> {
    let end = text.find("#[cfg(test)]").unwrap_or(text.len());
    let code = text[..end].lines().map(|line| line.split("//").next().unwrap_or(line));
    let tokens: Vec<&str> = code.flat_map(tokens).collect();
    let mut found = Vec::new();
    let mut at = 0;
    while at < tokens.len() {
        let is_start = ["crate", "super", "self"].contains(&tokens[at]);
        if is_start && tokens.get(at + 1) == Some(&"::") {
            at = tree(&tokens, at, &[], &mut found);
        } else {
            at += 1;
        }
    }
    found
}

/// The use tree that begins at a token: `a::{b, c::d}` is `a::b` and `a::c::d`. Returns where it ends.
fn tree<'a>(
    tokens: &[&'a str],
    mut at: usize,
    prefix: &[&'a str],
    found: &mut Vec<Vec<&'a str>>,
) -> usize {
    if tokens.get(at) == Some(&"{") {
        at += 1;
        while at < tokens.len() && tokens[at] != "}" {
            at = if tokens[at] == "," { at + 1 } else { tree(tokens, at, prefix, found) };
        }
        return at + 1;
    }
    let path = [prefix, &tokens[at..=at]].concat();
    match tokens.get(at + 1) {
        Some(&"::") => return tree(tokens, at + 2, &path, found),
        Some(&"as") => at += 2,
        _ => {}
    }
    found.push(path);
    at + 1
}

/// Names, `::`, and every other character but blanks.
fn tokens(line: &str) -> Vec<&str> {
    let is_name = |c: char| c.is_alphanumeric() || c == '_';
    let mut tokens = Vec::new();
    let mut rest = line.trim_start();
    while let Some(first) = rest.chars().next() {
        let length = if is_name(first) {
            rest.find(|c| !is_name(c)).unwrap_or(rest.len())
        } else if rest.starts_with("::") {
            2
        } else {
            first.len_utf8()
        };
        let (token, behind) = rest.split_at(length);
        tokens.push(token);
        rest = behind.trim_start();
    }
    tokens
}
