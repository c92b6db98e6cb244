//! Pure: a setting changed in the text of a `config.toml`, the rest of which stays as it is.

use std::path::Path;

use toml_edit::{Array, DocumentMut, Item, Value};

use super::file;
pub(crate) use super::file::text_of;
use super::meant::KEYS;
use crate::error::{Error, Kind, Result};

/// The keys whose value is a list.
const LISTS: [&str; 2] = ["allowed_origins", "key_command"];

/// The text with this key set to these values; no values remove it. The result can be read.
///
/// # Errors
///
/// An unknown key, a value that cannot be, or a text that could not be read before; none quotes a value.
pub(crate) fn changed(text: &str, path: &Path, key: &str, values: &[String]) -> Result<String> {
    if !KEYS.contains(&key) {
        let known = KEYS.join(", ");
        let problem = super::meant::unknown(Some(key));
        return Err(Error::new(
            Kind::Usage,
            format!("This is {problem}"),
            format!("Keys: {known}"),
        ));
    }
    let mut document: DocumentMut = match text.parse() {
        Ok(document) => document,
        Err(_) => return Err(file::parse(text, path).err().unwrap_or_else(|| not_editable(path))),
    };
    match values {
        [] => drop(document.remove(key)),
        values if LISTS.contains(&key) => put(&mut document, key, Array::from_iter(values).into()),
        [one] => put(&mut document, key, one.into()),
        _ => {
            return Err(Error::new(
                Kind::Usage,
                format!("{key} takes one VALUE"),
                "Quote it where it has blanks.",
            ));
        }
    }
    let text = document.to_string();
    let Err(error) = file::parse(&text, path) else { return Ok(text) };
    document.remove(key);
    // What is wrong without this key is another line's fault.
    file::parse(&document.to_string(), path)?;
    let problem = format!("Nothing was changed: {}", error.problem());
    Err(Error::new(Kind::Usage, problem, "Correct the VALUE."))
}

/// Sets a value; the comment behind the old one stays.
fn put(document: &mut DocumentMut, key: &str, mut value: Value) {
    if let Some(old) = document.get(key).and_then(Item::as_value) {
        *value.decor_mut() = old.decor().clone();
    }
    document[key] = Item::Value(value);
}

fn not_editable(path: &Path) -> Error {
    let problem = format!("{} cannot be changed by a program", path.display());
    Error::new(Kind::Unusable, problem, "Change it in an editor.")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn changed(text: &str, key: &str, values: &[&str]) -> Result<String> {
        let values: Vec<String> = values.iter().map(ToString::to_string).collect();
        super::changed(text, Path::new("config.toml"), key, &values)
    }

    #[test]
    fn comments_and_order_stay() {
        let text = "# ours\nmin_ttl = 60 # a minute\n\nlock_timeout = \"9s\"\n";
        assert_eq!(
            changed(text, "min_ttl", &["5m"]).unwrap(),
            text.replace("60 # a", "\"5m\" # a"),
        );
        assert_eq!(
            changed(text, "allowed_origins", &["https://a.example"]).unwrap(),
            format!("{text}allowed_origins = [\"https://a.example\"]\n"),
        );
        assert_eq!(
            changed(text, "lock_timeout", &[]).unwrap(),
            "# ours\nmin_ttl = 60 # a minute\n"
        );
        assert_eq!(
            changed("", "default_profile", &["acme"]).unwrap(),
            "default_profile = \"acme\"\n"
        );
    }

    #[test]
    fn a_wrong_value_can_be_replaced() {
        let wrong = "min_ttl = \"soon\"\n";
        assert_eq!(changed(wrong, "min_ttl", &["5m"]).unwrap(), "min_ttl = \"5m\"\n");
        assert_eq!(changed(wrong, "lock_timeout", &["5m"]).unwrap_err().kind(), Kind::Unusable);
    }

    #[test]
    fn what_could_not_be_read_is_not_written() {
        for (text, key, values) in [
            ("", "min_ttl", &["s3cr3t"][..]),
            ("", "min-ttl", &["5m"]),
            ("", "min_ttl", &["5m", "6m"]),
            ("s3cr3t", "min_ttl", &["5m"]),
            ("", "default_profile", &["s3cr3t s3cr3t"]),
        ] {
            let error = changed(text, key, values).unwrap_err().to_string();
            assert!(!error.contains("s3cr3t"), "{error}");
        }
        assert!(changed("", "min-ttl", &["5m"]).unwrap_err().problem().contains("min_ttl"));
    }
}
