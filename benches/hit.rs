//! `get` of a stored token compared with similar programs: whole processes, alternating.
//!
//! `cargo bench --bench hit`; `-- --quick` for a tenth of the rounds.

#![allow(clippy::disallowed_methods, reason = "a program of its own, with its own surroundings")]

mod support;

use support::home::Home;
use support::options::Options;
use support::peers::{self, GitCache, Others};
use support::rounds::{self, Column, Side};
use support::service::Service;
use support::{Outcome, binary, machine, say, service};

/// How many entries the large stores hold.
const MANY: u32 = 100_000;

fn main() -> Outcome {
    let options = Options::read()?;
    let binary = binary::measured()?;
    machine::describe(&binary)?;
    let service = service::start()?;
    let one = Home::logged_in(&binary, &service)?;
    let many = Home::logged_in(&binary, &service)?;
    many.fill_up_to(MANY)?;
    quick_ones(&one, &many, &service, options.rounds)?;
    slow_ones(&one, &many, &service, options.slow_rounds())
}

fn quick_ones(one: &Home, many: &Home, service: &Service, rounds: usize) -> Outcome {
    let cache = GitCache::start(one.path(), service, &one.token)?;
    let mut contenders = vec![
        peers::nothing(one.path())?,
        one.bare("ours, bare").copied()?,
        one.git("ours, git").copied()?,
        many.bare("ours, bare, 100,000 records").copied()?,
        many.git("ours, git, 100,000 records").copied()?,
    ];
    let single = (1, Others::Tokens);
    contenders.extend(peers::git_store(one.path(), service, &one.token, single)?);
    if let Some(cache) = &cache {
        contenders.push(cache.get(service, &one.token)?);
    }
    say(&format!("\n{rounds} rounds; ratios: median of the rounds' ratios (quartiles)"))?;
    let columns = [
        Column { heading: "× `/bin/true`", other: 0, side: Side::RowByOther },
        Column { heading: "ours, bare, by it", other: 1, side: Side::OtherByRow },
        Column { heading: "ours, git, by it", other: 2, side: Side::OtherByRow },
    ];
    rounds::run(&contenders, rounds)?.print(&contenders, &columns)
}

/// A group of their own: they sweep the caches, and a round takes a hundred times longer.
fn slow_ones(one: &Home, many: &Home, service: &Service, rounds: usize) -> Outcome {
    let mut contenders = vec![
        one.bare("ours, bare").copied()?,
        one.git("ours, git").copied()?,
        many.bare("ours, bare, 100,000 records").copied()?,
        many.git("ours, git, 100,000 records").copied()?,
    ];
    for others in [Others::Tokens, Others::Passwords] {
        let peer = peers::git_store(many.path(), service, &many.token, (MANY, others))?;
        contenders.extend(peer);
    }
    contenders.extend(peers::tutorial(one.path(), service)?);
    contenders.extend(peers::python(one.path(), &one.token)?);
    say(&format!("{rounds} rounds"))?;
    let columns = [
        Column { heading: "ours, bare, by it", other: 0, side: Side::OtherByRow },
        Column { heading: "ours, git, by it", other: 1, side: Side::OtherByRow },
        Column { heading: "ours, bare, 100,000, by it", other: 2, side: Side::OtherByRow },
        Column { heading: "ours, git, 100,000, by it", other: 3, side: Side::OtherByRow },
    ];
    rounds::run(&contenders, rounds)?.print(&contenders, &columns)
}
