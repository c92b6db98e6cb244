//! Helpers shared by these tests.

use concur_sandbox::Config;
use rusqlite::types::Value;

pub(super) use crate::harness::moment::now;
use crate::harness::{Output, World};

/// Every row of the token database, for "nothing was changed".
pub(super) fn snapshot(world: &World) -> Vec<Vec<Value>> {
    if !world.store_file().exists() {
        return Vec::new();
    }
    let database = world.database();
    let mut all = Vec::new();
    for table in ["meta", "application", "record"] {
        let mut statement = database.prepare(&format!("SELECT * FROM {table}")).unwrap();
        let columns = statement.column_count();
        let rows = statement.query_map([], |row| (0..columns).map(|at| row.get(at)).collect());
        all.extend(rows.unwrap().map(Result::unwrap));
    }
    all
}

/// `get` under git's name for the sandbox's host, with more lines.
pub(super) fn get(world: &World, more: &str) -> Output {
    world.helper(["get"]).stdin(world.request(more)).ok()
}

/// `get` under git's name for any request.
pub(super) fn ask(world: &World, request: impl Into<Vec<u8>>) -> Output {
    world.helper(["get"]).stdin(request).ok()
}

/// `store` under git's name; it prints nothing.
pub(super) fn store(world: &World, request: impl Into<Vec<u8>>) {
    let output = world.helper(["store"]).stdin(request).ok().silent();
    assert!(output.stdout.is_empty(), "store prints nothing\n{output:?}");
}

/// `erase` under git's name; it prints nothing.
pub(super) fn erase(world: &World, request: impl Into<Vec<u8>>) {
    let output = world.helper(["erase"]).stdin(request).ok().silent();
    assert!(output.stdout.is_empty(), "erase prints nothing\n{output:?}");
}

/// A service whose request tokens are valid for one login: no company grant after code 108.
pub(super) fn one_login() -> Config {
    Config { request_token_uses: Some(1), ..Config::default() }
}

/// Asserts an empty answer.
pub(super) fn assert_nothing(output: &Output) {
    assert!(output.stdout.is_empty(), "nothing on stdout\n{output:?}");
}
