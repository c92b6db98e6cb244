//! A `config.toml`.
#![no_main]

use concur_cred::Kind;
use concur_cred::fuzzing::Origin;
use libfuzzer_sys::fuzz_target;

const CENTURY_SECS: u64 = 100 * 366 * 86_400;

fuzz_target!(|data: &[u8]| {
    let Ok(text) = std::str::from_utf8(data) else { return };
    match concur_cred::fuzzing::config(text) {
        Ok(config) => {
            assert!((0..=CENTURY_SECS.cast_signed()).contains(&config.min_ttl));
            assert!(config.lock_timeout.as_secs() <= CENTURY_SECS);
            assert!((1..=CENTURY_SECS).contains(&config.http_timeout.as_secs()));
            let stranger = Origin::from_operator("https://stranger.example").expect("an origin");
            let permitted = config.allowed.permit(&stranger).is_some();
            assert!(!permitted || text.contains("allowed_origins"));
        }
        Err(error) => {
            assert_eq!(error.kind(), Kind::Unusable);
            says_only_its_rule(error.problem());
        }
    }
});

/// The text is the rule's own, with nothing of the file in it: but for the line number, it is one of
/// these.
fn says_only_its_rule(problem: &str) {
    let texts = [
        "an unknown key",
        "a value of the wrong kind",
        "a repeated key",
        "not a duration such as 60, 90s or 5m",
        "not valid TOML",
    ];
    let settings = [
        "The setting min_ttl is not a duration such as 60, 90s or 5m",
        "The setting lock_timeout is not a duration such as 60, 90s or 5m",
        "The setting http_timeout is not a duration such as 60, 90s or 5m",
        "The setting keepalive_after is not a duration such as 60, 90s or 5m",
        "The setting warn_before is not a duration such as 60, 90s or 5m",
        "The setting default_profile is not a profile name",
        "The setting allowed_origins is not a list of origins such as https://host:8443",
        "The setting key_source is not one of file, named-file, environment, credential, command",
        "The setting key_command is not a list of a program and its arguments",
    ];
    let at_a_line = problem.strip_prefix("config.toml").and_then(|rest| {
        let (line, text) = rest.split_once(": ")?;
        let line = line.strip_prefix(", line ").map(str::parse::<usize>);
        line.is_none_or(|line| line.is_ok()).then_some(text)
    });
    let keys = "default_profile min_ttl lock_timeout http_timeout proxy ca_bundle client_cert \
                allowed_origins keepalive_after warn_before key_source key_command";
    let is_guess = |text: &str| {
        let guess = text.strip_prefix("an unknown key (did you mean ");
        let key = guess.and_then(|rest| rest.strip_suffix("?)"));
        key.is_some_and(|key| keys.split(' ').any(|known| known == key))
    };
    let is_text = |text: &str| texts.contains(&text) || is_guess(text);
    let known = at_a_line.map_or(settings.contains(&problem), is_text);
    assert!(known, "{problem:?}");
}
