//! Parses a JSON object field by field: strings become secrets without a copy, and errors contain no text of
//! the file.
//!
//! serde's error texts quote the value, so only their line and column are used, with a [`Problem`] that was
//! noted before. Strings without escapes, which includes all tokens, are never copied outside a `Secret`; one
//! with escapes passes through `serde_json`'s scratch buffer, which is not wiped.

use std::cell::Cell;
use std::fmt;

use chrono::DateTime;
use serde::de::{
    Deserialize, DeserializeSeed, Deserializer, Error as _, IgnoredAny, MapAccess, Visitor,
};
use serde_json::Value;
use serde_json::error::Category;

use super::{FileError, MAX_FILE_BYTES, Problem};
use crate::model::lenient;
use crate::model::secret::Secret;

/// The target of a parsed object.
pub(super) trait Fields {
    /// The known keys; each may occur once.
    const KEYS: &'static [&'static str];

    /// Takes the value of a known key.
    fn take<'de, A: MapAccess<'de>>(
        &mut self,
        key: &'static str,
        values: &mut Values<'_, A>,
    ) -> Result<(), A::Error>;

    /// Takes the value of another key; by default it is skipped.
    fn take_unknown<'de, A: MapAccess<'de>>(
        &mut self,
        _key: String,
        values: &mut Values<'_, A>,
    ) -> Result<(), A::Error> {
        values.skip()
    }
}

/// The object's values, with the problem to report if the next one is invalid.
pub(super) struct Values<'a, A> {
    pub(super) map: A,
    problem: &'a Cell<Problem>,
}

impl<'de, A: MapAccess<'de>> Values<'_, A> {
    /// A string without the blanks around it; `None` for `null` and a blank one.
    pub(super) fn secret(&mut self, key: &'static str) -> Result<Option<Secret>, A::Error> {
        self.problem.set(Problem::NotAString { key });
        let Text(text) = self.map.next_value()?;
        if text.as_ref().and_then(Secret::expose_utf8).is_some_and(has_control) {
            return Err(self.refuse(Problem::ControlCharacter { key }));
        }
        Ok(text)
    }

    /// As [`Values::secret`], for a value that is not secret.
    pub(super) fn text(&mut self, key: &'static str) -> Result<Option<String>, A::Error> {
        let text = self.secret(key)?;
        Ok(text.as_ref().and_then(Secret::expose_utf8).map(str::to_owned))
    }

    /// An optional string: a value of another type counts as absent.
    pub(super) fn text_if_any(&mut self) -> Result<Option<String>, A::Error> {
        let value: Value = self.map.next_value()?;
        let text =
            value.as_str().map(str::trim).filter(|text| !text.is_empty() && !has_control(text));
        Ok(text.map(str::to_owned))
    }

    /// A base URL, which the caller may not need, so the caller refuses an invalid one.
    pub(super) fn base_url(&mut self) -> Result<Option<String>, A::Error> {
        Ok(match self.map.next_value()? {
            Value::Null => None,
            Value::String(text) if text.trim().is_empty() => None,
            Value::String(text) => Some(text),
            _ => Some("not a string".to_owned()),
        })
    }

    /// Stores a field that has several names in files; two equal values are not a conflict.
    pub(super) fn keep<T: PartialEq>(
        &self,
        slot: &mut Option<T>,
        said: Option<T>,
        key: &'static str,
    ) -> Result<(), A::Error> {
        match (&*slot, &said) {
            (Some(before), Some(now)) if before != now => {
                Err(self.refuse(Problem::Duplicate { key: Some(key) }))
            }
            (None, Some(_)) => {
                *slot = said;
                Ok(())
            }
            _ => Ok(()),
        }
    }

    /// A whole number in any form, or a point in time; `None` for `null` and a blank string.
    pub(super) fn number(&mut self, key: &'static str) -> Result<Option<i64>, A::Error> {
        self.problem.set(Problem::NotANumber { key });
        let Number(number) = self.map.next_value()?;
        Ok(number)
    }

    /// Any value, which is not kept.
    pub(super) fn skip(&mut self) -> Result<(), A::Error> {
        self.map.next_value::<IgnoredAny>().map(drop)
    }

    /// The error that makes [`read`] report `problem` here.
    pub(super) fn refuse(&self, problem: Problem) -> A::Error {
        self.problem.set(problem);
        A::Error::custom("refused")
    }
}

fn has_control(text: &str) -> bool {
    text.chars().any(char::is_control)
}

/// Fills `fields` from the one JSON object in `bytes`; a UTF-8 byte order mark is skipped.
pub(super) fn read<F: Fields>(bytes: &[u8], fields: F) -> Result<F, FileError> {
    let text = text_of(bytes)?;
    let problem = Cell::new(Problem::NotAnObject);
    let mut json = serde_json::Deserializer::from_str(text);
    ObjectOf { fields, problem: &problem }
        .deserialize(&mut json)
        .and_then(|fields| json.end().map(|()| fields))
        .map_err(|error| FileError {
            line: error.line().max(1),
            column: error.column().max(1),
            problem: match error.classify() {
                Category::Data => problem.get(),
                Category::Eof => Problem::Truncated,
                Category::Syntax | Category::Io => Problem::NotJson,
            },
        })
}

fn text_of(bytes: &[u8]) -> Result<&str, FileError> {
    if bytes.len() > MAX_FILE_BYTES {
        return Err(FileError::whole_file(Problem::TooLarge));
    }
    if bytes.starts_with(b"\xff\xfe") || bytes.starts_with(b"\xfe\xff") {
        return Err(FileError::whole_file(Problem::Utf16));
    }
    let bytes = bytes.strip_prefix("\u{feff}".as_bytes()).unwrap_or(bytes);
    let (text, bad_from) = match std::str::from_utf8(bytes) {
        Ok(text) => (text, bytes.iter().position(|byte| *byte == 0)),
        Err(error) => ("", Some(error.valid_up_to())),
    };
    if let Some(bad_from) = bad_from {
        let before = &bytes[..bad_from];
        let line_start =
            before.iter().rposition(|byte| *byte == b'\n').map_or(0, |newline| newline + 1);
        return Err(FileError {
            line: before.split(|byte| *byte == b'\n').count(),
            column: bad_from - line_start + 1,
            problem: Problem::NotText,
        });
    }
    if text.trim().is_empty() {
        return Err(FileError::whole_file(Problem::Empty));
    }
    Ok(text)
}

struct ObjectOf<'a, F> {
    fields: F,
    problem: &'a Cell<Problem>,
}

impl<'de, F: Fields> DeserializeSeed<'de> for ObjectOf<'_, F> {
    type Value = F;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<F, D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'de, F: Fields> Visitor<'de> for ObjectOf<'_, F> {
    type Value = F;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(mut self, map: A) -> Result<F, A::Error> {
        let mut seen = vec![false; F::KEYS.len()];
        let mut values = Values { map, problem: self.problem };
        while let Some(key) = values.map.next_key_seed(KeyAmong(F::KEYS))? {
            match key {
                Key::Known(at) => {
                    let key = F::KEYS[at];
                    if std::mem::replace(&mut seen[at], true) {
                        return Err(values.refuse(Problem::Duplicate { key: Some(key) }));
                    }
                    self.fields.take(key, &mut values)?;
                }
                Key::Unknown(key) => self.fields.take_unknown(key, &mut values)?,
            }
        }
        Ok(self.fields)
    }
}

enum Key {
    /// Its index among the known keys.
    Known(usize),
    Unknown(String),
}

struct KeyAmong(&'static [&'static str]);

impl<'de> DeserializeSeed<'de> for KeyAmong {
    type Value = Key;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Key, D::Error> {
        deserializer.deserialize_str(self)
    }
}

impl Visitor<'_> for KeyAmong {
    type Value = Key;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a key")
    }

    fn visit_str<E>(self, key: &str) -> Result<Key, E> {
        let known = self.0.iter().position(|known| *known == key);
        Ok(known.map_or_else(|| Key::Unknown(key.to_owned()), Key::Known))
    }
}

struct Text(Option<Secret>);

impl<'de> Deserialize<'de> for Text {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct TextVisitor;

        impl Visitor<'_> for TextVisitor {
            type Value = Text;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a string")
            }

            fn visit_str<E>(self, text: &str) -> Result<Text, E> {
                let text = lenient::trimmed(text);
                Ok(Text((!text.is_empty()).then(|| Secret::from(text))))
            }

            fn visit_unit<E>(self) -> Result<Text, E> {
                Ok(Text(None))
            }
        }

        deserializer.deserialize_any(TextVisitor)
    }
}

/// A time with fractions of a second, as many programs write it: only a time is that large.
fn fraction_of_a_time(number: f64) -> Option<i64> {
    const TEN_YEARS: f64 = 315_360_000.0;
    lenient::whole(number.trunc()).filter(|_| number >= TEN_YEARS)
}

/// A time as text: epoch seconds with a fraction, or RFC 3339.
fn time_text(text: &str) -> Option<i64> {
    let rfc3339 = || DateTime::parse_from_rfc3339(text).ok().map(|time| time.timestamp());
    text.parse().ok().and_then(fraction_of_a_time).or_else(rfc3339)
}

struct Number(Option<i64>);

impl<'de> Deserialize<'de> for Number {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct NumberVisitor;

        fn known<E: serde::de::Error>(number: Option<i64>) -> Result<Number, E> {
            number.map(|number| Number(Some(number))).ok_or_else(|| E::custom("not whole"))
        }

        impl Visitor<'_> for NumberVisitor {
            type Value = Number;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a whole number")
            }

            fn visit_i64<E: serde::de::Error>(self, number: i64) -> Result<Number, E> {
                known(Some(number))
            }

            fn visit_u64<E: serde::de::Error>(self, number: u64) -> Result<Number, E> {
                known(i64::try_from(number).ok())
            }

            fn visit_f64<E: serde::de::Error>(self, number: f64) -> Result<Number, E> {
                known(lenient::whole(number).or_else(|| fraction_of_a_time(number)))
            }

            fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<Number, E> {
                if text.trim().is_empty() {
                    return Ok(Number(None));
                }
                known(lenient::whole_number_text(text).or_else(|| time_text(text.trim())))
            }

            fn visit_unit<E>(self) -> Result<Number, E> {
                Ok(Number(None))
            }
        }

        deserializer.deserialize_any(NumberVisitor)
    }
}
