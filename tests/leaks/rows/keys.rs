//! The key: shown, moved and replaced.

use super::super::scene::{Scene, odd};
use super::tokens::wrong_settings;
use super::{Row, row};

/// A key of 32 bytes that are found in every encoding.
fn key(s: &mut Scene, kind: &'static str) -> Vec<u8> {
    let key = odd("k3y").into_bytes()[..32].to_vec();
    s.secrets.add(kind, &key);
    key
}

fn base64(key: &[u8]) -> String {
    base64::Engine::encode(&base64::prelude::BASE64_STANDARD, key)
}

/// A key in a variable.
fn in_a_variable(s: &mut Scene) {
    let key = base64(&key(s, "key in the environment"));
    s.secrets.add("key in the environment", &key);
    s.env("CONCUR_CRED_KEY", key);
}

/// A key that a key command prints, from a file of the operator's.
fn by_a_command(s: &mut Scene, more: &str) {
    let key = key(s, "key that a command prints");
    let file = s.given("vault", key);
    let script = format!("cat '{}'{more}", file.display());
    s.configure(&format!("key_command = [\"sh\", \"-c\", {}]\n", serde_json::json!(script)));
}

/// The key in the key file, which may be another one by now.
fn plant_the_file(s: &mut Scene) {
    let key = std::fs::read(s.world.config_dir().join("key")).unwrap();
    s.secrets.add("key in the key file", key);
}

pub(super) const ROWS: &[Row] = &[
    row("key show-source", 0, "valid, wrong and missing, for people and for scripts", |s| {
        in_a_variable(s);
        let _ = s.run(&["key", "show-source"]).code(0);
        let file = s.world.config_dir().join("key");
        std::fs::write(&file, [9; 32]).unwrap();
        let _ = s.run(&["key", "show-source", "--json"]).code(0);
        std::fs::remove_file(&file).unwrap();
        s.code(&["key", "show-source"])
    }),
    row("key show-source", 6, "the settings are wrong, and a secret is among them", |s| {
        wrong_settings(s, &["key", "show-source"])
    }),
    row("key set-source", 0, "into a variable, to a command, and back into a file", |s| {
        in_a_variable(s);
        let _ = s.run(&["key", "set-source", "environment"]).code(0);
        by_a_command(s, "");
        let _ = s.run(&["key", "set-source", "command"]).code(0);
        let _ = s.run(&["refresh", "--profile", "default"]).code(0);
        let _ = s.run(&["config", "show"]).code(0);
        let code = s.code(&["key", "set-source", "file"]);
        plant_the_file(s);
        code
    }),
    row("key set-source", 6, "to a command that prints more than its key, and fails", |s| {
        by_a_command(s, "; echo more");
        let _ = s.run(&["key", "set-source", "command"]).code(6);
        by_a_command(s, "; exit 3");
        s.code(&["key", "set-source", "command"])
    }),
    row("key set-source", 6, "to a variable that holds no key", |s| {
        let text = odd("n0-key");
        s.secrets.add("key in the environment", &text);
        s.env("CONCUR_CRED_KEY", text);
        s.code(&["key", "set-source", "environment"])
    }),
    row("key rotate", 0, "a new key file; killed on the way first", |s| {
        for moment in ["next-written", "rotation-committed"] {
            s.env("CONCUR_CRED_TEST_FAILPOINT", format!("{moment}=kill"));
            let _ = s.code(&["key", "rotate"]);
            let next = s.world.config_dir().join("key.next");
            s.secrets.add("key in the key file", std::fs::read(next).unwrap());
        }
        s.env("CONCUR_CRED_TEST_FAILPOINT", "");
        let code = s.code(&["key", "rotate"]);
        plant_the_file(s);
        let _ = s.run(&["refresh", "--profile", "default"]).code(0);
        code
    }),
    row("key rotate", 6, "an old key that is another, or none", |s| {
        let other = key(s, "key in CONCUR_CRED_KEY_FILE");
        s.given("other.key", other);
        let text = odd("n0-key");
        s.secrets.add("secret in a malformed file", &text);
        s.given("none.key", &text);
        let file = s.world.config_dir().join("key");
        std::fs::write(&file, [9; 32]).unwrap();
        let _ = s.run(&["key", "rotate", "--old-key-file", "other.key"]).code(6);
        let _ = s.fed(&["key", "rotate", "--old-key-file", "-"], &text).code(6);
        s.code(&["key", "rotate", "--old-key-file", "none.key"])
    }),
    row("key rotate", 2, "a key from another source, without the old one", |s| {
        in_a_variable(s);
        let _ = s.run(&["key", "set-source", "environment"]).code(0);
        s.code(&["key", "rotate"])
    }),
];
