//! The cost of a hit, counted: these figures do not depend on the machine's load.
//!
//! `cargo bench --bench cost`; `-- --check` holds them to `benches/budget.toml`, `-- --write-budget`
//! makes them the budget, `-- --calls` lists the system calls.

#![allow(clippy::disallowed_methods, reason = "a program of its own, with its own surroundings")]

mod support;

use support::budget::{self, Count};
use support::contender::Contender;
use support::figures::thousands;
use support::home::{Home, PROFILE};
use support::options::Options;
use support::peers::{self, GitCache, Others};
use support::service::Service;
use support::tools::{Callgrind, Strace, Time};
use support::{Outcome, binary, machine, say, service, skipped, table};

/// How many entries the large stores hold.
const MANY: u32 = 100_000;

/// A command that gets a stored token.
type Way = fn(&Home) -> Contender;

const WAYS: [(&str, Way); 4] = [
    ("get, bare", |home| home.bare("ours: `get </dev/null`")),
    ("get, git", |home| home.git("ours: `get`, a request of git's")),
    ("token", |home| home.ours("ours: `token`", &["token"])),
    ("token of a profile", |home| {
        home.ours("ours: `token --profile NAME`", &["token", "--profile", PROFILE])
    }),
];

fn main() -> Outcome {
    let options = Options::read()?;
    let tools = Tools { callgrind: Callgrind::find(), strace: Strace::find(), time: Time::find() };
    let (Some(callgrind), Some(strace)) = (&tools.callgrind, &tools.strace) else {
        let why = "valgrind and strace are not installed";
        if options.check || options.write_budget {
            return Err(why.into());
        }
        skipped("cost", why);
        return Ok(());
    };
    let binary = binary::measured()?;
    machine::describe(&binary)?;
    let service = service::start()?;
    let one = Home::logged_in(&binary, &service)?;
    let many = Home::logged_in(&binary, &service)?;
    many.fill_up_to(MANY)?;
    if options.calls {
        return list_calls(&one, strace);
    }
    let mut counts = Vec::new();
    for (name, way) in WAYS {
        counts.push(count(name, &way(&one), &way(&many), callgrind, strace)?);
    }
    one.refuse_caches()?;
    many.refuse_caches()?;
    let (few_rows, rows) = (one.bare("without a cache"), many.bare("without a cache"));
    counts.push(count("get, no cache", &few_rows, &rows, callgrind, strace)?);
    one.accept_caches()?;
    many.accept_caches()?;
    if options.write_budget {
        budget::write(&counts)?;
    }
    if options.check {
        return budget::check(&counts);
    }
    print(&one, &many, &service, &tools)
}

struct Tools {
    callgrind: Option<Callgrind>,
    strace: Option<Strace>,
    time: Option<Time>,
}

fn count(
    way: &str,
    one: &Contender,
    many: &Contender,
    callgrind: &Callgrind,
    strace: &Strace,
) -> Outcome<Count> {
    let calls = |contender| strace.system_calls(contender).map(|calls| calls.len());
    Ok(Count {
        way: way.to_owned(),
        instructions: callgrind.instructions(one)?,
        instructions_of_many: callgrind.instructions(many)?,
        system_calls: u64::try_from(calls(one)?.max(calls(many)?))?,
    })
}

/// Ours and its peers, with everything that can be counted.
fn print(one: &Home, many: &Home, service: &Service, tools: &Tools) -> Outcome {
    let mut contenders = vec![peers::nothing(one.path())?];
    for (_, way) in WAYS {
        contenders.push(way(one));
        let mut large = way(many);
        large.name.push_str(", 100,000 records");
        contenders.push(large);
    }
    for (entries, others) in
        [(1, Others::Tokens), (MANY, Others::Tokens), (MANY, Others::Passwords)]
    {
        let peer = peers::git_store(one.path(), service, &one.token, (entries, others))?;
        contenders.extend(peer);
    }
    let cache = GitCache::start(one.path(), service, &one.token)?;
    if let Some(cache) = &cache {
        contenders.push(cache.get(service, &one.token)?);
    }
    // An interpreter generates code at run time: valgrind would count something else.
    let interpreted = contenders.len();
    contenders.extend(peers::tutorial(one.path(), service)?);
    contenders.extend(peers::python(one.path(), &one.token)?);
    let mut rows = Vec::new();
    for (place, contender) in contenders.iter().enumerate() {
        rows.push(row(contender, tools, place < interpreted)?);
    }
    let headings = ["program", "instructions", "system calls", "page faults", "peak memory"];
    table::print(&headings, &rows)
}

fn row(contender: &Contender, tools: &Tools, native: bool) -> Outcome<Vec<String>> {
    // Once for the page cache: faults that read from the disk are counted apart.
    contender.time()?;
    let none = || "–".to_owned();
    let callgrind = tools.callgrind.as_ref().filter(|_| native);
    let instructions = callgrind.map(|tool| tool.instructions(contender)).transpose()?;
    let calls = tools.strace.as_ref().map(|tool| tool.system_calls(contender)).transpose()?;
    let memory = tools.time.as_ref().map(|tool| tool.memory(contender)).transpose()?;
    Ok(vec![
        contender.name.clone(),
        instructions.map_or_else(none, thousands),
        calls.map_or_else(none, |calls| calls.len().to_string()),
        memory.as_ref().map_or_else(none, |memory| memory.minor_faults.to_string()),
        memory.map_or_else(none, |memory| format!("{} KiB", memory.peak_kib)),
    ])
}

/// Prints the system calls of a hit, so that each can be justified.
fn list_calls(home: &Home, strace: &Strace) -> Outcome {
    for (_, way) in WAYS {
        let contender = way(home);
        say(&format!("\n{}", contender.name))?;
        for (place, call) in strace.system_calls(&contender)?.iter().enumerate() {
            say(&format!("{:3} {call}", place + 1))?;
        }
    }
    Ok(())
}
