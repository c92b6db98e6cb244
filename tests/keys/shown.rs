//! `key show-source`.

use super::support::{KEY, OTHER, configure, key_file, log_in, recorded, show, shown};
use crate::harness::{World, set_mode};

#[test]
fn without_a_store_it_shows_the_source_of_a_first_login_and_creates_nothing() {
    let world = World::new();
    let look = show(&world);
    assert_eq!(
        (&look["store"], &look["source"], &look["state"]),
        (&false.into(), &"file".into(), &().into())
    );
    let look = shown(world.concur(["key", "show-source", "--json"]).env("CONCUR_CRED_KEY", KEY));
    assert_eq!(look["source"], "environment");
    assert_eq!(look["asked_by"], "CONCUR_CRED_KEY");
    let text = world.concur(["key", "show-source"]).env("CONCUR_CRED_KEY_SOURCE", "command").ok();
    assert!(text.text().contains("the first login uses this source"), "{text:?}");
    assert_eq!(std::fs::read_dir(world.home()).unwrap().count(), 0, "the check creates nothing");
}

#[test]
fn it_distinguishes_valid_missing_wrong_and_unreadable_keys() {
    let world = World::logged_in();
    let valid = show(&world);
    assert_eq!(valid["state"], "good");
    assert_eq!(valid["source"], "file");
    assert_eq!(valid["key_id"], recorded(&world).1);
    assert!(valid["place"].as_str().unwrap().contains(key_file(&world).to_str().unwrap()));
    assert_eq!((&valid["problem"], &valid["asked"]), (&().into(), &().into()));
    assert_eq!(valid["unfinished"], false);
    let key = std::fs::read(key_file(&world)).unwrap();
    for (content, state) in [(&[7; 32][..], "wrong"), (b"not a key", "unreadable")] {
        std::fs::write(key_file(&world), content).unwrap();
        let look = show(&world);
        assert_eq!(look["state"], state);
        assert!(look["problem"].is_string(), "{look}");
    }
    std::fs::write(key_file(&world), &key).unwrap();
    set_mode(&key_file(&world), 0o644);
    assert_eq!(show(&world)["state"], "unreadable", "as every command has it");
    std::fs::remove_file(key_file(&world)).unwrap();
    assert_eq!(show(&world)["state"], "missing");
    let text = world.concur(["key", "show-source"]).ok().silent();
    assert!(
        text.text().contains("state   missing: ") && text.text().contains("remedy  "),
        "{text:?}"
    );
}

#[test]
fn it_shows_a_setting_that_names_another_source() {
    let world = World::logged_in();
    configure(&world, "key_source = \"credential\"\n");
    let look = show(&world);
    assert_eq!((&look["source"], &look["asked"]), (&"file".into(), &"credential".into()));
    let text = world.concur(["key", "show-source"]).ok();
    assert!(text.text().contains("asked   credential by key_source"), "{text:?}");
    configure(&world, "key_source = \"file\"\n");
    assert_eq!(show(&world)["asked"], serde_json::Value::Null);
}

#[test]
fn no_key_is_ever_shown() {
    let world = World::new();
    log_in(&world, |run| run.env("CONCUR_CRED_KEY", KEY));
    for key in [KEY, OTHER] {
        for args in [&["key", "show-source"][..], &["key", "show-source", "--json"]] {
            let output = world.concur(args).env("CONCUR_CRED_KEY", key).ok();
            assert!(!output.text().contains(&key[..20]) && output.stderr.is_empty(), "{output:?}");
        }
    }
}
