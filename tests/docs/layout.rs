//! The modules of ARCHITECTURE.md: each imports only those that its row names, and only modules below it.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use super::pages::{chapter, page, path, sources, table_rows};

/// A module and what its row says that it imports, from the top down.
fn modules() -> Vec<(String, BTreeSet<String>)> {
    let text = page("ARCHITECTURE.md");
    let rows = table_rows(chapter(&text, "## Modules"));
    let is_module = |row: &&Vec<String>| row[0].starts_with("`src/") && row.len() == 3;
    let found: Vec<_> = rows
        .iter()
        .filter(is_module)
        .map(|row| {
            let name = row[0].trim_matches('`').trim_start_matches("src/");
            let name = name.trim_end_matches('/').trim_end_matches(".rs");
            let imports = row[2].split(',').map(|word| word.trim().trim_matches('`').to_owned());
            (name.to_owned(), imports.filter(|word| !word.is_empty()).collect())
        })
        .collect();
    assert!(found.len() > 10, "the table was read");
    found
}

/// The modules that a file names in `crate::…` (`concur_cred::…` in the binary), comments aside.
fn imports(text: &str) -> BTreeSet<String> {
    let code: Vec<_> =
        text.lines().map(|line| line.split("//").next().unwrap_or_default()).collect();
    let code = code.join("\n");
    let mut found = BTreeSet::new();
    for root in ["crate::", "concur_cred::"] {
        for (at, _) in code.match_indices(root) {
            let rest = code[at + root.len()..].trim_start();
            // `use concur_cred::{a, b::c};`
            let names: Vec<&str> = match rest.strip_prefix('{') {
                Some(list) => list[..list.find('}').unwrap()].split(',').map(str::trim).collect(),
                None => vec![rest],
            };
            found.extend(names.into_iter().map(|name| {
                name.split(|c: char| !c.is_ascii_alphanumeric() && c != '_').next().unwrap().into()
            }));
        }
    }
    found.retain(|name: &String| !name.is_empty());
    found
}

#[test]
fn every_module_imports_what_its_row_names() {
    let mut found: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for (file, text) in sources("src") {
        let inside = file.strip_prefix(path("src")).unwrap();
        let module = Path::new(inside.iter().next().unwrap()).file_stem().unwrap();
        found.entry(module.to_string_lossy().into()).or_default().extend(imports(&text));
    }
    for (name, named) in modules() {
        let mut imported = found.remove(&name).unwrap_or_else(|| panic!("src/{name} is there"));
        imported.remove(&name);
        assert_eq!(imported, named, "what src/{name} imports, and what ARCHITECTURE.md says");
    }
}

#[test]
fn no_module_imports_one_above_it() {
    let modules = modules();
    let floor: BTreeMap<&str, usize> =
        modules.iter().enumerate().map(|(at, (name, _))| (name.as_str(), at)).collect();
    for (name, named) in &modules {
        for below in named {
            assert!(floor[below.as_str()] > floor[name.as_str()], "{name} imports {below}");
        }
    }
}

#[test]
fn the_crate_documentation_has_the_same_order() {
    let order: Vec<String> = modules().into_iter().map(|(name, _)| name).collect();
    let text = page("src/lib.rs");
    let listed: Vec<&str> = text
        .lines()
        .filter(|line| line.starts_with("//! `") && line.contains('→'))
        .flat_map(|line| line.split('`').skip(1).step_by(2))
        .collect();
    assert_eq!(order, listed, "src/lib.rs");
}
