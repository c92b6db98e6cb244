//! The length of the window in which a kill can lose a rotated token: from the received answer to
//! its commit.
//!
//! By hand, for a release build: `TORTURE_BINARY=/path/to/concur-cred TORTURE_REFRESHES=500
//! cargo test --test suite torture::window -- --nocapture`

use concur_sandbox::{Config, Rotation};

use super::choices::{number, percentile, say};
use crate::harness::{BINARY, World};

/// Refreshes of the short form.
const SHORT: usize = 20;

/// The microseconds in `trace:  123 us (+     45) grant committed`, since the step before.
fn since_the_answer(trace: &str) -> u64 {
    let lines: Vec<&str> = trace.lines().collect();
    let at = lines.iter().position(|line| line.ends_with(" grant committed")).unwrap();
    assert!(lines[at - 1].ends_with(" answer received"), "no step between them\n{trace}");
    let (_, since) = lines[at].split_once("(+").unwrap();
    since.split_once(')').unwrap().0.trim().parse().unwrap()
}

#[test]
fn nothing_runs_between_the_answer_and_its_commit() {
    let binary = std::env::var("TORTURE_BINARY").unwrap_or_else(|_| BINARY.to_owned());
    let config = Config { rotation: Rotation::NewRevokeFamily, ..Config::default() };
    let world = World::logged_in_with(config);
    let widths: Vec<u64> = (0..number("TORTURE_REFRESHES", SHORT))
        .map(|_| since_the_answer(&world.run(&binary, ["--trace", "refresh"]).ok().stderr))
        .collect();
    say(&format!(
        "window: {} refreshes: {} us at the median, {} us at the 99th percentile, {} us at most",
        widths.len(),
        percentile(&widths, 50),
        percentile(&widths, 99),
        percentile(&widths, 100),
    ));
}
