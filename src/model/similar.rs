//! Suggestions for misspelt names.

/// The least similarity of a suggestion; 1 is equal.
const LIKE_ENOUGH: f64 = 0.7;

/// The known name that is most like what was written, whatever its case and its separators; `None` when none is
/// like it, or several are. Only known names are returned: what was written may be a secret.
pub(crate) fn nearest(written: &str, known: &[&'static str]) -> Option<&'static str> {
    let written = letters(written);
    // One or two letters resemble many names.
    if written.len() < 3 {
        return None;
    }
    // `https_proxy` and `secret` contain, or are a part of, what is known.
    let is_part = |name: &str| {
        let name = letters(name);
        written.contains(&name) || written.len() > 3 && name.contains(&written)
    };
    let parts: Vec<&'static str> = known.iter().copied().filter(|name| is_part(name)).collect();
    if let [name] = parts[..] {
        return Some(name);
    }
    let like = |name: &'static str| (strsim::jaro(&written, &letters(name)), name);
    let nearest = known.iter().copied().map(like).max_by(|a, b| a.0.total_cmp(&b.0));
    nearest.filter(|(likeness, _)| *likeness > LIKE_ENOUGH).map(|(_, name)| name)
}

fn letters(name: &str) -> String {
    name.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn case_separators_and_missing_words_do_not_matter() {
        let keys = ["appID", "clientSecret", "companyUUID", "companyRequestToken", "refreshToken"];
        for (written, key) in [
            ("secret", Some("clientSecret")),
            ("Client Secret", Some("clientSecret")),
            ("client-secret", Some("clientSecret")),
            ("clientSecert", Some("clientSecret")),
            ("UUID", Some("companyUUID")),
            ("requestToken", Some("companyRequestToken")),
            ("application_id", Some("appID")),
            ("token", None),
            ("x", None),
            ("", None),
            ("hunter2", None),
        ] {
            assert_eq!(nearest(written, &keys), key, "{written}");
        }
    }
}
