//! The table of files: the path of each, the commands that use it, and the result of an attack on it.
//! Held against docs/security.md by `page.rs`.

use std::path::{Path, PathBuf};

use super::attack::Attack::{
    self, Device, Empty, Folder, Huge, Immutable, LinkToFolder, LinkToItself, LinkToNothing,
    OfAnother, Pipe, SecondName, Socket, WrittenByAll,
};
use super::support::{only, text, timed};
use crate::harness::{Run, World};

/// A file that the program makes, opens, replaces or removes, and one command that does so.
pub(crate) struct Place {
    /// Its name in docs/security.md.
    pub(crate) name: &'static str,
    /// Its path.
    pub(crate) path: fn(&World) -> PathBuf,
    /// The command that uses it.
    pub(crate) command: fn(&World, &Path) -> Run,
    /// Whether that needs a token that is out of date.
    pub(crate) is_renewal: bool,
    /// Whether SQLite writes to it.
    pub(crate) is_database: bool,
    /// Exit codes other than 0.
    pub(crate) codes: Vec<(Attack, i32)>,
    /// Attacks that do not apply, because the operator may intend such a file.
    pub(crate) meant: Vec<Attack>,
    /// The operator's own links are followed, and what they lead to is replaced.
    pub(crate) replaces_through_links: bool,
}

fn all(attacks: impl IntoIterator<Item = Attack>, code: i32) -> Vec<(Attack, i32)> {
    attacks.into_iter().map(|attack| (attack, code)).collect()
}

/// No link; a regular file that we own and others cannot write.
fn private() -> Vec<(Attack, i32)> {
    all(Attack::NO_FILE.into_iter().chain(Attack::TOUCHED), 6)
}

/// The same for a file that is written in place: it has one name.
fn written_in_place() -> Vec<(Attack, i32)> {
    [private(), all([SecondName], 6)].concat()
}

impl Place {
    fn new(
        name: &'static str,
        path: fn(&World) -> PathBuf,
        command: fn(&World, &Path) -> Run,
        codes: Vec<(Attack, i32)>,
    ) -> Self {
        Self {
            name,
            path,
            command,
            is_renewal: false,
            is_database: ["store.db", "events.db"].contains(&name),
            codes,
            meant: Vec::new(),
            replaces_through_links: false,
        }
    }

    fn renewing(self) -> Self {
        Self { is_renewal: true, ..self }
    }

    pub(crate) fn code(&self, attack: Attack) -> i32 {
        self.codes.iter().find(|(planted, _)| *planted == attack).map_or(0, |(_, code)| *code)
    }
}

fn login(world: &World) -> Run {
    let origin = world.sandbox.origin().to_owned();
    timed(world, &["login", "--base-url", &origin])
}

/// The databases, what lies beside them, and the key.
pub(crate) fn of_the_store() -> Vec<Place> {
    vec![
        Place::new(
            "store.db",
            World::store_file,
            |world, _| timed(world, &["get"]),
            [private(), all([Empty], 6)].concat(),
        ),
        Place::new(
            "store.db-journal",
            |world| world.state_dir().join("store.db-journal"),
            |world, _| timed(world, &["get"]),
            [private(), all([Immutable], 6)].concat(),
        ),
        Place::new(
            "ticket",
            |world| world.state_dir().join("ticket"),
            |world, _| timed(world, &["get"]),
            Vec::new(),
        ),
        Place::new(
            "key",
            |world| world.config_dir().join("key"),
            |world, _| timed(world, &["get"]),
            [private(), all([Empty, Huge], 6)].concat(),
        ),
        Place::new(
            "events.db",
            |world| world.state_dir().join("events.db"),
            |world, _| timed(world, &["log"]),
            private(),
        ),
        // The audit log may fail without an error.
        Place::new(
            "events.db",
            |world| world.state_dir().join("events.db"),
            |world, _| timed(world, &["get"]),
            Vec::new(),
        )
        .renewing(),
        Place::new(
            "events.db-journal",
            |world| world.state_dir().join("events.db-journal"),
            |world, _| timed(world, &["get"]),
            Vec::new(),
        )
        .renewing(),
    ]
}

/// The files of a refresh other than the databases.
pub(crate) fn of_a_renewal() -> Vec<Place> {
    vec![
        Place::new(
            "locks/ID.lock",
            |world| only(world, "locks", ".lock"),
            |world, _| timed(world, &["get"]),
            [written_in_place(), all([Immutable], 6)].concat(),
        )
        .renewing(),
        // It is for people, and silent when it cannot be read.
        Place::new(
            "locks/ID.holder",
            |world| only(world, "locks", ".holder"),
            |world, _| timed(world, &["get"]),
            Vec::new(),
        )
        .renewing(),
        Place::new(
            "reserve/ID",
            |world| only(world, "reserve", ""),
            |world, _| timed(world, &["get"]),
            [written_in_place(), all([Immutable], 6)].concat(),
        )
        .renewing(),
    ]
}

/// Files that the operator writes, named or in their default path.
pub(crate) fn of_the_operator() -> Vec<Place> {
    let named = || all([LinkToItself, LinkToFolder, Folder, Socket, WrittenByAll, OfAnother], 6);
    let credentials = |world: &World| world.work().join("credentials.json");
    let no_credentials = || all([LinkToNothing, Device, Empty, Huge], 2);
    let waits_for_no_pipe = || all([Pipe], 6);
    vec![
        Place::new(
            "config.toml",
            |world| world.config_dir().join("config.toml"),
            |world, _| timed(world, &["get"]),
            [named(), waits_for_no_pipe(), all([Huge], 2)].concat(),
        ),
        Place::new("credentials.json", credentials, |world, _| login(world), {
            // As without a file: the profile has all that a login needs.
            let unseen = all([LinkToItself, LinkToNothing], 0);
            [unseen, no_credentials(), named(), waits_for_no_pipe()].concat()
        }),
        Place {
            // A pipe that is named is waited for: `<(…)` of a shell is one.
            meant: vec![Pipe],
            ..Place::new(
                "--credentials FILE",
                |world| world.work().join("named.json"),
                |world, path| login(world).arg("--credentials").arg(path),
                [all([LinkToNothing], 6), no_credentials(), named()].concat(),
            )
        },
        Place::new(
            "refreshTokenObjectFile.json",
            |world| world.work().join("refreshTokenObjectFile.json"),
            |world, _| {
                let origin = world.sandbox.origin().to_owned();
                timed(world, &["import", "--dry-run", "--base-url", &origin, "--credentials"])
                    .arg(world.work().join("named.json"))
            },
            [all([LinkToNothing], 6), no_credentials(), named(), waits_for_no_pipe()].concat(),
        ),
    ]
}

/// Output files that the operator names.
pub(crate) fn of_answers() -> Vec<Place> {
    let existing = || all(Attack::ALL, 2);
    let answer = |world: &World| world.work().join("answer");
    vec![
        Place::new(
            "init FILE",
            answer,
            |world, path| timed(world, &["init", text(path)]),
            existing(),
        ),
        Place::new(
            "export FILE",
            answer,
            |world, path| timed(world, &["export", text(path)]),
            existing(),
        ),
        Place::new(
            "doctor --report FILE",
            answer,
            |world, path| timed(world, &["doctor", "--offline", "--report", text(path)]),
            existing(),
        ),
        Place::new(
            "export --force FILE",
            answer,
            |world, path| timed(world, &["export", "--force", text(path)]),
            all([Pipe, Socket, Device, Folder, Immutable], 6),
        ),
        Place {
            // A pipe of the operator's own has a reader.
            meant: vec![Pipe],
            replaces_through_links: true,
            ..Place::new(
                "api --output FILE",
                answer,
                |world, path| {
                    timed(world, &["api", "/profile/identity/v4.1/Users", "--output", text(path)])
                },
                all([LinkToNothing, LinkToItself, LinkToFolder, Folder, Socket, Immutable], 1),
            )
        },
        Place::new(
            "CONCUR_CRED_TRACE=FILE",
            answer,
            |world, path| timed(world, &["get"]).env("CONCUR_CRED_TRACE", path),
            // What is not a trace file is not added to.
            [written_in_place(), all([Immutable, Huge], 6)].concat(),
        ),
    ]
}

/// What the user's systemd reads.
pub(crate) fn of_the_job() -> Vec<Place> {
    vec![Place::new(
        "concur-cred-keepalive.service",
        |world| {
            let folder = world.home().join(".config/systemd/user");
            std::fs::create_dir_all(&folder).unwrap();
            folder.join("concur-cred-keepalive.service")
        },
        |world, _| {
            let systemctl = world.bin().join("systemctl");
            let _ = std::os::unix::fs::symlink("/bin/true", systemctl);
            timed(world, &["keepalive", "--install", "systemd"])
        },
        // A file that was not written by us belongs to the user.
        all(Attack::ALL, 6),
    )]
}

/// Every one.
pub(crate) fn every() -> Vec<Place> {
    [of_the_store(), of_a_renewal(), of_the_operator(), of_answers(), of_the_job()]
        .into_iter()
        .flatten()
        .collect()
}

/// The name of each attack in failure messages.
pub(crate) fn named(place: &Place, attack: Attack) -> String {
    format!("{}: {attack:?}", place.name)
}
