//! A store manipulated without the key to block commands: pipes where SQLite opens files by names of its
//! own, endless views and rows. Every command ends with a message about the problem.

use std::fs;
use std::os::unix::net::UnixListener;
use std::path::Path;

use crate::harness::{BINARY, Output, World, set_mode};

const SECONDS: &str = "30";
const TIMED_OUT: i32 = 124;

/// Runs a command, which must come to an end.
fn ended(world: &World, args: &[&str]) -> Output {
    // A statement's patience is a second then.
    let run = world.run("timeout", [SECONDS, BINARY].iter().chain(args));
    let output = run.env("CONCUR_CRED_TEST_HASTE", "20").output();
    assert_ne!(output.code, Some(TIMED_OUT), "it waits for ever\n{output:?}");
    output
}

/// What can stand in a file's place.
fn plant(kind: &str, path: &Path) {
    match kind {
        "pipe" => {
            let mode = rustix::fs::Mode::RUSR | rustix::fs::Mode::WUSR;
            rustix::fs::mkfifoat(rustix::fs::CWD, path, mode).unwrap();
        }
        "socket" => drop(UnixListener::bind(path).unwrap()),
        "folder" => fs::create_dir(path).unwrap(),
        "device" => std::os::unix::fs::symlink("/dev/zero", path).unwrap(),
        _ => {
            // A journal that leads to a pipe.
            let pipe = path.with_extension("pipe");
            plant("pipe", &pipe);
            let name = pipe.to_str().unwrap().as_bytes();
            let sum: u32 = name.iter().map(|byte| u32::from(*byte)).sum();
            let length = u32::try_from(name.len()).unwrap();
            let page = 1_u32 << 18;
            let magic = [0xd9, 0xd5, 0x05, 0xf9, 0x20, 0xa1, 0x63, 0xd7];
            let mut journal = [&magic[..], &[0; 504]].concat();
            journal.extend([&page.to_be_bytes()[..], name, &length.to_be_bytes()].concat());
            journal.extend([&sum.to_be_bytes()[..], &magic].concat());
            fs::write(path, journal).unwrap();
            set_mode(path, 0o600);
        }
    }
}

const COMMANDS: [&[&str]; 9] = [
    &["get", "--min-ttl", "50m"],
    &["token"],
    &["status"],
    &["log"],
    &["refresh"],
    &["keepalive", "--after", "0s"],
    &["export", "-"],
    &["doctor", "--offline"],
    &["doctor", "--offline", "--repair"],
];

#[test]
fn a_pipe_or_device_beside_a_database_is_not_waited_for() {
    std::thread::scope(|scope| {
        for kind in ["pipe", "socket", "folder", "device", "a journal of two databases"] {
            scope.spawn(move || {
                for database in ["store.db", "events.db"] {
                    // Every ending with what is waited for; of what is no file, one is enough to be refused.
                    let endings = match kind {
                        "pipe" | "device" => &["-journal", "-wal", "-shm"][..],
                        "socket" => &["-wal"],
                        "folder" => &["-shm"],
                        _ => &["-journal"],
                    };
                    for ending in endings {
                        planted(kind, database, ending);
                    }
                }
            });
        }
    });
}

fn planted(kind: &str, database: &str, ending: &str) {
    let world = World::logged_in();
    world.concur(["logout"]).ok();
    world.login("default", &world.sandbox.app().clone());
    fs::remove_file(world.state_dir().join("ticket")).unwrap();
    plant(kind, &world.state_dir().join(format!("{database}{ending}")));
    for command in COMMANDS {
        let output = ended(&world, command);
        let what = format!("{kind} as {database}{ending}: {command:?}\n{output:?}");
        let of_log = command[0] == "log";
        if command.contains(&"--repair") {
            // What is put aside with a new start is no fault any more.
            assert!([Some(0), Some(6)].contains(&output.code), "{what}");
        } else if command[0] == "doctor" {
            assert_eq!(output.code, Some(6), "{what}");
            assert!(output.text().contains(&format!("{database}{ending}")), "{what}");
        } else if of_log == (database == "events.db") {
            assert_eq!(output.code, Some(6), "{what}");
            assert!(output.stderr.contains(ending), "{what}");
        } else {
            assert_eq!(output.code, Some(0), "the other database is all right: {what}");
        }
    }
}

/// `record` with all of its columns, out of nothing and without end.
fn endless_view(world: &World, table: &str) -> String {
    let columns: Vec<String> = {
        let database = world.database();
        let sql = format!("SELECT name FROM pragma_table_info('{table}')");
        let mut names = database.prepare(&sql).unwrap();
        names.query_map([], |row| row.get(0)).unwrap().map(Result::unwrap).collect()
    };
    let values: Vec<String> = columns.iter().map(|column| format!("kept.{column}")).collect();
    format!(
        "PRAGMA foreign_keys = OFF; ALTER TABLE {table} RENAME TO kept; \
         CREATE VIEW {table} ({}) AS WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) \
         SELECT {} FROM n, kept",
        columns.join(", "),
        values.join(", ")
    )
}

#[test]
fn an_endless_schema_is_refused() {
    let doubled = (1..40).map(|level| {
        let below = level - 1;
        format!("CREATE VIEW v{level} AS SELECT a.one FROM v{below} a, v{below} b;")
    });
    let doubled = format!(
        "ALTER TABLE meta RENAME TO kept; CREATE VIEW v0 AS SELECT * FROM kept; {} \
         CREATE VIEW meta AS SELECT kept.* FROM kept, v39",
        doubled.collect::<String>()
    );
    let writable = |table: &str, more: &str| {
        format!(
            "PRAGMA writable_schema = ON; UPDATE sqlite_schema SET sql = replace(sql, ') STRICT', \
             ', {more}) STRICT') WHERE name = '{table}'"
        )
    };
    let pattern = "CHECK (''x'' NOT GLOB ''*a*'' AND replace(hex(zeroblob(30000)), ''0'', ''a'') \
                   NOT GLOB ''*a*a*a*a*a*a*a*a*a*b'')";
    let mut edits: Vec<(String, String, bool)> = ["record", "meta", "application"]
        .map(|table| (format!("{table} as a view"), endless_view(&World::logged_in(), table), true))
        .into();
    edits.push(("views that double".to_owned(), doubled, true));
    edits.push(("a pattern".to_owned(), writable("record", pattern), false));
    edits.push((
        "a trigger".to_owned(),
        "CREATE TRIGGER t AFTER UPDATE ON record BEGIN DELETE FROM record WHERE id IN ( \
         WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT i FROM n); END"
            .to_owned(),
        false,
    ));
    edits.push((
        "a row of 60 MB".to_owned(),
        "UPDATE record SET refresh_token = zeroblob(60000000)".to_owned(),
        // Who needs no refresh token does not read it.
        false,
    ));
    edits.push((
        "a name of 60 MB".to_owned(),
        "UPDATE application SET name = hex(zeroblob(30000000))".to_owned(),
        false,
    ));
    std::thread::scope(|scope| {
        for (what, sql, is_refused) in edits {
            scope.spawn(move || refused(&what, &sql, is_refused));
        }
    });
}

fn refused(what: &str, sql: &str, is_refused: bool) {
    let world = World::logged_in();
    world.database().execute_batch(sql).unwrap();
    let asked = world.token_requests();
    for command in COMMANDS {
        let output = ended(&world, command);
        if is_refused && !["log", "doctor"].contains(&command[0]) {
            assert_eq!(output.code, Some(6), "{what}: {command:?}\n{output:?}");
            assert!(output.stdout.is_empty(), "{what}: {command:?}\n{output:?}");
            assert_eq!(world.token_requests(), asked, "{what}: {command:?}");
        }
    }
}

#[test]
fn an_endless_audit_log_is_refused() {
    let world = World::logged_in();
    let events = rusqlite::Connection::open(world.state_dir().join("events.db")).unwrap();
    let edit = "ALTER TABLE event RENAME TO kept; CREATE VIEW event AS \
                WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) \
                SELECT kept.* FROM n, kept";
    events.execute_batch(edit).unwrap();
    drop(events);
    for command in COMMANDS {
        let output = ended(&world, command);
        let is_log = command[0] == "log";
        assert!(is_log || output.code == Some(0) || command[0] == "doctor", "{output:?}");
        if is_log {
            let output = output.code(6).says("edited or damaged");
            let output = output.says("concur-cred doctor --repair");
            assert!(output.stdout.is_empty(), "{output:?}");
        }
    }
}
