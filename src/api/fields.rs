//! Pure: `-f` and `-F`, as a JSON body or as a query.

use std::collections::BTreeMap;
use std::fmt;

use serde::Serialize;
use serde_json::value::RawValue;

/// One field.
#[derive(Debug, Clone)]
pub(crate) struct Field {
    /// The text before the first `=`.
    pub key: String,
    /// The value after it, by its kind.
    pub value: Value,
}

/// The value of a field.
#[derive(Debug, Clone, Serialize)]
#[serde(untagged)]
pub(crate) enum Value {
    /// A text.
    Text(String),
    /// JSON, sent as written: an amount keeps all its digits.
    Json(Box<RawValue>),
}

/// The value of a typed field.
#[derive(Debug, Clone)]
pub(crate) enum Typed {
    /// This value.
    Value(Value),
    /// The text of this file; `-` is stdin.
    File(String),
}

/// Why a field is invalid.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum BadField {
    /// No `=`, or nothing before it.
    NoKey,
    /// The same key twice in one JSON body.
    Twice,
}

impl fmt::Display for BadField {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NoKey => "A field is not KEY=VALUE",
            Self::Twice => "A field is given twice",
        })
    }
}

impl std::error::Error for BadField {}

/// Splits at the first `=`.
pub(crate) fn split(text: &str) -> Result<(&str, &str), BadField> {
    text.split_once('=').filter(|(key, _)| !key.is_empty()).ok_or(BadField::NoKey)
}

/// Parses the value of a typed field: `true`, `false`, `null` and JSON's numbers as JSON, `@FILE`, else a text.
pub(crate) fn typed(text: &str) -> Typed {
    if let Some(file) = text.strip_prefix('@') {
        return Typed::File(file.to_owned());
    }
    // 007 and ١ are not JSON numbers and stay texts.
    let may_be_json = matches!(text, "true" | "false" | "null")
        || text.starts_with(|c: char| c == '-' || c.is_ascii_digit());
    let json = || RawValue::from_string(text.to_owned()).ok();
    let json = may_be_json.then(json).flatten();
    Typed::Value(json.map_or_else(|| Value::Text(text.to_owned()), Value::Json))
}

/// The fields as one JSON object.
pub(crate) fn json(fields: &[Field]) -> Result<Vec<u8>, BadField> {
    let mut object = BTreeMap::new();
    for Field { key, value } in fields {
        if object.insert(key, value).is_some() {
            return Err(BadField::Twice);
        }
    }
    Ok(serde_json::to_vec(&object).unwrap_or_default())
}

/// The fields as pairs of a query, in which all values are texts.
pub(crate) fn pairs(fields: &[Field]) -> impl Iterator<Item = (&str, &str)> {
    fields.iter().map(|Field { key, value }| {
        let text = match value {
            Value::Text(text) => text,
            Value::Json(json) => json.get(),
        };
        (key.as_str(), text)
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_field_is_split_at_its_first_equals_sign() {
        assert_eq!(split("a=b=c"), Ok(("a", "b=c")));
        assert_eq!(split("a="), Ok(("a", "")));
        for bad in ["", "a", "=b"] {
            assert_eq!(split(bad), Err(BadField::NoKey), "{bad:?}");
        }
    }

    fn sent(text: &str) -> String {
        let Typed::Value(value) = typed(text) else { panic!("{text} is a file") };
        String::from_utf8(json(&[Field { key: "k".to_owned(), value }]).unwrap()).unwrap()
    }

    #[test]
    fn a_typed_field_is_what_json_would_make_of_it_or_a_text() {
        for json in [
            "true",
            "false",
            "null",
            "0",
            "-12",
            "12.50",
            "1e3",
            "123456789012345678901",
            "0.12345678901234567890123",
            "1E999",
        ] {
            assert_eq!(sent(json), format!("{{\"k\":{json}}}"), "as it was written");
        }
        for text in ["True", "007", "2026-11-22", "1.2.3", "-", "", "12 EUR", "١"] {
            assert_eq!(sent(text), format!("{{\"k\":\"{text}\"}}"));
        }
        assert!(matches!(typed("@a/b"), Typed::File(file) if file == "a/b"));
        assert!(matches!(typed("@-"), Typed::File(file) if file == "-"));
    }

    #[test]
    fn a_body_names_each_field_once_and_a_query_as_often_as_it_is_given() {
        let field = |key: &str, value: &str| {
            let Typed::Value(value) = typed(value) else { panic!("a file") };
            Field { key: key.to_owned(), value }
        };
        let fields = [field("b", "x\"\n"), field("a", "1.50")];
        assert_eq!(json(&fields), Ok(br#"{"a":1.50,"b":"x\"\n"}"#.to_vec()));
        let twice = [field("a", "1"), field("a", "2")];
        assert_eq!(pairs(&twice).collect::<Vec<_>>(), [("a", "1"), ("a", "2")]);
        assert_eq!(json(&twice), Err(BadField::Twice));
        assert_eq!(pairs(&fields).next(), Some(("b", "x\"\n")));
    }

    proptest! {
        #[test]
        fn whatever_is_given_a_body_is_json(text: String) {
            let _ = split(&text);
            if !text.starts_with('@') {
                prop_assert!(serde_json::from_str::<serde_json::Value>(&sent(&text)).is_ok());
            }
        }
    }
}
