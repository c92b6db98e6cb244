//! Every key source: the first login records it, and hits and refreshes need the same one.

use std::path::PathBuf;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;

use super::support::{KEY, OTHER, configure, key_file, log_in, recorded};
use crate::harness::{Run, World, set_mode};

/// A source as a caller gives it, and the name in the error when it is missing.
struct KeySource {
    name: &'static str,
    named: String,
    right: Box<dyn Fn(Run) -> Run>,
    /// Removes the key.
    without: Box<dyn Fn(Run) -> Run>,
    /// Replaces the key by another one.
    wrong: Box<dyn Fn(Run) -> Run>,
}

fn credentials(world: &World, folder: &str, key: &str) -> PathBuf {
    let folder = world.work().join(folder);
    std::fs::create_dir(&folder).unwrap();
    let file = folder.join("concur-cred-key");
    std::fs::write(&file, key).unwrap();
    // As systemd has them.
    set_mode(&file, 0o400);
    set_mode(&folder, 0o500);
    folder
}

fn key_sources(world: &World) -> Vec<KeySource> {
    let same: fn(Run) -> Run = |run| run;
    let given = credentials(world, "given", KEY);
    let other = credentials(world, "other", OTHER);
    let file = world.write("right key", KEY);
    let wrong_file = world.write("wrong key", OTHER);
    let config = |name: &str, key: &str| {
        world
            .write(name, format!("key_source = \"command\"\nkey_command = [\"echo\", \"{key}\"]\n"))
    };
    let (right, wrong) = (config("right.toml", KEY), config("wrong.toml", OTHER));
    vec![
        KeySource {
            name: "environment",
            named: "CONCUR_CRED_KEY".to_owned(),
            right: Box::new(|run| run.env("CONCUR_CRED_KEY", KEY)),
            without: Box::new(same),
            wrong: Box::new(|run| run.env("CONCUR_CRED_KEY", OTHER)),
        },
        KeySource {
            name: "named-file",
            named: "CONCUR_CRED_KEY_FILE".to_owned(),
            right: Box::new(move |run| run.env("CONCUR_CRED_KEY_FILE", &file)),
            without: Box::new(same),
            wrong: Box::new(move |run| run.env("CONCUR_CRED_KEY_FILE", &wrong_file)),
        },
        KeySource {
            name: "credential",
            named: "concur-cred-key".to_owned(),
            right: Box::new(move |run| run.env("CREDENTIALS_DIRECTORY", &given)),
            without: Box::new(same),
            wrong: Box::new(move |run| run.env("CREDENTIALS_DIRECTORY", &other)),
        },
        KeySource {
            name: "command",
            named: "key_command".to_owned(),
            right: Box::new(move |run| run.env("CONCUR_CRED_CONFIG", &right)),
            without: Box::new(same),
            wrong: Box::new(move |run| run.env("CONCUR_CRED_CONFIG", &wrong)),
        },
    ]
}

fn assert_unusable(world: &World, source: &str, with: impl Fn(Run) -> Run) {
    let before = world.token_requests();
    let store = std::fs::read(world.store_file()).unwrap();
    for command in ["get", "token", "refresh"] {
        with(world.concur([command])).fails(6).says(source).says("concur-cred key set-source");
    }
    with(world.concur(["get"])).at_offset(7200).fails(6).says(source);
    with(world.concur(["export", "-"])).fails(6).says(source);
    let entry = "protocol=https\nhost=h\nusername=u\npassword=p\n\n";
    with(world.concur(["store"])).stdin(entry).fails(6).says(source);
    assert_eq!(world.token_requests(), before, "nothing is sent");
    assert_eq!(std::fs::read(world.store_file()).unwrap(), store, "the store is as it was");
}

#[test]
fn the_key_source_of_the_first_login_is_recorded_and_needed_again() {
    let names: Vec<&str> = key_sources(&World::new()).iter().map(|source| source.name).collect();
    for name in names {
        let world = World::new();
        let source = key_sources(&world).into_iter().find(|source| source.name == name).unwrap();
        log_in(&world, &source.right);
        assert_eq!(recorded(&world).0, name);
        assert!(!key_file(&world).exists(), "{name}: no key file is made");
        let token = (source.right)(world.concur(["get"])).ok().silent().line();
        assert_eq!((source.right)(world.concur(["get"])).ok().silent().line(), token);
        world.expire("default");
        let renewed = (source.right)(world.concur(["get"])).ok().silent().line();
        assert!(world.sandbox.is_live_access_token(&renewed) && renewed != token, "{name}");
        assert_unusable(&world, &source.named, &source.without);
        assert_unusable(&world, "is not the key that this store is sealed with", &source.wrong);
        assert!(!key_file(&world).exists(), "{name}: and none is made later");
    }
}

#[test]
fn an_error_names_the_expected_source_and_no_other_source_is_tried() {
    let world = World::logged_in();
    let key = std::fs::read(key_file(&world)).unwrap();
    let moved = world.write("elsewhere", &key);
    std::fs::remove_file(key_file(&world)).unwrap();
    // The same key, but not at the recorded place.
    let output = world.concur(["get"]).env("CONCUR_CRED_KEY_FILE", &moved).fails(6);
    output
        .says(key_file(&world).to_str().unwrap())
        .says("CONCUR_CRED_KEY_FILE names named-file")
        .says("concur-cred key set-source SOURCE");
    configure(&world, "key_source = \"credential\"\n");
    world.concur(["get"]).fails(6).says("key_source names credential");
}

#[test]
fn a_setting_selects_the_source_of_a_new_store_only() {
    let world = World::new();
    configure(&world, "key_source = \"file\"\n");
    log_in(&world, |run| run.env("CONCUR_CRED_KEY", KEY));
    assert_eq!(recorded(&world).0, "file");
    assert!(key_file(&world).exists());
    configure(&world, "key_source = \"environment\"\n");
    world.concur(["get"]).ok().silent();
    world.concur(["get"]).env("CONCUR_CRED_KEY_SOURCE", "command").ok().silent();
}

#[test]
fn a_source_without_a_key_makes_no_store_and_spends_nothing() {
    let world = World::new();
    world.write("credentials.json", world.sandbox.credentials_json());
    for source in ["environment", "named-file", "credential", "command"] {
        let login = world.concur(["login", "--base-url", world.sandbox.origin()]);
        login.env("CONCUR_CRED_KEY_SOURCE", source).fails(6).says("There is no key in");
    }
    let login = world.concur(["login", "--base-url", world.sandbox.origin()]);
    login.env("CONCUR_CRED_KEY_SOURCE", "keyring").fails(6).says("CONCUR_CRED_KEY_SOURCE");
    assert_eq!(world.token_requests(), 0);
    assert!(!world.store_file().exists() && !key_file(&world).exists());
}

#[test]
fn a_credential_that_others_could_write_is_refused() {
    let world = World::new();
    let folder = credentials(&world, "given", KEY);
    log_in(&world, |run| run.env("CREDENTIALS_DIRECTORY", &folder));
    set_mode(&folder.join("concur-cred-key"), 0o420);
    let get = world.concur(["get"]).env("CREDENTIALS_DIRECTORY", &folder);
    get.fails(6).says("Others can write").says("chmod 600");
}

#[test]
fn systemd_credentials_without_our_key_leave_the_key_file_as_default() {
    let world = World::new();
    let folder = world.work().join("credentials");
    std::fs::create_dir(&folder).unwrap();
    log_in(&world, |run| run.env("CREDENTIALS_DIRECTORY", &folder));
    assert_eq!(recorded(&world).0, "file");
}

/// A second reader finds it empty, like the second reader of `<(pass show …)`.
#[test]
fn a_key_from_a_pipe_is_read_once_by_every_command() {
    let world = World::new();
    let given = |run: Run, key: &str| run.env("CONCUR_CRED_KEY_FILE", "/dev/stdin").stdin(key);
    log_in(&world, |run| given(run, KEY));
    assert_eq!(recorded(&world).0, "named-file");
    assert!(!given(world.concur(["token"]), KEY).ok().silent().line().is_empty());
    given(world.concur(["refresh"]), KEY).ok();
    given(world.concur(["doctor", "--offline"]), KEY).ok().silent();
    for (key, state) in [(KEY, "good"), (OTHER, "wrong"), ("nonsense", "unreadable")] {
        let shown = given(world.concur(["key", "show-source", "--json"]), key).ok().silent().json();
        assert_eq!(shown["state"], state, "{shown}");
    }
    given(world.concur(["key", "set-source", "named-file"]), KEY).ok().says("already");
}

#[test]
fn a_password_of_a_keys_length_is_not_taken_for_a_key() {
    let world = World::new();
    world.write("credentials.json", world.sandbox.credentials_json());
    let login = || world.concur(["login", "--base-url", world.sandbox.origin()]);
    let password = "correct horse battery staple 123";
    assert_eq!(password.len(), 32);
    let line = world.write("line", format!("{}\n", &password[1..]));
    login().env("CONCUR_CRED_KEY", password).fails(6).says("not a random key").says("openssl rand");
    login().env("CONCUR_CRED_KEY_FILE", &line).fails(6).says("not a random key");
    configure(&world, &format!("key_command = [\"printf\", \"{password}\"]\n"));
    login().env("CONCUR_CRED_KEY_SOURCE", "command").fails(6).says("not a random key");
    assert_eq!(world.token_requests(), 0);
    assert!(!world.store_file().exists());
    // Nor as the new key.
    log_in(&world, |run| run.env("CONCUR_CRED_KEY", KEY));
    let with = |run: Run| run.env("CONCUR_CRED_KEY", KEY).env("CONCUR_CRED_KEY_FILE", &line);
    let before = recorded(&world);
    with(world.concur(["key", "set-source", "named-file"])).fails(6).says("not a random key");
    with(world.concur(["key", "set-source", "command"])).fails(6).says("not a random key");
    let old = world.write("old", KEY);
    let rotate = world.concur(["key", "rotate", "--old-key-file", old.to_str().unwrap()]);
    rotate.env("CONCUR_CRED_KEY", password).fails(6).says("not a random key");
    assert_eq!(recorded(&world), before);
}

/// As long as a key, but as easy to guess as a password; refused from every source.
#[test]
fn repeated_bytes_and_other_patterns_are_refused_as_keys() {
    let world = World::new();
    world.write("credentials.json", world.sandbox.credentials_json());
    let login = || world.concur(["login", "--base-url", world.sandbox.origin()]);
    for key in [vec![0; 32], vec![0x80; 32], [0xde, 0xad].repeat(16)] {
        let file = world.write("guessable", &key);
        let text = BASE64_STANDARD.encode(&key);
        login()
            .env("CONCUR_CRED_KEY", &text)
            .fails(6)
            .says("not a random key")
            .says("openssl rand");
        login().env("CONCUR_CRED_KEY_FILE", &file).fails(6).says("not a random key");
        configure(&world, &format!("key_command = [\"printf\", \"{text}\"]\n"));
        login().env("CONCUR_CRED_KEY_SOURCE", "command").fails(6).says("not a random key");
        let folder = credentials(&world, "guessable-credential", &text);
        login().env("CREDENTIALS_DIRECTORY", &folder).fails(6).says("not a random key");
        std::fs::create_dir_all(world.config_dir()).unwrap();
        set_mode(&world.config_dir(), 0o700);
        std::fs::write(key_file(&world), &key).unwrap();
        set_mode(&key_file(&world), 0o600);
        login().fails(6).says("not a random key");
        std::fs::remove_file(key_file(&world)).unwrap();
        set_mode(&folder, 0o700);
        std::fs::remove_dir_all(folder).unwrap();
    }
    assert_eq!(world.token_requests(), 0);
    assert!(!world.store_file().exists());
    // Nor as the new key.
    log_in(&world, |run| run.env("CONCUR_CRED_KEY", KEY));
    let before = recorded(&world);
    let file = world.write("guessable", [7; 32]);
    let set = world.concur(["key", "set-source", "named-file"]).env("CONCUR_CRED_KEY", KEY);
    set.env("CONCUR_CRED_KEY_FILE", file).fails(6).says("not a random key");
    assert_eq!(recorded(&world), before);
}

#[test]
fn the_message_for_a_lost_key_explains_how_to_start_again() {
    let world = World::logged_in();
    std::fs::remove_file(key_file(&world)).unwrap();
    let failed = world.concur(["get"]).fails(6).says("and log in again");
    let remedy = failed.stderr.lines().last().unwrap();
    let command =
        remedy.split_once("so are the tokens: ").unwrap().1.split_once(", and").unwrap().0;
    world.run("sh", ["-c", command]).ok();
    world.login("default", &world.sandbox.app().clone());
    world.concur(["get"]).ok().silent();
    world.concur(["doctor", "--offline"]).ok();
}
