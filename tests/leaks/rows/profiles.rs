//! Profiles: shown, chosen, renamed, written out.

use super::super::scene::odd;
use super::tokens::wrong_settings;
use super::{Row, first, row};

pub(super) const ROWS: &[Row] = &[
    row("status", 0, "of all, in every way", |s| {
        let _ = s.run(&["status"]).code(0);
        let _ = s.run(&["status", "--check"]).code(0);
        s.code(&["status", "--json"])
    }),
    row("status", 6, "the settings are wrong, and a secret is among them", |s| {
        wrong_settings(s, &["status"])
    }),
    row("status", 3, "monitoring asks, and the settings are wrong", |s| {
        wrong_settings(s, &["status", "--check"])
    }),
    row("use", 0, "another one", |s| s.code(&["use", "copy"])),
    row("use", 3, "one that is not there", |s| s.code(&["use", "nobody"])),
    row("rename", 0, "one", |s| s.code(&["rename", "copy", "other"])),
    row("rename", 2, "to a name that is taken", |s| s.code(&["rename", "copy", "default"])),
    row("export", 0, "to a file and to stdout", |s| {
        let _ = s.asked_into("out.json").run(&["export", "out.json"]).code(0);
        s.asks().code(&["export", "-", "--profile", "copy"])
    }),
    row("export", 2, "a file that is there, and a place that is none", |s| {
        s.given("out.json", odd("untouched"));
        let _ = s.code(&["export", "no/such/folder/out.json"]);
        s.code(&["export", "out.json"])
    }),
    row("export", 6, "cells that do not open", |s| {
        let spoil = "UPDATE record SET refresh_token = zeroblob(80) WHERE profile = 'default'";
        s.world.database().execute(spoil, []).unwrap();
        s.code(&["export", "-"])
    }),
    first("export", 3, "before the first login", |s| s.code(&["export", "-"])),
];
