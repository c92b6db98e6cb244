//! Pure: `-f` and `-F`, as a JSON body or as a query.

use std::fmt;

use serde_json::{Map, Number, Value};

/// One field.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Field {
    /// What stands before the first `=`.
    pub key: String,
    /// A text, or what a typed field stands for.
    pub value: Value,
}

/// What a typed field asks for.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Typed {
    /// This value.
    Value(Value),
    /// The text of this file; `-` is stdin.
    File(String),
}

/// Why there is no field in a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum BadField {
    /// No `=`, or nothing before it.
    NoKey,
    /// A JSON number whose digits would not survive.
    Number,
    /// The same key twice in one JSON body.
    Twice,
}

impl fmt::Display for BadField {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NoKey => "A field is not KEY=VALUE",
            Self::Number => "The number of a field has more digits than can be kept",
            Self::Twice => "A field is given twice",
        })
    }
}

impl std::error::Error for BadField {}

/// Splits at the first `=`.
pub(crate) fn split(text: &str) -> Result<(&str, &str), BadField> {
    text.split_once('=').filter(|(key, _)| !key.is_empty()).ok_or(BadField::NoKey)
}

/// What the value of a typed field stands for: `true`, `false`, `null` and JSON's numbers as such,
/// `@FILE`, else a text.
pub(crate) fn typed(text: &str) -> Result<Typed, BadField> {
    if let Some(file) = text.strip_prefix('@') {
        return Ok(Typed::File(file.to_owned()));
    }
    let value = match text {
        "true" => Value::Bool(true),
        "false" => Value::Bool(false),
        "null" => Value::Null,
        // Texts such as 007 and ١ are no JSON numbers, and stay what they are.
        _ if text.starts_with(|c: char| c == '-' || c.is_ascii_digit()) => number(text)?,
        _ => Value::from(text),
    };
    Ok(Typed::Value(value))
}

fn number(text: &str) -> Result<Value, BadField> {
    let Ok(number) = serde_json::from_str::<Number>(text) else {
        // A number that is too large is not one for serde either.
        let is_number = !text
            .contains(|c: char| !matches!(c, '0'..='9' | '-' | '+' | '.' | 'e' | 'E'))
            && text.contains(['e', 'E']);
        return if is_number { Err(BadField::Number) } else { Ok(Value::from(text)) };
    };
    let digits = |text: &str| {
        let mantissa = text.split(['e', 'E']).next().unwrap_or_default();
        let digits: String = mantissa.chars().filter(char::is_ascii_digit).collect();
        digits.trim_start_matches('0').trim_end_matches('0').to_owned()
    };
    if digits(&number.to_string()) == digits(text) {
        Ok(Value::Number(number))
    } else {
        Err(BadField::Number)
    }
}

/// The fields as one JSON object.
pub(crate) fn json(fields: Vec<Field>) -> Result<Vec<u8>, BadField> {
    let mut object = Map::new();
    for Field { key, value } in fields {
        if object.insert(key, value).is_some() {
            return Err(BadField::Twice);
        }
    }
    Ok(Value::Object(object).to_string().into_bytes())
}

/// The fields as pairs of a query, where everything is text.
pub(crate) fn pairs(fields: &[Field]) -> Vec<(&str, String)> {
    let text = |value: &Value| match value {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    };
    fields.iter().map(|field| (field.key.as_str(), text(&field.value))).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    #[test]
    fn a_field_is_split_at_its_first_equals_sign() {
        assert_eq!(split("a=b=c"), Ok(("a", "b=c")));
        assert_eq!(split("a="), Ok(("a", "")));
        for bad in ["", "a", "=b"] {
            assert_eq!(split(bad), Err(BadField::NoKey), "{bad:?}");
        }
    }

    #[test]
    fn a_typed_field_is_what_json_would_make_of_it_or_a_text() {
        for (text, expected) in [
            ("true", json!(true)),
            ("false", json!(false)),
            ("null", json!(null)),
            ("0", json!(0)),
            ("-12", json!(-12)),
            ("12.50", json!(12.5)),
            ("1e3", json!(1000.0)),
            ("18446744073709551615", json!(u64::MAX)),
            ("True", json!("True")),
            ("007", json!("007")),
            ("2026-11-22", json!("2026-11-22")),
            ("1.2.3", json!("1.2.3")),
            ("-", json!("-")),
            ("", json!("")),
            ("12 EUR", json!("12 EUR")),
        ] {
            assert_eq!(typed(text), Ok(Typed::Value(expected)), "{text:?}");
        }
        assert_eq!(typed("@a/b"), Ok(Typed::File("a/b".to_owned())));
        assert_eq!(typed("@-"), Ok(Typed::File("-".to_owned())));
    }

    #[test]
    fn a_number_that_would_change_is_refused() {
        for text in ["123456789012345678901", "0.12345678901234567890123", "1e999"] {
            assert_eq!(typed(text), Err(BadField::Number), "{text}");
        }
    }

    #[test]
    fn a_body_names_each_field_once_and_a_query_as_often_as_it_is_given() {
        let field = |key: &str, value: Value| Field { key: key.to_owned(), value };
        let fields = vec![field("b", json!("x\"\n")), field("a", json!(1.5))];
        assert_eq!(json(fields.clone()), Ok(br#"{"a":1.5,"b":"x\"\n"}"#.to_vec()));
        let twice = vec![field("a", json!(1)), field("a", json!(2))];
        assert_eq!(pairs(&twice), [("a", "1".to_owned()), ("a", "2".to_owned())]);
        assert_eq!(json(twice), Err(BadField::Twice));
        assert_eq!(pairs(&fields)[0], ("b", "x\"\n".to_owned()));
    }

    proptest! {
        #[test]
        fn whole_numbers_keep_their_digits(number: i64) {
            prop_assert_eq!(typed(&number.to_string()), Ok(Typed::Value(json!(number))));
        }

        #[test]
        fn reading_never_panics(text: String) {
            let _ = typed(&text);
            let _ = split(&text);
        }
    }
}
