//! Helpers shared by these tests.

#![allow(dead_code, reason = "each platform uses its own part")]

use std::path::{Path, PathBuf};

use concur_sandbox::{Config, GrantType, User};
use serde_json::Value;

use crate::harness::World;

/// The user of the sandbox.
pub(crate) const EMAIL: &str = "erika@example.com";

/// A world whose service knows a user, and has every grant for the application but the browser's.
pub(crate) fn world_with_user() -> World {
    let mut config = Config { user: Some(User::made_up(EMAIL)), ..Config::default() };
    config.allowed_grants.push(GrantType::Otp);
    let world = World::with(config);
    write_application(&world);
    world
}

/// A `credentials.json` with App ID and secret alone.
pub(crate) fn write_application(world: &World) {
    let app = world.sandbox.app();
    let text = world.sandbox.credentials_json();
    let text = text.replace(&app.request_token, "").replace(&app.company_uuid, "");
    world.write("credentials.json", text);
}

/// The sandbox's user.
pub(crate) fn user(world: &World) -> User {
    world.sandbox.config().user.unwrap()
}

/// The one profile of `status --json`.
pub(crate) fn status(world: &World) -> Value {
    world.concur(["status", "--json"]).ok().json()["profiles"][0].clone()
}

/// Asserts that neither a file below the home nor the shown text contains any of these.
pub(crate) fn assert_nowhere(world: &World, shown: &str, secrets: &[&str]) {
    for secret in secrets {
        assert!(secret.len() >= 8, "long enough to be found by itself");
        assert!(!shown.contains(secret), "a secret is shown:\n{shown}");
        for file in files(&world.home()) {
            let bytes = std::fs::read(&file).unwrap();
            let found = bytes.windows(secret.len()).any(|part| part == secret.as_bytes());
            assert!(!found, "a secret is in {}", file.display());
        }
    }
}

/// Every file under `folder`.
pub(crate) fn files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut left = vec![folder.to_owned()];
    while let Some(next) = left.pop() {
        let Ok(entries) = std::fs::read_dir(&next) else { continue };
        for entry in entries {
            let path = entry.unwrap().path();
            if path.is_dir() { left.push(path) } else { found.push(path) }
        }
    }
    found
}

/// The login on this terminal succeeds; returns what was shown.
#[cfg(target_os = "linux")]
pub(crate) fn succeeds(world: &World, terminal: crate::harness::terminal::Terminal) -> String {
    let (code, shown) = terminal.end();
    assert_eq!(code, Some(0), "{shown}");
    world.concur(["get"]).ok().silent();
    assert_eq!(world.sandbox.violations(), [""; 0]);
    shown
}
