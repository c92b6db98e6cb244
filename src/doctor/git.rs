//! git's configuration: whether it asks this program, and which other helpers receive the credentials.

use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use super::Context;
use super::report::{Report, counted};
use crate::sys::child::unended;
use crate::sys::env::Env;

const NAME: &str = "git";
/// The name by which git looks for `credential.helper = concur`.
const LINK: &str = "git-credential-concur";
const CONFIGURE: &str = "Run: concur-cred configure-git";

/// A helper in git's configuration.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Helper {
    /// The URL it is configured for; `None` for all.
    url: Option<String>,
    /// The command.
    value: String,
}

/// The kind of a helper.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// This program, by the name that git looks for.
    OursByName,
    /// This program, by a path or in a shell command.
    Ours,
    /// git's own store, a file of passwords in plain text.
    PlainText,
    /// Another one.
    Other,
}

pub(super) fn examine(context: &Context<'_>, report: &mut Report) {
    let (version, listed) = match crate::integrations::git::as_it_is() {
        Ok(found) => found,
        Err(error) if error.kind() == ErrorKind::NotFound => {
            return report.ok(NAME, "not installed");
        }
        Err(error) => {
            return report.warn(NAME, unended(&error), "To see why, run: git --version");
        }
    };
    let Ok(listed) = listed else {
        // Its message may quote the configuration.
        return report.warn(
            NAME,
            "it cannot read its configuration",
            "To see why, run: git config --list",
        );
    };
    let link = on_path(context.env, LINK);
    judge(&version, &helpers(&listed), link.as_deref(), report);
}

/// The helpers in `git config --null --get-regexp`, in git's order. An empty value removes those before it
/// (gitcredentials(7)).
fn helpers(listed: &[u8]) -> Vec<Helper> {
    let mut found: Vec<Helper> = Vec::new();
    for entry in String::from_utf8_lossy(listed).split_terminator('\0') {
        let (key, value) = entry.split_once('\n').unwrap_or((entry, ""));
        let url = key.strip_prefix("credential.").and_then(|rest| rest.strip_suffix(".helper"));
        if value.is_empty() {
            found.retain(|helper| url.is_some() && helper.url.as_deref() != url);
        }
        // For a URL it stays as a mark: it also removes the general helpers for that URL.
        if url.is_some() || !value.is_empty() {
            found.push(Helper { url: url.map(str::to_owned), value: value.to_owned() });
        }
    }
    found
}

fn kind(value: &str) -> Kind {
    let first = value.trim_start_matches('!').split_whitespace().next().unwrap_or_default();
    let name = first.rsplit(['/', '\\']).next().unwrap_or_default();
    let is_bare = name == first && !value.starts_with('!');
    match name.trim_end_matches(".exe") {
        "concur" if is_bare => Kind::OursByName,
        "concur-cred" | LINK if !is_bare => Kind::Ours,
        "store" if is_bare => Kind::PlainText,
        "git-credential-store" => Kind::PlainText,
        _ => Kind::Other,
    }
}

/// The first file of this name on PATH.
fn on_path(env: &Env, name: &str) -> Option<PathBuf> {
    let path = env.get("PATH")?;
    let name = format!("{name}{}", std::env::consts::EXE_SUFFIX);
    std::env::split_paths(&path).map(|folder| folder.join(&name)).find(|file| file.is_file())
}

fn judge(version: &str, helpers: &[Helper], link: Option<&Path>, report: &mut Report) {
    let kinds: Vec<Kind> = helpers.iter().map(|helper| kind(&helper.value)).collect();
    let ours = kinds.iter().filter(|kind| [Kind::Ours, Kind::OursByName].contains(kind)).count();
    if ours == 0 {
        return report.ok(NAME, format!("{version}; it does not ask this program for credentials"));
    }
    report.ok(
        NAME,
        format!("{version}; {} of its configuration ask this program", counted(ours, "line")),
    );
    if kinds.contains(&Kind::OursByName) {
        match link.map(is_this_program) {
            Some(true) => {
                report.ok(LINK, shown(link));
            }
            Some(false) => report.warn(
                LINK,
                format!("{} is another program, or another version", shown(link)),
                CONFIGURE,
            ),
            None => {
                report.fail(LINK, "git is configured to run it, but it is not on PATH", CONFIGURE);
            }
        }
    }
    let Some(place) = plain_text(helpers, &kinds) else { return };
    report.warn(
        "git helper store",
        format!(
            "git's helper store is configured {place} this one and stores credentials in plain \
             text"
        ),
        "Remove it, or run: concur-cred configure-git, which disables it for Concur's hosts",
    );
}

/// The position of git's store in a list that also has this program.
fn plain_text(helpers: &[Helper], kinds: &[Kind]) -> Option<&'static str> {
    let is_ours = |at: &usize| [Kind::Ours, Kind::OursByName].contains(&kinds[*at]);
    let is_reset = |url: &Option<String>| {
        helpers.iter().any(|helper| helper.value.is_empty() && helper.url == *url)
    };
    let store = (0..kinds.len()).filter(|at| kinds[*at] == Kind::PlainText);
    let mut pairs =
        store.flat_map(|store| (0..kinds.len()).filter(is_ours).map(move |ours| (store, ours)));
    let (store, ours) = pairs.find(|(store, ours)| {
        let (store, ours) = (&helpers[*store].url, &helpers[*ours].url);
        store == ours || (store.is_none() && !is_reset(ours))
    })?;
    Some(if store < ours { "before" } else { "beside" })
}

fn shown(link: Option<&Path>) -> String {
    link.map(|link| link.display().to_string()).unwrap_or_default()
}

/// Whether this file is the running program, links followed.
fn is_this_program(file: &Path) -> bool {
    let Ok(own) = std::env::current_exe().and_then(std::fs::canonicalize) else { return false };
    if std::fs::canonicalize(file).is_ok_and(|file| file == own) {
        return true;
    }
    #[cfg(unix)]
    {
        use std::os::unix::fs::MetadataExt;
        let identity = |path: &Path| std::fs::metadata(path).map(|m| (m.dev(), m.ino())).ok();
        identity(file).is_some_and(|this| Some(this) == identity(&own))
    }
    #[cfg(not(unix))]
    false
}

#[cfg(test)]
mod tests {
    use super::super::report::State;
    use super::*;

    fn judged(listed: &str, link: Option<&Path>) -> Report {
        let mut report = Report::default();
        judge("2.47.0", &helpers(listed.as_bytes()), link, &mut report);
        report
    }

    fn states(report: &Report) -> Vec<(&str, State)> {
        report.checks.iter().map(|check| (check.name, check.state)).collect()
    }

    #[test]
    fn a_helper_is_recognised_by_what_git_would_run() {
        for (value, expected) in [
            ("concur", Kind::OursByName),
            ("concur --profile acme", Kind::OursByName),
            ("/usr/bin/concur-cred --profile acme", Kind::Ours),
            ("/opt/git-credential-concur", Kind::Ours),
            ("!concur-cred", Kind::Ours),
            ("!/usr/bin/concur-cred get", Kind::Ours),
            ("concur-cred", Kind::Other), // git would look for git-credential-concur-cred
            ("store --file ~/x", Kind::PlainText),
            ("/usr/lib/git-core/git-credential-store", Kind::PlainText),
            ("cache", Kind::Other),
            ("!f() { echo password=hunter2; }; f", Kind::Other),
            ("", Kind::Other),
        ] {
            assert_eq!(kind(value), expected, "{value}");
        }
    }

    #[test]
    fn an_empty_value_forgets_those_before_it() {
        let listed = "credential.helper\nstore\0credential.helper\n\0credential.helper\nconcur\0\
                      credential.https://a.example.helper\ncache\0";
        let of = |url: Option<&str>, value: &str| Helper {
            url: url.map(str::to_owned),
            value: value.to_owned(),
        };
        let expected = [of(None, "concur"), of(Some("https://a.example"), "cache")];
        assert_eq!(helpers(listed.as_bytes()), expected);
        assert_eq!(helpers(b""), []);
        let own = "credential.https://a.helper\nstore\0credential.https://a.helper\n\0";
        assert_eq!(helpers(own.as_bytes()), [of(Some("https://a"), "")]);
    }

    #[test]
    fn wrong_wiring_is_reported() {
        let concur = "credential.helper\nconcur\0";
        assert_eq!(states(&judged("", None)), [("git", State::Ok)]);
        assert_eq!(states(&judged(concur, None)), [("git", State::Ok), (LINK, State::Fail)]);
        let other = std::env::temp_dir();
        let another = judged(concur, Some(&other));
        assert_eq!(states(&another), [("git", State::Ok), (LINK, State::Warn)]);
        let own = std::env::current_exe().unwrap();
        let good = judged(concur, Some(&own));
        assert_eq!(states(&good), [("git", State::Ok), (LINK, State::Ok)]);
        let by_path = judged("credential.helper\n/usr/bin/concur-cred\0", None);
        assert_eq!(states(&by_path), [("git", State::Ok)]);
    }

    #[test]
    fn a_plain_text_store_is_reported_with_its_path() {
        let ours = "credential.helper\n/usr/bin/concur-cred\0";
        let store = "credential.helper\nstore\0";
        for (listed, place) in
            [(format!("{store}{ours}"), "before"), (format!("{ours}{store}"), "beside")]
        {
            let report = judged(&listed, None);
            let check = report.checks.last().unwrap();
            assert_eq!((check.name, check.state), ("git helper store", State::Warn));
            assert!(check.detail.contains(place), "{}", check.detail);
        }
        let for_a_host = "credential.https://h.helper\n/usr/bin/concur-cred\0";
        let report = judged(&format!("{store}{for_a_host}"), None);
        assert_eq!(report.checks.last().map(|check| check.state), Some(State::Warn));
        let reset = "credential.https://h.helper\n\0";
        let report = judged(&format!("{store}{reset}{for_a_host}"), None);
        assert_eq!(states(&report), [("git", State::Ok)], "kept from that host");
    }
}
