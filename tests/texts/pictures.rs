//! The pictures of a terminal in README.md: real runs against the sandbox. Its address is shown as that of a data
//! centre, and every time as the same one, or no picture would stay.

use std::fmt::Write as _;

use concur_sandbox::{App, Config};
use regex::Regex;
use snapbox::{Assert, Data};

use crate::harness::terminal::Terminal;
use crate::harness::{World, moment, skipped};

const COLUMNS: u16 = 84;

/// A world whose ids are the same in every run.
fn world() -> World {
    let id = |digit: u8| format!("8ecde207-4f00-4000-8000-00000000000{digit}");
    let app = App { client_id: id(1), company_uuid: id(2), ..App::made_up() };
    let world = World::with(Config { app: Some(app), ..Config::default() });
    world.write("credentials.json", world.sandbox.credentials_json());
    world
}

/// What a person sees who types these; beside each, what is run for it.
fn session(world: &World, commands: &[(&str, &str)]) -> Option<String> {
    let mut script = String::new();
    for (typed, run) in commands {
        let _ = write!(script, "printf '%s\\n' '$ {typed}'; {run}; echo; ");
    }
    let env = [("LC_ALL", "C.UTF-8"), ("TZ", "UTC")];
    let Some(terminal) = Terminal::shell(world, COLUMNS, &script, &env) else {
        skipped("there is no script(1) to make a terminal with");
        return None;
    };
    let (code, shown) = terminal.end();
    assert_eq!(code, Some(0), "{shown}");
    Some(settled(world, &shown))
}

/// Without what differs from run to run.
fn settled(world: &World, shown: &str) -> String {
    let mut text = shown.replace("\r\n", "\n").trim_end().to_owned();
    text = text.replace(world.sandbox.origin(), "us2").replace(world.host(), "us2");
    for (what, shown) in [
        (r"until [0-9]{1,2} [A-Z][a-z]{2}( [0-9]{4})? \([0-9]+ d\)", "until 29 May 2027 (182 d)"),
        (r"since [0-9]{1,2} [A-Z][a-z]{2}( [0-9]{4})?", "since 3 Jun"),
        (r"since [0-9]{2}:[0-9]{2}", "since 22:34"),
        (r"\(?[0-9]{4}-[0-9]{2}-[0-9]{2}\)", "(2027-05-29)"),
    ] {
        text = Regex::new(what).unwrap().replace_all(&text, shown).into_owned();
    }
    // At the right edge of the line.
    let time = Regex::new(r" +[0-9]{1,2} [A-Z][a-z]{2} [0-9]{2}:[0-9]{2} UTC").unwrap();
    let at_the_edge =
        |found: &regex::Captures<'_>| format!("{:>1$}", "28 Nov 22:34 UTC", found[0].len());
    time.replace_all(&text, at_the_edge).into_owned()
}

/// Compares with the picture of this name.
fn is(shown: &str, name: &str) {
    let file = super::root().join("docs/pictures").join(format!("{name}.term.svg"));
    let assert = Assert::new().action_env(snapbox::assert::DEFAULT_ACTION_ENV);
    assert.eq(Data::text(shown), Data::read_from(&file, None));
}

#[test]
fn the_picture_of_the_first_token_is_a_real_run() {
    let world = world();
    let login = format!("concur-cred login --base-url {}", world.sandbox.origin());
    let users = r#"concur-cred api "/profile/identity/v4.1/Users?count=1""#;
    let Some(shown) = session(&world, &[("concur-cred login us2", &login), (users, users)]) else {
        return;
    };
    is(&shown, "first-token");
}

#[test]
fn the_picture_of_twelve_profiles_is_a_real_run() {
    let world = world();
    let app = world.sandbox.app().clone();
    let names = ["globex", "weyland", "initech", "acme", "batch"].map(str::to_owned);
    for name in names.into_iter().chain((1..8).map(|number| format!("other{number}"))) {
        world.login(&name, &app);
    }
    world.concur(["use", "acme"]).ok();
    let now = moment::now();
    let ended = |outcome: &str, code: i64| {
        format!("attempt_outcome = '{outcome}', attempt_code = {code}, attempt_ended_at = {now}")
    };
    let (left, used) = (now + 21 * 86_400 + 60, now - 160 * 86_400);
    for (profile, what) in [
        ("globex", ended("rejected", 64)),
        ("weyland", ended("condemned", 108)),
        ("initech", format!("refresh_expires_at = {left}, refreshed_at = {used}")),
    ] {
        let sql = format!("UPDATE record SET {what} WHERE profile = ?1");
        world.database().execute(&sql, [profile]).unwrap();
    }
    let status = "concur-cred status";
    let Some(shown) = session(&world, &[(status, status)]) else { return };
    is(&shown, "status");
}
