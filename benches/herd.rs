//! Two hundred callers at once: with a valid token, and with an expired one.
//!
//! `cargo bench --bench herd`; `-- --quick` for fewer repetitions.

#![allow(clippy::disallowed_methods, reason = "a program of its own, with its own surroundings")]

mod support;

use std::time::{Duration, Instant};

use support::contender::Contender;
use support::figures::Spread;
use support::herd::{self, CALLERS};
use support::home::Home;
use support::options::Options;
use support::service::Service;
use support::{Outcome, binary, machine, peers, say, service, table};

fn main() -> Outcome {
    let options = Options::read()?;
    let binary = binary::measured()?;
    machine::describe(&binary)?;
    let service = service::start()?;
    let mut home = Home::logged_in(&binary, &service)?;
    hits(&home, (options.rounds / 10).max(3))?;
    // Any refresh token in the answer.
    home.token = String::from("eyJ");
    let caller = home.ours("an expired token", &["token"]).copied()?;
    expired(&home, &caller, &service, (options.rounds / 30).max(3))
}

fn hits(home: &Home, repetitions: usize) -> Outcome {
    let contenders = [
        peers::nothing(home.path())?,
        home.bare("ours, bare").copied()?,
        home.git("ours, git").copied()?,
    ];
    let mut times = vec![Vec::new(); contenders.len()];
    for repetition in 0..repetitions {
        for place in 0..contenders.len() {
            let which = (place + repetition) % contenders.len();
            contenders[which].copy_afresh()?;
            contenders[which].time()?;
            times[which].push(herd::time(&contenders[which])?.as_secs_f64());
        }
    }
    let rows = contenders.iter().zip(&times).map(|(contender, own)| {
        let ratios = own.iter().zip(&times[0]).map(|(own, nothing)| own / nothing);
        let spread = Spread::of(own.iter().copied());
        vec![contender.name.clone(), spread.millis(), Spread::of(ratios).ratio()]
    });
    say(&format!("\n{CALLERS} at once, {repetitions} times"))?;
    table::print(
        &["program", "wall of all: median (min to max)", "× `/bin/true`: median (quartiles)"],
        &rows.collect::<Vec<_>>(),
    )
}

/// The one request is held until every caller wants the lock; then the clock starts.
fn expired(home: &Home, caller: &Contender, service: &Service, repetitions: usize) -> Outcome {
    let mut after = Vec::new();
    for _ in 0..repetitions {
        home.expire()?;
        service.sandbox.clear_log();
        let gate = service.sandbox.hold_next_token_request();
        let mut callers = herd::start(caller)?;
        if !gate.wait_until_reached(Duration::from_secs(30)) {
            return Err("no new token was requested".into());
        }
        herd::wait_until_all_wait_for_the_lock(&callers)?;
        let released = Instant::now();
        gate.release();
        let end = herd::finish(&mut callers, caller)?;
        after.push((end - released).as_secs_f64());
        let asked = service.sandbox.counters().token_requests;
        if asked != 1 {
            return Err(format!("{CALLERS} callers made {asked} requests").into());
        }
    }
    say(&format!("{CALLERS} callers find the token expired, {repetitions} times"))?;
    table::print(
        &["refreshes", "from the service's answer to the last caller's end: median (min to max)"],
        &[vec!["1 each time".to_owned(), Spread::of(after).millis()]],
    )
}
