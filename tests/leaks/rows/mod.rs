//! The scenarios: every command, with success and with failure.

mod keys;
mod logins;
mod maintenance;
mod profiles;
mod tokens;
mod using;

use super::scene::Scene;

/// One scenario.
pub(crate) struct Row {
    /// The words of the command, as `--help` lists them.
    pub(crate) command: &'static str,
    /// The exit code; 0 is success.
    pub(crate) code: i32,
    /// Its description.
    pub(crate) what: &'static str,
    /// Its initial home.
    pub(crate) home: fn(bool) -> Scene,
    /// Runs it; returns the exit code.
    pub(crate) act: fn(&mut Scene) -> Option<i32>,
}

/// A scenario in a home that is in use.
const fn row(
    command: &'static str,
    code: i32,
    what: &'static str,
    act: fn(&mut Scene) -> Option<i32>,
) -> Row {
    Row { command, code, what, home: Scene::in_use, act }
}

/// A scenario before the first login.
const fn first(
    command: &'static str,
    code: i32,
    what: &'static str,
    act: fn(&mut Scene) -> Option<i32>,
) -> Row {
    Row { command, code, what, home: Scene::new, act }
}

/// The same, only by http: the browser of these tests has no https.
const fn by_http(
    command: &'static str,
    code: i32,
    what: &'static str,
    act: fn(&mut Scene) -> Option<i32>,
) -> Row {
    Row { command, code, what, home: |_| Scene::new(false), act }
}

/// All of them.
pub(crate) fn all() -> Vec<&'static Row> {
    [logins::ROWS, tokens::ROWS, using::ROWS, profiles::ROWS, maintenance::ROWS, keys::ROWS]
        .into_iter()
        .flatten()
        .collect()
}
