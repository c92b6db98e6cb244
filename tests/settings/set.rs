//! `config set` and `config unset`.

use super::configure;
use crate::harness::World;
#[cfg(unix)]
use crate::harness::mode;

#[test]
fn a_key_is_set_and_unset_and_the_rest_of_the_file_stays() {
    let world = World::new();
    let file = world.config_dir().join("config.toml");
    let set = |words: &[&str]| world.concur(["config"].iter().chain(words)).ok();
    drop(set(&["set", "min_ttl", "5m"]).says("min_ttl set in ").says("config.toml"));
    #[cfg(unix)]
    assert_eq!((mode(&file), mode(&world.config_dir())), (0o600, 0o700));
    configure(&world, "# ours\nmin_ttl = \"5m\" # because\n");
    set(&["set", "min_ttl", "2m"]);
    set(&["set", "allowed_origins", "https://a.example:8443", "https://b.example"]);
    let text = std::fs::read_to_string(&file).unwrap();
    let origins = "allowed_origins = [\"https://a.example:8443\", \"https://b.example\"]\n";
    assert_eq!(text, format!("# ours\nmin_ttl = \"2m\" # because\n{origins}"));
    let shown = world.concur(["config", "show"]).ok();
    assert!(shown.text().contains("config.toml, line 2\n"), "{shown:?}");
    let wins = world.concur(["config", "set", "min_ttl", "3m"]).env("CONCUR_CRED_MIN_TTL", "1m");
    drop(wins.ok().says("warning: CONCUR_CRED_MIN_TTL is set as well, and wins"));
    drop(set(&["unset", "allowed_origins"]).says("removed from "));
    let text = std::fs::read_to_string(&file).unwrap();
    assert_eq!(text, "# ours\nmin_ttl = \"3m\" # because\n");
}

#[test]
fn what_cannot_be_set_changes_nothing_and_says_why() {
    let world = World::new();
    let file = configure(&world, "min_ttl = 60\n");
    for (words, code, says) in [
        (&["min_ttl", "5 years"][..], 2, "min_ttl is not a duration such as 60, 90s or 5m"),
        (&["min-ttl", "5m"], 2, "did you mean min_ttl?"),
        (&["min_ttl", "5m", "6m"], 2, "min_ttl takes one VALUE"),
        (&["default_profile", "a b"], 2, "default_profile is not a profile name"),
        (&["key_source", "keyring"], 2, "not one of file"),
        (&["proxy", "http://u:s3cr3t@h:3128"], 2, "other programs can read"),
        (&["min_ttl"], 2, "<VALUE>"),
    ] {
        let output = world.concur(["config", "set"].iter().chain(words)).fails(code).says(says);
        assert!(!output.stderr.contains("s3cr3t"), "{output:?}");
        assert_eq!(std::fs::read_to_string(&file).unwrap(), "min_ttl = 60\n", "{words:?}");
    }
    for wrong in ["min_ttl = soon\n", "min_tll = 60\n", "min_ttl = \"soon\"\n"] {
        configure(&world, wrong);
        drop(world.concur(["config", "set", "lock_timeout", "5m"]).fails(6).says("line 1"));
        assert_eq!(std::fs::read_to_string(&file).unwrap(), wrong);
    }
    world.concur(["config", "unset", "min_ttl"]).ok();
}

#[cfg(unix)]
#[test]
fn a_link_in_the_files_place_stays_one() {
    let world = World::new();
    let file = configure(&world, "min_ttl = 60\n");
    let real = world.write("dotfiles.toml", "min_ttl = 60\n");
    std::fs::remove_file(&file).unwrap();
    std::os::unix::fs::symlink(&real, &file).unwrap();
    world.concur(["config", "set", "min_ttl", "5m"]).ok();
    assert!(std::fs::symlink_metadata(&file).unwrap().is_symlink());
    assert_eq!(std::fs::read_to_string(&real).unwrap(), "min_ttl = \"5m\"\n");
}
