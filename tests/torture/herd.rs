//! Large herds with a service in every state: at most one attempt, no caller waits without need, and
//! all is well as soon as the service is.
//!
//! By hand: `TORTURE_CALLERS=1000 cargo test --test suite torture::herd -- --nocapture --test-threads 1`

use std::time::{Duration, Instant};

use concur_sandbox::{App, Config, Fault, Rotation, Sandbox};

use super::choices::{number, percentile, say};
use crate::harness::{Output, Running, World, address_of_its_own};

/// Callers of the short form.
const SHORT: usize = 60;
/// The most processes at one time, for the sake of the machine.
const WAVE: usize = 250;
/// How long a test waits for an event that should happen at once.
const SOON: Duration = Duration::from_secs(60);

fn callers() -> usize {
    number("TORTURE_CALLERS", SHORT)
}

fn strictest() -> Config {
    Config { rotation: Rotation::NewRevokeFamily, ..Config::default() }
}

fn expired_with(config: Config) -> World {
    let world = World::logged_in_with(config);
    world.expire("default");
    world.sandbox.clear_log();
    world
}

/// The results of a herd.
struct Herd {
    outputs: Vec<Output>,
    waited: Vec<u128>,
    waves: u64,
}

/// Runs `get` once for each caller, with a limited number at a time.
fn herd(world: &World, env: &[(&str, &str)]) -> Herd {
    let mut herd = Herd { outputs: Vec::new(), waited: Vec::new(), waves: 0 };
    let mut left = callers();
    while left > 0 {
        let wave = left.min(WAVE);
        left -= wave;
        herd.waves += 1;
        let start = || {
            let run = world.concur(["get"]);
            let run = env.iter().fold(run, |run, (name, value)| run.env(name, value));
            (Instant::now(), run.start())
        };
        let running: Vec<(Instant, Running)> = (0..wave).map(|_| start()).collect();
        for (started, process) in running {
            herd.outputs.push(process.wait());
            herd.waited.push(started.elapsed().as_millis());
        }
    }
    herd
}

impl Herd {
    fn say(&self, what: &str, world: &World, requests: u64) {
        say(&format!(
            "herd: {what}: {} callers, {} attempts, {requests} requests, done after {} ms at the \
             median, {} ms at most",
            self.outputs.len(),
            world.column::<i64>("default", "attempt"),
            percentile(&self.waited, 50),
            percentile(&self.waited, 100),
        ));
    }

    /// All were served this one token.
    fn all_served(self) -> String {
        let mut tokens: Vec<_> = self.outputs.into_iter().map(|o| o.code(0).line()).collect();
        tokens.sort();
        tokens.dedup();
        assert_eq!(tokens.len(), 1, "all are served the same token");
        tokens.remove(0)
    }

    /// All failed as temporary.
    fn all_failed_temporarily(self, says: &str) {
        for output in self.outputs {
            let output = output.code(5).says(says);
            assert!(output.stdout.is_empty(), "{output:?}");
        }
    }
}

#[test]
fn an_expired_token_costs_a_herd_one_refresh() {
    let world = expired_with(strictest());
    let herd = herd(&world, &[]);
    herd.say("expired", &world, world.token_requests());
    let token = herd.all_served();
    assert!(world.sandbox.is_live_access_token(&token));
    assert_eq!(world.token_requests(), 1);
}

#[test]
fn inside_the_soft_window_one_caller_refreshes_and_all_are_served() {
    let world = World::logged_in_with(strictest());
    let current = world.concur(["get"]).ok().line();
    world.age_access_token("default", 3400);
    let gate = world.sandbox.hold_next_token_request();
    let refreshing = world.concur(["get"]).start();
    assert!(gate.wait_until_reached(SOON));
    let herd = herd(&world, &[]);
    herd.say("soft window", &world, world.refreshes());
    assert_eq!(herd.all_served(), current, "no caller waited for the blocked refresh");
    gate.release();
    assert_ne!(refreshing.wait().code(0).line(), current);
    assert_eq!(world.refreshes(), 1);
}

#[test]
fn a_slow_service_gets_one_request_and_all_are_served() {
    let world = expired_with(strictest());
    world.sandbox.push_fault(Fault::Latency(Duration::from_millis(1500)));
    let herd = herd(&world, &[]);
    herd.say("slow by 1.5 s", &world, world.token_requests());
    herd.all_served();
    assert_eq!(world.token_requests(), 1);
}

#[test]
fn a_throttling_service_gets_one_request() {
    let world = expired_with(strictest());
    world.sandbox.fault_always(Fault::too_many_requests(300));
    let herd = herd(&world, &[]);
    herd.say("429 with Retry-After", &world, world.token_requests());
    herd.all_failed_temporarily("429");
    assert_eq!(world.token_requests(), 1);
    world.sandbox.clear_faults();
    world.concur(["get"]).at_offset(301).ok().silent();
    assert_eq!(world.token_requests(), 2, "the next allowed request succeeds");
}

#[test]
fn a_service_that_never_answers_costs_one_attempt() {
    let world = expired_with(strictest());
    world.sandbox.fault_always(Fault::Silence);
    let herd = herd(&world, &[("CONCUR_CRED_HTTP_TIMEOUT", "1s")]);
    let attempts = world.column::<i64>("default", "attempt").unsigned_abs();
    herd.say("half-open", &world, world.token_requests());
    assert!(attempts <= herd.waves, "{attempts} attempts, {} waves", herd.waves);
    assert!(world.token_requests() <= 3 * attempts, "three requests an attempt");
    herd.all_failed_temporarily("default: ");
    world.sandbox.clear_faults();
    world.concur(["get"]).at_offset(61).ok().silent();
}

#[test]
fn a_failing_service_costs_one_attempt() {
    let world = expired_with(strictest());
    world.sandbox.fault_always(Fault::service_unavailable());
    let herd = herd(&world, &[]);
    let attempts = world.column::<i64>("default", "attempt").unsigned_abs();
    herd.say("503", &world, world.token_requests());
    assert!(attempts <= herd.waves, "{attempts} attempts, {} waves", herd.waves);
    assert!(world.token_requests() <= 3 * attempts, "three requests an attempt");
    herd.all_failed_temporarily("503");
    world.sandbox.clear_faults();
    world.concur(["get"]).at_offset(61).ok().silent();
}

#[test]
fn an_unreachable_service_fails_all_and_serves_all_once_it_is_back() {
    // An address that no other sandbox of this test run listens on, so that its port stays closed.
    let bind = address_of_its_own();
    let app = App::made_up();
    let config = || Config { bind, app: Some(app.clone()), ..strictest() };
    let mut world = expired_with(config());
    let port: u16 = world.host().rsplit(':').next().unwrap().parse().unwrap();
    drop(std::mem::replace(&mut world.sandbox, Sandbox::start(Config::default()).unwrap()));
    let started = Instant::now();
    let herd = herd(&world, &[]);
    // A failure of one's own surroundings binds others for five seconds, counted in whole ones of the
    // clock: for more than four.
    let most = 1 + started.elapsed().as_secs() / 4;
    let attempts = world.column::<i64>("default", "attempt").unsigned_abs();
    herd.say("unreachable", &world, 0);
    assert!((1..=most).contains(&attempts), "{attempts} attempts, {most} at most");
    herd.all_failed_temporarily("cannot be reached");
    world.sandbox = Sandbox::start(Config { port, ..config() }).unwrap();
    let token = world.concur(["get"]).at_offset(6).ok().silent().line();
    assert!(world.sandbox.is_live_access_token(&token));
}

#[test]
fn one_callers_wrong_clock_delays_no_other_caller() {
    const YEAR: i64 = 365 * 86_400;
    let faults = [Fault::service_unavailable(), Fault::too_many_requests(900), Fault::Code(59)];
    let rows = faults.iter().flat_map(|fault| [YEAR, 7200, -7200, -YEAR].map(|off| (fault, off)));
    std::thread::scope(|scope| {
        for (fault, off) in rows {
            scope.spawn(move || a_wrong_clock_delays_no_caller(fault, off));
        }
    });
}

/// A caller whose clock is `off` seconds wrong meets `fault`; all others are served.
fn a_wrong_clock_delays_no_caller(fault: &Fault, off: i64) {
    let world = expired_with(strictest());
    world.sandbox.fault_always(fault.clone());
    let output = world.concur(["refresh"]).at_offset(off).output();
    assert!(matches!(output.code, Some(4 | 5)), "{output:?}");
    world.sandbox.clear_faults();
    let token = world.concur(["get"]).ok().silent().line();
    assert!(world.sandbox.is_live_access_token(&token), "{off} s, {fault:?}");
}

#[test]
fn many_profiles_refresh_in_parallel() {
    const PROFILES: usize = 20;
    let world = World::with(strictest());
    let names: Vec<String> = (0..PROFILES).map(|number| format!("profile-{number}")).collect();
    for name in &names {
        let app = world.sandbox.add_company();
        drop(world.login(name, &app));
        world.expire(name);
    }
    world.sandbox.clear_log();
    let gates: Vec<_> = names.iter().map(|_| world.sandbox.hold_next_token_request()).collect();
    let start = |name: &String| world.concur(["--profile", name, "get"]).start();
    let running: Vec<Running> = names.iter().map(start).collect();
    for gate in &gates {
        assert!(gate.wait_until_reached(SOON), "no caller waits for another profile's refresh");
    }
    let at_once = world.sandbox.counters().max_simultaneous_token_requests;
    assert_eq!(at_once, PROFILES as u64);
    drop(gates);
    for process in running {
        assert!(world.sandbox.is_live_access_token(&process.wait().code(0).line()));
    }
    assert_eq!(world.refreshes(), PROFILES as u64);
}
