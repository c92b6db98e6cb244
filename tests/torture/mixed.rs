//! Everything at once: many processes over one store, each killed at a random or a named moment,
//! met by a failing disk, or left alone.

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::time::Instant;

use concur_sandbox::{Config, Rotation};

use super::choices::{Choices, number, percentile, say};
use super::mixture::{Deed, Fate, GUEST, Plan, STEADY, Setting};
use crate::harness::{Running, World};

/// Processes that run at the same time.
const AT_ONCE: usize = 8;
/// Rounds of the short form.
const SHORT_ROUNDS: usize = 12;

/// The figures of a run.
#[derive(Default)]
struct Figures {
    processes: usize,
    killed: BTreeMap<&'static str, usize>,
    failing: BTreeMap<&'static str, usize>,
    /// Kills that may have fallen into the window, and imports of old exports: each explains one use
    /// of a spent refresh token at most.
    explained: u64,
    logins_needed: usize,
    waited_long: usize,
    took_millis: Vec<u128>,
}

impl Figures {
    fn print(&self, seed: usize, rounds: usize, reused: u64) {
        let killed: usize = self.killed.values().sum();
        let failing: usize = self.failing.values().sum();
        say(&format!(
            "mixed: seed {seed}, {rounds} rounds, {} processes, {killed} killed, {failing} on a \
             failing disk; {reused} spent refresh tokens used after kills inside the window and from \
             old exports, {} logins needed for those kills, 0 losses outside; {} waited over 2 s \
             for a lock; a process took {} ms at the median, {} ms at the 99th percentile, {} ms at most",
            self.processes,
            self.logins_needed,
            self.waited_long,
            percentile(&self.took_millis, 50),
            percentile(&self.took_millis, 99),
            percentile(&self.took_millis, 100),
        ));
        for (what, count) in self.killed.iter().chain(&self.failing) {
            say(&format!("mixed:   {count:>6} {what}"));
        }
    }
}

/// A run of the mixture.
struct Mixture {
    setting: Setting,
    choices: Choices,
    seed: usize,
    printed: HashSet<String>,
    /// The profiles that a kill inside the window may have cost their refresh token.
    lossy: BTreeSet<&'static str>,
    figures: Figures,
}

impl Mixture {
    fn new(seed: usize) -> Self {
        let world =
            World::with(Config { rotation: Rotation::NewRevokeFamily, ..Config::default() });
        let mut apps = vec![world.sandbox.app().clone()];
        apps.extend((0..3).map(|_| world.sandbox.add_company()));
        let setting = Setting { world, apps, seen: vec![String::new(); STEADY.len()] };
        for profile in STEADY.into_iter().chain([GUEST]) {
            setting.login(profile);
        }
        Self {
            setting,
            choices: Choices(seed as u64),
            seed,
            printed: HashSet::new(),
            lossy: BTreeSet::new(),
            figures: Figures::default(),
        }
    }

    fn round(&mut self, round: usize) {
        let world = &self.setting.world;
        drop(world.concur(["--profile", GUEST, "export", "--force", "old-export.json"]).ok());
        for profile in STEADY {
            // Fresh, fresh and old enough to be erased, inside the soft window, or expired.
            let age = self.choices.one_of(&[0, 120, 3400, 7200, 7200]);
            world.age_access_token(profile, age);
        }
        let at_once = number("TORTURE_AT_ONCE", AT_ONCE);
        let started = Instant::now();
        let processes: Vec<(Plan, Running)> =
            (0..at_once).map(|number| self.setting.start(&mut self.choices, number)).collect();
        // What one process can lose, each of the others can meet.
        self.lossy.extend(processes.iter().flat_map(|(plan, _)| plan.may_lose()));
        for (plan, running) in processes {
            self.end(plan, running, round, started);
        }
        for profile in STEADY {
            self.check(profile, round);
        }
        self.check_guest();
        self.check_files(round);
    }

    fn end(&mut self, plan: Plan, running: Running, round: usize, started: Instant) {
        let Plan { deed, profile, fate } = plan;
        let output = running.wait();
        self.figures.processes += 1;
        self.figures.took_millis.push(started.elapsed().as_millis());
        self.figures.waited_long += usize::from(output.stderr.contains("waiting for pid"));
        match fate {
            Fate::Failing(what) => *self.figures.failing.entry(what).or_default() += 1,
            Fate::Killed(at) if output.code.is_none() => {
                *self.figures.killed.entry(at).or_default() += 1;
            }
            Fate::KilledAnywhere if output.code.is_none() => {
                *self.figures.killed.entry("anywhere").or_default() += 1;
            }
            _ => {}
        }
        if output.code.is_none() {
            self.figures.explained += plan.may_lose().len() as u64;
        }
        self.figures.explained += u64::from(deed == Deed::ImportOld);
        assert!(
            plan.may_end_with(output.code, self.lossy.contains(profile)),
            "seed {}, round {round}, {deed:?} of {profile}: {output:?}",
            self.seed
        );
        self.printed.extend(plan.printed(&output));
    }

    /// The stored refresh token is the last one issued, or the store shows why not; and the account
    /// gives a valid token, or a kill inside the window may have lost it.
    fn check(&mut self, profile: &'static str, round: usize) {
        let world = &self.setting.world;
        let lossy = self.lossy.contains(profile);
        let context = || format!("seed {}, round {round}, {profile}, lossy: {lossy}", self.seed);
        let started: Option<i64> = world.column(profile, "attempt_started_at");
        let ended: Option<i64> = world.column(profile, "attempt_ended_at");
        let outcome: Option<String> = world.column(profile, "attempt_outcome");
        let without_end = started.is_some() && ended.is_none();
        let is_current = || {
            let kept = world.concur(["--profile", profile, "export", "-"]).ok().json();
            world.sandbox.is_current_refresh_token(kept["refresh_token"].as_str().unwrap())
        };
        if !is_current() {
            // The service refuses the next attempt after the one without an end.
            let shows = without_end || outcome.as_deref() == Some("condemned");
            assert!(lossy && shows, "{}: {outcome:?}, {without_end}", context());
        }
        let output = world.concur(["--profile", profile, "get"]).output();
        let current = is_current();
        if current {
            let token = output.code(0).line();
            assert!(world.sandbox.is_live_access_token(&token), "{}: a valid token", context());
            self.setting.seen[Setting::place(profile)] = token;
        } else {
            assert!(lossy, "{}: lost outside the window\n{output:?}", context());
            assert!(matches!(output.code, Some(0 | 4)), "{}\n{output:?}", context());
            self.figures.logins_needed += 1;
            self.setting.login(profile);
        }
        self.lossy.remove(profile);
    }

    /// The guest profile is usable again, whatever happened to it.
    fn check_guest(&mut self) {
        self.setting.login(GUEST);
        self.lossy.remove(GUEST);
        let token = self.setting.world.concur(["--profile", GUEST, "get"]).ok().line();
        assert!(self.setting.world.sandbox.is_live_access_token(&token));
    }

    /// The store is sound, no journal is left, every lock is free.
    fn check_files(&self, round: usize) {
        let context = format!("seed {}, round {round}", self.seed);
        let world = &self.setting.world;
        let journal = world.state_dir().join("store.db-journal");
        assert!(!journal.exists(), "{context}: no journal after the next hit");
        let integrity: String =
            world.database().query_row("PRAGMA integrity_check", [], |row| row.get(0)).unwrap();
        assert_eq!(integrity, "ok", "{context}");
        for entry in std::fs::read_dir(world.state_dir().join("locks")).unwrap() {
            let path = entry.unwrap().path();
            if path.extension().is_some_and(|extension| extension == "lock") {
                let file = std::fs::File::open(&path).unwrap();
                assert!(file.try_lock().is_ok(), "{context}: {}", path.display());
                file.unlock().unwrap();
            }
        }
    }
}

#[test]
fn mixed_callers_and_kills_lose_nothing() {
    let seed = number("TORTURE_SEED", 1);
    let rounds = number("TORTURE_ROUNDS", SHORT_ROUNDS);
    let mut mixture = Mixture::new(seed);
    for round in 0..rounds {
        mixture.round(round);
    }
    let Mixture { setting, printed, figures, .. } = mixture;
    let sandbox = &setting.world.sandbox;
    for token in &printed {
        assert!(sandbox.was_issued_access_token(token), "only issued tokens are printed");
    }
    let counters = sandbox.counters();
    figures.print(seed, rounds, counters.families_revoked_by_reuse);
    assert!(
        counters.families_revoked_by_reuse <= figures.explained,
        "{} spent refresh tokens were used, {} explained",
        counters.families_revoked_by_reuse,
        figures.explained
    );
    assert_eq!(counters.max_simultaneous_refreshes_of_one_family, 1, "one refresh at a time");
    assert_eq!(sandbox.violations(), Vec::<String>::new());
    assert!(!figures.killed.is_empty(), "something was killed");
}
