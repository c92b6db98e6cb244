//! `refreshTokenObjectFile.json` of the tutorial: the whole token response and the company's UUID.

#[cfg(test)]
mod tests;

use std::fmt;

use serde::de::MapAccess;
use serde::ser::{Serialize, SerializeMap, Serializer};
use serde_json::{Map, Value};
use zeroize::{Zeroize, Zeroizing};

use super::object::{Fields, Values, read};
use super::{FileError, Problem};
use crate::model::{printable::write_printable_json, secret::Secret, wiping::WipingBuffer};

/// The known fields, in the order in which the tutorial's script writes them.
const KEYS: [&str; 9] = [
    "expires_in",
    "scope",
    "token_type",
    "access_token",
    "refresh_token",
    "refresh_expires_in",
    "geolocation",
    "id_token",
    "companyUUID",
];

/// From here on, an epoch time is not in seconds (they reach it in the year 5138).
const NOT_SECONDS: i64 = 100_000_000_000;

/// What the file holds. A missing key, `null` and a blank string are the same.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TokenFile {
    /// `access_token`, a JWT whose `exp` is the only thing that tells its expiry.
    pub access_token: Option<Secret>,
    /// `refresh_token`.
    pub refresh_token: Option<Secret>,
    /// `id_token`, a JWT whose `sub` is the company's or user's UUID.
    pub id_token: Option<Secret>,
    /// `expires_in`: seconds, counted from a moment that the file does not tell.
    pub expires_in: Option<i64>,
    /// `refresh_expires_in`: despite its name an absolute time, here in epoch seconds. Files that
    /// hold milliseconds are read as well.
    pub refresh_expires_at: Option<i64>,
    /// `scope`.
    pub scope: Option<String>,
    /// `token_type`.
    pub token_type: Option<String>,
    /// `geolocation`, as it stands there: not checked, not normalised.
    pub geolocation: Option<String>,
    /// `companyUUID`, which the tutorial's script adds to the response.
    pub company_uuid: Option<String>,
    /// Everything else, kept for the way out.
    pub unknown: UnknownFields,
}

impl TokenFile {
    /// Reads the file; it must hold a refresh token or an access token.
    pub fn parse(bytes: &[u8]) -> Result<Self, FileError> {
        let file = read(bytes, Self::default())?;
        if file.refresh_token.is_none() && file.access_token.is_none() {
            return Err(FileError::whole_file(Problem::NoToken));
        }
        Ok(file)
    }

    /// The file as the tutorial's script writes it: one line, its field order, numbers as numbers,
    /// then the unknown fields; what is absent is left out. It may be written to a terminal: what could
    /// steer one is in JSON's escapes.
    pub fn render(&self) -> Result<Zeroizing<Vec<u8>>, NotText> {
        let mut out = WipingBuffer::new();
        // Into memory, only a token that is not UTF-8 can fail.
        write_printable_json(&mut out, &Rendered(self)).map_err(|_| NotText)?;
        out.extend(b"\n");
        Ok(out.into_bytes())
    }
}

/// A token is not UTF-8 and so cannot stand in a JSON file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NotText;

impl fmt::Display for NotText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a stored token is not UTF-8 text and cannot be written to a JSON file")
    }
}

impl std::error::Error for NotText {}

impl Fields for TokenFile {
    const KEYS: &'static [&'static str] = &KEYS;

    fn take<'de, A: MapAccess<'de>>(
        &mut self,
        key: &'static str,
        values: &mut Values<'_, A>,
    ) -> Result<(), A::Error> {
        match key {
            "expires_in" => self.expires_in = values.number(key)?,
            "scope" => self.scope = values.text(key)?,
            "token_type" => self.token_type = values.text(key)?,
            "access_token" => self.access_token = values.secret(key)?,
            "refresh_token" => self.refresh_token = values.secret(key)?,
            "refresh_expires_in" => self.refresh_expires_at = values.number(key)?.map(seconds),
            "geolocation" => self.geolocation = values.text(key)?,
            "id_token" => self.id_token = values.secret(key)?,
            _ => self.company_uuid = values.text(key)?,
        }
        Ok(())
    }

    fn take_unknown<'de, A: MapAccess<'de>>(
        &mut self,
        key: String,
        values: &mut Values<'_, A>,
    ) -> Result<(), A::Error> {
        if self.unknown.0.contains_key(&key) {
            return Err(values.refuse(Problem::Duplicate { key: None }));
        }
        let value = values.map.next_value()?;
        self.unknown.0.insert(key, value);
        Ok(())
    }
}

/// An epoch time in seconds, whether it came in seconds, milliseconds or something finer.
fn seconds(mut epoch: i64) -> i64 {
    while epoch >= NOT_SECONDS {
        epoch /= 1000;
    }
    epoch
}

struct Rendered<'a>(&'a TokenFile);

impl Serialize for Rendered<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        fn entry<M: SerializeMap, T: Serialize>(
            map: &mut M,
            key: &str,
            value: Option<T>,
        ) -> Result<(), M::Error> {
            value.map_or(Ok(()), |value| map.serialize_entry(key, &value))
        }

        fn secret<E: serde::ser::Error>(secret: Option<&Secret>) -> Result<Option<&str>, E> {
            secret
                .map(|secret| secret.expose_utf8().ok_or_else(|| E::custom("not text")))
                .transpose()
        }

        let TokenFile {
            access_token,
            refresh_token,
            id_token,
            expires_in,
            refresh_expires_at,
            scope,
            token_type,
            geolocation,
            company_uuid,
            unknown: UnknownFields(unknown),
        } = self.0;
        let mut map = serializer.serialize_map(None)?;
        entry(&mut map, "expires_in", *expires_in)?;
        entry(&mut map, "scope", scope.as_ref())?;
        entry(&mut map, "token_type", token_type.as_ref())?;
        entry(&mut map, "access_token", secret(access_token.as_ref())?)?;
        entry(&mut map, "refresh_token", secret(refresh_token.as_ref())?)?;
        entry(&mut map, "refresh_expires_in", *refresh_expires_at)?;
        entry(&mut map, "geolocation", geolocation.as_ref())?;
        entry(&mut map, "id_token", secret(id_token.as_ref())?)?;
        entry(&mut map, "companyUUID", company_uuid.as_ref())?;
        for (key, value) in unknown {
            map.serialize_entry(key, value)?;
        }
        map.end()
    }
}

/// Fields of an imported file that we do not know. They may be secrets, so they are treated as such:
/// not shown by `Debug`, strings overwritten when dropped, and out only as a [`Secret`].
#[derive(Clone, Default, PartialEq, Eq)]
pub struct UnknownFields(Map<String, Value>);

impl UnknownFields {
    /// How many there are.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// As a JSON object, for sealing. `None` when there are none.
    pub fn to_secret_json(&self) -> Option<Secret> {
        if self.is_empty() {
            return None;
        }
        let mut out = WipingBuffer::new();
        serde_json::to_writer(&mut out, &self.0).ok()?;
        Some(out.into_secret())
    }

    /// From [`UnknownFields::to_secret_json`]; `None` when it is not a JSON object. Fields that have
    /// become known since are dropped.
    pub fn from_secret_json(json: &Secret) -> Option<Self> {
        let mut fields: Map<String, Value> = serde_json::from_slice(json.expose()).ok()?;
        fields.retain(|key, _| !KEYS.contains(&key.as_str()));
        Some(Self(fields))
    }
}

impl Drop for UnknownFields {
    fn drop(&mut self) {
        self.0.values_mut().for_each(wipe);
    }
}

/// Overwrites the strings in a value, at any depth (parsing bounds it at 128).
fn wipe(value: &mut Value) {
    match value {
        Value::String(text) => text.zeroize(),
        Value::Array(values) => values.iter_mut().for_each(wipe),
        Value::Object(fields) => fields.values_mut().for_each(wipe),
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

impl fmt::Debug for UnknownFields {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "UnknownFields({} redacted)", self.len())
    }
}
