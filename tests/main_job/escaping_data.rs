//! More text from outside: every cell of both databases, bytes that are not UTF-8, messages of other
//! programs, and data that is printed unchanged on request.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt as _;
use std::path::{Path, PathBuf};

use concur_sandbox::Fault;
use rusqlite::Connection;
use serde_json::{Value, json};

use super::escaping::{HOSTILE, all_looks, assert_harmless, harmless, shows_harmless};
use crate::harness::terminal::Terminal;
use crate::harness::{Run, World, cells, program, skipped};

/// No UTF-8: lone bytes, half a character, a surrogate, C1; and what is UTF-8 and hostile.
const BYTES: &[u8] =
    b"a\xff\xfe\x1b[2J\x9b\x80\xed\xa0\x80\xe2\x80\xae\xc2\x9b\xf0\x9f\r\nFORGED\xe2\x82";

/// Both streams are text, and harmless.
fn harmless_text(run: Run) {
    let output = run.start().child.wait_with_output().unwrap();
    for stream in [output.stdout, output.stderr] {
        let text = String::from_utf8(stream).unwrap_or_else(|error| panic!("{error:?}"));
        let is_harmless = |c: char| c == '\n' || !(c.is_control() || c == '\u{202e}');
        assert!(text.chars().all(is_harmless), "{text:?}");
        assert!(!text.lines().any(|line| line.starts_with("FORGED")), "{text}");
    }
}

/// What prints what is stored as data, for scripts.
const DATA: [&[&str]; 9] = [
    &["get", "--cached"],
    &["get", "--format", "json"],
    &["get", "--format", "env"],
    &["get", "--format", "git"],
    &["get", "--format", "powershell"],
    &["export", "-"],
    &["exec", "--", "true"],
    &["api", "/sandbox/echo"],
    &["logout", "--profile", "nobody"],
];

/// The columns of a database that hold text or bytes.
fn columns(file: &Path) -> Vec<(String, String)> {
    let database = Connection::open(file).unwrap();
    let sql = "SELECT t.name, c.name FROM sqlite_schema t, pragma_table_info(t.name) c \
               WHERE t.type = 'table' AND c.type IN ('TEXT', 'BLOB')";
    let mut statement = database.prepare(sql).unwrap();
    let rows = statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?))).unwrap();
    rows.map(Result::unwrap).collect()
}

/// Whatever stands in one cell: as text, and as bytes.
#[test]
fn control_characters_in_any_database_cell_are_escaped() {
    let world = World::logged_in();
    drop(world.concur(["use", "default"]).ok());
    let mut seen = 0;
    for file in ["store.db", "events.db"] {
        let file = world.state_dir().join(file);
        let whole = std::fs::read(&file).unwrap();
        for (table, column) in columns(&file) {
            for expression in ["CAST(?1 AS TEXT)", "CAST(?1 AS BLOB)"] {
                let bytes = if expression.ends_with("BLOB)") { BYTES } else { HOSTILE.as_bytes() };
                let sql = format!("UPDATE {table} SET {column} = {expression}");
                // A column of the other type takes none of it.
                let Ok(rows) = Connection::open(&file).unwrap().execute(&sql, [bytes]) else {
                    continue;
                };
                assert!(rows > 0, "{sql}");
                seen += 1;
                all_looks(|look| world.concur(look));
                // None of these reads the audit log.
                for command in DATA.iter().filter(|_| file.ends_with("store.db")) {
                    harmless(world.concur(*command));
                }
                harmless(world.concur(["refresh", "--all"]));
                std::fs::write(&file, &whole).unwrap();
            }
        }
    }
    assert!(seen >= 30, "{seen} columns took it");
}

#[test]
fn an_edited_audit_log_is_escaped_for_people_and_exact_in_json() {
    let world = World::logged_in();
    let events = Connection::open(world.state_dir().join("events.db")).unwrap();
    events.execute("UPDATE event SET detail = ?1", [HOSTILE]).unwrap();
    shows_harmless(world.concur(["log"]));
    shows_harmless(world.concur(["log", "--json"]));
    let lines = world.concur(["log", "--json"]).ok();
    let first: Value = serde_json::from_str(lines.text().lines().next().unwrap()).unwrap();
    assert_eq!(first["detail"], HOSTILE);
}

#[test]
fn json_with_a_token_in_it_is_escaped_and_means_the_same() {
    let world = World::logged_in();
    let value = json!(HOSTILE);
    world.sandbox.push_fault(Fault::OverrideField { name: "scope".to_owned(), value });
    drop(world.concur(["refresh"]).output());
    let sql = "UPDATE record SET principal = ?1";
    assert_eq!(world.database().execute(sql, [HOSTILE]).unwrap(), 1);
    cells::bind(&world);
    for (command, key) in [
        (&["get", "--format", "json"][..], "company_uuid"),
        (&["export", "-"], "companyUUID"),
        (&["export", "-"], "scope"),
    ] {
        let output = world.concur(command).output();
        assert_harmless(&output);
        assert_eq!(output.json()[key], HOSTILE, "{output:?}");
    }
    drop(world.concur(["export", "tokens.json"]).ok());
    let file = std::fs::read(world.work().join("tokens.json")).unwrap();
    assert_eq!(serde_json::from_slice::<Value>(&file).unwrap()["scope"], HOSTILE);
}

#[test]
fn arguments_variables_and_requests_that_are_not_utf8_are_escaped() {
    let world = World::logged_in();
    let odd = OsStr::from_bytes(BYTES);
    for words in [
        &["get"][..],
        &["--profile"],
        &["get", "--format"],
        &["import"],
        &["login", "--credentials"],
        &["login", "--base-url"],
        &["export"],
        &["api"],
        &["api", "/x", "-H"],
        &["api", "/x", "--input"],
        &["exec", "--"],
        &["completions"],
        &["doctor", "--offline", "--report"],
        &["--config"],
    ] {
        harmless_text(world.concur(words).arg(odd));
    }
    for name in
        ["PROFILE", "HOME", "CONFIG", "TRACE", "KEY_FILE", "CA_BUNDLE", "PROXY", "ALLOWED_ORIGINS"]
    {
        for look in [&["status"][..], &["refresh"], &["doctor", "--offline"], &["config", "show"]] {
            harmless_text(world.concur(look).env(&format!("CONCUR_CRED_{name}"), odd));
        }
    }
    for start in ["", "protocol=https\nhost=", "{\"uri\":\""] {
        for command in ["get", "store", "erase"] {
            harmless_text(
                world.concur([command]).stdin([start.as_bytes(), BYTES, b"\n\n"].concat()),
            );
        }
    }
    let file = world.write("odd.json", [b"{\"appID\":\"", BYTES, b"\"}"].concat());
    harmless_text(world.concur(["import"]).arg(&file));
    harmless_text(world.concur(["login", "--credentials"]).arg(&file));
    let locks = world.state_dir().join("locks");
    for entry in std::fs::read_dir(locks).unwrap() {
        std::fs::write(entry.unwrap().path(), BYTES).unwrap();
    }
    all_looks(|look| world.concur(look));
}

/// A folder in front of PATH with a program that says so on both streams, and fails.
fn said_by(world: &World, program: &str) -> PathBuf {
    let folder = world.work().join("fake");
    std::fs::create_dir_all(&folder).unwrap();
    std::fs::write(folder.join("text"), [HOSTILE.as_bytes(), b"\n", BYTES].concat()).unwrap();
    let file = folder.join(program);
    let text = folder.join("text").display().to_string();
    program::script(&file, &format!("#!/bin/sh\ncat '{text}' >&2\ncat '{text}'\nexit 1\n"));
    folder
}

#[test]
fn messages_of_other_programs_are_escaped() {
    let world = World::logged_in();
    for (program, commands) in [
        (
            "git",
            &[&["doctor", "--offline"][..], &["configure-git"], &["configure-git", "--unset"]][..],
        ),
        (
            "systemctl",
            &[&["keepalive", "--install", "systemd"], &["keepalive", "--uninstall", "systemd"]],
        ),
        ("crontab", &[&["keepalive", "--install", "cron"], &["keepalive", "--uninstall", "cron"]]),
    ] {
        let folder = said_by(&world, program);
        let path = format!("{}:{}", folder.display(), std::env::var("PATH").unwrap());
        for command in commands {
            harmless_text(world.concur(*command).env("PATH", &path));
        }
    }
}

/// A body goes through as it is; on a terminal it is shown.
#[test]
fn api_answers_are_escaped_on_a_terminal() {
    let world = World::logged_in();
    let body = json!({ "name": HOSTILE, "lines": "a\r\nb" }).to_string();
    let answer = || {
        let content_type = "application/json".to_owned();
        let body = body.clone().into_bytes();
        let fault = Fault::RawBody { status: 200, content_type, body };
        world.sandbox.push_faults_at("/sandbox/", 1, fault);
    };
    answer();
    assert_eq!(world.concur(["api", "/sandbox/echo"]).ok().text(), body);
    answer();
    let Some(terminal) = Terminal::start(&world, 300, "api -i /sandbox/echo", &[]) else {
        return skipped("there is no script(1) to make a terminal with");
    };
    let (code, shown) = terminal.end();
    assert_eq!(code, Some(0), "{shown}");
    let is_harmless =
        |c: char| !c.is_control() && !['\u{202e}', '\u{200b}', '\u{e0041}'].contains(&c);
    assert!(shown.chars().all(|c| ['\n', '\r'].contains(&c) || is_harmless(c)), "{shown:?}");
    let (head, json) = shown.split_once('{').unwrap();
    assert!(head.to_lowercase().contains("content-type: application/json"), "{head}");
    let value: Value = serde_json::from_str(&format!("{{{json}")).unwrap();
    assert_eq!(value["name"], HOSTILE, "it is the same JSON");
    assert!(json.starts_with("\r\n  \"") && json.ends_with("\r\n}\r\n"), "indented: {json}");
}
