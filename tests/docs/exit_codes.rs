//! Exit codes: one meaning each, the same in the code, `--help`, the manual page and the README.

use concur_cred::Kind;

use super::pages::{chapter, manual, page, section, table_rows};
use crate::harness::World;

const KINDS: [Kind; 6] =
    [Kind::Other, Kind::Usage, Kind::NotFound, Kind::LoginNeeded, Kind::Temporary, Kind::Unusable];

/// A word of each kind's meaning. A new kind does not compile until it is described.
const fn word(kind: Kind) -> &'static str {
    match kind {
        Kind::Other => "other failure",
        Kind::Usage => "usage",
        Kind::NotFound => "no such profile or credential",
        Kind::LoginNeeded => "log in again",
        Kind::Temporary => "temporary: network, service, lock timeout",
        Kind::Unusable => "configuration, permissions, key or store unusable",
    }
}

/// Every code with a word of its meaning.
fn expected() -> Vec<(String, &'static str)> {
    let kinds = KINDS.into_iter().map(|kind| (kind.exit_code(), word(kind)));
    let mut all: Vec<(u8, &str)> = kinds.chain([(0, "done")]).collect();
    all.sort_unstable();
    all.into_iter().map(|(code, word)| (code.to_string(), word)).collect()
}

fn assert_same(where_: &str, documented: &[(String, String)]) {
    let expected = expected();
    let codes = |(code, _): &(String, String)| code.clone();
    let documented_codes: Vec<String> = documented.iter().map(codes).collect();
    let codes: Vec<String> = expected.iter().map(|(code, _)| code.clone()).collect();
    assert_eq!(documented_codes, codes, "the codes in {where_}");
    for ((code, meaning), (_, word)) in documented.iter().zip(&expected) {
        let meaning = meaning.to_lowercase();
        assert!(meaning.contains(word), "{where_}: {code} is {word:?}, not {meaning:?}");
    }
}

#[test]
fn the_readme_has_every_exit_code_with_its_meaning() {
    let readme = page("README.md");
    let documented: Vec<(String, String)> = table_rows(chapter(&readme, "## Exit codes"))
        .into_iter()
        .skip(1)
        .map(|row| (row[0].clone(), row[1].clone()))
        .collect();
    assert_same("the README", &documented);
}

#[test]
fn the_manual_page_has_every_exit_code_with_its_meaning() {
    let text = section(&manual(), ".SH WHEN IT FAILS");
    let documented: Vec<(String, String)> = text
        .split(".TP\n.B ")
        .skip(1)
        .filter_map(|entry| entry.split_once('\n'))
        .map(|(code, meaning)| (code.to_owned(), meaning.replace('\n', " ")))
        .collect();
    for (code, meaning) in &documented {
        let sentences = meaning.matches('.').count();
        assert!(code == "0" || sentences > 1, "{code}: its meaning, and what to do: {meaning}");
    }
    assert_same("the manual page", &documented);
}

#[test]
fn the_help_has_every_exit_code_with_its_meaning() {
    let output = World::new().concur(["--help"]).ok();
    let text = output.text();
    let (_, list) = text.split_once("Exit codes:\n").unwrap();
    let list = list.split_once("\n\n").unwrap().0;
    let list = list.split_whitespace().collect::<Vec<_>>().join(" ");
    let mut documented = Vec::new();
    let mut rest = list.as_str();
    for (code, _) in expected() {
        let start = rest.find(&format!("{code} ")).unwrap_or_else(|| panic!("{code} in {rest}"));
        rest = &rest[start + code.len()..];
        let end = rest.find(|c: char| c.is_ascii_digit()).unwrap_or(rest.len());
        documented.push((code, rest[..end].trim().to_owned()));
    }
    assert_same("--help", &documented);
}

#[test]
fn the_program_exits_with_the_documented_codes() {
    let world = World::new();
    drop(world.concur(["get", "--no-such-option"]).output().code(2));
    world.concur(["get"]).fails(3);
    let broken = world.write("config.toml", "no_such_key = 1\n");
    world.concur(["get", "--config"]).arg(broken).fails(6);
    world.login("default", &world.sandbox.app().clone());
    world.expire("default");
    world.concur(["get", "--cached"]).fails(5);
    world.sandbox.revoke_refresh_tokens();
    world.database().execute("UPDATE record SET request_token = NULL", []).unwrap();
    world.concur(["get"]).fails(4);
    world.concur(["status"]).ok();
}
