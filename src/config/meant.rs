//! Suggestions for misspelt keys.

use super::UNKNOWN;
use super::shown::KEYS;

/// The least similarity of a suggestion; 1 is equal. As for the command line.
const LIKE_ENOUGH: f64 = 0.7;

/// The message for an unknown key. It names existing keys only: the written text may be a secret.
pub(super) fn unknown(written: Option<&str>) -> String {
    match written.and_then(nearest) {
        Some(key) => format!("{UNKNOWN} (did you mean {key}?)"),
        None => UNKNOWN.to_owned(),
    }
}

fn nearest(written: &str) -> Option<&'static str> {
    let written = written.trim_matches(['"', '\'']).to_ascii_lowercase().replace('-', "_");
    // One or two letters are similar to many keys.
    if written.len() < 3 {
        return None;
    }
    // `https_proxy` and `client_certificate` contain the key.
    let is_part =
        |key: &str| written.contains(key) || (written.len() > 3 && key.contains(&*written));
    let like =
        |key: &'static str| (if is_part(key) { 1.0 } else { strsim::jaro(&written, key) }, key);
    let nearest = KEYS.into_iter().map(like).max_by(|a, b| a.0.total_cmp(&b.0));
    nearest.filter(|(likeness, _)| *likeness > LIKE_ENOUGH).map(|(_, key)| key)
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
