//! Pure: plans the changes of git's configuration.
//!
//! For each URL two lines are written (gitcredentials(7)): `helper =`, which removes the earlier helpers for
//! this URL only, and `helper = concur`. Without the first one, `git credential approve` would pass our tokens
//! to a helper that stores passwords in plain text. Other hosts keep their helpers. [`to_unset`] recognises its
//! own lines by this pair.

use std::collections::BTreeMap;
use std::path::Path;

use crate::model::origin::{CONCUR_PATTERNS, Origin};
use crate::sys::files::shell_word;

/// The name under which git runs this program.
pub(crate) const NAME: &str = "git-credential-concur";
/// Its value in `credential.helper`.
pub(crate) const VALUE: &str = "concur";
/// The value that removes the helpers before it.
const NONE_BEFORE: &str = "";

/// The values of each key `credential.<url>.helper`, in git's order.
pub(crate) type Helpers = BTreeMap<String, Vec<String>>;

/// The scope of a configuration.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Scope {
    /// The user's.
    Global,
    /// Every user's.
    System,
    /// The repository's.
    Local,
}

impl Scope {
    /// The option of `git config`.
    pub(crate) const fn option(self) -> &'static str {
        match self {
            Self::Global => "--global",
            Self::System => "--system",
            Self::Local => "--local",
        }
    }
}

/// A plan.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Plan {
    /// The arguments of each git call, in order.
    pub commands: Vec<Vec<String>>,
    /// The URLs for which git will ask this program, or will not any more.
    pub urls: Vec<String>,
    /// The keys with another helper for exactly this URL, which are not changed.
    pub left: Vec<String>,
}

/// The URLs to answer for: Concur's own hosts, and the other origins that profiles have.
pub(crate) fn urls<'a>(geolocations: impl Iterator<Item = &'a str>) -> Vec<String> {
    let mut urls: Vec<String> = CONCUR_PATTERNS.map(str::to_owned).to_vec();
    let origins = geolocations.filter_map(|text| Origin::from_operator(text).ok());
    let mut others: Vec<String> =
        origins.filter(|origin| !origin.is_concur()).map(|origin| origin.to_string()).collect();
    others.sort();
    others.dedup();
    urls.append(&mut others);
    urls
}

/// Parses the output of `git config --null --get-regexp`: `key LF value NUL`; a key without a value has no LF.
pub(crate) fn read_helpers(answer: &[u8]) -> Helpers {
    let mut helpers = Helpers::new();
    for entry in answer.split(|byte| *byte == 0).filter(|entry| !entry.is_empty()) {
        let entry = String::from_utf8_lossy(entry);
        let (key, value) = entry.split_once('\n').unwrap_or((&entry, NONE_BEFORE));
        helpers.entry(key.to_owned()).or_default().push(value.to_owned());
    }
    helpers
}

/// The commands that make git ask this program for these URLs, without those that are configured already.
pub(crate) fn to_set(scope: Scope, urls: &[String], found: &Helpers) -> Plan {
    let mut plan = Plan::default();
    for url in urls {
        let key = format!("credential.{url}.helper");
        match found.get(&key) {
            None => {
                for value in [NONE_BEFORE, VALUE] {
                    plan.commands.push(git(["config", scope.option(), "--add", &key, value]));
                }
            }
            Some(values) if asks_us(values) => {}
            // The rest of an interrupted run.
            Some(values) if values.iter().all(|value| value == NONE_BEFORE) => {
                plan.commands.push(git(["config", scope.option(), "--add", &key, VALUE]));
            }
            Some(_) => {
                plan.left.push(key);
                continue;
            }
        }
        plan.urls.push(url.clone());
    }
    plan
}

/// The commands that remove the lines of [`to_set`], and no others.
pub(crate) fn to_unset(scope: Scope, found: &Helpers) -> Plan {
    let mut plan = Plan::default();
    for (key, values) in found {
        let url = key.strip_prefix("credential.").and_then(|rest| rest.strip_suffix(".helper"));
        let Some(url) = url.filter(|_| is_ours(values)) else { continue };
        for pattern in ["^$", "^concur$"] {
            plan.commands.push(git(["config", scope.option(), "--unset-all", key, pattern]));
        }
        plan.urls.push(url.to_owned());
    }
    plan
}

/// Whether git asks this program: an empty value removes those before it.
fn asks_us(values: &[String]) -> bool {
    values.iter().rev().take_while(|value| *value != NONE_BEFORE).any(|value| value == VALUE)
}

/// Whether the two lines are there once, one after the other.
fn is_ours(values: &[String]) -> bool {
    let places = |wanted: &str| -> Vec<usize> {
        (0..values.len()).filter(|at| values[*at] == wanted).collect()
    };
    matches!((&*places(NONE_BEFORE), &*places(VALUE)), ([before], [ours]) if before + 1 == *ours)
}

fn git<const N: usize>(words: [&str; N]) -> Vec<String> {
    words.map(str::to_owned).to_vec()
}

/// A git command for a shell.
pub(crate) fn command_line(args: &[String]) -> String {
    let words = args.iter().map(|word| {
        // shell_word quotes empty words and characters with a meaning in a shell.
        shell_word(Path::new(word))
    });
    std::iter::once("git".to_owned()).chain(words).collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEY: &str = "credential.https://*.api.concursolutions.com.helper";
    const URL: &str = "https://*.api.concursolutions.com";

    fn found(values: &[&str]) -> Helpers {
        Helpers::from([(KEY.to_owned(), values.iter().map(|v| (*v).to_owned()).collect())])
    }

    fn lines(plan: &Plan) -> Vec<String> {
        plan.commands.iter().map(|args| command_line(args)).collect()
    }

    #[test]
    fn concurs_hosts_are_patterns_and_other_origins_are_themselves() {
        let profiles = [
            "https://us2.api.concursolutions.com",
            "https://gateway.example:8443",
            "http://127.0.0.1:8080",
            "https://gateway.example:8443",
            "no origin",
        ];
        let expected = [
            "https://*.api.concursolutions.com",
            "https://*.api.concurcdc.cn",
            "http://127.0.0.1:8080",
            "https://gateway.example:8443",
        ];
        assert_eq!(urls(profiles.into_iter()), expected);
    }

    #[test]
    fn two_lines_are_added_where_nothing_stands() {
        let plan = to_set(Scope::Global, &[URL.to_owned()], &Helpers::new());
        let expected = [
            format!("git config --global --add '{KEY}' ''"),
            format!("git config --global --add '{KEY}' concur"),
        ];
        assert_eq!(lines(&plan), expected);
        assert_eq!(plan.urls, [URL]);
    }

    #[test]
    fn existing_lines_are_kept_and_another_helper_is_reported() {
        for values in [&["", "concur"][..], &["concur"], &["", "concur", "cache"]] {
            let plan = to_set(Scope::Global, &[URL.to_owned()], &found(values));
            assert_eq!(plan, Plan { urls: vec![URL.to_owned()], ..Plan::default() }, "{values:?}");
        }
        for values in [&["cache"][..], &["concur", ""], &["", "concur", "", "cache"]] {
            let plan = to_set(Scope::Global, &[URL.to_owned()], &found(values));
            assert_eq!(plan, Plan { left: vec![KEY.to_owned()], ..Plan::default() }, "{values:?}");
        }
    }

    #[test]
    fn what_an_interrupted_run_left_is_completed() {
        let plan = to_set(Scope::Global, &[URL.to_owned()], &found(&[""]));
        assert_eq!(lines(&plan), [format!("git config --global --add '{KEY}' concur")]);
        assert_eq!(plan.urls, [URL]);
    }

    #[test]
    fn only_the_two_lines_are_taken_away() {
        for values in [&["", "concur"][..], &["cache", "", "concur"], &["", "concur", "cache"]] {
            let plan = to_unset(Scope::System, &found(values));
            let expected = [
                format!("git config --system --unset-all '{KEY}' '^$'"),
                format!("git config --system --unset-all '{KEY}' '^concur$'"),
            ];
            assert_eq!(lines(&plan), expected, "{values:?}");
        }
        for values in [&["concur"][..], &[""], &["concur", ""], &["", "", "concur"], &["cache"]] {
            assert_eq!(to_unset(Scope::System, &found(values)), Plan::default(), "{values:?}");
        }
    }

    #[test]
    fn gits_answer_is_read_key_by_key() {
        let answer = format!("{KEY}\n\0{KEY}\nconcur\0credential.https://a.b.helper\0");
        let read = read_helpers(answer.as_bytes());
        assert_eq!(read[KEY], ["", "concur"]);
        assert_eq!(read["credential.https://a.b.helper"], [""]);
        assert_eq!(read_helpers(b""), Helpers::new());
    }
}
