//! One process of the mixture: its command, how it may end, and its allowed results.

use std::time::Duration;

use super::choices::Choices;
use crate::harness::{Output, Run, Running, World};
use concur_cred::failpoint::RENEWAL;
use concur_sandbox::App;

/// From the service's decision until our commit a kill can lose a rotated token: the documented
/// window. Everything before has spent nothing, everything after has kept it.
pub(crate) const WINDOW: [&str; 2] = ["answer-received", "grant-sealed"];
/// Simulated disk failures; each alone must lose nothing.
const FAILURES: [&str; 7] = [
    "grant-commit=full",
    "grant-commit=io",
    "grant-sync=io",
    "spill-clear=io",
    "attempt-begin=full",
    "attempt-end=io",
    "lock-open=io",
];
/// The profiles whose tokens must never be lost.
pub(crate) const STEADY: [&str; 3] = ["default", "second", "third"];
/// The profile that is logged out, and filled from old exports.
pub(crate) const GUEST: &str = "guest";

/// How a process should end.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fate {
    /// By itself.
    Spared,
    /// Killed at this moment of a refresh, if it is reached.
    Killed(&'static str),
    /// Killed at a random moment.
    KilledAnywhere,
    /// By itself, on a disk that refuses this write.
    Failing(&'static str),
}

/// What a process does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Deed {
    Get,
    GitGet,
    Refresh,
    RefreshAll,
    Login,
    Import,
    ImportOld,
    Logout,
    Export,
    EraseManaged,
    StoreManaged,
    StoreForeign,
    EraseForeign,
}

/// Weighted: rare commands once, frequent ones often.
const STEADY_DEEDS: [Deed; 20] = [
    Deed::Get,
    Deed::Get,
    Deed::Get,
    Deed::Get,
    Deed::Get,
    Deed::Get,
    Deed::Get,
    Deed::GitGet,
    Deed::GitGet,
    Deed::Refresh,
    Deed::Refresh,
    Deed::RefreshAll,
    Deed::Login,
    Deed::Import,
    Deed::Export,
    Deed::EraseManaged,
    Deed::EraseManaged,
    Deed::StoreManaged,
    Deed::StoreForeign,
    Deed::EraseForeign,
];
const GUEST_DEEDS: [Deed; 6] =
    [Deed::Get, Deed::Refresh, Deed::Login, Deed::ImportOld, Deed::Logout, Deed::Export];

/// The command of a process, its profile, and how it should end.
#[derive(Clone, Copy)]
pub(crate) struct Plan {
    pub(crate) deed: Deed,
    pub(crate) profile: &'static str,
    pub(crate) fate: Fate,
}

/// What the mixture is made from.
pub(crate) struct Setting {
    pub(crate) world: World,
    /// The companies of [`STEADY`] and of [`GUEST`], in this order.
    pub(crate) apps: Vec<App>,
    /// The last known access token of each.
    pub(crate) seen: Vec<String>,
}

impl Setting {
    pub(crate) fn place(profile: &str) -> usize {
        STEADY.iter().position(|steady| *steady == profile).unwrap_or(STEADY.len())
    }

    pub(crate) fn app(&self, profile: &str) -> &App {
        &self.apps[Self::place(profile)]
    }

    pub(crate) fn login(&self, profile: &str) {
        drop(self.world.login(profile, self.app(profile)));
    }

    /// Starts one process, and kills it if that is its fate.
    pub(crate) fn start(&self, choices: &mut Choices, number: usize) -> (Plan, Running) {
        let guest = choices.next(8) == 0;
        let profile = if guest { GUEST } else { choices.one_of(&STEADY) };
        let deed = if guest { choices.one_of(&GUEST_DEEDS) } else { choices.one_of(&STEADY_DEEDS) };
        let fate = match choices.next(12) {
            0..=3 => Fate::Killed(choices.one_of(&RENEWAL)),
            4..=5 => Fate::KilledAnywhere,
            6 => Fate::Failing(choices.one_of(&FAILURES)),
            _ => Fate::Spared,
        };
        let run = self.run(deed, profile, number, choices);
        let run = match fate {
            Fate::Killed(at) => run.env("CONCUR_CRED_TEST_FAILPOINT", format!("{at}=kill")),
            Fate::Failing(what) => run.env("CONCUR_CRED_TEST_FAILPOINT", what),
            Fate::Spared | Fate::KilledAnywhere => run,
        };
        let mut running = run.start();
        if fate == Fate::KilledAnywhere {
            // No synchronisation: the kill is to fall anywhere, before the start or after the end too.
            std::thread::sleep(Duration::from_micros(choices.next(20_000) as u64));
            let _ = running.child.kill();
        }
        (Plan { deed, profile, fate }, running)
    }

    fn run(&self, deed: Deed, profile: &str, number: usize, choices: &mut Choices) -> Run {
        let world = &self.world;
        let app = self.app(profile);
        let uuid = &app.company_uuid;
        let named = |args: &[&str]| {
            world.concur(["--profile", profile].iter().chain(args).copied().collect::<Vec<_>>())
        };
        let credential = format!("protocol=https\nhost=h{}.example\n", choices.next(3));
        match deed {
            Deed::Get => named(&["get"]),
            Deed::GitGet => {
                world.helper(["get"]).stdin(world.request(&format!("username={uuid}\n")))
            }
            Deed::Refresh => named(&["refresh"]),
            Deed::RefreshAll => world.concur(["refresh", "--all"]),
            Deed::Export => named(&["export", "-"]),
            Deed::Logout => named(&["logout"]),
            Deed::Login => {
                let origin = world.sandbox.origin().to_owned();
                named(&["login", "--base-url", &origin, "--credentials"])
                    .arg(world.work().join(format!("credentials-{profile}.json")))
            }
            Deed::Import => {
                let age = choices.one_of(&[0, 7200]);
                let text = world.sandbox.refresh_token_object_file(app, age);
                let file = world.write(&format!("import-{number}.json"), text);
                self.import(profile).arg(file)
            }
            Deed::ImportOld => self.import(profile).arg(world.work().join("old-export.json")),
            Deed::EraseManaged => {
                let token = &self.seen[Self::place(profile)];
                let lines = format!("username={uuid}\npassword={token}\n");
                world.concur(["erase"]).stdin(world.request(&lines))
            }
            Deed::StoreManaged => {
                let lines = format!("username={uuid}\npassword=planted\n");
                world.concur(["store"]).stdin(world.request(&lines))
            }
            Deed::StoreForeign => {
                world.concur(["store"]).stdin(format!("{credential}username=u\npassword=p\n\n"))
            }
            Deed::EraseForeign => {
                world.concur(["erase"]).stdin(format!("{credential}username=u\npassword=p\n\n"))
            }
        }
    }

    fn import(&self, profile: &str) -> Run {
        let credentials = self.world.work().join(format!("credentials-{profile}.json"));
        let origin = self.world.sandbox.origin().to_owned();
        let args = ["--profile", profile, "import", "--replace", "--base-url", &origin];
        self.world.concur(args).arg("--credentials").arg(credentials)
    }
}

impl Plan {
    /// The profiles whose rotated token this process may have lost when it was killed.
    pub(crate) fn may_lose(self) -> Vec<&'static str> {
        let in_window = match self.fate {
            Fate::Killed(at) => WINDOW.contains(&at),
            Fate::KilledAnywhere => true,
            Fate::Spared | Fate::Failing(_) => false,
        };
        match self.deed {
            Deed::Get | Deed::GitGet | Deed::Refresh if in_window => vec![self.profile],
            Deed::RefreshAll if in_window => STEADY.into_iter().chain([GUEST]).collect(),
            _ => Vec::new(),
        }
    }

    /// The token that it printed.
    pub(crate) fn printed(self, output: &Output) -> Option<String> {
        match self.deed {
            Deed::Get if output.code == Some(0) => Some(output.line()),
            Deed::GitGet if output.code == Some(0) => output.value("password"),
            Deed::Export if output.code == Some(0) => {
                output.json()["access_token"].as_str().map(str::to_owned)
            }
            _ => None,
        }
    }

    /// Whether it may end with this exit code; `lossy` when a kill may have cost its profile's token.
    pub(crate) fn may_end_with(self, code: Option<i32>, lossy: bool) -> bool {
        let guest = self.profile == GUEST || self.deed == Deed::RefreshAll;
        match code {
            None => matches!(self.fate, Fate::Killed(_) | Fate::KilledAnywhere),
            Some(0) => true,
            // Another process logged it out, filled it from an old export, or made it at the same moment.
            Some(3..=5) if guest => true,
            Some(4) => lossy,
            Some(6) => matches!(self.fate, Fate::Failing(_)),
            _ => false,
        }
    }
}
