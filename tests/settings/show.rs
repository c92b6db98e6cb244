//! `config show` and `config path`, and unknown keys.

use serde_json::Value;

use super::configure;
use crate::harness::{Run, World};

/// One setting of `config show --json`.
fn setting(run: Run, key: &str) -> Value {
    let shown = run.ok().silent().json();
    let all = shown["settings"].as_array().unwrap().clone();
    all.into_iter().find(|setting| setting["key"] == key).unwrap_or_else(|| panic!("{key}"))
}

fn show(world: &World) -> Run {
    world.concur(["config", "show", "--json"])
}

#[test]
fn without_settings_the_defaults_are_shown_and_nothing_is_created() {
    let world = World::new();
    let output = world.concur(["config", "show"]).ok().silent();
    for line in ["min_ttl          60s", "lock_timeout     90s", "http_timeout     60s"] {
        assert!(output.text().contains(line), "{output:?}");
    }
    let settings: Vec<&str> = output.text().lines().take_while(|line| !line.is_empty()).collect();
    assert!(settings.iter().all(|line| line.ends_with("  default")), "{output:?}");
    let file = world.config_dir().join("config.toml");
    assert!(output.text().contains(&format!("config           {}", file.display())), "{output:?}");
    assert_eq!(world.concur(["config", "path"]).ok().silent().line(), file.to_str().unwrap());
    assert_eq!(std::fs::read_dir(world.home()).unwrap().count(), 0, "the check creates nothing");
}

#[test]
fn a_value_comes_from_its_variable_or_else_from_the_file() {
    let world = World::new();
    let file = configure(
        &world,
        "# mine\nmin_ttl = 300\n\nlock_timeout = \"7s\"\nca_bundle = \"a.pem\"\n",
    );
    let min_ttl = setting(show(&world), "min_ttl");
    let expected = serde_json::json!({
        "key": "min_ttl", "value": "5m", "source": "file", "file": file.to_str().unwrap(), "line": 2
    });
    assert_eq!(min_ttl, expected);
    assert_eq!(setting(show(&world), "lock_timeout")["line"], 4);
    let beside = world.config_dir().join("a.pem");
    assert_eq!(setting(show(&world), "ca_bundle")["value"], beside.to_str().unwrap());
    let by_variable = setting(show(&world).env("CONCUR_CRED_MIN_TTL", "2m"), "min_ttl");
    let expected = serde_json::json!({
        "key": "min_ttl", "value": "2m", "source": "environment", "variable": "CONCUR_CRED_MIN_TTL"
    });
    assert_eq!(by_variable, expected);
    assert_eq!(setting(show(&world).env("CONCUR_CRED_MIN_TTL", ""), "min_ttl")["source"], "file");
    let origins = "https://a.example https://b.example:8443";
    let run = show(&world).env("CONCUR_CRED_ALLOWED_ORIGINS", origins);
    assert_eq!(setting(run, "allowed_origins")["value"], origins);
    let text = world.concur(["config", "show"]).ok();
    assert!(text.text().contains("config.toml, line 2\n"), "{text:?}");
    let named = world.write("other.toml", "min_ttl = 61\n");
    let run = show(&world).env("CONCUR_CRED_CONFIG", &named);
    assert_eq!(setting(run, "min_ttl")["file"], named.to_str().unwrap());
    let path = world.concur(["config", "path", "--config"]).arg(&named).ok();
    assert_eq!(path.line(), named.to_str().unwrap());
}

#[test]
fn every_key_of_the_configuration_is_shown() {
    let world = World::new();
    let source = include_str!("../../src/config/file.rs");
    let (_, body) = source.split_once("\npub(super) struct File {\n").unwrap();
    let (body, _) = body.split_once("\n}").unwrap();
    let keys =
        body.lines().filter_map(|line| line.trim().strip_prefix("pub ")?.split_once(": Option<"));
    let mut keys: Vec<&str> = keys.map(|(key, _)| key).collect();
    let shown = show(&world).ok().json();
    let all = shown["settings"].as_array().unwrap();
    let mut listed: Vec<&str> =
        all.iter().map(|setting| setting["key"].as_str().unwrap()).collect();
    keys.sort_unstable();
    listed.sort_unstable();
    assert_eq!(listed, keys);
}

#[test]
fn a_proxy_is_shown_without_its_user_and_with_its_source() {
    let world = World::new();
    let url = "http://erika:hunter2@proxy.example:3128";
    let shown = "http://…@proxy.example:3128";
    configure(&world, &format!("proxy = \"{url}\"\n"));
    let proxy = setting(show(&world), "proxy");
    assert_eq!((&proxy["value"], &proxy["source"]), (&shown.into(), &"file".into()));
    std::fs::remove_file(world.config_dir().join("config.toml")).unwrap();
    // Names of variables have no case there.
    let lower = if cfg!(windows) { "ALL_PROXY" } else { "all_proxy" };
    for variable in ["CONCUR_CRED_PROXY", "HTTPS_PROXY", lower] {
        let proxy = setting(show(&world).env(variable, url), "proxy");
        assert_eq!((&proxy["value"], &proxy["variable"]), (&shown.into(), &variable.into()));
        let text = world.concur(["config", "show"]).env(variable, url).ok();
        assert!(!text.text().contains("hunter2") && !text.text().contains("erika"), "{text:?}");
    }
    let direct = show(&world).env("CONCUR_CRED_PROXY", "none").env("HTTPS_PROXY", url);
    assert_eq!(setting(direct, "proxy")["value"], "direct");
    show(&world).env("CONCUR_CRED_PROXY", "nonsense").fails(6).says("CONCUR_CRED_PROXY is not");
}

#[test]
fn an_unknown_key_is_reported_with_its_line_and_a_suggestion() {
    let world = World::new();
    for (text, says) in [
        ("min_tll = 5\n", "line 1: an unknown key (did you mean min_ttl?)."),
        ("\n\nHTTPS_PROXY = 5\n", "line 3: an unknown key (did you mean proxy?)."),
        ("client-cert = 'a'\n", "line 1: an unknown key (did you mean client_cert?)."),
        ("hunter2 = 5\n", "line 1: an unknown key."),
    ] {
        configure(&world, text);
        for args in [&["token"][..], &["config", "show"], &["config", "show", "--json"]] {
            let output = world.concur(args).fails(6).says(says);
            assert!(!output.stderr.contains("hunter2"), "{output:?}");
        }
    }
    // The path of the invalid file is still shown.
    world.concur(["config", "path"]).ok().silent();
}

#[test]
fn a_value_of_the_wrong_type_is_reported_and_not_quoted() {
    let world = World::new();
    for text in ["proxy = 5", "proxy = [\"hunter2\"]", "client_cert = { hunter2 = 1 }"] {
        configure(&world, text);
        let output = world.concur(["config", "show"]).fails(6).says("a value of the wrong kind");
        assert!(!output.stderr.contains("hunter2"), "{output:?}");
    }
}

#[test]
fn config_show_works_without_a_home() {
    let world = World::new();
    let run = world.concur(["config", "show"]).without_env("HOME");
    assert!(run.ok().silent().text().contains("min_ttl"));
    // On Windows the system names the folder.
    #[cfg(unix)]
    world.concur(["config", "path"]).without_env("HOME").fails(6).says("no home");
    world.concur(["config"]).output().code(2).says("Usage: concur-cred config");
}
