//! `status --long` on screens of several widths: nothing is cut, whatever the width.
#![cfg(target_os = "linux")]

use crate::harness::terminal::{Terminal, screen};
use crate::harness::{World, skipped};

/// Two profiles, the second with problems.
fn world() -> World {
    let world = World::new();
    world.login("acme", &world.sandbox.app().clone());
    let other = world.sandbox.add_company();
    world.login("globex", &other);
    world.expire("globex");
    let sql = "UPDATE record SET refresh_expires_at = refresh_expires_at - 160 * 86400 \
               WHERE profile = 'globex'";
    world.database().execute(sql, []).unwrap();
    world.concur(["use", "acme"]).ok();
    world
}

/// What `status --long` shows on a screen of this width.
fn shown(world: &World, columns: u16, env: &[(&str, &str)]) -> Option<String> {
    let Some(terminal) = Terminal::start(world, columns, "status --long", env) else {
        skipped("there is no script(1) to make a terminal with");
        return None;
    };
    let (code, shown) = terminal.end();
    assert_eq!(code, Some(0), "{shown}");
    Some(shown)
}

#[test]
fn nothing_is_cut_and_no_line_is_wider_than_the_screen() {
    let world = world();
    let company = world.sandbox.app().company_uuid.clone();
    for (columns, bar) in [40, 60, 80, 120, 200].into_iter().flat_map(|c| [(c, "#"), (c, "█")]) {
        let locale = if bar == "█" { "C.UTF-8" } else { "C" };
        let Some(text) = shown(&world, columns, &[("LC_ALL", locale)]) else { return };
        let lines = screen(&text);
        for line in &lines {
            assert!(line.chars().count() <= usize::from(columns), "{columns}: {line:?}");
        }
        let all = lines.join("\n");
        let full = if bar == "█" { "█".repeat(10) } else { format!("[{}]", "#".repeat(10)) };
        for whole in
            ["acme*", "globex", world.host(), "60 min", "in 182 d", "in 22 d", "expired", &full]
        {
            assert!(all.contains(whole), "{whole} at {columns}:\n{all}");
        }
        let words = ["22 days left", "just"];
        assert!(words.iter().all(|word| all.contains(word)) || columns != 120, "{columns}:\n{all}");
        let is_table = all.contains("REFRESH TOKEN");
        assert_eq!(is_table, columns >= 120, "{columns}:\n{all}");
        // Where a table fits without this column, the column is left out.
        assert_eq!(all.contains(&company), columns != 120, "{columns}:\n{all}");
        assert!(columns < 120 || lines.len() == 4, "a line a profile at {columns}:\n{all}");
    }
}

#[test]
fn colours_show_the_urgency() {
    let world = world();
    let Some(text) = shown(&world, 80, &[]) else { return };
    assert!(text.contains("\u{1b}[32m[##########]"), "green: {text:?}");
    assert!(
        text.contains("\u{1b}[33m[#.........]"),
        "yellow, three weeks before its end: {text:?}"
    );
    assert!(!text.contains("\u{1b}[31m"), "nothing is red: {text:?}");
    let Some(late) = shown(&world, 80, &[("CONCUR_CRED_WARN_BEFORE", "1d")]) else { return };
    assert!(!late.contains("\u{1b}[33m"), "{late:?}");
    world.database().execute("UPDATE record SET attempt_outcome = 'condemned'", []).unwrap();
    let Some(invalid) = shown(&world, 80, &[]) else { return };
    assert!(invalid.contains("\u{1b}[31m[..........]\u{1b}[0m refused"), "red: {invalid:?}");
    let Some(plain) = shown(&world, 80, &[("NO_COLOR", "1")]) else { return };
    assert!(!plain.contains('\u{1b}'), "{plain:?}");
}

#[test]
fn a_pipe_gets_a_line_a_profile_however_long() {
    let world = world();
    let output = world
        .concur(["status", "--long"])
        .env("COLUMNS", "40")
        .env("LANG", "C.UTF-8")
        .ok()
        .silent();
    assert_eq!(output.text().lines().count(), 3, "{output:?}");
    assert!(output.text().contains("[##########] in 182 d, 20"), "{output:?}");
    let coloured = world.concur(["status", "--long", "--color", "always"]).ok();
    assert!(coloured.text().contains("\u{1b}[32m"), "{coloured:?}");
}
