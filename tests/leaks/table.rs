//! The search itself: every scenario, then the figures.

use std::collections::BTreeSet;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use clap::CommandFactory as _;
use concur_cred::Cli;

use super::finder::KINDS;
use super::forms::FORMS;
use super::rows::{Row, all};
use super::search::PLACES;

/// Scenarios that run at the same time: most of them wait for processes.
const AT_ONCE: usize = 8;

/// What was found in one scenario.
struct Found {
    faults: Vec<String>,
    kinds: BTreeSet<&'static str>,
}

fn run_scenario(row: &Row, by_https: bool) -> Found {
    let mut scene = (row.home)(by_https);
    let code = (row.act)(&mut scene);
    let name = format!("{}, {}", row.command, row.what);
    let mut faults = Vec::new();
    if code != Some(row.code) {
        faults.push(format!("{name}: exit code {code:?}, not {}\n{}", row.code, scene.said()));
    }
    faults.extend(scene.leaks().iter().map(|leak| format!("{name}: in {leak}")));
    Found { faults, kinds: scene.secrets.kinds() }
}

/// `LEAKS_ONLY=TEXT` runs only the scenarios whose command or description contains it.
#[test]
fn no_scenario_leaves_a_secret_anywhere() {
    let rows = all();
    let only = std::env::var("LEAKS_ONLY").unwrap_or_default();
    let next = AtomicUsize::new(0);
    let found = Mutex::new((Vec::new(), BTreeSet::new()));
    std::thread::scope(|scope| {
        for _ in 0..AT_ONCE {
            scope.spawn(|| {
                while let Some(row) = rows.get(next.fetch_add(1, Ordering::Relaxed)) {
                    let at = rows.iter().position(|other| std::ptr::eq(*other, *row)).unwrap();
                    if !format!("{}, {}", row.command, row.what).contains(&only) {
                        continue;
                    }
                    let Ok(Found { faults, kinds }) =
                        std::panic::catch_unwind(|| run_scenario(row, at % 2 == 1))
                    else {
                        let fault = format!("{}, {}: see above", row.command, row.what);
                        found.lock().unwrap().0.push(fault);
                        continue;
                    };
                    let mut found = found.lock().unwrap();
                    found.0.extend(faults);
                    found.1.extend(kinds);
                }
            });
        }
    });
    let (faults, kinds) = found.into_inner().unwrap();
    assert!(faults.is_empty(), "{} faults:\n{}", faults.len(), faults.join("\n"));
    let unknown: Vec<_> = kinds.iter().filter(|kind| !KINDS.contains(kind)).collect();
    assert!(unknown.is_empty(), "not on the list: {unknown:?}");
    if only.is_empty() {
        let missing: Vec<_> = KINDS.iter().filter(|kind| !kinds.contains(**kind)).collect();
        assert!(missing.is_empty(), "planted by no scenario: {missing:?}");
    }
    report(rows.len());
}

#[expect(clippy::print_stderr, reason = "the figures are for readers of the test's output")]
fn report(rows: usize) {
    eprintln!(
        "leaks: {rows} scenarios, {} kinds of secrets, {} forms, {} places",
        KINDS.len(),
        FORMS.len(),
        PLACES.len()
    );
}

/// The words of every command that can be run.
fn commands(command: &clap::Command, before: &str, into: &mut BTreeSet<String>) {
    for nested in command.get_subcommands() {
        let words = format!("{before}{}", nested.get_name());
        if nested.has_subcommands() {
            commands(nested, &format!("{words} "), into);
        } else {
            into.insert(words);
        }
    }
}

#[test]
fn every_command_has_scenarios_of_success_and_of_failure() {
    let mut known = BTreeSet::new();
    commands(&Cli::command(), "", &mut known);
    assert!(known.contains("config show") && known.len() > 20, "the command line was read");
    for command in &known {
        for (is_success, what) in [(true, "success"), (false, "failure")] {
            let rows = all();
            let fits = |row: &&&Row| row.command == command && (row.code == 0) == is_success;
            assert!(rows.iter().any(|row| fits(&row)), "{command}: a scenario of {what}");
        }
    }
    for row in all() {
        assert!(known.contains(row.command), "{} is no command", row.command);
    }
}

#[test]
fn the_page_has_the_figures_of_the_leak_search() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/security.md");
    let page = std::fs::read_to_string(path).unwrap();
    for figure in [
        format!("{} scenarios", all().len()),
        format!("{} kinds", KINDS.len()),
        format!("{} forms", FORMS.len()),
        format!("{} places", PLACES.len()),
    ] {
        assert!(page.contains(&figure), "docs/security.md says {figure:?}");
    }
}
