//! `get` of an expired token, compared with `curl` that sends the same request to the same service.
//!
//! `cargo bench --bench refresh`; `-- --quick` for a tenth of the rounds.

#![allow(clippy::disallowed_methods, reason = "a program of its own, with its own surroundings")]

mod support;

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use support::contender::Contender;
use support::figures::Spread;
use support::home::Home;
use support::options::Options;
use support::service::Service;
use support::tools::Time;
use support::{Outcome, binary, machine, say, service, skipped, table};

fn main() -> Outcome {
    let options = Options::read()?;
    let binary = binary::measured()?;
    machine::describe(&binary)?;
    let service = service::start()?;
    let mut home = Home::logged_in(&binary, &service)?;
    // Each refresh brings another one.
    home.token = String::from("eyJ");
    let ours = home.ours("ours", &["token"]).copied()?;
    let curl = curl(home.path(), &service)?;
    if let Some(curl) = &curl {
        race(&home, &ours, curl, &service, options.slow_rounds())?;
    }
    memory(&home, &ours, curl.as_ref())
}

/// The request alone, by curl. Its form is read from a file: a secret is no argument.
fn curl(home: &Path, service: &Service) -> Outcome<Option<Contender>> {
    let program = PathBuf::from("/usr/bin/curl");
    if !program.exists() {
        skipped("curl", "not installed");
        return Ok(None);
    }
    let app = service.sandbox.app();
    let issued = service.sandbox.issue_token_response(app, 0);
    let refresh_token = issued["refresh_token"].as_str().ok_or("a refresh token")?;
    let form = url::form_urlencoded::Serializer::new(String::new())
        .append_pair("client_id", &app.client_id)
        .append_pair("client_secret", &app.client_secret)
        .append_pair("grant_type", "refresh_token")
        .append_pair("refresh_token", refresh_token)
        .finish();
    let file = home.join("form");
    std::fs::write(&file, form)?;
    let mut data = OsString::from("@");
    data.push(&file);
    let url = format!("{}/oauth2/v0/token", service.sandbox.origin());
    let contender = Contender::new("`curl`, the request alone", &program, home)
        .args(["--fail", "--silent", "--show-error", "--header", "Accept: application/json"])
        .args(service.curl_args.clone())
        .args(["--data".into(), data, url.into()])
        .expects("access_token");
    Ok(Some(contender.copied()?))
}

fn race(
    home: &Home,
    ours: &Contender,
    curl: &Contender,
    service: &Service,
    rounds: usize,
) -> Outcome {
    let mut times = [Vec::new(), Vec::new()];
    let before = refreshes(service);
    for round in 0..rounds {
        if round % 10 == 0 {
            ours.copy_afresh()?;
            curl.copy_afresh()?;
        }
        home.expire()?;
        // Each goes first every other round.
        for turn in 0..2 {
            let which = (turn + round) % 2;
            times[which].push([ours, curl][which].time()?.as_secs_f64());
        }
    }
    if refreshes(service) - before != u64::try_from(2 * rounds)? {
        return Err("each of them makes one request a round".into());
    }
    if let Some(violation) = service.sandbox.violations().first() {
        return Err(violation.clone().into());
    }
    say(&format!("\n{rounds} rounds over {}, one process each", service.transport))?;
    let ratio = Spread::of(times[0].iter().zip(&times[1]).map(|(ours, curl)| ours / curl));
    let [ours_took, curl_took] = times.map(Spread::of);
    table::print(
        &["program", "wall: median (min to max)", "ours by it: median (quartiles)"],
        &[
            vec![ours.name.clone(), ours_took.millis(), "1".to_owned()],
            vec![curl.name.clone(), curl_took.millis(), ratio.ratio()],
        ],
    )
}

fn refreshes(service: &Service) -> u64 {
    service.sandbox.counters().token_requests_of("refresh_token")
}

fn memory(home: &Home, ours: &Contender, curl: Option<&Contender>) -> Outcome {
    let Some(time) = Time::find() else {
        skipped("memory", "GNU time is not installed");
        return Ok(());
    };
    let mut rows = Vec::new();
    for contender in [Some(ours), curl].into_iter().flatten() {
        let mut peaks = Vec::new();
        for _ in 0..5 {
            home.expire()?;
            peaks.push(time.memory(contender)?.peak_kib);
        }
        let most = peaks.into_iter().max().unwrap_or_default();
        rows.push(vec![format!("{}, a refresh", contender.name), format!("{most} KiB")]);
    }
    table::print(&["program", "peak resident memory, the most of 5"], &rows)
}
