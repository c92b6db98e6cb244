//! Profile names.

use std::fmt;
use std::str::FromStr;

/// The longest profile name, in characters.
const MAX_CHARS: usize = 64;

/// The name of a managed account: `[a-z0-9][a-z0-9._-]{0,63}`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ProfileName(String);

/// The text is not a profile name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BadProfileName;

impl fmt::Display for BadProfileName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(
            "a profile name has 1 to 64 characters of a-z, 0-9, '.', '_' and '-', and begins \
             with a letter or digit",
        )
    }
}

impl std::error::Error for BadProfileName {}

impl ProfileName {
    /// The name of a first `login` without a name.
    pub fn default_name() -> Self {
        Self("default".to_owned())
    }

    /// The name as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl From<ProfileName> for String {
    fn from(name: ProfileName) -> Self {
        name.0
    }
}

impl FromStr for ProfileName {
    type Err = BadProfileName;

    fn from_str(text: &str) -> Result<Self, BadProfileName> {
        let alphanumeric = |b: &u8| b.is_ascii_lowercase() || b.is_ascii_digit();
        let bytes = text.as_bytes();
        let begins = bytes.first().is_some_and(alphanumeric);
        let goes_on = bytes.iter().all(|b| alphanumeric(b) || b"._-".contains(b));
        if begins && goes_on && bytes.len() <= MAX_CHARS {
            Ok(Self(text.to_owned()))
        } else {
            Err(BadProfileName)
        }
    }
}

impl fmt::Display for ProfileName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_a_closed_alphabet() {
        let long = "a".repeat(64);
        let longer = "a".repeat(65);
        for (text, good) in [
            ("acme", true),
            ("0.a_b-c", true),
            (long.as_str(), true),
            (longer.as_str(), false),
            ("", false),
            ("-acme", false),
            ("Acme", false),
            ("a b", false),
            ("a/b", false),
            ("é", false),
        ] {
            assert_eq!(text.parse::<ProfileName>().is_ok(), good, "{text:?}");
        }
    }
}
