//! After a whole session secrets appear only where they were requested.

use std::path::{Path, PathBuf};

use base64::Engine as _;
use base64::prelude::{BASE64_STANDARD_NO_PAD, BASE64_URL_SAFE_NO_PAD};
use concur_sandbox::{App, Config, Fault, Rotation};

use super::support::{exported, tree};
use crate::harness::{Output, Run, World};

/// Secrets of a session under their names.
#[derive(Default)]
struct Secrets(Vec<(String, Vec<u8>)>);

impl Secrets {
    fn add(&mut self, name: impl Into<String>, secret: impl AsRef<[u8]>) {
        assert!(secret.as_ref().len() >= 8, "long enough to be found by itself");
        self.0.push((name.into(), secret.as_ref().to_owned()));
    }

    /// Records all currently stored tokens.
    fn add_stored(&mut self, world: &World) {
        let file = exported(world, "default");
        for name in ["access_token", "refresh_token", "id_token"] {
            self.add(name, file[name].as_str().unwrap());
        }
    }

    /// The names of the secrets in `bytes`, in any encoding.
    fn found_in(&self, bytes: &[u8]) -> Vec<String> {
        let mut found = Vec::new();
        for (name, secret) in &self.0 {
            for (spelling, form) in spellings(secret) {
                if contains(bytes, &form) {
                    found.push(format!("{name} ({spelling})"));
                }
            }
        }
        found
    }

    fn assert_absent(&self, bytes: &[u8], place: &str) {
        let found = self.found_in(bytes);
        assert!(found.is_empty(), "in {place}: {found:?}");
    }
}

/// Searches as text, with the standard library's optimised search; other bytes stay separate.
fn contains(bytes: &[u8], part: &[u8]) -> bool {
    match std::str::from_utf8(part) {
        Ok(part) => String::from_utf8_lossy(bytes).contains(part),
        Err(_) => bytes.windows(part.len()).any(|window| window == part),
    }
}

/// The secret as it is, URL-encoded, JSON-escaped, in hex, as a list of bytes, and in base64 at each
/// of its three alignments.
fn spellings(secret: &[u8]) -> Vec<(&'static str, Vec<u8>)> {
    let text = String::from_utf8_lossy(secret);
    let form: String = url::form_urlencoded::byte_serialize(secret).collect();
    let json = serde_json::Value::from(text).to_string();
    let hex: Vec<String> = secret.iter().map(|byte| format!("{byte:02x}")).collect();
    let hex = hex.concat();
    let list: Vec<String> = secret.iter().map(u8::to_string).collect();
    let mut all = vec![
        ("plain", secret.to_owned()),
        ("form-encoded", form.clone().into_bytes()),
        ("URL-encoded", form.replace('+', "%20").into_bytes()),
        ("JSON", json.trim_matches('"').as_bytes().to_owned()),
        ("hex", hex.clone().into_bytes()),
        ("HEX", hex.to_uppercase().into_bytes()),
        ("bytes", list.join(", ").into_bytes()),
    ];
    for skip in 0..3 {
        // Whole groups of three bytes: the same letters wherever such a group begins.
        let whole = &secret[skip..skip + (secret.len() - skip) / 3 * 3];
        all.push(("base64", BASE64_STANDARD_NO_PAD.encode(whole).into_bytes()));
        all.push(("base64url", BASE64_URL_SAFE_NO_PAD.encode(whole).into_bytes()));
    }
    all
}

#[test]
fn the_search_itself_finds_every_encoding() {
    let mut secrets = Secrets::default();
    secrets.add("s", "p@ss \"w\"/ö+&=%");
    for (spelling, form) in spellings(&secrets.0[0].1) {
        let hidden = [b"before".as_slice(), &form, b"after"].concat();
        assert!(!secrets.found_in(&hidden).is_empty(), "{spelling}");
    }
    let wrapped = base64::prelude::BASE64_STANDARD.encode("x: p@ss \"w\"/ö+&=%\n");
    assert!(!secrets.found_in(wrapped.as_bytes()).is_empty(), "inside a longer base64 text");
    assert!(secrets.found_in(b"nothing of it").is_empty());
}

/// A world whose secrets look different in each spelling.
fn world() -> (World, Secrets) {
    let app = App {
        client_secret: "cl13nt \"s3cret\" /ö+&=%".to_owned(),
        request_token: "r3quest \\t0ken\\ /ü?#".to_owned(),
        ..App::made_up()
    };
    let mut secrets = Secrets::default();
    secrets.add("client secret", &app.client_secret);
    secrets.add("request token", &app.request_token);
    let rotation = Rotation::NewRevokeFamily;
    (World::with(Config { app: Some(app), rotation, ..Config::default() }), secrets)
}

/// One session with tracing. Returns stderr, and stdout where no
/// secret was requested.
fn session(world: &World, secrets: &mut Secrets) -> Vec<u8> {
    let trace = world.home().join("trace");
    let mut said = Vec::new();
    let mut heard = |output: Output, asked_for_a_secret: bool| {
        said.extend(output.stderr.bytes());
        if !asked_for_a_secret {
            said.extend(&output.stdout);
        }
    };
    let concur = |args: &[&str]| -> Run { world.concur(args).env("CONCUR_CRED_TRACE", &trace) };
    let origin = world.sandbox.origin().to_owned();
    world.write("credentials.json", world.sandbox.credentials_json());
    for fault in [Fault::Code(19), Fault::Code(136)] {
        world.sandbox.push_fault(fault);
        heard(concur(&["login", "--base-url", &origin]).output(), false);
    }
    heard(concur(&["login", "--base-url", &origin]).ok(), false);
    secrets.add_stored(world);
    for format in ["token", "header", "json", "env", "curl"] {
        heard(concur(&["get", "--trace", "--format", format]).ok(), true);
    }
    let faults = [
        Fault::Code(59),
        Fault::Code(108),
        Fault::too_many_requests(900),
        Fault::TruncateBody,
        Fault::RawBody { status: 200, content_type: "text/html".to_owned(), body: b"<p>".to_vec() },
        Fault::Geolocation("https://user:pw@evil.example".to_owned()),
    ];
    for fault in faults {
        world.sandbox.push_fault(fault);
        heard(concur(&["refresh", "--trace"]).output(), false);
        secrets.add_stored(world);
    }
    world.expire("default");
    let request = world.request("username=x\npassword=hunter2-hunter2\n");
    secrets.add("a caller's password", "hunter2-hunter2");
    heard(concur(&["store"]).stdin(request.clone()).output(), true);
    heard(concur(&["get"]).stdin(world.request("")).output(), true);
    heard(concur(&["erase"]).stdin(request).output(), true);
    heard(concur(&["get", "--trace"]).output(), true);
    secrets.add_stored(world);
    for args in [&["status"][..], &["status", "--json"], &["log", "-n", "99"], &["log", "--json"]] {
        heard(concur(args).ok(), false);
    }
    heard(concur(&["export", "tokens.json"]).ok(), false);
    // No second profile takes the same tokens.
    let import = ["import", "tokens.json", "--profile", "copy", "--base-url", &origin];
    heard(concur(&import).output().code(2), false);
    let app = world.sandbox.app().clone();
    world.write("copy.json", world.sandbox.refresh_token_object_file(&app, 60));
    let import = ["import", "copy.json", "--profile", "copy", "--base-url", &origin];
    heard(concur(&import).ok(), false);
    secrets.add_stored(world);
    heard(concur(&["get", "--profile", "gamma"]).output(), false);
    said
}

/// Every file that the session left in the home, but for the key.
fn files_at_home(world: &World) -> Vec<(PathBuf, Vec<u8>)> {
    let files = tree(&world.home()).into_iter().filter(|path| path.is_file());
    files.map(|path| (path.clone(), std::fs::read(&path).unwrap())).collect()
}

#[test]
fn no_secret_appears_in_any_file_trace_message_or_log() {
    let (world, mut secrets) = world();
    let said = session(&world, &mut secrets);
    assert!(said.len() > 1000, "the session was recorded");
    secrets.assert_absent(&said, "what was said");
    let files = files_at_home(&world);
    let names: Vec<&Path> =
        files.iter().map(|(path, _)| Path::new(path.file_name().unwrap())).collect();
    for name in ["store.db", "events.db", "key", "trace"] {
        assert!(names.contains(&Path::new(name)), "{names:?}");
    }
    let key = std::fs::read(world.config_dir().join("key")).unwrap();
    let mut with_key = secrets;
    with_key.assert_absent(&key, "the key");
    with_key.add("the key", &key);
    for (path, bytes) in &files {
        if path.file_name().is_some_and(|name| name != "key") {
            with_key.assert_absent(bytes, &path.display().to_string());
        }
    }
    with_key.assert_absent(&said, "what was said");
}

#[test]
fn only_requested_secrets_are_printed() {
    let (world, mut secrets) = world();
    let _ = session(&world, &mut secrets);
    let export = std::fs::read(world.work().join("tokens.json")).unwrap();
    let found = secrets.found_in(&export);
    assert!(found.iter().any(|name| name.starts_with("refresh_token")), "{found:?}");
    for name in ["client secret", "request token", "a caller's password"] {
        assert!(!found.iter().any(|found| found.starts_with(name)), "{found:?}");
    }
    let bare = world.concur(["get", "--format", "json", "--profile", "default"]).ok();
    let found = secrets.found_in(&bare.stdout);
    assert!(found.iter().all(|name| name.starts_with("access_token")), "{found:?}");
}

#[cfg(target_os = "linux")]
#[test]
fn no_secret_appears_in_a_process_title_or_environment() {
    let (world, mut secrets) = world();
    world.write("credentials.json", world.sandbox.credentials_json());
    world.concur(["login", "--base-url", world.sandbox.origin()]).ok();
    secrets.add_stored(&world);
    world.expire("default");
    let gate = world.sandbox.hold_next_token_request();
    // Without it only root could look.
    let running = world.concur(["get"]).env("CONCUR_CRED_TEST_DUMPABLE", "1").start();
    assert!(gate.wait_until_reached(std::time::Duration::from_secs(30)));
    for name in ["cmdline", "environ", "comm"] {
        let path = format!("/proc/{}/{name}", running.child.id());
        secrets.assert_absent(&std::fs::read(&path).unwrap(), &path);
    }
    gate.release();
    let _ = running.wait().code(0);
}

#[test]
fn a_logout_leaves_no_secret_behind() {
    let (world, mut secrets) = world();
    let _ = session(&world, &mut secrets);
    world.concur(["logout", "--profile", "copy"]).ok();
    let before = std::fs::read(world.config_dir().join("key")).unwrap();
    world.concur(["logout", "--profile", "default"]).ok();
    for (path, bytes) in files_at_home(&world) {
        secrets.assert_absent(&bytes, &path.display().to_string());
    }
    let cells: i64 = world
        .database()
        .query_row("SELECT count(*) FROM record WHERE profile IS NOT NULL", [], |row| row.get(0))
        .unwrap();
    assert_eq!(cells, 0);
    assert_eq!(std::fs::read(world.config_dir().join("key")).unwrap(), before);
}
