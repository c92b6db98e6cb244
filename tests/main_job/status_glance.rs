//! `status` at a glance: a row a profile on screens of several widths, what needs a person first.

use crate::harness::terminal::{Terminal, screen};
use crate::harness::{World, skipped};

const UTF_8: &[(&str, &str)] = &[("LC_ALL", "C.UTF-8"), ("TZ", "UTC")];
const ASCII: &[(&str, &str)] = &[("LC_ALL", "C"), ("TZ", "UTC")];

/// Changes one profile's record.
fn set(world: &World, profile: &str, what: &str) {
    let sql = format!("UPDATE record SET {what} WHERE profile = ?1");
    world.database().execute(&sql, [profile]).unwrap();
}

/// Twelve profiles of one application, of which two need a person now and one soon.
fn twelve() -> World {
    let world = World::new();
    let app = world.sandbox.app().clone();
    let names = ["globex", "weyland", "initech", "acme", "batch"].map(str::to_owned);
    for name in names.into_iter().chain((1..8).map(|number| format!("other{number}"))) {
        world.login(&name, &app);
    }
    world.concur(["use", "acme"]).ok();
    let now = crate::harness::moment::now();
    let ended = |outcome: &str, code: i64| {
        format!("attempt_outcome = '{outcome}', attempt_code = {code}, attempt_ended_at = {now}")
    };
    set(&world, "globex", &ended("rejected", 64));
    set(&world, "weyland", &ended("condemned", 108));
    let (left, used) = (now + 21 * 86_400 + 60, now - 160 * 86_400);
    set(&world, "initech", &format!("refresh_expires_at = {left}, refreshed_at = {used}"));
    world
}

/// What `concur-cred ARGS` shows on a screen of this width; `None` where there is no terminal to be had.
fn shown(world: &World, columns: u16, args: &str, env: &[(&str, &str)]) -> Option<String> {
    let Some(terminal) = Terminal::start(world, columns, args, env) else {
        skipped("there is no script(1) to make a terminal with");
        return None;
    };
    let (code, shown) = terminal.end();
    assert_eq!(code, Some(0), "{shown}");
    Some(shown)
}

#[test]
fn one_look_says_who_needs_what() {
    let world = twelve();
    let Some(text) = shown(&world, 100, "status", UTF_8) else { return };
    let lines = screen(&text);
    let host = world.host();
    assert!(lines[0].starts_with("12 profiles, 2 need you  "), "{lines:#?}");
    assert!(lines[0].ends_with(" UTC") && lines[0].chars().count() == 78, "{lines:#?}");
    assert_eq!(lines[1], "");
    let begins = [
        format!("✗ globex      {host}   wrong client secret since "),
        format!("{:14}-> concur-cred set-secret --profile globex", ""),
        format!("✗ weyland     {host}   log in again: refresh token refused (code 108)"),
        format!("{:14}-> concur-cred login --profile weyland   (needs a new request token)", ""),
        format!("! initech     {host}   21 days left, not refreshed since "),
        format!("{:14}-> concur-cred keepalive --install systemd", ""),
        format!("✓ acme    *   {host}   ok   valid until "),
        format!("✓ batch       {host}   ok   valid until "),
    ];
    for (line, begin) in lines[2..].iter().zip(&begins) {
        assert!(line.starts_with(begin), "{begin}\n{lines:#?}");
    }
    assert!(lines[8].ends_with(" d)"), "{lines:#?}");
}

#[test]
fn every_row_and_command_is_whole_on_every_screen_from_60_columns() {
    let world = twelve();
    for (columns, env) in [60, 80, 120, 200].into_iter().flat_map(|c| [(c, UTF_8), (c, ASCII)]) {
        let Some(text) = shown(&world, columns, "status", env) else { return };
        let lines = screen(&text);
        for line in &lines {
            assert!(line.chars().count() <= usize::from(columns), "{columns}: {line:?}");
        }
        let marks: &[&str] =
            if env == UTF_8 { &["✗ ", "! ", "✓ "] } else { &["x  ", "!  ", "ok "] };
        let of = |mark: &str| lines.iter().filter(|line| line.starts_with(mark)).count();
        let counts: Vec<usize> = marks.iter().map(|mark| of(mark)).collect();
        assert_eq!(counts, [2, 1, 9], "a row a profile at {columns}\n{lines:#?}");
        assert_eq!(env == ASCII, text.is_ascii(), "{text:?}");
        for whole in [
            "-> concur-cred set-secret --profile globex",
            "-> concur-cred login --profile weyland",
            "(needs a new request token)",
            "-> concur-cred keepalive --install systemd",
            "wrong client secret",
            "log in again",
            "21 days left",
        ] {
            assert!(
                lines.iter().any(|line| line.contains(whole)),
                "{whole} at {columns}\n{lines:#?}"
            );
        }
        let detail = lines.iter().any(|line| line.contains("refresh token refused (code 108)"));
        assert_eq!(detail, columns >= 80, "{columns}\n{lines:#?}");
    }
}

#[test]
fn beyond_ten_without_trouble_all_are_listed_when_asked_for() {
    let world = twelve();
    for profile in ["globex", "weyland", "initech"] {
        world.concur(["refresh", "--profile", profile]).ok();
    }
    let glance = world.concur(["status"]).env("TZ", "UTC").ok().silent();
    let lines: Vec<&str> = glance.text().lines().collect();
    assert!(lines[0].starts_with("12 profiles, all ok  "), "{glance:?}");
    assert!(lines[2].starts_with("ok acme    *   "), "the default comes first\n{glance:?}");
    assert_eq!(lines.len(), 13, "{glance:?}");
    assert_eq!(lines[12], "  ... 2 more ok (--all)");
    let all = world.concur(["status", "--all"]).ok().silent();
    assert_eq!(all.text().lines().count(), 14, "{all:?}");
    assert!(!all.text().contains("more ok"), "{all:?}");
    let one = world.concur(["status", "--profile", "other7"]).ok();
    assert!(one.text().starts_with("1 profile, ok  "), "{one:?}");
    let Some(text) = shown(&world, 80, "status", UTF_8) else { return };
    assert!(text.contains("  … 2 more ok (--all)"), "{text:?}");
}

#[test]
fn profiles_that_one_command_fixes_name_it_once() {
    let world = twelve();
    std::fs::remove_file(world.config_dir().join("key")).unwrap();
    let glance = world.concur(["status"]).ok();
    assert!(glance.text().starts_with("12 profiles, 12 need you  "), "{glance:?}");
    assert_eq!(glance.text().matches("store key missing or wrong").count(), 12, "{glance:?}");
    assert_eq!(glance.text().matches("-> concur-cred doctor\n").count(), 1, "{glance:?}");
}

#[test]
fn colours_say_how_urgent_it_is_and_only_on_a_terminal_that_wants_them() {
    let world = twelve();
    let Some(text) = shown(&world, 80, "status", UTF_8) else { return };
    for mark in ["\u{1b}[31m✗\u{1b}[0m ", "\u{1b}[33m!\u{1b}[0m ", "\u{1b}[32m✓\u{1b}[0m "] {
        assert!(text.contains(mark), "{mark:?}: {text:?}");
    }
    let plain = [UTF_8, &[("NO_COLOR", "1")]].concat();
    let Some(text) = shown(&world, 80, "status", &plain) else { return };
    assert!(!text.contains('\u{1b}') && text.contains("✗ globex"), "{text:?}");
    let coloured = world.concur(["status", "--color", "always"]).ok();
    assert!(coloured.text().contains("\u{1b}[31mx \u{1b}[0m "), "{coloured:?}");
}

#[test]
fn a_pipe_gets_plain_rows_however_long() {
    let world = twelve();
    let output = world.concur(["status"]).env("COLUMNS", "40").env("LANG", "C.UTF-8").ok().silent();
    assert!(output.text().is_ascii(), "{output:?}");
    assert!(
        output.text().contains("log in again: refresh token refused (code 108)\n"),
        "{output:?}"
    );
    assert_eq!(output.text().lines().count(), 2 + 12 + 3, "{output:?}");
}

#[test]
fn the_labels_of_errors_are_coloured_on_a_terminal_that_wants_it() {
    let world = World::new();
    let red = "\u{1b}[31merror:";
    let Some(terminal) = Terminal::start(&world, 80, "token", &[]) else {
        return skipped("there is no script(1) to make a terminal with");
    };
    let (code, shown) = terminal.end();
    assert!(code == Some(3) && shown.contains(red), "{shown:?}");
    assert!(shown.contains("\u{1b}[36mhint:"), "{shown:?}");
    let plain = Terminal::start(&world, 80, "token", &[("NO_COLOR", "1")]).unwrap().end().1;
    assert!(plain.starts_with("error: ") && !plain.contains('\u{1b}'), "{plain:?}");
    let never = Terminal::start(&world, 80, "token --color never", &[]).unwrap().end().1;
    assert!(!never.contains('\u{1b}'), "{never:?}");
    let wrong = Terminal::start(&world, 80, "tokn", &[]).unwrap().end().1;
    assert!(
        wrong.contains(red) && wrong.contains("a similar subcommand exists: 'token'"),
        "{wrong}"
    );
    let piped = world.concur(["token"]).output();
    assert!(piped.stderr.starts_with("error: "), "{piped:?}");
    drop(world.concur(["token", "--color", "always"]).output().says(red));
}
