//! `refreshTokenObjectFile.json` of the tutorial: the whole token response and the company's UUID.

pub(crate) mod consumed;

use std::fmt;

use serde::de::MapAccess;
use serde::ser::{Serialize, SerializeMap, Serializer};
use serde_json::{Map, Value};
use uuid::Uuid;
use zeroize::{Zeroize, Zeroizing};

use super::object::{Fields, Values, read};
use super::{FileError, Problem};
use crate::model::printable::write_printable_json;
use crate::model::secret::Secret;
use crate::model::similar::nearest;
use crate::model::wiping::WipingBuffer;

/// The known fields, in the order in which the tutorial's script writes them, and then the names in other
/// programs' files, also for the application.
const KEYS: [&str; 33] = [
    "expires_in",
    "scope",
    "token_type",
    "access_token",
    "refresh_token",
    "refresh_expires_in",
    "geolocation",
    "id_token",
    "companyUUID",
    "expiresIn",
    "tokenType",
    "accessToken",
    "refreshToken",
    "refreshExpiresIn",
    "idToken",
    "api_url",
    "apiUrl",
    "base_url",
    "baseUrl",
    "instance_url",
    "instanceUrl",
    "company_uuid",
    "companyUuid",
    "companyId",
    "company_id",
    "client_id",
    "clientId",
    "appID",
    "appId",
    "app_id",
    "client_secret",
    "clientSecret",
    "companyRequestToken",
];

/// From here on, an epoch time is not in seconds (they reach it in the year 5138).
const NOT_SECONDS: i64 = 100_000_000_000;
/// From here on (ten years) a number of seconds is not a lifetime.
const NO_LIFETIME: i64 = 315_360_000;

/// The content of the file. A missing key, `null` and a blank string are the same.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TokenFile {
    /// `access_token`, a JWT whose `exp` is the only source of its expiry.
    pub access_token: Option<Secret>,
    /// `refresh_token`.
    pub refresh_token: Option<Secret>,
    /// `id_token`, a JWT whose `sub` is the company's or user's UUID.
    pub id_token: Option<Secret>,
    /// `expires_in`: seconds from a moment that the file does not contain; in some files an absolute time (a
    /// number or RFC 3339), see [`TokenFile::absolute_expiry`].
    pub expires_in: Option<i64>,
    /// `refresh_expires_in`: despite its name an absolute time, here in epoch seconds. Files with milliseconds
    /// are also accepted.
    pub refresh_expires_at: Option<i64>,
    /// `scope`.
    pub scope: Option<String>,
    /// `token_type`.
    pub token_type: Option<String>,
    /// `geolocation`, else another name for the base URL, as written: not checked, not normalised.
    pub geolocation: Option<String>,
    /// `companyUUID`, which the tutorial's script adds to the response.
    pub company_uuid: Option<String>,
    /// The OAuth client id, which the tutorial's file does not have.
    pub client_id: Option<String>,
    /// The client secret, which the tutorial's file does not have.
    pub client_secret: Option<Secret>,
    /// The base URL by another name than `geolocation`; `None` after parsing.
    pub base_url: Option<String>,
    /// All other fields, kept for the export.
    pub unknown: UnknownFields,
}

impl TokenFile {
    /// Parses the file, or any object with these fields by their usual names; it must contain a refresh token
    /// or an access token.
    pub fn parse(bytes: &[u8]) -> Result<Self, FileError> {
        let mut file = read(bytes, Self::default())?;
        let other_name = file.base_url.take();
        file.geolocation = file.geolocation.take().or(other_name);
        if file.refresh_token.is_none() && file.access_token.is_none() {
            let mut unknown = file.unknown.0.keys();
            let misspelt = unknown.find_map(|key| nearest(key, &["refresh_token", "access_token"]));
            return Err(FileError::whole_file(Problem::NoToken { misspelt }));
        }
        Ok(file)
    }

    /// The value of `expires_in` if it is an absolute time, epoch seconds. No token is valid for ten years, so
    /// a larger value must be a time.
    pub fn absolute_expiry(&self) -> Option<i64> {
        self.expires_in.map(seconds).filter(|at| *at >= NO_LIFETIME)
    }

    /// The file as the tutorial's script writes it: one line, its field order, numbers as numbers, then the
    /// unknown fields; absent fields are left out. It may be written to a terminal, so characters that could
    /// control one are escaped as JSON.
    pub fn render(&self) -> Result<Zeroizing<Vec<u8>>, NotText> {
        let mut out = WipingBuffer::new();
        // Writing to memory fails only for a token that is not UTF-8.
        write_printable_json(&mut out, &Rendered(self)).map_err(|_| NotText)?;
        out.extend(b"\n");
        Ok(out.into_bytes())
    }
}

/// A token is not UTF-8, which a JSON file cannot contain.
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
            "expires_in" | "expiresIn" => {
                let said = values.number(key)?;
                values.keep(&mut self.expires_in, said, key)
            }
            "refresh_expires_in" | "refreshExpiresIn" => {
                let said = values.number(key)?.map(seconds);
                values.keep(&mut self.refresh_expires_at, said, key)
            }
            "access_token" | "accessToken" => {
                let said = values.secret(key)?.map(without_scheme);
                values.keep(&mut self.access_token, said, key)
            }
            "refresh_token" | "refreshToken" => {
                let said = values.secret(key)?;
                values.keep(&mut self.refresh_token, said, key)
            }
            "id_token" | "idToken" => {
                let said = values.secret(key)?;
                values.keep(&mut self.id_token, said, key)
            }
            "client_secret" | "clientSecret" => {
                let said = values.secret(key)?;
                values.keep(&mut self.client_secret, said, key)
            }
            // Valid only for a day, and not part of an import.
            "companyRequestToken" => values.secret(key).map(drop),
            // With this name it may be a vendor's own id.
            "companyId" | "company_id" => {
                let said = values.text_if_any()?.filter(|id| Uuid::try_parse(id).is_ok());
                values.keep(&mut self.company_uuid, said, key)
            }
            "scope" | "token_type" | "tokenType" | "companyUUID" | "company_uuid"
            | "companyUuid" | "client_id" | "clientId" | "appID" | "appId" | "app_id" => {
                let said = values.text(key)?;
                values.keep(self.text_named(key), said, key)
            }
            "geolocation" => values.base_url().map(|said| self.geolocation = said),
            // The first one with a value.
            _ => values.base_url().map(|said| self.base_url = self.base_url.take().or(said)),
        }
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

impl TokenFile {
    /// The field for this name.
    fn text_named(&mut self, key: &str) -> &mut Option<String> {
        match key {
            "scope" => &mut self.scope,
            "token_type" | "tokenType" => &mut self.token_type,
            "companyUUID" | "company_uuid" | "companyUuid" => &mut self.company_uuid,
            _ => &mut self.client_id,
        }
    }
}

/// The token of a header's value, which some files contain; a token has no blanks.
fn without_scheme(token: Secret) -> Secret {
    let text = token.expose_utf8().and_then(|text| text.split_once(' '));
    match text.filter(|(scheme, _)| scheme.eq_ignore_ascii_case("bearer")) {
        Some((_, token)) => Secret::from(token.trim_start()),
        None => token,
    }
}

/// An epoch time in seconds, from seconds, milliseconds or a finer unit.
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
            // The application's values are not exported.
            client_id: _,
            client_secret: _,
            base_url: _,
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

/// Fields of an imported file that we do not know. They may be secrets, so they are treated like secrets:
/// hidden in `Debug`, wiped when dropped, and returned only as a [`Secret`].
#[derive(Clone, Default, PartialEq, Eq)]
pub struct UnknownFields(Map<String, Value>);

impl UnknownFields {
    /// Their number.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether it is empty.
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
        let mut fields = Self::of_cell(json)?;
        fields.0.retain(|key, _| !KEYS.contains(&key.as_str()) && key != consumed::FIELD);
        Some(fields)
    }

    fn of_cell(json: &Secret) -> Option<Self> {
        serde_json::from_slice(json.expose()).ok().map(Self)
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

#[cfg(test)]
mod tests;
