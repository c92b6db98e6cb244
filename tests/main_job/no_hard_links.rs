//! File systems without hard links (exFAT, some network mounts).

use std::fs;

use crate::harness::World;

#[test]
fn a_file_system_without_hard_links_holds_key_store_and_exports() {
    // With files without a name, and as exFAT is, without these either.
    // Shared folders of virtual machines cannot make a folder's entries durable, either.
    for seams in [
        "second-name=unsupported",
        "second-name=unsupported,nameless-file=unsupported",
        "second-name=unsupported,nameless-file=unsupported,folder-sync=unsupported",
    ] {
        let world = World::new();
        let on = |args: &[&str]| world.concur(args).env("CONCUR_CRED_TEST_FAILPOINT", seams);
        world.write("credentials.json", world.sandbox.credentials_json());
        drop(on(&["login", "--base-url", world.sandbox.origin()]).ok());
        let key = world.config_dir().join("key");
        assert_eq!(fs::read(&key).unwrap().len(), 32, "{seams}");
        assert_eq!(crate::harness::mode(&key), 0o600);
        drop(on(&["get"]).ok().silent());
        drop(on(&["refresh"]).ok());
        drop(on(&["export", "tokens.json"]).ok());
        drop(on(&["export", "tokens.json"]).fails(2).says("already exists"));
        drop(on(&["export", "tokens.json", "--force"]).ok());
        drop(on(&["key", "rotate"]).ok());
        drop(on(&["get"]).ok().silent());
        drop(on(&["init", "blank.json"]).ok());
        world.database().execute_batch("DROP INDEX record_by_key").unwrap();
        drop(on(&["doctor", "--offline", "--repair"]).ok());
        drop(on(&["get"]).ok().silent());
        drop(on(&["keepalive", "--after", "0s"]).ok());
        let left: Vec<_> = [world.work(), world.config_dir(), world.state_dir()]
            .iter()
            .flat_map(|folder| fs::read_dir(folder).unwrap())
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .filter(|name| name.starts_with(".concur-cred-"))
            .collect();
        assert_eq!(left, [""; 0], "{seams}");
    }
}
