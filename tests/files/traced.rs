//! A trace is appended only to a trace file, whatever its variable names.

use std::path::Path;

use crate::harness::{Output, World, set_mode};

fn traced(world: &World, file: &Path) -> Output {
    world.concur(["get"]).env("CONCUR_CRED_TRACE", file).output()
}

#[test]
fn only_a_trace_file_is_appended_to() {
    let world = World::logged_in();
    world.concur(["get"]).ok();
    let id = world.home().join(".ssh");
    std::fs::create_dir(&id).unwrap();
    let id = id.join("id_ed25519");
    std::fs::write(&id, "-----BEGIN OPENSSH PRIVATE KEY-----\n").unwrap();
    set_mode(&id, 0o600);
    let files = [
        world.config_dir().join("key"),
        world.store_file(),
        world.state_dir().join("events.db"),
        world.state_dir().join("ticket"),
        id,
        world.write("config.toml", "min_ttl = 60\n"),
        world.write("script", "trace:        1 us (+      1) settings read\n"),
        world.write("short", "# concur-cred"),
        world.write("longer", "# concur-cred traces\n"),
        world.write("second", "\n# concur-cred trace\n"),
    ];
    for file in files {
        let before = std::fs::read(&file).unwrap();
        for command in [&["get"][..], &["refresh"], &["config", "show"], &["completions", "bash"]] {
            let run = world.concur(command).env("CONCUR_CRED_TRACE", &file);
            run.fails(6).says("is not a trace file").says("CONCUR_CRED_TRACE");
        }
        assert!(std::fs::read(&file).unwrap() == before, "{} is as it was", file.display());
    }
    world.concur(["get"]).ok().silent();
}

#[test]
fn a_new_file_an_empty_file_and_a_trace_are_appended_to() {
    let world = World::logged_in();
    let new = world.work().join("new");
    let empty = world.write("empty", "");
    for file in [new, empty] {
        let mut lines = 0;
        for _ in 0..3 {
            traced(&world, &file).code(0).silent();
            let text = std::fs::read_to_string(&file).unwrap();
            assert!(text.starts_with("# concur-cred trace\ntrace: "), "{text}");
            assert_eq!(text.matches("# concur-cred").count(), 1, "{text}");
            assert!(text.lines().count() > lines, "it grows: {text}");
            lines = text.lines().count();
        }
    }
}
