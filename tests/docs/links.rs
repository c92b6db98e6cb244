//! Links lead somewhere: to a file that is there and, behind a `#`, to one of its headings.

use std::path::{Path, PathBuf};

use super::pages::{page, path, sources};

/// Every document of the checkout.
fn documents() -> Vec<(PathBuf, String)> {
    let at_the_top =
        ["README.md", "SECURITY.md", "CONTRIBUTING.md", "ARCHITECTURE.md", "CHANGELOG.md"];
    let at_the_top = at_the_top.map(|name| (path(name), page(name)));
    let is_page = |file: &(PathBuf, String)| file.0.extension().is_some_and(|end| end == "md");
    at_the_top.into_iter().chain(sources("docs").into_iter().filter(is_page)).collect()
}

/// A heading as the fragment of a link to it.
fn fragment(heading: &str) -> String {
    let kept = heading.trim_start_matches('#').trim().to_lowercase();
    let kept = kept.chars().filter(|c| c.is_alphanumeric() || " -_".contains(*c));
    kept.map(|c| if c == ' ' { '-' } else { c }).collect()
}

fn assert_leads_somewhere(from: &Path, target: &str) {
    let (file, heading) = target.split_once('#').unwrap_or((target, ""));
    let file = if file.is_empty() { from.to_owned() } else { from.parent().unwrap().join(file) };
    assert!(file.exists(), "{} links to {target}", from.display());
    if !heading.is_empty() {
        let text = std::fs::read_to_string(&file).unwrap();
        let mut headings = text.lines().filter(|line| line.starts_with('#')).map(fragment);
        assert!(headings.any(|known| known == heading), "{} links to {target}", from.display());
    }
}

#[test]
fn every_link_of_the_documents_leads_to_a_file_and_to_a_heading() {
    let mut links = 0;
    for (file, text) in documents() {
        for (at, _) in text.match_indices("](") {
            let target = text[at + 2..].split(')').next().unwrap();
            if !target.starts_with("http") {
                assert_leads_somewhere(&file, target);
                links += 1;
            }
        }
    }
    assert!(links > 80, "{links} links");
}

#[test]
fn the_readme_or_a_page_it_leads_to_leads_to_every_page() {
    let readme = page("README.md");
    for (file, _) in documents() {
        let root = path("");
        let name = file.strip_prefix(&root).unwrap().to_string_lossy().replace('\\', "/");
        let in_recipes = name.starts_with("docs/recipes/");
        let is_named = readme.contains(&format!("]({name})")) || name == "README.md";
        assert!(is_named || in_recipes || name == "docs/containers.md", "{name} is in the README");
    }
}
