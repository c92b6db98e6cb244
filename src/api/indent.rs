//! Pure: JSON as a person reads it. Only white space differs: numbers keep their digits, and objects their
//! order and their duplicates.

use std::fmt;

use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};
use serde::ser::{Error as _, Serialize, Serializer};
use serde_json::value::RawValue;

/// Larger bodies are shown as they come, bytes: nothing is shown before all of it is here.
pub(crate) const MOST_BYTES: u64 = 1 << 20;

/// The text indented; `None` when it is no JSON.
pub(crate) fn indented(body: &[u8]) -> Option<Vec<u8>> {
    let body: &RawValue = serde_json::from_slice(body).ok()?;
    serde_json::to_vec_pretty(&Indented(body, 0)).ok()
}

/// Deeper levels are shown as they come: each level is read once more, and takes stack.
const MOST_LEVELS: usize = 64;

/// A value, and its level.
struct Indented<'a>(&'a RawValue, usize);

impl Serialize for Indented<'_> {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        let &Self(value, level) = self;
        let text = value.get();
        if level == MOST_LEVELS {
            value.serialize(to)
        } else if text.starts_with('{') {
            let Members(members) = serde_json::from_str(text).map_err(S::Error::custom)?;
            to.collect_map(
                members.into_iter().map(|(name, value)| (name, Indented(value, level + 1))),
            )
        } else if text.starts_with('[') {
            let values: Vec<&RawValue> = serde_json::from_str(text).map_err(S::Error::custom)?;
            to.collect_seq(values.into_iter().map(|value| Indented(value, level + 1)))
        } else {
            value.serialize(to)
        }
    }
}

/// The members of an object in their order.
struct Members<'a>(Vec<(String, &'a RawValue)>);

impl<'a> Deserialize<'a> for Members<'a> {
    fn deserialize<D: Deserializer<'a>>(from: D) -> Result<Self, D::Error> {
        struct Object;
        impl<'a> Visitor<'a> for Object {
            type Value = Members<'a>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<M: MapAccess<'a>>(self, mut map: M) -> Result<Members<'a>, M::Error> {
                let mut members = Vec::new();
                while let Some(member) = map.next_entry()? {
                    members.push(member);
                }
                Ok(Members(members))
            }
        }
        from.deserialize_map(Object)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn shown(body: &str) -> Option<String> {
        indented(body.as_bytes()).map(|text| String::from_utf8(text).unwrap())
    }

    #[test]
    fn digits_order_and_duplicates_stay() {
        let body = r#"{"b":1.10,"a":[12345678901234567890123,"\u00e4\u001b",{}],"b":null}"#;
        let lines = [
            "{",
            "  \"b\": 1.10,",
            "  \"a\": [",
            "    12345678901234567890123,",
            "    \"\\u00e4\\u001b\",",
            "    {}",
            "  ],",
            "  \"b\": null",
            "}",
        ];
        assert_eq!(shown(body), Some(lines.join("\n")));
        for other in ["", "{", "<a/>", "{} {}", "\u{feff}{}"] {
            assert_eq!(shown(other), None, "{other}");
        }
    }

    #[test]
    fn a_deep_body_costs_no_stack() {
        assert_eq!(shown(&"[".repeat(100_000)), None);
        let deep = format!("{}{}", "[".repeat(100_000), "]".repeat(100_000));
        assert!(shown(&deep).is_some_and(|text| text.lines().count() == 2 * MOST_LEVELS + 1));
    }

    proptest! {
        #[test]
        fn it_stays_the_same_json(value in "[\\[\\]{},:\"a1. ]{0,40}") {
            if let Some(text) = shown(&value) {
                let read = |text: &str| serde_json::from_str::<serde_json::Value>(text).ok();
                prop_assert_eq!(read(&value), read(&text));
            }
        }
    }
}
