//! The cache lets a hit skip the database, and gives the same answers as the database.

use std::fs;
use std::path::PathBuf;

use crate::harness::{World, set_mode};

fn cache(world: &World) -> PathBuf {
    world.state_dir().join("ticket")
}

/// Whether this `get` asked the database; it must give this token.
fn asks_the_database(world: &World, token: &str) -> bool {
    let output = world.concur(["get", "--trace"]).ok();
    assert_eq!(output.line(), token);
    output.stderr.contains("database opened")
}

#[test]
fn a_hit_with_a_cache_leaves_the_database_closed() {
    let world = World::logged_in();
    let token = world.concur(["get"]).ok().silent().line();
    assert!(!asks_the_database(&world, &token), "login left a cache");
    world.expire("default");
    let token = world.concur(["get"]).ok().silent().line();
    assert!(!asks_the_database(&world, &token), "so did the refresh");
    fs::remove_file(cache(&world)).unwrap();
    assert!(asks_the_database(&world, &token));
    assert!(!asks_the_database(&world, &token), "so did the hit");
    let git = world.helper(["get"]).stdin(world.request("")).env("CONCUR_CRED_TRACE", "1").ok();
    assert_eq!(git.value("password"), Some(token));
    assert!(!git.stderr.contains("database opened"), "git's request neither");
}

#[test]
fn any_commit_invalidates_the_cache() {
    let world = World::logged_in();
    let token = world.concur(["get"]).ok().line();
    for change in [
        "UPDATE record SET scope = 'other'",
        "UPDATE meta SET used_profile = NULL",
        "CREATE TABLE other (a)",
        "DROP TABLE other",
        "VACUUM",
    ] {
        assert!(!asks_the_database(&world, &token), "before {change}");
        world.database().execute_batch(change).unwrap();
        assert!(asks_the_database(&world, &token), "after {change}");
    }
    assert_eq!(world.refreshes(), 0);
}

#[test]
fn an_invalid_cache_is_ignored() {
    let world = World::logged_in();
    let token = world.concur(["get"]).ok().line();
    let valid = fs::read(cache(&world)).unwrap();
    let mut bad = vec![Vec::new(), b"{}".to_vec(), vec![0; 4096], vec![0xff; 2 << 20]];
    bad.push([&valid[..], b"x"].concat());
    bad.extend((0..valid.len()).step_by(97).map(|length| valid[..length].to_vec()));
    for at in (0..valid.len()).step_by(41) {
        let mut flipped = valid.clone();
        flipped[at] ^= 1;
        bad.push(flipped);
    }
    for bytes in bad {
        fs::write(cache(&world), &bytes).unwrap();
        let output = world.concur(["get"]).ok().silent();
        assert_eq!(output.line(), token, "{} bytes", bytes.len());
    }
    assert!(!asks_the_database(&world, &token), "and a valid one replaces it");
    assert_eq!(world.refreshes(), 0);
}

#[cfg(unix)]
#[test]
fn a_cache_that_others_could_have_written_is_not_read() {
    let world = World::logged_in();
    let token = world.concur(["get"]).ok().line();
    let kept = world.work().join("kept");
    for plant in ["mode", "link", "folder"] {
        match plant {
            "mode" => set_mode(&cache(&world), 0o666),
            "link" => {
                fs::rename(cache(&world), &kept).unwrap();
                std::os::unix::fs::symlink(&kept, cache(&world)).unwrap();
            }
            _ => {
                fs::remove_file(cache(&world)).unwrap();
                fs::create_dir(cache(&world)).unwrap();
            }
        }
        assert!(asks_the_database(&world, &token), "{plant}");
    }
    assert!(kept.exists(), "what a link points at stays");
}

#[test]
fn an_old_cache_is_ignored_with_a_newer_database() {
    let world = World::logged_in();
    let old_cache = fs::read(cache(&world)).unwrap();
    let old_store = fs::read(world.store_file()).unwrap();
    drop(world.concur(["refresh"]).ok());
    let token = world.concur(["get"]).ok().line();
    fs::write(cache(&world), &old_cache).unwrap();
    assert!(asks_the_database(&world, &token));
    // A backup put back, with the cache of that time: another time of change.
    fs::write(world.store_file(), &old_store).unwrap();
    fs::write(cache(&world), &old_cache).unwrap();
    let restored = world.concur(["get", "--trace"]).ok();
    assert!(restored.stderr.contains("database opened"), "{restored:?}");
}

#[cfg(target_os = "linux")]
#[test]
fn a_database_replaced_during_a_read_gets_no_cache() {
    use rustix::process::{Pid, Signal, WaitOptions, kill_process, waitpid};
    let world = World::logged_in();
    let old = world.concur(["get"]).ok().line();
    let backup = world.state_dir().join("backup.db");
    fs::copy(world.store_file(), &backup).unwrap();
    drop(world.concur(["refresh"]).ok());
    fs::remove_file(cache(&world)).unwrap();
    let stops = world.concur(["get"]).env("CONCUR_CRED_TEST_FAILPOINT", "answer-printed=stop");
    let stops = stops.start();
    let pid = Pid::from_child(&stops.child);
    let (_, status) = waitpid(Some(pid), WaitOptions::UNTRACED).unwrap().unwrap();
    assert!(status.stopped());
    fs::rename(&backup, world.store_file()).unwrap();
    kill_process(pid, Signal::CONT).unwrap();
    assert_ne!(stops.wait().code(0).line(), old);
    assert!(asks_the_database(&world, &old), "it had read another file");
}

#[cfg(unix)]
#[test]
fn a_key_that_can_be_read_only_once_is_used_for_the_answer() {
    let world = World::new();
    world.write("credentials.json", world.sandbox.credentials_json());
    world.write("key", b"\x9e\x01\xc4 random enough to be a key.\xff\x80".as_slice());
    let script = "export CONCUR_CRED_KEY_FILE=$PWD/key
        \"$BIN\" login --quiet --base-url \"$ORIGIN\" && token=$(\"$BIN\" get) || exit
        for attempt in 1 2; do
            [ \"$(CONCUR_CRED_KEY_FILE=<(cat key) \"$BIN\" get)\" = \"$token\" ] || exit 9
        done
        mkfifo pipe; export CONCUR_CRED_KEY_FILE=$PWD/pipe
        printf 'protocol=https\\nhost=example.org\\n\\n' | timeout 20 \"$BIN\" get";
    set_mode(&world.work().join("key"), 0o600);
    set_mode(&world.work().join("credentials.json"), 0o600);
    let run = world.run("bash", ["-c", script]).env("BIN", crate::harness::BINARY);
    let output = run.env("ORIGIN", world.sandbox.origin()).ok().silent();
    assert_eq!(output.text(), "", "the key is not read for an answer that does not need it");
}

#[test]
fn a_cache_of_another_store_with_the_same_key_is_ignored() {
    let world = World::logged_in();
    let token = world.concur(["get"]).ok().line();
    let other = World::new();
    fs::create_dir_all(other.config_dir()).unwrap();
    set_mode(&other.config_dir(), 0o700);
    fs::copy(world.config_dir().join("key"), other.config_dir().join("key")).unwrap();
    other.login("default", &other.sandbox.app().clone());
    let others = other.concur(["get"]).ok().line();
    fs::copy(cache(&world), cache(&other)).unwrap();
    assert!(asks_the_database(&other, &others));
    assert_ne!(token, others);
}

#[test]
fn a_journal_or_another_journal_mode_sends_every_hit_to_the_database() {
    let world = World::logged_in();
    let token = world.concur(["get"]).ok().line();
    let journal = world.state_dir().join("store.db-journal");
    fs::write(&journal, "").unwrap();
    set_mode(&journal, 0o600);
    assert!(asks_the_database(&world, &token));
    let _gone = fs::remove_file(&journal);
    world.database().execute_batch("PRAGMA journal_mode = WAL").unwrap();
    for _ in 0..2 {
        assert!(asks_the_database(&world, &token), "in WAL mode nothing shows a commit");
    }
}

#[test]
fn removed_accounts_are_not_in_the_cache() {
    let world = World::logged_in();
    let other = world.sandbox.add_company();
    world.login("other", &other);
    let holds = |text: &str| {
        let bytes = fs::read(cache(&world)).unwrap_or_default();
        bytes.windows(text.len()).any(|window| window == text.as_bytes())
    };
    assert!(holds(&other.company_uuid) && holds("other"));
    drop(world.concur(["logout", "--profile", "other"]).ok());
    assert!(!holds(&other.company_uuid), "another process finds no trace of it");
    drop(world.concur(["logout"]).ok());
    assert!(!holds("default"));
}

#[test]
fn account_selection_is_the_same_with_and_without_a_cache() {
    let world = World::logged_in();
    for name in ["b", "c"] {
        let app = world.sandbox.add_app();
        world.login(name, &app);
    }
    let host = world.request("");
    let answers = |world: &World| {
        let of = |args: &[&str]| world.concur(args.iter().copied()).output();
        let bare =
            [&["get"][..], &["get", "--profile", "c"], &["get", "--profile", "nobody"]].map(of);
        let git = |args: &[&str], request: String| {
            world.helper(args.iter().copied()).stdin(request).output()
        };
        let requests = [
            git(&["get"], host.clone()),
            git(&["--profile", "b", "get"], host.clone()),
            git(&["get"], host.replace("http", "https")),
            git(&["get"], world.request("username=nobody\n")),
        ];
        let streams =
            |output: crate::harness::Output| (output.stdout.clone(), output.stderr.clone());
        bare.into_iter().chain(requests).map(streams).collect::<Vec<_>>()
    };
    for used in [None, Some("b")] {
        if let Some(name) = used {
            drop(world.concur(["use", name]).ok());
        }
        assert!(cache(&world).exists());
        let with = answers(&world);
        fs::remove_file(cache(&world)).unwrap();
        fs::create_dir(cache(&world)).unwrap();
        assert_eq!(answers(&world), with, "{used:?}");
        fs::remove_dir(cache(&world)).unwrap();
    }
}

#[test]
fn many_accounts_are_read_from_the_database() {
    let world = World::logged_in();
    for name in 0..17 {
        let app = world.sandbox.add_company();
        world.login(&format!("p{name}"), &app);
    }
    let token = world.concur(["get", "--profile", "p3"]).ok().silent().line();
    assert!(world.sandbox.is_live_access_token(&token));
    let holds_none = fs::metadata(cache(&world)).unwrap().len() < 400;
    assert!(holds_none, "it would cost each hit more than it saves");
    for _ in 0..2 {
        let output = world.concur(["get", "--profile", "p3", "--trace"]).ok();
        assert!(output.stderr.contains("database opened"), "{output:?}");
        assert!(!output.stderr.contains("ticket left"), "once is enough: {output:?}");
    }
}
