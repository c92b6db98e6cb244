//! The body of an answer, read so that nothing beside the tokens can cost them.
//!
//! A rotated refresh token is worth more than good JSON: a byte-order mark, a stray byte, a number
//! out of range or junk in a field that nobody reads must not lose it.

use std::fmt;

use serde::de::{DeserializeSeed, IgnoredAny, MapAccess, Visitor};
use serde_json::{Map, Value};

/// The fields that are read; everything else is passed over without a look at its value.
const KNOWN: [&str; 12] = [
    "access_token",
    "refresh_token",
    "id_token",
    "expires_in",
    "refresh_expires_in",
    "scope",
    "geolocation",
    "code",
    "error",
    "error_description",
    "concur-correlationid",
    "token_type",
];

/// What is worth looking for in a text that is no good JSON.
const TOKENS: [&str; 2] = ["access_token", "refresh_token"];

/// What could be read of a JSON object.
pub(super) struct Body {
    /// The known fields, up to the damage if there is any.
    pub(super) fields: Map<String, Value>,
    /// Whether the whole body was one good JSON object.
    pub(super) whole: bool,
}

/// Reads a body; `None` when it is not a JSON object at all.
pub(super) fn read(bytes: &[u8]) -> Option<Body> {
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    // Tokens are ASCII; a stray byte elsewhere must not cost them.
    let text = String::from_utf8_lossy(bytes);
    if !text.trim_start().starts_with('{') {
        return None;
    }
    let mut fields = Map::new();
    let mut reader = serde_json::Deserializer::from_str(&text);
    let read = Reader(&mut fields).deserialize(&mut reader);
    let whole = read.is_ok() && reader.end().is_ok();
    if !whole {
        for name in TOKENS {
            if let (false, Some(token)) = (is_text(fields.get(name)), token_in(&text, name)) {
                fields.insert(name.to_owned(), Value::String(token));
            }
        }
    }
    Some(Body { fields, whole })
}

/// A token that stands whole in a damaged text: its name, a colon, and a string without escapes.
fn token_in(text: &str, name: &str) -> Option<String> {
    let (_, rest) = text.split_once(&format!("\"{name}\""))?;
    let rest = rest.trim_start().strip_prefix(':')?.trim_start().strip_prefix('"')?;
    let end = rest.find(|c: char| !c.is_ascii_graphic() || c == '"' || c == '\\')?;
    let is_whole = rest[end..].starts_with('"') && end > 0;
    is_whole.then(|| rest[..end].to_owned())
}

fn is_text(value: Option<&Value>) -> bool {
    matches!(value, Some(Value::String(text)) if !text.trim().is_empty())
}

struct Reader<'a>(&'a mut Map<String, Value>);

impl<'de> DeserializeSeed<'de> for Reader<'_> {
    type Value = ();

    fn deserialize<D: serde::Deserializer<'de>>(self, reader: D) -> Result<(), D::Error> {
        reader.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for Reader<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        while let Some(name) = map.next_key::<String>()? {
            if !KNOWN.contains(&name.as_str()) {
                map.next_value::<IgnoredAny>()?;
                continue;
            }
            let value = map.next_value::<Value>()?;
            // Given twice, the last one counts, but only a text takes the place of a text.
            if is_text(Some(&value)) || !is_text(self.0.get(&name)) {
                self.0.insert(name, value);
            }
        }
        Ok(())
    }
}
