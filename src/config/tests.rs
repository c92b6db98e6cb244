//! What config.toml may contain, and what overrides it.

use proptest::prelude::*;

use super::*;
use crate::error::Kind;

fn load(text: &str, env: &Env) -> Result<Config> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("config.toml");
    std::fs::write(&path, text).unwrap();
    Config::load(None, Some(&path), env)
}

#[test]
fn durations_are_numbers_with_a_unit() {
    for (text, seconds) in [
        ("0", Some(0)),
        ("60", Some(60)),
        ("90s", Some(90)),
        ("5m", Some(300)),
        ("2h", Some(7200)),
        ("7d", Some(604_800)),
        ("", None),
        ("m", None),
        ("-5", None),
        ("+5", None),
        ("5 m", None),
        ("5w", None),
        ("99999999999999999999", None),
        ("é", None),
    ] {
        assert_eq!(parse_duration(text), seconds, "{text:?}");
    }
}

#[test]
fn the_environment_wins_over_the_file() {
    let env = Env::fixed([("CONCUR_CRED_MIN_TTL", "2m")]);
    let config = load("min_ttl = 5\nlock_timeout = \"7s\"\n", &env).unwrap();
    assert_eq!(config.min_ttl, 120);
    assert_eq!(config.lock_timeout, Duration::from_secs(7));
    assert_eq!(config.http.timeout, Duration::from_secs(DEFAULT_HTTP_TIMEOUT_SECS));
}

#[test]
fn what_no_hit_needs_is_read_from_its_variable_on_use() {
    let set = Env::fixed([("CONCUR_CRED_WARN_BEFORE", "2d"), ("CONCUR_CRED_KEEPALIVE_AFTER", "x")]);
    let config = load("warn_before = \"9d\"\nkeepalive_after = \"1h\"\n", &set).unwrap();
    assert_eq!(config.warn_before.seconds(&set), Ok(2 * 86_400));
    assert!(config.keepalive_after.seconds(&set).is_err());
    assert_eq!(config.keepalive_after.seconds(&Env::fixed([])), Ok(3600));
}

#[test]
fn a_relative_ca_bundle_is_beside_the_file_or_where_the_caller_stands() {
    let in_file = |text: &str, env: &Env| load(text, env).unwrap().http.ca_bundle.unwrap();
    let beside = in_file("ca_bundle = \"roots/ca.pem\"", &Env::fixed([]));
    assert!(beside.is_absolute() && beside.ends_with("roots/ca.pem"), "{}", beside.display());
    let named = if cfg!(windows) { "C:/etc/ca.pem" } else { "/etc/ca.pem" };
    let absolute = in_file(&format!("ca_bundle = \"{named}\""), &Env::fixed([]));
    assert_eq!(absolute, Path::new(named));
    let env = Env::fixed([("CONCUR_CRED_CA_BUNDLE", "ca.pem")]);
    assert_eq!(in_file("ca_bundle = \"x.pem\"", &env), Path::new("ca.pem"));
}

#[test]
fn an_unknown_key_is_an_error_with_its_line() {
    let error = load("min_ttl = 5\nmin_tll = 5\n", &Env::fixed([])).unwrap_err();
    assert_eq!(error.kind(), Kind::Unusable);
    assert!(error.problem().contains("line 2"), "{error}");
}

#[test]
fn a_duplicate_key_is_reported_with_its_line() {
    let error = load("min_ttl = 5\n\nmin_ttl = 6\n", &Env::fixed([])).unwrap_err();
    assert!(error.problem().ends_with("line 3: a repeated key"), "{error}");
}

#[test]
fn a_wrong_value_is_reported_with_its_line_and_a_variable_by_its_name() {
    for (line, what) in [
        ("min_ttl = \"5 years\"", "min_ttl is not a duration such as 60, 90s or 5m"),
        ("warn_before = [7]", "warn_before is not a duration such as 60, 90s or 5m"),
        ("default_profile = \"a b\"", "default_profile is not a profile name"),
        ("default_profile = 7", "a value of the wrong kind"),
        (
            "allowed_origins = [\"host\"]",
            "allowed_origins is not a list of origins such as https://host:8443",
        ),
        ("key_source = \"keyring\"", "key_source is not one of file, "),
        ("key_command = []", "key_command is not a list of a program and its arguments"),
    ] {
        let error = load(&format!("# one\n\n{line}\n"), &Env::fixed([])).unwrap_err();
        let found = error.problem().split_once(".toml, line 3: ").map(|(_, found)| found);
        assert!(found.is_some_and(|found| found.starts_with(what)), "{line}: {error}");
    }
    let env = Env::fixed([("CONCUR_CRED_MIN_TTL", "5 years")]);
    let error = load("", &env).unwrap_err();
    assert!(error.problem().starts_with("CONCUR_CRED_MIN_TTL is not a duration"), "{error}");
    assert_eq!(error.remedy(), "Correct or unset it.");
}

#[test]
fn an_error_never_quotes_the_file() {
    for text in [
        "allowed_origins = \"s3cr3t\"",
        "default_profile = [\"s3cr3t\"]",
        "s3cr3t = 1",
        "\"min_ttl = s3cr3t\" = 1",
        "\"a, expected s3cr3t\\n\" = 1",
        "min_ttl = s3cr3t",
        "[s3cr3t",
        "min_ttl = { s3cr3t = 1 }",
        "ca_bundle = [\"s3cr3t\"]",
    ] {
        let error = load(text, &Env::fixed([])).unwrap_err().to_string();
        assert!(!error.contains("s3cr3t"), "{error}");
    }
}

#[test]
fn a_value_that_cannot_be_is_an_error() {
    for text in [
        "min_ttl = \"soon\"",
        "min_ttl = -1",
        "min_ttl = 3162300000",
        "allowed_origins = [\"http://example.org\"]",
        "default_profile = \"No Good\"",
        "x",
    ] {
        assert_eq!(load(text, &Env::fixed([])).unwrap_err().kind(), Kind::Unusable, "{text}");
    }
}

/// Lines that look like settings, and any others.
fn settings_like() -> impl Strategy<Value = String> {
    let key = prop::sample::select(vec![
        "default_profile",
        "min_ttl",
        "lock_timeout",
        "http_timeout",
        "keepalive_after",
        "warn_before",
        "allowed_origins",
        "ca_bundle",
        "other",
    ]);
    let value = prop_oneof![
        "-?[0-9]{0,20}",
        "\"[0-9]{0,20}[smhd]?\"",
        "\\[\"https?://[a-z.0-9:]{0,12}\"\\]",
        "\"[a-z ]{0,8}\"",
        ".{0,12}",
    ];
    let line = (key, value).prop_map(|(key, value)| format!("{key} = {value}\n"));
    proptest::collection::vec(line, 0..4).prop_map(|lines| lines.concat())
}

proptest! {
    #[test]
    fn settings_are_in_their_ranges_or_refused_in_one_line(text in settings_like()) {
        let century = 100 * 366 * 86_400;
        match file::parse(&text, Path::new("c")).and_then(|file| Config::of(file, &Env::fixed([]))) {
            Ok(config) => {
                prop_assert!((0..=century).contains(&config.min_ttl));
                let timeouts = [config.lock_timeout, config.http.timeout];
                prop_assert!(timeouts.iter().all(|t| t.as_secs() <= century.unsigned_abs()));
                prop_assert!(config.http.timeout >= Duration::from_secs(1));
            }
            Err(error) => {
                prop_assert_eq!(error.kind(), Kind::Unusable);
                prop_assert!(!error.problem().contains(char::is_control));
            }
        }
    }
}
