//! The long run: what grows or becomes slower with use.
//!
//! `cargo build --release && TORTURE_BINARY=target/release/concur-cred cargo test --test suite
//! torture::soak -- --ignored --nocapture` (an absolute path, or one from the checkout's root)

use std::io::Write;
use std::path::Path;
use std::process::Stdio;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Instant;

use concur_sandbox::{Config, Rotation};

use super::choices::{number, percentile, say};
use crate::harness::{BINARY, World};

const PROFILES: usize = 100;
/// Events that are kept of a profile (`src/store/audit.rs`).
const EVENTS_OF_A_PROFILE: i64 = 500;
/// Callers at one time.
const THREADS: usize = 2;

struct Soak {
    world: World,
    binary: String,
    gets: usize,
    refreshes: usize,
}

impl Soak {
    fn new() -> Self {
        let binary = std::env::var("TORTURE_BINARY").unwrap_or_else(|_| BINARY.to_owned());
        let binary = std::fs::canonicalize(binary).unwrap().to_str().unwrap().to_owned();
        let config = Config { rotation: Rotation::NewRevokeFamily, ..Config::default() };
        let world = World::with(config);
        for number in 0..PROFILES {
            let app = world.sandbox.add_company();
            drop(world.login(&format!("profile-{number}"), &app));
        }
        Self {
            world,
            binary,
            gets: number("TORTURE_GETS", 50_000),
            refreshes: number("TORTURE_REFRESHES", 500),
        }
    }

    /// Every profile's `get` in turn; the durations in µs.
    fn run(&self) -> Vec<u64> {
        let next = AtomicUsize::new(0);
        let every = self.gets / self.refreshes;
        let work = || {
            let mut took = Vec::new();
            loop {
                let number = next.fetch_add(1, Ordering::Relaxed);
                if number >= self.gets {
                    return took;
                }
                if number.is_multiple_of(every) {
                    let profile = format!("profile-{}", number / every % PROFILES);
                    self.world.run(&self.binary, ["--profile", &profile, "refresh"]).ok();
                }
                let profile = format!("profile-{}", number % PROFILES);
                let started = Instant::now();
                self.world.run(&self.binary, ["--profile", &profile, "get"]).ok().silent();
                took.push((number, u64::try_from(started.elapsed().as_micros()).unwrap()));
            }
        };
        let mut took: Vec<(usize, u64)> = std::thread::scope(|scope| {
            let threads: Vec<_> = (0..THREADS).map(|_| scope.spawn(work)).collect();
            threads.into_iter().flat_map(|thread| thread.join().unwrap()).collect()
        });
        took.sort_unstable();
        took.into_iter().map(|(_, micros)| micros).collect()
    }

    /// The most memory a `get` ever held, KiB: it is stopped by a full pipe in its last step.
    fn peak_memory(&self) -> u64 {
        let (_reader, mut writer) = std::io::pipe().unwrap();
        // A pipe's capacity on Linux (pipe(7)).
        writer.write_all(&vec![b'.'; 65_536]).unwrap();
        let run = self.world.run(&self.binary, ["--profile", "profile-0", "get"]);
        let mut command = run.into_command();
        command.stdin(Stdio::null()).stdout(writer).stderr(Stdio::null());
        let mut child = command.spawn().unwrap();
        let status = format!("/proc/{}/status", child.id());
        let field = |text: &str, name: &str| {
            let line = text.lines().find(|line| line.starts_with(name)).map(str::to_owned);
            line.unwrap_or_default()
        };
        let peak = loop {
            let text = std::fs::read_to_string(&status).unwrap();
            let wchan = std::fs::read_to_string(format!("/proc/{}/wchan", child.id()));
            // Only root can see where a protected process sleeps; a hit sleeps nowhere else.
            let is_hidden = !rustix::process::geteuid().is_root();
            let in_pipe =
                wchan.is_ok_and(|name| name.contains("pipe") || (is_hidden && name == "0"));
            if in_pipe && field(&text, "State:").contains('S') {
                break field(&text, "VmHWM:");
            }
            std::thread::yield_now();
        };
        child.kill().unwrap();
        child.wait().unwrap();
        peak.split_whitespace().nth(1).unwrap().parse().unwrap()
    }

    fn files(&self) -> (u64, usize, usize) {
        let state = self.world.state_dir();
        let count = |folder: &Path| std::fs::read_dir(folder).unwrap().count();
        let size = std::fs::metadata(self.world.store_file()).unwrap().len();
        (size, count(&state.join("locks")), count(&state.join("reserve")))
    }

    fn events(&self) -> (i64, i64) {
        let events = rusqlite::Connection::open(self.world.state_dir().join("events.db")).unwrap();
        let sql = "SELECT count(*), count(DISTINCT profile) FROM event";
        events.query_row(sql, [], |row| Ok((row.get(0)?, row.get(1)?))).unwrap()
    }
}

#[test]
#[ignore = "takes minutes; run it by hand, with a release build"]
fn fifty_thousand_gets_leave_no_files_and_stay_fast() {
    let soak = Soak::new();
    // The first refresh of each profile may still create files.
    soak.world.run(&soak.binary, ["refresh", "--all"]).ok();
    let before = soak.files();
    let memory_before: Vec<u64> = (0..20).map(|_| soak.peak_memory()).collect();
    let took = soak.run();
    let memory_after: Vec<u64> = (0..20).map(|_| soak.peak_memory()).collect();
    let after = soak.files();
    let (events, of_profiles) = soak.events();
    let tenth = took.len() / 10;
    let (first, last) = (&took[..tenth], &took[took.len() - tenth..]);
    say(&format!("soak: {} gets, {} refreshes, {PROFILES} profiles", took.len(), soak.refreshes));
    say(&format!("soak: store, locks, reserves: {before:?} before, {after:?} after"));
    say(&format!("soak: {events} events of {of_profiles} profiles"));
    for (name, part) in [("first", first), ("last", last)] {
        say(&format!(
            "soak: a get of the {name} tenth: {} us at the median, {} at the 90th, {} at the 99th \
             percentile",
            percentile(part, 50),
            percentile(part, 90),
            percentile(part, 99),
        ));
    }
    let (was, is) = (percentile(&memory_before, 50), percentile(&memory_after, 50));
    say(&format!("soak: peak memory of a get: {was} KiB before, {is} KiB after"));
    assert!(after.0 <= before.0 + 64 * 1024, "the store does not grow with use");
    // A lock has its holder's file beside it.
    assert_eq!((after.1, after.2), (2 * PROFILES, PROFILES), "no file is left behind");
    assert!(events <= EVENTS_OF_A_PROFILE * of_profiles, "the audit log is trimmed");
    assert!(is <= was + was / 10, "a get's memory does not grow with use");
    let counters = soak.world.sandbox.counters();
    assert_eq!(counters.families_revoked_by_reuse, 0);
    assert_eq!(counters.max_simultaneous_refreshes_of_one_family, 1);
}
