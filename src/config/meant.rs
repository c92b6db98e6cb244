//! The keys, and suggestions for misspelt ones.

use crate::model::similar::nearest;

/// The keys of `config.toml`, in the order in which they are shown.
pub(super) const KEYS: [&str; 12] = [
    "default_profile",
    "min_ttl",
    "lock_timeout",
    "http_timeout",
    "proxy",
    "ca_bundle",
    "client_cert",
    "allowed_origins",
    "keepalive_after",
    "warn_before",
    "key_source",
    "key_command",
];

/// The text for a key that does not exist.
pub(super) const UNKNOWN: &str = "an unknown key";

/// The message for an unknown key. It names existing keys only: the written text may be a secret.
pub(super) fn unknown(written: Option<&str>) -> String {
    match written.and_then(|written| nearest(written, &KEYS)) {
        Some(key) => format!("{UNKNOWN} (did you mean {key}?)"),
        None => UNKNOWN.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_misspelt_key_gets_a_suggestion() {
        for (written, key) in [
            ("min_tll", "min_ttl"),
            ("min-ttl", "min_ttl"),
            ("MIN_TTL", "min_ttl"),
            ("\"proxi\"", "proxy"),
            ("https_proxy", "proxy"),
            ("ca_bundel", "ca_bundle"),
            ("client_certificate", "client_cert"),
            ("timeout_http", "http_timeout"),
            ("allowed_origin", "allowed_origins"),
        ] {
            let problem = unknown(Some(written));
            assert_eq!(problem, format!("an unknown key (did you mean {key}?)"), "{written}");
        }
    }

    #[test]
    fn what_is_like_no_key_is_only_unknown() {
        for written in ["", "x", "a", "mi", "hunter2", "8e447612-d4ec", "schlüssel"] {
            assert_eq!(unknown(Some(written)), UNKNOWN, "{written}");
        }
        assert_eq!(unknown(None), UNKNOWN);
    }
}
