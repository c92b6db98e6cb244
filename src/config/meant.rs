//! Suggestions for misspelt keys.

use super::file::UNKNOWN;
use super::shown::KEYS;
use crate::model::similar::nearest;

/// What is wrong with an unknown key. Names existing keys only: what was written may be a secret.
pub(super) fn unknown(written: Option<&str>) -> String {
    match written.and_then(|written| nearest(written, &KEYS)) {
        Some(key) => format!("{UNKNOWN}; {key} is probably meant"),
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
            assert_eq!(problem, format!("an unknown key; {key} is probably meant"), "{written}");
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
