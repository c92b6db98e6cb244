//! Parses the body of an answer so that errors outside the tokens do not lose them.
//!
//! A rotated refresh token must not be lost because of invalid JSON: a byte-order mark, a stray byte, a number
//! out of range, an invalid field or an early end. So a separate tokenizer finds the members of the top-level
//! object: it continues where a parser would fail and stops where the meaning is uncertain; `serde_json` parses
//! each known value.

use serde::de::{Deserialize as _, IgnoredAny};
use serde_json::{Map, Value};

/// The fields that are read; all others are skipped.
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

/// The readable part of a JSON object.
pub(super) struct Body {
    /// The known fields that are complete. `false` replaces a value that is not JSON.
    pub(super) fields: Map<String, Value>,
    /// Whether the whole body was one valid JSON object.
    pub(super) whole: bool,
}

/// Parses a body; `None` if it is not a JSON object.
pub(super) fn read(bytes: &[u8]) -> Option<Body> {
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    let mut members = Members::of(bytes)?;
    let mut fields = Map::new();
    let mut whole = is_one_value(bytes);
    while let Some((name, value)) = members.next() {
        let Some(name) = text(name).filter(|name| KNOWN.contains(&name.as_str())) else { continue };
        let value = parsed(value).unwrap_or_else(|| {
            whole = false;
            Value::Bool(false)
        });
        // Of a repeated field the last one counts, but only a text replaces a text.
        if is_text(Some(&value)) || !is_text(fields.get(&name)) {
            fields.insert(name, value);
        }
    }
    Some(Body { fields, whole })
}

fn is_one_value(bytes: &[u8]) -> bool {
    let mut reader = serde_json::Deserializer::from_slice(bytes);
    IgnoredAny::deserialize(&mut reader).is_ok() && reader.end().is_ok()
}

fn text(literal: &[u8]) -> Option<String> {
    match parsed(literal)? {
        Value::String(text) => Some(text),
        _ => None,
    }
}

/// Tokens are ASCII; a stray byte outside a token must not lose it, and one inside a token is detected later.
fn parsed(value: &[u8]) -> Option<Value> {
    serde_json::from_str(&String::from_utf8_lossy(value)).ok()
}

fn is_text(value: Option<&Value>) -> bool {
    matches!(value, Some(Value::String(text)) if !text.trim().is_empty())
}

/// The members of the top-level object, unparsed. Members of nested values do not count, and incomplete ones
/// neither.
struct Members<'a> {
    rest: &'a [u8],
    is_first: bool,
}

impl<'a> Members<'a> {
    fn of(bytes: &'a [u8]) -> Option<Self> {
        let rest = bytes.trim_ascii_start().strip_prefix(b"{")?;
        Some(Self { rest, is_first: true })
    }

    /// The next name, with its quotes, and the next value.
    fn next(&mut self) -> Option<(&'a [u8], &'a [u8])> {
        if !std::mem::take(&mut self.is_first) {
            self.punctuation(b',')?;
        }
        self.rest = self.rest.trim_ascii_start();
        let name = self.take(string_end(self.rest)?);
        self.punctuation(b':')?;
        self.rest = self.rest.trim_ascii_start();
        let end = match self.rest.first()? {
            b'"' => string_end(self.rest),
            b'{' | b'[' => nested_end(self.rest),
            _ => scalar_end(self.rest),
        };
        Some((name, self.take(end?)))
    }

    fn punctuation(&mut self, mark: u8) -> Option<()> {
        self.rest = self.rest.trim_ascii_start().strip_prefix(&[mark])?;
        Some(())
    }

    fn take(&mut self, end: usize) -> &'a [u8] {
        let (taken, rest) = self.rest.split_at(end);
        self.rest = rest;
        taken
    }
}

/// The end of the string that begins here, after its closing quote.
fn string_end(bytes: &[u8]) -> Option<usize> {
    bytes.strip_prefix(b"\"")?;
    let mut at = 1;
    loop {
        match bytes.get(at)? {
            b'"' => return Some(at + 1),
            b'\\' => at += 2,
            _ => at += 1,
        }
    }
}

/// The end of the object or list that begins here.
fn nested_end(bytes: &[u8]) -> Option<usize> {
    let mut depth = 0_usize;
    let mut at = 0;
    loop {
        match bytes.get(at)? {
            b'"' => {
                at += string_end(&bytes[at..])?;
                continue;
            }
            b'{' | b'[' => depth += 1,
            b'}' | b']' => depth -= 1,
            _ => {}
        }
        at += 1;
        if depth == 0 {
            return Some(at);
        }
    }
}

/// The end of a number or word: before its separator, without which a part of it may be missing.
fn scalar_end(bytes: &[u8]) -> Option<usize> {
    let ends = |byte: &u8| b",}] \t\r\n".contains(byte);
    bytes.iter().position(ends).filter(|end| *end > 0)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    fn field(body: &str, name: &str) -> Option<Value> {
        read(body.as_bytes())?.fields.remove(name)
    }

    #[test]
    fn a_token_is_taken_from_the_top_alone_and_whole_alone() {
        let r = Some(json!("r"));
        let cut = r#"{"a":1,"refresh_token":"r","geolocation":"https://us"#;
        for (body, expected) in [
            (cut, &r),
            (r#"{"refresh_token":"r"#, &None),
            (r#"{"refresh_token":"r\"#, &None),
            (r#"{"refresh_token":"r""#, &r),
            (r#"{"x":{"refresh_token":"n"},"refresh_token":"r","y":"#, &r),
            (r#"{"x":{"refresh_token":"n"},"y":"#, &None),
            (r#"{"x":{"refresh_token":"n""#, &None),
            (r#"{"x":[{"refresh_token":"n"}],"y"#, &None),
            (r#"{"x":"\"refresh_token\":\"n\"","y"#, &None),
            (r#"{"x":"{\"refresh_token\":\"n\"","y"#, &None),
            (r#"{"x":"}","refresh_token":"r","y"#, &r),
            (r#"{"refresh\u005ftoken":"\u0072","y"#, &r),
            (r#"{"refresh_token":"n","refresh_token":"r","y"#, &r),
            (r#"{"refresh_token":"r","refresh_token":null,"y"#, &r),
            (r#"{"refresh_token":"r","refresh_token":"n"#, &r),
            (r#"{"refresh_token" : "r" , "y"#, &r),
            (r#"{"Refresh_Token":"n","y"#, &None),
            (r#"[{"refresh_token":"n"}]"#, &None),
            (r#"{"x" "refresh_token":"n""#, &None),
            (r#"{"x":"a"b","refresh_token":"n","y"#, &None),
        ] {
            assert_eq!(field(body, "refresh_token"), *expected, "{body}");
        }
    }

    #[test]
    fn a_number_whose_end_did_not_come_is_none() {
        assert_eq!(field(r#"{"expires_in":36"#, "expires_in"), None);
        assert_eq!(field(r#"{"expires_in":36,"x"#, "expires_in"), Some(json!(36)));
    }

    proptest! {
        #[test]
        fn what_is_good_json_is_read_as_serde_reads_it(
            fields in prop::collection::btree_map(
                prop_oneof![prop::sample::select(&KNOWN[..]).prop_map(str::to_owned), ".{0,8}"],
                value(),
                0..8,
            ),
            pretty: bool,
        ) {
            let text = if pretty { serde_json::to_string_pretty(&fields) } else { serde_json::to_string(&fields) };
            let body = read(text.unwrap().as_bytes()).unwrap();
            let known: Map<String, Value> =
                fields.into_iter().filter(|(name, _)| KNOWN.contains(&name.as_str())).collect();
            prop_assert!(body.whole);
            prop_assert_eq!(body.fields, known);
        }

        #[test]
        fn wherever_it_is_cut_a_field_is_there_whole_or_not_at_all(
            before in value(), token in ".{1,20}", after in value(), at: prop::sample::Index,
        ) {
            let text = format!(
                "{{\"x\":{before},\"refresh_token\":{},\"y\":{after}}}", json!(token)
            );
            let cut = &text.as_bytes()[..at.index(text.len())];
            if let Some(found) = read(cut).and_then(|mut body| body.fields.remove("refresh_token")) {
                prop_assert_eq!(found, json!(token));
            }
        }

        #[test]
        fn no_bytes_make_it_panic(bytes in prop::collection::vec(
            prop_oneof![prop::sample::select(&b"{}[]\",:\\ u0ref"[..]), any::<u8>()], 0..80,
        )) {
            let mut bytes = bytes;
            let _ = read(&bytes);
            bytes.insert(0, b'{');
            let _ = read(&bytes);
        }
    }

    fn value() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::from),
            any::<i64>().prop_map(Value::from),
            ".{0,12}".prop_map(Value::from),
            Just(json!({"refresh_token": "nested"})),
        ];
        leaf.prop_recursive(3, 12, 3, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..3).prop_map(Value::from),
                prop::collection::btree_map(".{0,6}", inner, 0..3)
                    .prop_map(|map| Value::Object(map.into_iter().collect())),
            ]
        })
    }
}
