//! Everything at once: many processes over one store, each killed at a random moment or left alone.

use std::collections::HashSet;
use std::time::Duration;

use concur_cred::failpoint::RENEWAL;
use concur_sandbox::{Config, Rotation};

use crate::harness::{Running, World};

/// Processes that run at the same time.
const AT_ONCE: usize = 8;
/// Rounds of the short form.
const SHORT_ROUNDS: usize = 12;

/// A small, repeatable source of choices (`SplitMix64`).
struct Choices(u64);

impl Choices {
    fn next(&mut self, below: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        usize::try_from((z ^ (z >> 31)) % below as u64).unwrap()
    }
}

fn number(name: &str, default: usize) -> usize {
    std::env::var(name).ok().and_then(|text| text.parse().ok()).unwrap_or(default)
}

/// One process of the mixture, and whether it may print a token.
fn start(world: &World, choices: &mut Choices) -> (Running, bool) {
    let profile = ["default", "second", "third"][choices.next(3)];
    let foreign = format!("protocol=https\nhost=h{}.example\n", choices.next(3));
    let (run, prints) = match choices.next(10) {
        0..=4 => (world.concur(["--profile", profile, "get"]), true),
        5 => (world.concur(["--profile", profile, "refresh"]), false),
        6 => {
            let entry = format!("{foreign}username=u\npassword=p\n\n");
            (world.concur(["store"]).stdin(entry), false)
        }
        7 => (world.concur(["erase"]).stdin(format!("{foreign}username=u\npassword=p\n\n")), false),
        8 => (world.concur(["--profile", profile, "export", "-"]), false),
        _ => {
            let file = world.work().join(format!("credentials-{profile}.json"));
            let origin = world.sandbox.origin().to_owned();
            let args = ["--profile", profile, "login", "--base-url", &origin, "--credentials"];
            (world.concur(args).arg(file), false)
        }
    };
    let run = match choices.next(3) {
        0 => {
            let moment = RENEWAL[choices.next(RENEWAL.len())];
            run.env("CONCUR_CRED_TEST_FAILPOINT", format!("{moment}=kill"))
        }
        _ => run,
    };
    let mut running = run.start();
    if choices.next(6) == 0 {
        std::thread::sleep(Duration::from_micros(choices.next(20_000) as u64));
        let _ = running.child.kill();
    }
    (running, prints)
}

#[test]
fn mixed_callers_and_kills_lose_nothing() {
    let seed = number("TORTURE_SEED", 1);
    let rounds = number("TORTURE_ROUNDS", SHORT_ROUNDS);
    let world = World::with(Config { rotation: Rotation::NewRevokeFamily, ..Config::default() });
    let second = world.sandbox.add_company();
    let third = world.sandbox.add_company();
    world.login("default", &world.sandbox.app().clone());
    world.login("second", &second);
    world.login("third", &third);
    let mut choices = Choices(seed as u64);
    let mut printed = HashSet::new();
    let mut killed = 0;
    for round in 0..rounds {
        for profile in ["default", "second", "third"] {
            if choices.next(2) == 0 {
                world.expire(profile);
            }
        }
        let running: Vec<_> = (0..AT_ONCE).map(|_| start(&world, &mut choices)).collect();
        for (process, prints) in running {
            let output = process.wait();
            killed += usize::from(output.code.is_none());
            let refused = matches!(output.code, Some(1 | 2 | 3 | 6));
            assert!(!refused, "seed {seed}, round {round}: {output:?}");
            if prints && output.code == Some(0) {
                printed.insert(output.line());
            }
        }
        check(&world, seed, round);
    }
    for token in &printed {
        assert!(world.sandbox.was_issued_access_token(token), "only issued tokens are printed");
    }
    let counters = world.sandbox.counters();
    assert_eq!(counters.max_simultaneous_refreshes_of_one_family, 1, "one refresh at a time");
    assert_eq!(world.sandbox.violations(), Vec::<String>::new());
    assert!(killed > 0, "something was killed");
}

/// The store is sound, every lock is free, and every account still gives a good token.
fn check(world: &World, seed: usize, round: usize) {
    let integrity: String =
        world.database().query_row("PRAGMA integrity_check", [], |row| row.get(0)).unwrap();
    assert_eq!(integrity, "ok", "seed {seed}, round {round}");
    for profile in ["default", "second", "third"] {
        let output = world.concur(["--profile", profile, "get"]).output();
        let output = output.code(0);
        assert!(
            world.sandbox.is_live_access_token(&output.line()),
            "seed {seed}, round {round}: {profile} has a good token"
        );
    }
}
